"""What can be said for certain about an adapter, for programs (passport.json) and for people (README.md).

Format 2. An adapter of public stages alone claims no epsilon: no customer was there. One with a private stage says what
was done to whom, with which noise, and what that costs; whoever holds the passport can compute it again
(``tactful passport verify``). Hashes tie it to its files, a signature to a person (``finetune.signing``).

BadPassport (a FinetuneError)    it cannot be written or signed: what it says does not fit its files or its ledger
"""

import hashlib
import json
import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from finetune.card import card
from finetune.errors import FinetuneError
from finetune.signing import KEY_FILE, load, public_hex, sign

FORMAT: Final = 2
PASSPORT: Final = "passport.json"
CARD: Final = "README.md"
_SAME_CLAIM: Final = 0.1  # epsilon is calibrated to the wish from below; two runs of one wish differ by less
NEIGHBOURING: Final = "add or remove one customer"
MECHANISM: Final = "DP-SGD: Poisson-sampled Gaussian mechanism"
HASHES: Final = ("base", "adapter", "config", "data", "prompts", "code")
_FILES: Final = {"adapter": "adapter_model.safetensors", "config": "adapter_config.json"}
_STATEMENT: Final = "How the training really went: the passport is the statement of whoever signed it."
_ALWAYS: Final = (
    "What the base model learned in its own pre-training.",
    "Privacy of customers who talk to the assistant later: that is the guards' and the vault's matter.",
    _STATEMENT,
)
_PUBLIC_ONLY: Final = (
    "Whether the data hash is of generated text: it is a statement of who trained, checkable by generating it again.",
)
_PRIVATE: Final = (
    "Prompts, the retrieval index and the shop's own records: they are read when it serves, not trained on.",
    "Evaluation data, and the utility figures themselves: computed without noise, from other customers.",
    "Staff and third parties whom a customer names in a message: the customer is the unit, they are not.",
    "One person with several accounts: each account counts as a customer.",
    "Attacks on the noise through floating-point arithmetic; its source is cryptographically secure.",
)
_UNDECLARED: Final = "Settings chosen by looking at other runs on the same customers: the ledger declares none."
_DECLARED: Final = "Settings chosen by looking at runs on the same customers other than those that the ledger declares."
_UNSIGNED_V1: Final = "Who made this adapter: the passport is not signed."


class BadPassport(FinetuneError):
    """It cannot be written or signed: what it says does not fit its files or its ledger."""


