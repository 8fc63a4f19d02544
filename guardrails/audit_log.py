"""An append-only log of what the guards did: JSON lines, each with the hash of the one before it. No values.

A line changed, left out, put in or reordered is found by ``verify``; a cut-off end is found only by comparing the
last hash with a copy kept elsewhere. With a key the chain is an HMAC, so that who can write the file cannot forge it.
"""

import hashlib
import hmac
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

START: Final = "0" * 64
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_.-")


@dataclass(frozen=True, slots=True)
class Verified:
    """Result of ``verify``: ``broken_line`` is the first line (from 1) that does not fit, or none."""

    lines: int
    last_hash: str
    broken_line: int | None

    @property
    def whole(self) -> bool:
        """Whether every line follows from the one before it."""
        return self.broken_line is None


class AuditLog:
    """Appends events to one file. Thread-safe; one process per file."""

    def __init__(self, path: Path, key: bytes = b"") -> None:
        self._path = path
        self._key = key
        self._lock = threading.Lock()
        self._last = _last_hash(path)

    def append(self, event: str, counts: Mapping[str, int] | None = None, **fields: str) -> str:
        """Writes one event; its hash.

        Args:
            event: what happened, e.g. ``erase``.
            counts: numbers by kind.
            fields: short codes and ids (lower-case letters, digits, ``_ . -`` and ``:``), never text of a customer.

        Raises:
            ValueError: a field could hold text.
        """
        for name, value in {**fields, "event": event}.items():
            if len(value) > 80 or not set(value.lower()) <= _NAME | {":"}:
                raise ValueError(
                    f"expected a short code in field {name!r}, got {len(value)} characters that may be text"
                )
        with self._lock:
            body = {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "event": event,
                "counts": dict(counts or {}),
                **fields,
            }
            digest = _digest(self._key, self._last, body)
            line = json.dumps({**body, "before": self._last, "hash": digest}, ensure_ascii=True, sort_keys=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._last = digest
            return digest


def verify(path: Path, key: bytes = b"") -> Verified:
    """Follows the chain through the file; a missing file is an empty chain."""
    last, count = START, 0
    if not path.exists():
        return Verified(0, last, None)
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                body = json.loads(line)
                said, before = body.pop("hash"), body.pop("before")
            except (ValueError, KeyError, AttributeError, TypeError):
                return Verified(count, last, number)
            if before != last or not hmac.compare_digest(str(said), _digest(key, last, body)):
                return Verified(count, last, number)
            last, count = said, number
    return Verified(count, last, None)


def _digest(key: bytes, before: str, body: Mapping[str, object]) -> str:
    data = (before + json.dumps(body, ensure_ascii=True, sort_keys=True)).encode()
    return hmac.new(key, data, hashlib.sha256).hexdigest() if key else hashlib.sha256(data).hexdigest()


def _last_hash(path: Path) -> str:
    """The hash the next line builds on; a broken last line stays in the file and breaks the chain visibly."""
    if not path.exists() or not path.stat().st_size:
        return START
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_536))
        lines = file.read().splitlines()
    try:
        return str(json.loads(lines[-1])["hash"])
    except (ValueError, KeyError, IndexError, TypeError):
        return START
