"""Lines of a JSONL file or of standard input, in chunks, with a running hash of everything that was read.

Lines end at a line feed only: U+2028 and the like may stand inside JSON. A line longer than ``MAX_LINE_BYTES`` is
read over and comes as ``None``. Memory: one chunk, at most one longest line more.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
CHUNK_LINES: Final = 200
CHUNK_BYTES: Final = 128 * 1024
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines, and where the source stands behind them.

    Attributes:
        first: number of the first line, from 1.
        lines: without a byte order mark, otherwise as they came.
        end: bytes read so far.
        digest: SHA-256 of those bytes, hexadecimal.
    """

    first: int
    lines: tuple[bytes | None, ...]
    end: int
    digest: str


class Source:
    """Reads forward only; ``stream`` is binary and buffered."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self._read = 0

    def skip(self, size: int, digest: str) -> bool:
        """Reads the first ``size`` bytes; whether they are the ones with that hash."""
        while self._read < size:
            piece = self._stream.read(min(1 << 20, size - self._read))
            if not piece:
                return False
            self._take(piece)
        return self._hash.hexdigest() == digest

    def rewind(self) -> bool:
        """Back to the beginning, where the stream can do so."""
        if not self._stream.seekable():
            return False
        self._stream.seek(0)
        self._hash = hashlib.sha256()
        self._read = 0
        return True

    def chunks(self, first: int = 1) -> Iterator[Chunk]:
        """What is left, from line ``first`` on."""
        while lines := self._chunk():
            yield Chunk(first, tuple(lines), self._read, self._hash.hexdigest())
            first += len(lines)

    def _chunk(self) -> list[bytes | None]:
        lines: list[bytes | None] = []
        size = 0
        while len(lines) < CHUNK_LINES and size < CHUNK_BYTES:
            begun = self._read
            line = self._line()
            if line == b"":
                break
            lines.append(line)
            size += self._read - begun
        return lines

    def _line(self) -> bytes | None:
        """The next line with its end; empty at the end of the stream, ``None`` if it was too long."""
        at_start = self._read == 0
        line = self._stream.readline(MAX_LINE_BYTES + 1)
        self._take(line)
        if len(line) > MAX_LINE_BYTES:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = self._stream.readline(1 << 20)
                self._take(rest)
            return None
        if at_start and line.startswith(_BOM):
            return line[len(_BOM) :] or b"\n"
        return line

    def _take(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._read += len(piece)
