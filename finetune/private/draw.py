"""Which examples a customer gives, under which name, and on which side of the split: keyed hashes, one customer each.

Everything here depends on the key and on that customer's own dialogues alone. So one customer's data never changes
what another contributes, and without the key nobody can tell who a number is.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from finetune.private.transcripts import BadTranscripts, Place

KEY_BYTES: Final = 32
KEY_FILE: Final = "customers.key"
EVALUATION_SHARE: Final = 10
"""One customer of so many is kept for evaluation."""
_NAME_CHARS: Final = 20


@dataclass(frozen=True, slots=True)
class Drawn:
    """A dialogue of which ``messages`` were drawn, by their number from 0."""

    place: Place
    messages: tuple[int, ...]


@dataclass(frozen=True)
class Draw:
    """Names, splits and draws under one key. ``repr`` hides the key."""

    _key: bytes

    def __repr__(self) -> str:
        return f"Draw({len(self._key)} bytes)"

    def name(self, customer: str) -> str:
        """The customer's opaque name: stable under the key, 80 bits."""
        return self._hash("name", customer).hex()[:_NAME_CHARS]

    def evaluates(self, customer: str) -> bool:
        """Whether the customer belongs to the evaluation."""
        return int.from_bytes(self._hash("split", customer)[:8]) % EVALUATION_SHARE == 0

    def examples(self, customer: str, places: Sequence[Place], at_most: int) -> list[Drawn]:
        """At most so many labelled messages of the customer, in the order of the file."""
        turns = [(place, n) for place in places for n in place.labelled]
        turns.sort(key=lambda turn: self._hash("example", customer, turn[0].id, str(turn[1])))
        drawn: dict[Place, list[int]] = {}
        for place, n in turns[:at_most]:
            drawn.setdefault(place, []).append(n)
        return [Drawn(place, tuple(sorted(drawn[place]))) for place in sorted(drawn, key=lambda place: place.line)]

    def _hash(self, purpose: str, *parts: str) -> bytes:
        message = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in (purpose, *parts))
        return hmac.new(self._key, message, hashlib.sha256).digest()


def open_draw(work: Path) -> Draw:
    """The draws under the key in the work folder; a new key where there is none.

    Raises:
        BadTranscripts: the key's file is damaged.
    """
    work.mkdir(parents=True, exist_ok=True)
    path = work / KEY_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(KEY_BYTES), "utf-8")
    try:
        key = bytes.fromhex(path.read_text("utf-8").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadTranscripts(f"expected {KEY_FILE} to hold {KEY_BYTES} bytes as hex digits: restore it, or delete it")
    return Draw(key)
