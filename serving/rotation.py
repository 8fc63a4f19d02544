"""Another master key for the vault and the audit log: made, wrapped around every data key, noted, put in place.

Each step can be found done, so that an interrupted rotation goes on where it was: the new key waits beside the old one
until the vault and the log have gone over. Values are not touched. It knows no settings and no terminal.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guardrails.audit_chain import AuditKeys, files_of, verify
from guardrails.audit_log import AuditLog
from guardrails.vault import KEY_BYTES, Vault

NEW_SUFFIX: Final = ".new"


class KeyFileDamaged(ValueError):
    """A key file that does not hold a key. The message tells which, and what to do."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many owners' data keys the new master key wraps, and whether an interrupted rotation was ended."""

    owners: int
    resumed: bool


def rotate(key_file: Path, vault_url: str, audit_file: Path) -> Rotated:
    """Puts a new master key in the place of the one in ``key_file``. The server must not be running.

    Raises:
        KeyFileDamaged: one of the two key files does not hold a key.
        GuardError: the vault opens with neither key, or cannot be written.
        OSError: a file cannot be read or written; run it again, nothing is lost.
    """
    old, waiting = _read(key_file), key_file.with_name(key_file.name + NEW_SUFFIX)
    resumed = waiting.exists()
    if not resumed:
        _write_new(waiting)
    new = _read(waiting)
    owners = _vault_over(vault_url, old, new)
    _log_over(audit_file, old, new)
    waiting.replace(key_file)
    return Rotated(owners, resumed)


def _vault_over(url: str, old: bytes, new: bytes) -> int:
    """Wraps the data keys anew, where that has not been done; how many there are."""
    vault = Vault(url, new)
    try:
        if vault.opens():
            return vault.owners()
    finally:
        vault.close()
    vault = Vault(url, old)
    try:
        return vault.rotate(new)
    finally:
        vault.close()


def _log_over(file: Path, old: bytes, new: bytes) -> None:
    """The log goes on under the new key, where it does not yet; a log that was never begun needs nothing."""
    if not files_of(file) or verify(file, AuditKeys.of(new)).whole:
        return
    AuditLog(file, old).rotate_key(new)


def _read(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise KeyFileDamaged(f"expected {KEY_BYTES} bytes in {path}, got {len(key)}: restore it from its backup")
    return key


def _write_new(path: Path) -> None:
    """A key that is there whole or not at all, readable by its owner only."""
    partly = path.with_name(path.name + ".part")
    partly.touch(mode=0o600)
    with partly.open("wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    partly.replace(path)
