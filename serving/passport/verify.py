"""The whole check of an artifact folder: every fault at once, each a sentence. Seconds: 0.2, with a private stage 6.

The one thing it cannot see is whether the signer told the truth about how the training went.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from serving.model_folder import sha256_file
from serving.passport.claims import faults_of_claims
from serving.passport.form import MAX_BYTES, PASSPORT, faults_of_form, read

_HASHED: Final = {"adapter": "adapter_model.safetensors", "config": "adapter_config.json"}
FILES: Final = (PASSPORT, *_HASHED.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it. ``signer``: whose trusted key signed; ``unsigned``: nothing is wrong but that nobody did."""

    state: Literal["verified", "unsigned", "refused"]
    faults: tuple[str, ...]
    signer: str | None

    @property
    def verified(self) -> bool:
        """Whether the adapter may be served."""
        return self.state == "verified"


def verify(folder: Path, trusted: Mapping[str, str], *, base: str | None = None, prompts: str | None = None) -> Verdict:
    """Checks form, claims, hashes and signature of the passport in ``folder``.

    Args:
        folder: the artifact folder.
        trusted: public key in hexadecimal → whose it is.
        base: hash of the base model that the adapter is to be put on.
        prompts: fingerprint of the prompts that it is to be asked with.
    """
    try:
        with (folder / PASSPORT).open("rb") as file:
            document = read(file.read(MAX_BYTES + 1))
    except (OSError, ValueError) as error:
        return Verdict("refused", (f"{PASSPORT}: {error if isinstance(error, ValueError) else 'not readable'}.",), None)
    hashes = document.get("hashes")
    wanted = {"base": base, "prompts": prompts, **{name: _hash(folder / file) for name, file in _HASHED.items()}}
    if document.get("format") == 1:  # had neither a config hash nor a signature
        faults, signer, unsigned = [], None, "format: expected 2, signed, got 1, which is unsigned."
        wanted["config"] = None
    else:
        faults = list(faults_of_form(document))
        try:
            faults += () if faults else faults_of_claims(document)
        except (ArithmeticError, ValueError) as error:  # at the very edge of what dp-accounting can compute
            faults.append(f"ledger: expected a mechanism whose epsilon can be computed, got {type(error).__name__}.")
        signer, unsigned = _signer(document, trusted)
    faults += _faults_of_hashes(hashes if isinstance(hashes, dict) else {}, wanted)
    if not unsigned:
        return Verdict("refused" if faults else "verified", tuple(faults), signer)
    mere = not faults and document.get("signature") is None
    return Verdict("unsigned" if mere else "refused", (*faults, unsigned), None)


def canonical(document: Mapping[str, Any]) -> bytes:
    """What is signed: everything but the signature, keys sorted, no white space, UTF-8."""
    rest = {name: value for name, value in document.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _signer(document: Mapping[str, Any], trusted: Mapping[str, str]) -> tuple[str | None, str]:
    """Whose signature it is, or what is wrong with it."""
    signature = document.get("signature")
    if signature is None:
        return None, "signature: expected one of a trusted key, got null: the passport is unsigned."
    key, value = (str(signature.get(n)) for n in ("public_key", "value")) if isinstance(signature, dict) else ("", "")
    if key not in trusted:
        known = ", ".join(f"{name} ({known[:12]}…)" for known, name in trusted.items()) or "none"
        return None, f"signature.public_key: expected a trusted key, {known}, got {key[:12]}…."
    try:
        if not re.fullmatch("[0-9a-f]{128}", value):
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(value), canonical(document))
    except (InvalidSignature, ValueError):
        return None, "signature.value: expected the signature of this passport, got that of another text or none."
    return trusted[key], ""


def _hash(file: Path) -> str:
    try:
        return sha256_file(file)
    except OSError:
        return "a readable file"


def _faults_of_hashes(said: Mapping[str, Any], wanted: Mapping[str, str | None]) -> Iterator[str]:
    for name, value in wanted.items():
        if value is not None and said.get(name) != value:
            where = f" of {_HASHED[name]}" if name in _HASHED else ""
            yield f"hashes.{name}: expected {value[:16]}{where}, got {str(said.get(name))[:16]}."
