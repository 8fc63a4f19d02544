"""How lines of the audit log hang together: keys, hashes, the order of files, and the check of all of it.

Each line carries an HMAC over itself and the hash of the line before; files are ``audit-000001.jsonl``, … and
``audit.jsonl``, one chain through all. A changed, missing, added or moved line is found, down to a space. A cut-off end
is found only by who knows a later hash (``expect``). Keys come from the vault's master key (HKDF); when that is
rotated, the first line under the new key holds the old chain key, sealed, so that old lines stay checkable.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

START: Final = "0" * 64
ROTATED: Final = "key_rotated"
_ROLLED: Final = re.compile(r"-\d{6}$")
_NONCE_BYTES: Final = 12
Fault = Literal["unreadable", "out_of_order", "changed"]


@dataclass(frozen=True, slots=True, repr=False)
class AuditKeys:
    """Keys of one log: for its hashes, for ids of customers and sessions, for sealing the keys before."""

    chain: bytes
    ids: bytes
    seal: bytes

    @classmethod
    def of(cls, master_key: bytes) -> "AuditKeys":
        """The keys that belong to a master key."""
        chain = _derived(master_key, "chain")
        return cls(chain, _derived(master_key, "ids"), _derived(chain, "seal"))

    def sealed(self, earlier: "AuditKeys") -> str:
        """The earlier chain key, readable with these keys only."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (nonce + AESGCM(self.seal).encrypt(nonce, earlier.chain, b"audit")).hex()


@dataclass(frozen=True, slots=True)
class Verified:
    """Result of ``verify``.

    Attributes:
        lines: lines that fit, from the first.
        last_hash: of the last line that fits; keep it elsewhere.
        broken_file: file of the first line that does not fit, or None.
        broken_line: its number in that file, from 1.
        fault: ``unreadable``: no line of ours; ``out_of_order``: lines before it are missing, added or moved;
            ``changed``: its content is not what was written (or the key is another).
        expected: whether the expected hash is in the chain; None where none was asked for.
    """

    lines: int
    last_hash: str
    broken_file: str | None = None
    broken_line: int | None = None
    fault: Fault | None = None
    expected: bool | None = None

    @property
    def whole(self) -> bool:
        """Whether every line follows from the one before it, and the expected one is among them."""
        return self.broken_line is None and self.expected is not False


def files_of(path: Path) -> list[Path]:
    """The log's files in order; ``path`` is the one being written, or the name it would have."""
    rolled = sorted(p for p in path.parent.glob(f"{path.stem}-*{path.suffix}") if _ROLLED.search(p.stem))
    return [*rolled, path] if path.exists() else rolled


def verify(path: Path, keys: AuditKeys, expect: str | None = None) -> Verified:
    """Follows the chain through all files; a missing log is an empty chain."""
    last, count, seen = START, 0, expect == START
    chain_keys = _chain_keys(path, keys)
    for file, number, line in _lines(path):
        body = _parsed(line)
        if body and body["event"] == ROTATED and len(chain_keys) > 1:
            chain_keys = chain_keys[1:]
        fault = _fault(body, last, chain_keys[0]) if body else "unreadable"
        if body is None or fault:
            return Verified(count, last, file.name, number, fault, None if expect is None else seen)
        last, count = body["hash"], count + 1
        seen = seen or last == expect
    return Verified(count, last, expected=None if expect is None else seen)


def written(body: Mapping[str, Any], before: str, chain_key: bytes) -> dict[str, Any]:
    """The whole line for an event that follows the line with the hash ``before``."""
    return {**body, "before": before, "hash": _digest(chain_key, before, body)}


def dumped(line: Mapping[str, Any]) -> str:
    """A line as it stands in the file; there is no other way to write it."""
    return json.dumps(line, ensure_ascii=True, sort_keys=True)


def tail_hash(file: Path) -> str | None:
    """The hash of the last line; None where it cannot be read, which leaves the chain visibly broken there."""
    if not file.stat().st_size:
        return None
    with file.open("rb") as data:
        data.seek(max(0, file.stat().st_size - 65_536))
        body = _parsed(data.read().splitlines()[-1].decode("utf-8", "replace"))
    return body["hash"] if body else None


def _fault(body: Mapping[str, Any], last: str, chain_key: bytes) -> Fault | None:
    bare = {name: value for name, value in body.items() if name not in ("hash", "before")}
    if not hmac.compare_digest(str(body["hash"]), _digest(chain_key, str(body["before"]), bare)):
        return "changed"
    return None if body["before"] == last else "out_of_order"


def _chain_keys(path: Path, keys: AuditKeys) -> list[bytes]:
    """The chain keys in the order of the file: each rotation's line, read from the newest, gives the one before."""
    found, current = [keys.chain], keys
    rotations = [body for _, _, line in _lines(path) if (body := _parsed(line)) and body["event"] == ROTATED]
    for body in reversed(rotations):
        opened = _opened(current, str(body.get("sealed", "")))
        if opened is None:
            break
        found.insert(0, opened.chain)
        current = opened
    return found


def _opened(keys: AuditKeys, sealed: str) -> AuditKeys | None:
    """The keys before, as far as checking needs them: a chain key opens the seal of its own predecessors too."""
    try:
        data = bytes.fromhex(sealed)
        chain = AESGCM(keys.seal).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], b"audit")
    except (ValueError, InvalidTag):
        return None
    return AuditKeys(chain, b"", _derived(chain, "seal"))


def _lines(path: Path) -> Iterator[tuple[Path, int, str]]:
    for file in files_of(path):
        with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            yield from ((file, number, line) for number, line in enumerate(lines, start=1))


def _parsed(line: str) -> dict[str, Any] | None:
    """A line's content, if it is written exactly as we write it; a second spelling of the same would hide a change."""
    text = line.removesuffix("\n")
    try:
        body = json.loads(text)
        ours = isinstance(body, dict) and {"hash", "before", "event"} <= body.keys() and dumped(body) == text
    except (ValueError, RecursionError):
        return None
    return body if ours and isinstance(body["hash"], str) else None


def _digest(key: bytes, before: str, body: Mapping[str, Any]) -> str:
    return hmac.new(key, (before + dumped(body)).encode(), hashlib.sha256).hexdigest()


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"tactful audit {purpose} v1".encode()).derive(key)
