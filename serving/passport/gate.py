"""Which keys are believed, and the gate: no adapter is served whose passport does not verify under one of them.

Keys: those in ``trusted/`` (the project's), the shop's own (the public half of the key that ``tactful finetune`` signs
with), and those that the settings name. A key file is 64 hexadecimal digits; lines after ``#`` are for people.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from serving.model_folder import PassportRefused
from serving.passport.verify import FILES, Verdict, verify

OWN_KEY: Final = "passport.pub"
_PROJECT: Final = Path(__file__).parent / "trusted"
_CURES: Final = (
    "If you made this adapter, sign it: tactful finetune sign {folder}",
    "If somebody else did and you trust them, name the file with their public key in privacy.trusted_keys",
    "If neither, put the original files back: somebody or something has changed them",
)


def trusted_keys(data_dir: Path, more: Iterable[Path] = ()) -> dict[str, str]:
    """Public key in hexadecimal → whose it is.

    Raises:
        PassportRefused: a file that was named holds no key; one that nobody can read is not passed over.
    """
    own = data_dir / OWN_KEY
    keys = {_key_of(file): "this shop" for file in (own,) if file.exists()}
    keys |= {_key_of(file): file.stem for file in more}
    return keys | {_key_of(file): file.stem for file in sorted(_PROJECT.glob("*.pub"))}


def admit(folder: Path, trusted: Mapping[str, str]) -> Verdict:
    """The verdict on an adapter that may be served.

    Raises:
        PassportRefused: it may not; the message holds every fault and what helps.
    """
    verdict = verdict_on(folder, trusted)
    if not verdict.verified:
        faults = "\n".join(f"- {fault}" for fault in verdict.faults)
        cures = "\n".join(f"  → {cure.format(folder=folder)}" for cure in _CURES)
        raise PassportRefused(
            f"the language model is not started: the passport of the adapter in {folder} does not verify "
            f"({verdict.state}):\n{faults}\n{cures}"
        )
    return verdict


def verdict_on(folder: Path, trusted: Mapping[str, str]) -> Verdict:
    """``verify``, done once for the same files and keys."""
    stamps = tuple(_stamp(folder / name) for name in FILES)
    return _verified(folder, tuple(sorted(trusted.items())), stamps)


@lru_cache(maxsize=8)
def _verified(folder: Path, trusted: tuple[tuple[str, str], ...], stamps: tuple[tuple[int, ...], ...]) -> Verdict:
    return verify(folder, dict(trusted))


def _stamp(file: Path) -> tuple[int, ...]:
    try:
        state = file.stat()
    except OSError:
        return ()
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _key_of(file: Path) -> str:
    try:
        lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise PassportRefused(f"expected a public key in {file}, got {type(error).__name__}") from None
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1 or not re.fullmatch("[0-9a-f]{64}", keys[0]):
        raise PassportRefused(f"expected one line of 64 hexadecimal digits, a public key, in {file}, got another text")
    return keys[0]
