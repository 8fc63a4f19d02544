"""Trains the small intent model: what a turn wants, for when the language model is away.

A logistic regression on hashed words and characters, beside a pre-trained sentence vector: letters carry through
slips of the fingers, vectors through wording that was never seen. It learns the first command of every case without
context: a turn that is only clear from what was asked before ("the second one") still has a label of its own.
Format 2 is shared with ``bot.intents``, which reads it; the two meet in files only, and a test loads what is
written here there.
"""

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from finetune.errors import BadExamples
from finetune.evaluate import Share
from finetune.sentences import Encode
from finetune.typos import with_gap, with_slips

WORD_FEATURES: Final = 32_768
CHAR_FEATURES: Final = 65_536
MIN_WEIGHT: Final = 0.02  # smaller ones change no decision, and zeros compress
MIN_CASES: Final = 5  # of a label, to be learned at all
SENTENCE_SCALE: Final = 2.0  # of the sentence vector beside the two halves of hashed features, each of length one
SLIP_RATES: Final = (0.05, 0.1, 0.15)
USUAL: Final = 5  # texts that hold a word before a mistyped one is taken for it
_WORDS: Final = re.compile(r"(?<![\w<'])[a-z]+(?![\w>'])")
SLIPPED_COPIES: Final = 2  # of every English text; they cost no vectors


@dataclass(frozen=True)
class Labelled:
    """A turn and what it wants."""

    text: str
    lang: str
    label: str
    slip_of: str = ""
    """Of a mistyped copy, the text as it was meant. Its letters are learned and no vector, which would say little."""


@dataclass(frozen=True)
class IntentWeights:
    """A trained model."""

    labels: tuple[str, ...]
    coef: NDArray[np.float16]  # (WORD_FEATURES + CHAR_FEATURES, labels)
    intercept: NDArray[np.float32]
    temperature: float
    sentence: NDArray[np.float32] | None = None  # (dimensions of the encoder, labels)
    words: tuple[str, ...] = ()  # English words of the training texts, the most usual first
    usual: int = 0  # so many of them are what a mistyped word may have meant


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


def with_typos(cases: Sequence[Labelled], seed: int) -> list[Labelled]:
    """The cases once each, and every English one again as fast fingers would type it and the guard would pass it on."""
    once = list(dict.fromkeys(cases))
    slipped = (
        Labelled(_typed(random.Random(f"{seed}:{copy}:{case.text}"), case.text), case.lang, case.label, case.text)
        for case in once
        if case.lang == "en"
        for copy in range(SLIPPED_COPIES)
    )
    return [*once, *slipped]


def _typed(rng: random.Random, text: str) -> str:
    return with_gap(rng, text, with_slips(rng, text, rng.choice(SLIP_RATES)))


def train_intents(
    cases: Sequence[Labelled],
    *,
    encode: Encode | None = None,
    vector_share: float = 1.0,
    strength: float = 20.0,
    seed: int = 1,
) -> IntentWeights:
    """Fits the model; every tenth text is kept aside to calibrate the temperature.

    Args:
        cases: labelled turns; labels with fewer than ``MIN_CASES`` are left out.
        encode: gives sentence vectors; without it words and characters alone are learned.
        vector_share: of texts that are encoded, in [0, 1]; the letters of the others are learned without a vector.
        strength: inverse of the regularisation.
        seed: of the solver.
    """
    from sklearn.linear_model import LogisticRegression

    counts = Counter(case.label for case in cases)
    usable = [case for case in cases if counts[case.label] >= MIN_CASES]
    kept = [c for c in usable if _aside(c) and not c.slip_of and _drawn(c.text, 1, vector_share)]
    learn = [case for case in usable if not _aside(case)]
    if len({case.label for case in learn}) < 3:
        raise BadExamples(f"expected at least three labels with {MIN_CASES} cases, got {len(counts)} labels in all")
    rows, centre = _rows(learn, encode, vector_share)
    model = LogisticRegression(C=strength, max_iter=100, tol=1e-3, random_state=seed)
    model.fit(rows, [case.label for case in learn])
    hashed = model.coef_.T[: WORD_FEATURES + CHAR_FEATURES].copy()
    hashed[np.abs(hashed) < MIN_WEIGHT] = 0
    sentence, intercept = None, model.intercept_.astype(np.float32)
    if centre is not None:  # the vectors' centre and scale go into the weights, so that a reader needs neither
        sentence = (SENTENCE_SCALE * model.coef_.T[WORD_FEATURES + CHAR_FEATURES :]).astype(np.float32)
        intercept = (model.intercept_ - centre @ sentence).astype(np.float32)
    labels = tuple(str(label) for label in model.classes_)
    words, usual = vocabulary(cases)
    weights = IntentWeights(labels, hashed.astype(np.float16), intercept, 1.0, sentence, words, usual)
    return replace(weights, temperature=_temperature(weights, kept or learn, encode))


