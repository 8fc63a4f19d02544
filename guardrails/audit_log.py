"""An append-only log of what was done about privacy: JSON lines, each with the hash of the one before it. No values.

Events and their fields are closed lists, and each field has a form that no text fits: codes, counts, keyed digests.
Threads and processes may write to one log; they take turns by a lock on a file beside it. What was half written when a
machine stopped is cut off at the next start, and that is an event too. ``audit_chain.verify`` checks the log.
"""

import fcntl
import hashlib
import hmac
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from guardrails.audit_chain import ROTATED, START, AuditKeys, dumped, files_of, tail_hash, written

Event = Literal[
    "start", "privacy_setting", "erase", "erased", "export", "exported", "block", "guard_failed", "handoff", "reveal",
    "purge", "key_rotated", "mended",
]  # fmt: skip
_CODE: Final = re.compile(r"[a-z]{1,24}(?:_[a-z]{1,24}){0,4}")
_FIELDS: Final[dict[str, re.Pattern[str]]] = {
    "customer": re.compile(r"cus_[0-9a-f]{16}"),
    "session": re.compile(r"ses_[0-9a-f]{16}"),
    "actor": re.compile(r"(?:customer|officer|agent|system)"),
    "scope": re.compile(r"(?:customer|dialogue)"),
    "reason": _CODE,
    "setting": re.compile(r"[a-z_]{1,32}(?:\.[a-z_]{1,32})?"),
    "was": re.compile(r"\d{1,9}"),
    "now": re.compile(r"\d{1,9}"),
    "version": re.compile(r"\d{1,4}(?:\.\d{1,4}){0,2}(?:\+source|\.?(?:dev|rc|post)\d{1,3})?"),
    "redaction": re.compile(r"[0-9a-f]{16}"),
    "passport": re.compile(r"[0-9a-f]{64}"),
    "sealed": re.compile(r"[0-9a-f]{120}"),
}
_EVENTS: Final[dict[str, frozenset[str]]] = {
    "start": frozenset({"version", "redaction", "passport"}),
    "privacy_setting": frozenset({"setting", "was", "now"}),
    "erase": frozenset({"customer", "session", "scope", "actor"}),
    "erased": frozenset({"customer", "session", "scope", "actor"}),
    "export": frozenset({"customer", "session", "scope", "actor"}),
    "exported": frozenset({"customer", "session", "scope", "actor"}),
    "block": frozenset({"session", "reason"}),
    "guard_failed": frozenset({"session", "reason"}),
    "handoff": frozenset({"session", "reason"}),
    "reveal": frozenset({"customer", "session", "actor", "reason"}),
    "purge": frozenset(),
    ROTATED: frozenset({"sealed"}),
    "mended": frozenset(),
}
_COUNT_LIMIT: Final = 1_000_000_000
LOCK_S: Final = 5.0


class AuditUnavailable(OSError):
    """The log could not be written: the disk is full or read-only, or another process holds it."""


