"""The linear intent model: its folder, its probabilities, and that training and serving see the same features."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import NAMES, SERVICE_KINDS, TOPICS
from bot.intents import N_CHARS, N_WORDS, IntentModel, IntentModelError, features, in_scope_of

ARTIFACT = Path(__file__).parents[2] / "finetune" / "artifacts" / "intent"
LABELS = ["track_order", "ask_policy:returns", "greet"]
SAMPLES = [
    "",
    "Where is my order TF10293847?",
    "我的快递到哪了",
    "<PERSON_1> wants to return it",
    "请问 7天 无理由 can I?",
    "😀",
]


def write(folder: Path, change: Callable[[dict[str, Any]], None] = lambda config: None, **arrays: Any) -> Path:
    """A model that knows three texts by heart."""
    coef = np.zeros((N_WORDS + N_CHARS, 3), dtype=np.float16)
    for label, text in enumerate(("where is my order", "can i return this", "hello")):
        coef[features([text]).indices, label] = 2.0
    np.savez(folder / "weights.npz", **({"coef": coef, "intercept": np.zeros(3, dtype=np.float32)} | arrays))
    config: dict[str, Any] = {
        "format": 2,
        "labels": LABELS,
        "word_ngrams": [1, 2],
        "char_ngrams": [2, 5],
        "n_features_word": N_WORDS,
        "n_features_char": N_CHARS,
        "temperature": 1.0,
        "weights_sha256": hashlib.sha256((folder / "weights.npz").read_bytes()).hexdigest(),
    }
    change(config)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("text", "label"), [("where is my order", 0), ("CAN I RETURN THIS?", 1), ("hello", 2), ("Hello there", 2)]
)
def test_the_likeliest_label_comes_first(text: str, label: int, tmp_path: Path) -> None:
    assert IntentModel.load(write(tmp_path)).predict(text, "en")[0][0] == LABELS[label]


def test_a_higher_temperature_is_less_sure(tmp_path: Path) -> None:
    sure = IntentModel.load(write(tmp_path)).predict("hello")[0][1]
    unsure = IntentModel.load(write(tmp_path, lambda config: config.update(temperature=5.0))).predict("hello")[0][1]
    assert 1 / 3 < unsure < sure < 1


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update(format=1),
        lambda config: config.update(labels=["one"]),
        lambda config: config.update(labels=[*LABELS, "more"]),
        lambda config: config.update(word_ngrams=[1, 3]),
        lambda config: config.update(n_features_word=1024),
        lambda config: config.update(temperature=0),
        lambda config: config.update(weights_sha256="0" * 64),
        lambda config: config.update(extra=1),
        lambda config: config.pop("labels"),
    ],
)
def test_a_config_of_another_format_is_refused(change: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    with pytest.raises(IntentModelError, match="train the intent model again"):
        IntentModel.load(write(tmp_path, change))


def test_missing_and_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IntentModelError, match=r"config\.json"):
        IntentModel.load(tmp_path / "nowhere")
    write(tmp_path, coef=np.zeros((3, 3), dtype=np.float16))
    with pytest.raises(IntentModelError, match="shape"):
        IntentModel.load(tmp_path)
    write(tmp_path, coef=np.array([{}], dtype=object))
    with pytest.raises(IntentModelError, match="arrays"):
        IntentModel.load(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(IntentModelError, match=r"config\.json"):
        IntentModel.load(tmp_path)
    write(tmp_path)
    (tmp_path / "weights.npz").unlink()
    with pytest.raises(IntentModelError, match=r"weights\.npz"):
        IntentModel.load(tmp_path)


def test_the_product_of_sparse_features_is_what_is_predicted(tmp_path: Path) -> None:
    model = IntentModel.load(write(tmp_path))
    with np.load(tmp_path / "weights.npz") as arrays:
        logits = features(["where is hello"]) @ arrays["coef"].astype(np.float32)
    expected = np.exp(logits[0]) / np.exp(logits[0]).sum()
    got = dict(model.predict("where is hello"))
    assert [got[label] for label in LABELS] == pytest.approx(list(expected), rel=1e-5)


class TwoDimensions:
    """An encoder that tells shouting from the rest."""

    fingerprint = "two"

    def encode(self, texts: Sequence[str], kind: str) -> np.ndarray[Any, Any]:
        assert kind == "query", "sentences were learned as questions"
        return np.array([[1.0, 0.0] if text.isupper() else [0.0, 1.0] for text in texts], dtype=np.float32)


def test_the_sentence_vector_adds_to_the_letters(tmp_path: Path) -> None:
    sentence = np.array([[0, 0, 50], [0, 0, 0]], dtype=np.float16)
    write(tmp_path, lambda config: config.update(encoder="two"), sentence=sentence)
    model = IntentModel.load(tmp_path, TwoDimensions())
    assert model.predict("where is my order")[0][0] == "track_order"
    assert model.predict("WHERE IS MY ORDER")[0][0] == "greet"


def test_another_encoder_or_no_weights_for_it_are_refused(tmp_path: Path) -> None:
    sentence = np.zeros((2, 3), dtype=np.float16)
    with pytest.raises(IntentModelError, match="another encoder"):
        IntentModel.load(
            write(tmp_path, lambda config: config.update(encoder="three"), sentence=sentence), TwoDimensions()
        )
    with pytest.raises(IntentModelError, match="sentence weights"):
        IntentModel.load(write(tmp_path, lambda config: config.update(encoder="two")), TwoDimensions())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_what_is_not_out_of_scope_is_in_scope(shares: list[float]) -> None:
    total = sum(shares) or 1.0
    ranked = [("out_of_scope" if n == 0 else f"label{n}", share / total) for n, share in enumerate(shares)]
    assert in_scope_of(ranked) == pytest.approx(1 - ranked[0][1])
    assert in_scope_of(ranked[1:]) == 1.0


def test_training_and_serving_make_identical_features() -> None:
    training = pytest.importorskip("finetune.intent").features(SAMPLES)
    serving = features(SAMPLES)
    assert training.shape == serving.shape == (len(SAMPLES), N_WORDS + N_CHARS)
    assert (training != serving).nnz == 0


@pytest.mark.skipif(not (ARTIFACT / "config.json").exists(), reason="no intent model in the repository")
def test_the_intent_model_of_the_repository_says_commands() -> None:
    model = IntentModel.load(ARTIFACT)
    kinds = {"service": SERVICE_KINDS, "ask_policy": TOPICS}
    for label in model.labels:
        name, _, rest = label.partition(":")
        assert name in NAMES
        assert not rest or rest in kinds[name]
    for text, label in (("where is my parcel", "track_order"), ("我的快递到哪了", "track_order"), ("你好", "greet")):
        assert model.predict(text)[0][0] == label

    @settings(max_examples=30, deadline=None)
    @given(st.text(max_size=2000))
    def probabilities(text: str) -> None:
        ranked = model.predict(text)
        values = [value for _, value in ranked]
        assert {label for label, _ in ranked} == set(model.labels)
        assert values == sorted(values, reverse=True)
        assert sum(values) == pytest.approx(1, abs=1e-4)

    probabilities()