def vocabulary(cases: Sequence[Labelled]) -> tuple[tuple[str, ...], int]:
    """English words of texts as they were meant, and how many of them come in ``USUAL`` texts or more."""
    counts: Counter[str] = Counter()
    for text in dict.fromkeys(case.text for case in cases if case.lang == "en" and not case.slip_of):
        counts.update(set(_WORDS.findall(text.lower())))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return tuple(words), sum(count >= USUAL for count in counts.values())


def _rows(cases: Sequence[Labelled], encode: Encode | None, share: float) -> tuple[Any, NDArray[np.float32] | None]:
    """Features for training, with the centre that was taken from the sentence vectors; slipped copies stand in it.

    So the letters learn to do without vectors, and vectors are learned from what was meant.
    """
    from scipy.sparse import csr_matrix, hstack

    texts = [case.text for case in cases]
    if encode is None:
        return features(texts), None
    whole = [at for at, case in enumerate(cases) if not case.slip_of and _drawn(case.text, 1, share)]
    vectors = encode([texts[at] for at in whole])
    centre: NDArray[np.float32] = vectors.mean(axis=0)
    beside = np.zeros((len(texts), vectors.shape[1]), np.float32)
    beside[whole] = SENTENCE_SCALE * (vectors - centre)
    return hstack([features(texts), csr_matrix(beside)], format="csr"), centre


def logits(weights: IntentWeights, texts: Sequence[str], encode: Encode | None = None) -> NDArray[np.float64]:
    """Shape (texts, labels), before the temperature. ``encode`` is needed where the weights have a sentence part."""
    found = features(texts) @ weights.coef.astype(np.float32) + weights.intercept
    if weights.sentence is not None:
        if encode is None:
            raise ValueError("expected an encoder: the weights have a part for sentence vectors")
        found = found + encode(texts) @ weights.sentence
    result: NDArray[np.float64] = np.asarray(found, np.float64)
    return result


def probabilities(weights: IntentWeights, texts: Sequence[str], encode: Encode | None = None) -> NDArray[np.float64]:
    """Shape (texts, labels); rows add up to one."""
    return _softmax(logits(weights, texts, encode) / weights.temperature)


def accuracy(weights: IntentWeights, cases: Iterable[Labelled], encode: Encode | None = None) -> dict[str, Share]:
    """Share of right labels by language; a label that the model has never seen counts as wrong."""
    by_lang: dict[str, list[Labelled]] = {}
    for case in cases:
        by_lang.setdefault(case.lang, []).append(case)
    shares = {}
    for lang, rows in sorted(by_lang.items()):
        best = probabilities(weights, [case.text for case in rows], encode).argmax(axis=1)
        right = sum(weights.labels[n] == case.label for n, case in zip(best, rows, strict=True))
        shares[lang] = Share(right, len(rows))
    return shares


def _aside(case: Labelled) -> bool:
    return _drawn(case.slip_of or case.text, 0, 0.1)


def _drawn(text: str, draw: int, share: float) -> bool:
    """Whether a text belongs to a share of all, by its hash: the same in every run. ``draw``: which of the draws."""
    return hashlib.sha256(text.encode()).digest()[draw] < round(256 * share)


def _temperature(weights: IntentWeights, cases: Sequence[Labelled], encode: Encode | None) -> float:
    """The one of a fixed grid with the least log loss on ``cases``.

    Source: Guo et al. (2017), On Calibration of Modern Neural Networks.
    """
    column = {label: n for n, label in enumerate(weights.labels)}
    known = [case for case in cases if case.label in column]
    found = logits(weights, [case.text for case in known], encode)
    right = np.array([column[case.label] for case in known])
    rows = np.arange(len(known))

    def loss(temperature: float) -> float:
        return float(-np.log(_softmax(found / temperature)[rows, right] + 1e-12).mean())

    return min((round(0.3 + 0.05 * step, 2) for step in range(55)), key=loss)


def _softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    shifted = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.float64))
    result: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return result
