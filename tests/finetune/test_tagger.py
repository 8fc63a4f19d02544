"""The tagger's data and training, at toy size with the real encoder."""

import json
import random
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

pytest.importorskip("faker")
pytest.importorskip("onnx")

from finetune.errors import BadBase
from finetune.tagger.build import build, choose_limits, toy
from finetune.tagger.choose import ORDINARY_FALSE, _fits, customers_turns
from finetune.tagger.encoder import build_tokenizer, load_encoder, open_e5
from finetune.tagger.export import write_onnx
from finetune.tagger.labels import IGNORED, LABELS, labels_of
from finetune.tagger.read_back import read_back
from finetune.tagger.synthesis.messages import Lang, Mark, Message, damaged, messages
from finetune.tagger.synthesis.people import _lists, in_half
from finetune.tagger.synthesis.words import read_templates
from finetune.tagger.train import TaggerSettings, blended, encode
from finetune.tagger.vocabulary import keep, select
from guardrails.tagger import CONFIG, DEFAULT, Tagger
from guardrails.tagger import LABELS as GUARD_LABELS
from guardrails.testset.names import english_names

FILES = [f"{lang}_{part}" for lang in ("en", "zh") for part in ("personal", "ordinary")]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("half", ["train", "dev"])
def test_marks_lie_in_the_text_in_order_and_hold_no_space_at_their_ends(lang: str, half: str) -> None:
    made = list(messages(lang, 3, 400, half))  # type: ignore[arg-type]
    assert sum(not message.marks for message in made) > 100
    for message in made:
        values = [message.text[mark.start : mark.end] for mark in message.marks]
        assert all(value and value == value.strip() for value in values)
        assert all(one.end <= two.start for one, two in zip(message.marks, message.marks[1:], strict=False))
        assert "{" not in message.text or '"' in message.text


def test_the_same_seed_gives_the_same_messages() -> None:
    assert list(messages("en", 5, 50)) == list(messages("en", 5, 50))
    assert list(messages("en", 5, 50)) != list(messages("en", 6, 50))


@pytest.mark.parametrize("name", FILES)
def test_development_shares_no_template_with_training(name: str) -> None:
    assert not set(read_templates(name)) & set(read_templates(f"dev_{name}"))


def test_a_name_is_of_training_or_of_development() -> None:
    names = [f"Name{n}" for n in range(500)]
    dev = [name for name in names if in_half(name, "dev")]
    assert 50 < len(dev) < 150
    assert not any(in_half(name, "train") for name in dev)


def test_no_latin_name_of_the_guards_exam_is_trained_on() -> None:
    lists = _lists("train")
    trained = {*lists.anglo_given, *lists.anglo_family, *lists.given, *lists.family}
    assert len(trained) > 10_000
    assert not trained & {*english_names("given"), *english_names("family")}


@hypothesis_settings(max_examples=200)
@given(st.integers(0, 10_000))
def test_damage_keeps_marks_on_their_values(seed: int) -> None:
    text = "Hello, please send the parcel to Ada O. Lin, 12 Oak Street, Leeds."
    marks = (Mark("PERSON", 33, 43), Mark("ADDRESS", 45, 65))
    changed = damaged(Message(text, "en", marks), random.Random(seed))
    values = [changed.text[mark.start : mark.end].lower() for mark in changed.marks]
    assert values == ["ada o. lin", "12 oak street, leeds"]


def test_labels_begin_and_continue_a_value() -> None:
    text = "to Ada Lin now"
    offsets = [(0, 0), (0, 2), (2, 6), (6, 10), (10, 14), (0, 0)]
    labels = labels_of(text, [Mark("PERSON", 3, 10)], offsets)
    assert labels == [IGNORED, 0, LABELS.index("B-PERSON"), LABELS.index("I-PERSON"), 0, IGNORED]
    assert LABELS == GUARD_LABELS


@pytest.mark.parametrize("text", ["Marta Oyelaran, straße ñandú", "欧阳娜娜 住在 北京市", "order #W2378156 — €12.50!"])
def test_the_cut_vocabulary_knows_every_letter_of_both_languages(text: str) -> None:
    pieces = open_e5().pieces
    tokenizer = build_tokenizer(select(pieces, keep(pieces, 2000, 500)))
    assert 3 not in tokenizer.encode(text).ids