def sha256_file(path: Path) -> str:
    """SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_hashes(folder: Path) -> dict[str, str]:
    """``adapter`` and ``config``, of the files in ``folder``."""
    return {name: sha256_file(folder / file) for name, file in _FILES.items()}


def code_hash() -> str:
    """Version and SHA-256 of the training sources: ``0.1.0 3f…``; equal sources, equal hash, wherever they lie."""
    root, digest = Path(__file__).parent, hashlib.sha256()
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    try:
        return f"{version('tactful')} {digest.hexdigest()}"
    except PackageNotFoundError:
        return f"0+source {digest.hexdigest()}"


def public_passport(
    base_name: str, hashes: dict[str, str | None], ledger: list[dict[str, Any]], utility: dict[str, Any]
) -> dict[str, Any]:
    """The passport of an adapter trained on nobody's data, unsigned.

    Args:
        base_name: the base model's name.
        hashes: those of ``HASHES``; ``adapter`` and ``config`` as ``file_hashes`` gives them.
        ledger: what was done, in order; one entry a stage.
        utility: measured quality.
    """
    about = {"unit": "none: generated corpus, nobody's data", "neighbouring": None, "epsilon": None, "delta": None}
    told = {"utility": utility, "audit": None, "not_covered": [*_ALWAYS, *_PUBLIC_ONLY]}
    return _document(base_name, about | {"mechanism": "none"}, hashes, ledger, told)


def private_passport(
    base_name: str,
    hashes: dict[str, str | None],
    ledger: list[dict[str, Any]],
    utility: dict[str, Any],
    audit: dict[str, Any] | None = None,
    *,
    epsilon: float | None = None,
    not_covered: Sequence[str] = (),
) -> dict[str, Any]:
    """The passport of an adapter with at least one private stage, unsigned.

    Args:
        base_name: the base model's name.
        hashes: those of ``HASHES``; ``code`` as ``code_hash`` gives it.
        ledger: the entries of all stages, in order.
        utility: measured quality.
        audit: how hard it was tried to refute the claim, and what came of it.
        epsilon: of all private stages with their trials together; with one stage it follows from the ledger.
        not_covered: what this training leaves uncovered besides what always is.

    Raises:
        BadPassport: no private stage, stages of different delta, or several stages without their joint epsilon.
    """
    private = [stage for stage in ledger if stage["stage"] == "private"]
    deltas = {stage["delta"] for stage in private}
    if len(deltas) != 1 or (len(private) > 1 and epsilon is None):
        raise BadPassport(
            "expected private stages of one delta, and their joint epsilon where there are several, "
            f"got {len(private)} stages with {len(deltas)} deltas and epsilon={epsilon!r}"
        )
    about = {"unit": "customer", "neighbouring": NEIGHBOURING, "mechanism": MECHANISM, "delta": deltas.pop()}
    about["epsilon"] = private[0]["epsilon_with_trials"] if epsilon is None else epsilon
    tuning = _DECLARED if any(stage["trials"] for stage in private) else _UNDECLARED
    told = {"utility": utility, "audit": audit, "not_covered": [*_ALWAYS, *_PRIVATE, tuning, *not_covered]}
    return _document(base_name, about, hashes, ledger, told)


def record_utility(folder: Path, utility: dict[str, Any], key_file: Path = KEY_FILE) -> dict[str, Any]:
    """Adds measured quality to the passport of ``folder`` and writes its card anew.

    A signature is made anew where it was made with the key in ``key_file``; another's is dropped: it no longer fits.
    """
    passport: dict[str, Any] = json.loads((folder / PASSPORT).read_text("utf-8"))
    return _changed(folder, passport | {"utility": passport["utility"] | utility}, key_file)


def record_audit(folder: Path, report: dict[str, Any], key_file: Path = KEY_FILE) -> dict[str, Any]:
    """Writes what an audit found into the passport of ``folder``; the signature as in ``record_utility``.

    Raises:
        BadPassport: there is none, it claims no epsilon, or the audit was of another claim.
    """
    try:
        passport: dict[str, Any] = json.loads((folder / PASSPORT).read_text("utf-8"))
        claim = passport["epsilon"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadPassport(f"expected {PASSPORT} in {folder}, got {type(error).__name__}") from error
    told = report["claimed_epsilon"]
    if claim is None or told is None or abs(told - claim) > _SAME_CLAIM:
        raise BadPassport(f"the passport in {folder} claims epsilon {claim}, the audit was of {told}: record it there")
    return _changed(folder, passport | {"audit": report}, key_file)


def _changed(folder: Path, passport: dict[str, Any], key_file: Path) -> dict[str, Any]:
    signer = (passport["signature"] or {}).get("public_key")
    passport["signature"] = None
    key = load(key_file) if signer and key_file.exists() else None
    if key is not None and public_hex(key) == signer:
        passport = sign(passport, key)
    write_documents(folder, passport)
    return passport


def sign_folder(folder: Path, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Signs the passport of ``folder`` in place of any other signature; format 1 becomes format 2 first.

    Raises:
        BadPassport: there is none, or the files are not the ones that it names.
    """
    try:
        passport = json.loads((folder / PASSPORT).read_text("utf-8"))
        found = file_hashes(folder)
        hashes = passport["hashes"]
        said = {name: hashes.get(name, "none" if passport["format"] == FORMAT else found[name]) for name in found}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadPassport(
            f"expected {PASSPORT} with hashes and the adapter's files in {folder}, got {type(error).__name__}"
        ) from error
    if said != found:
        differ = ", ".join(_FILES[name] for name in found if said[name] != found[name])
        raise BadPassport(f"the passport in {folder} is of other files than {differ} there: nothing was signed")
    passport = sign(_upgraded(passport, found) if passport["format"] != FORMAT else passport, key)
    write_documents(folder, passport)
    return passport


def write_documents(folder: Path, passport: dict[str, Any]) -> None:
    """Writes passport.json and the model card into ``folder``."""
    part = folder / f".{PASSPORT}.part"
    part.write_text(json.dumps(passport, ensure_ascii=False, indent=1) + "\n", "utf-8")
    os.replace(part, folder / PASSPORT)
    (folder / CARD).write_text(card(passport), "utf-8")


def _document(
    base_name: str,
    about: dict[str, Any],
    hashes: dict[str, str | None],
    ledger: list[dict[str, Any]],
    told: dict[str, Any],
) -> dict[str, Any]:
    head = {"format": FORMAT, "base_model": base_name}
    head |= {name: about[name] for name in ("unit", "neighbouring", "epsilon", "delta", "mechanism")}
    listed = {name: hashes.get(name) for name in HASHES}
    return {**head, "ledger": ledger, "hashes": listed, **told, "signature": None}


def _upgraded(passport: dict[str, Any], found: dict[str, str]) -> dict[str, Any]:
    """Format 1, which only public adapters have, as format 2; which code trained them was not recorded."""
    made = public_passport(passport["base_model"], passport["hashes"] | found, passport["ledger"], passport["utility"])
    told = [line for line in passport["not_covered"] if line not in (*made["not_covered"], _UNSIGNED_V1)]
    return made | {"unit": passport["unit"], "not_covered": [*made["not_covered"], *told]}
