"""Trains the small intent model: what a turn wants, for when the language model is away.

A logistic regression on hashed words and characters. It learns the first command of every case without
context: a turn that is only clear from what was asked before ("the second one") still has a label of its
own. Format 1 is shared with ``bot.intents``, which reads it; the two meet in files only, and a test loads
what is written here there.
"""

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from finetune.errors import BadExamples
from finetune.evaluate import Share

WORD_FEATURES: Final = 32_768
CHAR_FEATURES: Final = 65_536
MIN_WEIGHT: Final = 0.02  # smaller ones change no decision, and zeros compress
MIN_CASES: Final = 5  # of a label, to be learned at all
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # file time inside the archive: the same bytes every time


@dataclass(frozen=True)
class Labelled:
    """A turn and what it wants."""

    text: str
    lang: str
    label: str


@dataclass(frozen=True)
class IntentWeights:
    """A trained model."""

    labels: tuple[str, ...]
    coef: NDArray[np.float16]  # (WORD_FEATURES + CHAR_FEATURES, labels)
    intercept: NDArray[np.float32]
    temperature: float


def label_of(command: dict[str, Any]) -> str:
    """The command's name, with the kind of a service and the topic of a policy question."""
    name = str(command["name"])
    detail = {"service": command.get("kind"), "ask_policy": command.get("topic")}.get(name)
    return f"{name}:{detail}" if detail else name


def read_labelled(path: Path) -> list[Labelled]:
    """The understanding cases of a corpus file.

    Raises:
        BadExamples: a line is not a case, or none is an understanding case.
    """
    found = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                case = json.loads(line)
                if case["task"] == "understand":
                    found.append(Labelled(str(case["text"]), str(case["lang"]), label_of(case["commands"][0])))
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise BadExamples(
                    f"{path}:{number}: expected a case of the corpus, got {type(error).__name__}"
                ) from None
    if not found:
        raise BadExamples(f"expected understanding cases in {path}, got none: make them with `tactful finetune data`")
    return found


def features(texts: Sequence[str]) -> Any:
    """Hashed word and character n-grams, sparse (n, WORD_FEATURES + CHAR_FEATURES)."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import HashingVectorizer

    words = HashingVectorizer(
        analyzer="word",
        token_pattern=r"(?u)[A-Za-z0-9_<>']+|[\u4e00-\u9fff]",  # noqa: S106
        ngram_range=(1, 2),
        n_features=WORD_FEATURES,
        alternate_sign=False,
        norm="l2",
        lowercase=True,
    )
    chars = HashingVectorizer(
        analyzer="char", ngram_range=(2, 5), n_features=CHAR_FEATURES, alternate_sign=False, norm="l2", lowercase=True
    )
    return hstack([words.transform(texts), chars.transform(texts)], format="csr")


def train_intents(cases: Sequence[Labelled], *, strength: float = 20.0, seed: int = 1) -> IntentWeights:
    """Fits the model; every tenth text is kept aside to calibrate the temperature.

    Args:
        cases: labelled turns; labels with fewer than ``MIN_CASES`` are left out.
        strength: inverse of the regularisation.
        seed: of the solver.
    """
    from sklearn.linear_model import LogisticRegression

    counts = Counter(case.label for case in cases)
    usable = [case for case in cases if counts[case.label] >= MIN_CASES]
    kept = [case for case in usable if _aside(case)]
    learn = [case for case in usable if not _aside(case)]
    if len({case.label for case in learn}) < 3:
        raise BadExamples(f"expected at least three labels with {MIN_CASES} cases, got {len(counts)} labels in all")
    model = LogisticRegression(C=strength, max_iter=60, tol=1e-3, random_state=seed)
    model.fit(features([case.text for case in learn]), [case.label for case in learn])
    coef = model.coef_.T.copy()
    coef[np.abs(coef) < MIN_WEIGHT] = 0
    weights = IntentWeights(
        tuple(str(label) for label in model.classes_), coef.astype(np.float16), model.intercept_.astype(np.float32), 1.0
    )
    return IntentWeights(weights.labels, weights.coef, weights.intercept, _temperature(weights, kept or learn))


def probabilities(weights: IntentWeights, texts: Sequence[str]) -> NDArray[np.float64]:
    """Shape (texts, labels); rows add up to one."""
    logits = features(texts) @ weights.coef.astype(np.float32) + weights.intercept
    return _softmax(logits / weights.temperature)


def accuracy(weights: IntentWeights, cases: Iterable[Labelled]) -> dict[str, Share]:
    """Share of right labels by language; a label that the model has never seen counts as wrong."""
    by_lang: dict[str, list[Labelled]] = {}
    for case in cases:
        by_lang.setdefault(case.lang, []).append(case)
    shares = {}
    for lang, rows in sorted(by_lang.items()):
        best = probabilities(weights, [case.text for case in rows]).argmax(axis=1)
        right = sum(weights.labels[n] == case.label for n, case in zip(best, rows, strict=True))
        shares[lang] = Share(right, len(rows))
    return shares


def save_intents(weights: IntentWeights, folder: Path) -> int:
    """Writes ``weights.npz`` and ``config.json``, the same bytes for the same weights; returns the size in bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in (("coef", weights.coef), ("intercept", weights.intercept)):
            raw = io.BytesIO()
            np.lib.format.write_array(raw, array, allow_pickle=False)  # type: ignore[no-untyped-call]
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, raw.getvalue())
    data = content.getvalue()
    config = {
        "format": 1,
        "labels": list(weights.labels),
        "word_ngrams": [1, 2],
        "char_ngrams": [2, 5],
        "n_features_word": WORD_FEATURES,
        "n_features_char": CHAR_FEATURES,
        "temperature": weights.temperature,
        "weights_sha256": hashlib.sha256(data).hexdigest(),
    }
    (folder / "weights.npz").write_bytes(data)
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return len(data)


def _aside(case: Labelled) -> bool:
    return hashlib.sha256(case.text.encode()).digest()[0] < 26  # one in ten


def _temperature(weights: IntentWeights, cases: Sequence[Labelled]) -> float:
    """The one of a fixed grid with the least log loss on ``cases``.

    Source: Guo et al. (2017), On Calibration of Modern Neural Networks.
    """
    column = {label: n for n, label in enumerate(weights.labels)}
    known = [case for case in cases if case.label in column]
    logits = features([case.text for case in known]) @ weights.coef.astype(np.float32) + weights.intercept
    right = np.array([column[case.label] for case in known])
    rows = np.arange(len(known))

    def loss(temperature: float) -> float:
        return float(-np.log(_softmax(logits / temperature)[rows, right] + 1e-12).mean())

    return min((round(0.3 + 0.05 * step, 2) for step in range(55)), key=loss)


def _softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    shifted = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.float64))
    result: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return result