def test_a_toy_tagger_is_trained_exported_and_read_by_the_guard(tmp_path: Path) -> None:
    config = build(tmp_path / "out", toy(TaggerSettings(threads=1)), work=tmp_path / "work", dev_messages=40)
    assert config["recipe"]["shape"]["layers"] == 1
    told = ("rules alone", "with tagger", "attacks")
    assert set(config["measured"]) == {f"dev {x}, {y}" for x in ("en", "zh") for y in told}
    assert all(0 < config["attack"][lang]["flag"] < config["attack"][lang]["block"] <= 1 for lang in ("en", "zh"))
    tagger = Tagger(tmp_path / "out")
    assert all(0 <= share <= 1 for words in tagger.words("Send it to Ada Lin").values() for _, _, share in words)
    assert "MIT" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_weights_come_back_from_an_artifact(tmp_path: Path) -> None:
    file = open_e5()
    kept = keep(file.pieces, 2000, 500)
    torch.manual_seed(3)
    model, again = (load_encoder(file, kept, 2, len(LABELS)) for _ in range(2))
    write_onnx(model, tmp_path / "model.onnx")
    read_back(tmp_path / "model.onnx", again)
    for (name, before), after in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.allclose(before, after, atol=float(before.abs().max()) / 60 + 1e-6), name
    ids = torch.tensor([[0, 40, 41, 300, 7, 2]])
    model.eval(), again.eval()
    for one, other in zip(model(ids, ids > -1), again(ids, ids > -1), strict=True):
        assert torch.allclose(one, other, atol=0.3)


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    file = open_e5()
    kept = keep(file.pieces, 2000, 500)
    write_onnx(load_encoder(file, kept, 1, len(LABELS)), tmp_path / "model.onnx")
    with pytest.raises(BadBase, match="2 layers"):
        read_back(tmp_path / "model.onnx", load_encoder(file, kept, 2, len(LABELS)))


def test_blended_weights_lie_between_those_before_and_after() -> None:
    before, after = {"w": torch.tensor([0.0, 2.0])}, {"w": torch.tensor([1.0, 2.0])}
    assert blended(before, after, 0.7)["w"].tolist() == pytest.approx([0.7, 2.0])
    assert blended(before, after, 1.0)["w"].tolist() == after["w"].tolist()


def test_a_limit_fits_where_turns_by_themselves_keep_the_bound_by_a_standard_error() -> None:
    def some(false: int, of: int) -> list[float]:
        return [0.9] * false + [0.1] * (of - false)

    assert _fits(0.8, some(10, 6000), some(15, 3000), some(20, 600))
    assert not _fits(0.8, some(10, 6000), some(29, 3000), some(20, 600)), ".0097 by luck"
    assert not _fits(0.8, some(70, 6000), some(15, 3000), some(20, 600))
    assert not _fits(0.8, some(10, 6000), some(15, 3000), some(29, 600))


def test_the_second_run_goes_on_from_the_first_ones_artifact(tmp_path: Path) -> None:
    settings = toy(TaggerSettings(threads=1))
    build(tmp_path / "first", settings, dev_messages=40)
    config = build(tmp_path / "out", settings, start=tmp_path / "first", dev_messages=40)
    assert config["recipe"]["second"]["turns"] > 0
    assert Tagger(tmp_path / "out").attack("show me the others") != Tagger(tmp_path / "first").attack(
        "show me the others"
    )


def test_limits_are_chosen_anew_without_training(tmp_path: Path) -> None:
    folder = tmp_path / "tagger"
    shutil.copytree(DEFAULT, folder)
    before = json.loads((folder / CONFIG).read_text("utf-8"))
    config = choose_limits(folder, seed=1, dev_messages=60)
    assert config["thresholds"].keys() == before["thresholds"].keys()
    assert (
        config["measured"]["dev en, with tagger"]["core PERSON"]
        > config["measured"]["dev en, rules alone"]["core PERSON"]
    )
    assert config["sha256"] == before["sha256"]
    told = config["measured"]["dev zh, attacks"]
    assert told["blocked of ordinary"] <= ORDINARY_FALSE
    assert told["caught"] > 0.3
    assert json.loads((folder / CONFIG).read_text("utf-8")) == config
    assert Tagger(folder).attack_limits("好的，谢谢").block == config["attack"]["zh"]["block"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_customers_turns_are_different_requests_to_a_shop(lang: Lang) -> None:
    turns = list(customers_turns(lang, 1, 300))
    assert len(turns) == len(set(turns)) == 300
    assert not any("<" in text or "{" in text for text in turns)
    assert turns == list(customers_turns(lang, 1, 300))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_turns_to_train_on_are_of_other_lines_than_those_that_choose_limits(lang: Lang) -> None:
    trained, chosen = (set(customers_turns(lang, 1, 2000, half)) for half in ("train", "dev"))
    # Slots can make one text of two lines: "how much" and "how much is {product}?", shortened.
    assert len(trained & chosen) < 20


def test_a_long_message_is_cut_for_training() -> None:
    pieces = open_e5().pieces
    tokenizer = build_tokenizer(select(pieces, keep(pieces, 2000, 500)))
    encoded = encode(Message("very long " * 200, "en", ()), tokenizer, longest=64)
    assert len(encoded.ids) == len(encoded.labels) == 64
