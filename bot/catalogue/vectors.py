"""Keeps the vectors of texts in one file, so that only texts that changed are encoded again.

A row is named by the hash of encoder and text. A file that cannot be read is rebuilt; one that cannot be
written is a warning and no fault: search works without it.
"""

import hashlib
import io
import logging
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bot.catalogue.encoder import Encoder, Vectors

_log: Final = logging.getLogger(__name__)
_UNREADABLE: Final = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def encode_cached(texts: Sequence[str], encoder: Encoder, file: Path | None) -> Vectors:
    """One unit row per text, taken from ``file`` where it has them. ``file`` then holds exactly these texts."""
    if file is None:
        return encoder.encode(texts, "passage")
    keys = [_key(encoder.fingerprint, text) for text in texts]
    known = _read(file)
    fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if fresh:
        known.update(zip(fresh, encoder.encode(list(fresh.values()), "passage"), strict=True))
    rows = np.stack([known[key] for key in keys]) if keys else encoder.encode([], "passage")
    if fresh or len(known) != len(set(keys)):
        _write(file, keys, rows)
    return rows


def _key(fingerprint: str, text: str) -> str:
    return hashlib.sha256(f"{fingerprint}\0{text}".encode("utf-8", "replace")).hexdigest()


def _read(file: Path) -> dict[str, Vectors]:
    if not file.exists():
        return {}
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as data:
            keys, rows = data["keys"], data["rows"]
    except _UNREADABLE as error:
        _log.warning("vector cache %s cannot be read (%s): encoding again", file.name, type(error).__name__)
        return {}
    if rows.ndim != 2 or rows.dtype != np.float32 or len(keys) != len(rows) or not np.isfinite(rows).all():
        _log.warning("vector cache %s is damaged: encoding again", file.name)
        return {}
    return dict(zip(map(str, keys), rows, strict=True))


def _write(file: Path, keys: Sequence[str], rows: Vectors) -> None:
    temporary: str | None = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(handle, "wb") as out:
            np.savez(out, keys=np.array(keys, dtype="U64"), rows=rows)
        os.replace(temporary, file)
    except OSError as error:
        _log.warning("vector cache %s cannot be written (%s): searching without it", file.name, type(error).__name__)
        if temporary:
            Path(temporary).unlink(missing_ok=True)
