import json
from pathlib import Path

import pytest

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
    save_intents,
    train_intents,
)

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
    for file in ("weights.npz", "config.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_bot_reads_what_is_written_and_gives_the_same_probabilities(tmp_path: Path) -> None:
    weights = train_intents(CASES)
    size = save_intents(weights, tmp_path)
    assert size < 8_000_000
    model = IntentModel.load(tmp_path)
    for text in ("where is it", "退货怎么办"):
        ours = dict(zip(weights.labels, probabilities(weights, [text])[0], strict=True))
        assert dict(model.predict(text)) == pytest.approx(ours, abs=1e-3)


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
