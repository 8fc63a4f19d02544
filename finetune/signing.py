"""Signs passports: whoever holds the key says that the training went as the passport tells.

The private key is a file of its owner alone, made on first use; the public half is written beside it (``.pub``:
64 hexadecimal digits, lines that begin with ``#`` are for people), and that one is given to others. The signature is
Ed25519 over the passport's canonical JSON without its ``signature``.

BadKey (a FinetuneError)    the file does not hold such a key, or others may read it

Source: RFC 8032.
"""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from finetune.errors import FinetuneError

KEY_FILE: Final = Path(".tactful/passport.key")


class BadKey(FinetuneError):
    """The file does not hold an Ed25519 key, or others may read it."""


def make_or_load(file: Path = KEY_FILE) -> Ed25519PrivateKey:
    """The signing key; made on first use, readable by its owner only.

    Raises:
        BadKey: what is there is no such key, or its mode lets others read it.
    """
    if not file.exists():
        _make(file)
    return load(file)


def load(file: Path) -> Ed25519PrivateKey:
    """The signing key that is there.

    Raises:
        BadKey: none is, or its mode lets others read it.
    """
    try:
        mode, content = file.stat().st_mode & 0o777, file.read_bytes()
    except OSError as error:
        raise BadKey(f"expected a signing key at {file}, got {type(error).__name__}") from None
    if mode & 0o077:
        raise BadKey(
            f"expected {file} readable by its owner only, got mode {mode:o}: chmod 600 it, or make another key"
        )
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(
            f"expected an Ed25519 private key in PEM at {file}, got something else: restore it from its backup"
        )
    return key


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public half: 64 hexadecimal digits, as a passport names its signer."""
    return key.public_key().public_bytes_raw().hex()


def public_file(file: Path) -> Path:
    """Where the public half of the key in ``file`` lies."""
    return file.with_suffix(".pub")


def canonical(passport: Mapping[str, Any]) -> bytes:
    """What is signed: everything but the signature, keys sorted, no white space, UTF-8.

    >>> canonical({"b": 1, "a": "é", "signature": None}).decode()
    '{"a":"é","b":1}'
    """
    rest = {name: value for name, value in passport.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sign(passport: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """A copy of ``passport`` with the signature of ``key`` in place of any other."""
    value = key.sign(canonical(passport)).hex()
    return {**passport, "signature": {"algorithm": "ed25519", "public_key": public_hex(key), "value": value}}


def _make(file: Path) -> None:
    key = Ed25519PrivateKey.generate()
    file.parent.mkdir(parents=True, exist_ok=True)
    # whole or not at all, never readable by others, never over a key that another process has just made
    part = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        os.link(part, file)
    except FileExistsError:
        return
    finally:
        part.unlink()
    public_file(file).write_text(f"# Signs adapters' passports (Ed25519, public half)\n{public_hex(key)}\n", "utf-8")