class AuditLog:
    """Appends events to the log whose current file is ``path``."""

    def __init__(
        self,
        path: Path,
        master_key: bytes,
        *,
        max_bytes: int = 10_000_000,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._keys = AuditKeys.of(master_key)
        self._max_bytes = max_bytes
        self._clock = clock
        self._thread = threading.Lock()

    def customer(self, owner: str) -> str:
        """The id under which a customer appears: the same each time, and nothing can be read from it."""
        return "cus_" + self._digest("customer", owner)

    def session(self, session_id: str) -> str:
        """The id under which a session appears."""
        return "ses_" + self._digest("session", session_id)

    def append(self, event: Event, counts: Mapping[str, int] | None = None, **fields: str) -> str:
        """Writes one event; its hash.

        Raises:
            ValueError: a field is not one of the event's, or could hold text.
            AuditUnavailable: nothing was written.
        """
        _check(event, counts or {}, fields)
        with self._held():
            return self._write({"event": event, "counts": dict(counts or {}), **fields})

    def rotate_key(self, new_master_key: bytes) -> str:
        """Goes on under another master key. Call it when the vault's key has been rotated.

        Raises:
            AuditUnavailable: nothing was written; the old key is still in use.
        """
        earlier, keys = self._keys, AuditKeys.of(new_master_key)
        with self._held():
            try:
                self._keys = keys
                return self._write({"event": ROTATED, "counts": {}, "sealed": keys.sealed(earlier)})
            except OSError:
                self._keys = earlier
                raise

    def last(self, event: Event) -> dict[str, Any] | None:
        """The newest event of a kind, unchecked."""
        for file in reversed(files_of(self._path)):
            for line in reversed(file.read_text("utf-8", "replace").splitlines()):
                if f'"event": "{event}"' in line:
                    try:
                        return dict(json.loads(line))
                    except (ValueError, TypeError):
                        continue
        return None

    def check(self) -> None:
        """Raises ``AuditUnavailable`` when the log cannot be written."""
        with self._held():
            pass

    @contextmanager
    def _held(self) -> Iterator[None]:
        """The log for this thread of this process alone; whatever fails in it comes out as AuditUnavailable."""
        try:
            with self._thread:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.with_suffix(".lock").open("a") as lock:
                    _take(lock.fileno())
                    with self._path.open("ab"):
                        yield
        except AuditUnavailable:
            raise
        except OSError as error:
            failure = type(error).__name__
        else:
            return
        raise AuditUnavailable(f"the audit log cannot be written ({failure}): is the disk full or read-only?")

    def _write(self, body: Mapping[str, Any]) -> str:
        cut = self._mend()
        before = self._before()
        if cut:
            before = self._line({"event": "mended", "counts": {"bytes": cut}}, before)
        return self._line(body, before)

    def _line(self, body: Mapping[str, Any], before: str) -> str:
        self._roll()
        at = self._clock().isoformat(timespec="milliseconds")
        line = written({"at": at, **body}, before, self._keys.chain)
        data, size = (dumped(line) + "\n").encode(), self._path.stat().st_size if self._path.exists() else 0
        try:
            with self._path.open("ab", buffering=0) as file:
                if file.write(data) != len(data):
                    raise OSError("a line was cut short")
                os.fsync(file.fileno())
        except OSError:
            with self._path.open("ab") as file:  # what did not get through must not stay half
                file.truncate(size)
            raise
        return str(line["hash"])

    def _before(self) -> str:
        """The hash that the next line follows."""
        for file in reversed(files_of(self._path)):
            if file.stat().st_size:
                return tail_hash(file) or START
        return START

    def _mend(self) -> int:
        """Cuts off a line that was never finished; how many bytes. Nobody was told that it was written."""
        with self._path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            at = size
            while at > 0:
                start = max(0, at - 4096)
                file.seek(start)
                found = file.read(at - start).rfind(b"\n")
                if found >= 0:
                    at = start + found + 1
                    break
                at = start
            if at < size:
                file.truncate(at)
            return size - at

    def _roll(self) -> None:
        """Begins a new file when the month has changed or the file is full. The chain goes on."""
        if not self._path.exists() or not (size := self._path.stat().st_size):
            return
        with self._path.open(encoding="utf-8", errors="replace") as file:
            begun = re.search(r'"at": "(\d{4}-\d\d)', file.readline())
        if size < self._max_bytes and begun and begun[1] == self._clock().strftime("%Y-%m"):
            return
        rolled = [file for file in files_of(self._path) if file != self._path]
        number = int(rolled[-1].stem[-6:]) + 1 if rolled else 1
        self._path.rename(self._path.with_name(f"{self._path.stem}-{number:06}{self._path.suffix}"))

    def _digest(self, kind: str, text: str) -> str:
        return hmac.new(self._keys.ids, f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()[:16]


def _check(event: str, counts: Mapping[str, int], fields: Mapping[str, str]) -> None:
    """Raises ValueError, without the value, for what could be text."""
    if event not in _EVENTS or event == ROTATED:
        raise ValueError(f"expected one of the events {', '.join(_EVENTS)}, got {len(event)} characters")
    for name, value in fields.items():
        if name not in _EVENTS[event] or not _FIELDS[name].fullmatch(value):
            raise ValueError(f"expected a field of {event!r} in its form, got {len(value)} characters that may be text")
    for name, count in counts.items():
        if not re.fullmatch(r"[A-Z_]{1,24}", name) and not _CODE.fullmatch(name):
            raise ValueError(f"expected codes as names of counts, got {len(name)} characters that may be text")
        if type(count) is not int or not 0 <= count < _COUNT_LIMIT:
            raise ValueError("expected counts from zero to a thousand million")


def _take(descriptor: int) -> None:
    """The lock, or AuditUnavailable after ``LOCK_S``. It goes with the descriptor."""
    deadline = time.monotonic() + LOCK_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise AuditUnavailable("the audit log is held by another process") from None
            time.sleep(0.01)
