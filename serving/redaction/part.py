"""The unfinished output: ``OUT.part`` with ``OUT.part.json`` beside it, and ``OUT`` only when all is done.

The state says up to which byte of the input the part is good, with hashes of both; it is written after the part has
reached the disk. Whatever stands behind that byte (a torn line after a crash) is cut off. The state holds counts and
hashes, never a text. The output is as private as the input: it gets its permissions. One run at a time writes a part.
"""

import contextlib
import hashlib
import json
import os
import stat
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

try:
    import fcntl
except ImportError:  # systems without file locks: two runs at once are the caller's to avoid
    fcntl = None  # type: ignore[assignment]

EVERY_S: Final = 2.0
FRESH_SHA256: Final = hashlib.sha256().hexdigest()


class PartBusy(RuntimeError):
    """Another run writes the same output."""


@dataclass
class Progress:
    """How far a run is."""

    settings: str
    input_bytes: int = 0
    input_sha256: str = FRESH_SHA256
    lines: int = 0
    blank: int = 0
    output_bytes: int = 0
    output_sha256: str = FRESH_SHA256
    findings: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


class Part:
    """One output under way; a context, which holds the lock. ``mode``: the finished file's permissions."""

    def __init__(self, target: Path, settings: str, mode: int, save_every_s: float = EVERY_S) -> None:
        self._target = target
        self._path = target.with_name(target.name + ".part")
        self._state = target.with_name(target.name + ".part.json")
        self._hash = hashlib.sha256()
        self._saved_at = time.monotonic()
        self._mode = mode
        self._save_every_s = save_every_s
        self.progress = Progress(settings)
        self.found_other = False  # a part was there that does not fit

    def __enter__(self) -> Self:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, self._mode)
        self._file = os.fdopen(handle, "r+b")
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino != self._path.stat().st_ino:
                raise PartBusy(self._path.name)
        except OSError:
            self._file.close()
            raise PartBusy(self._path.name) from None
        except PartBusy:
            self._file.close()
            raise
        self._load()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _load(self) -> None:
        """Takes up the saved progress if part and settings fit it."""
        empty = self._file.seek(0, os.SEEK_END) == 0
        try:
            saved = json.loads(self._state.read_bytes())
            progress = Progress(**saved)
            progress.findings, progress.errors = Counter(progress.findings), Counter(progress.errors)
            fits = progress.settings == self.progress.settings and self._good(progress)
        except (OSError, ValueError, TypeError):
            fits = False
        if fits:
            self.progress = progress
        else:
            self.found_other = not empty
            self.restart()

    def _good(self, progress: Progress) -> bool:
        self._file.seek(0)
        left, digest = progress.output_bytes, hashlib.sha256()
        while left and (piece := self._file.read(min(1 << 20, left))):
            digest.update(piece)
            left -= len(piece)
        if left or digest.hexdigest() != progress.output_sha256:
            return False
        self._hash = digest
        self._file.truncate(progress.output_bytes)
        self._file.seek(progress.output_bytes)
        return True

    def restart(self) -> None:
        """Forgets what the part holds."""
        self.progress = Progress(self.progress.settings)
        self._hash = hashlib.sha256()
        self._file.seek(0)
        self._file.truncate()

    def write(self, data: bytes) -> None:
        """Appends whole lines."""
        self._file.write(data)
        self._hash.update(data)
        self.progress.output_bytes += len(data)

    def save(self, *, now: bool = False) -> None:
        """Makes the progress last, now and then, or ``now``."""
        if not now and time.monotonic() - self._saved_at < self._save_every_s:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self.progress.output_sha256 = self._hash.hexdigest()
        fresh = self._state.with_name(self._state.name + ".new")
        with fresh.open("wb") as file:
            file.write(json.dumps(vars(self.progress)).encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._state)
        self._saved_at = time.monotonic()

    def finish(self) -> None:
        """The part becomes the output."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._path.replace(self._target)
        with contextlib.suppress(OSError):
            self._state.unlink()


def permissions(stream_mode: int | None) -> int:
    """Permissions of the output: the input file's, without the right to run; of a stream only its owner's."""
    return 0o600 if stream_mode is None or not stat.S_ISREG(stream_mode) else stat.S_IMODE(stream_mode) & 0o666 | 0o600
