"""A folder with a model that the engine can serve, and what is recorded about it.

Hugging Face layout (``config.json``, ``tokenizer.json``, ``model.safetensors``…) plus ``MANIFEST.json``:
where the weights came from, a SHA-256 of every file, and ``base_hash``, which names the base model on
every machine. It is made of the source's hash, the vocabulary and the recipe, not of the converted
weights: their last bits may differ between processors, and an adapter must fit all the same.

It does not know how folders are made (conversion, merging) nor how they are served.

ModelError
├── UnknownModel        no such name (user-fixable)
├── SourceUnreachable   the weights could not be brought here (retryable, or bring them by hand)
├── HashMismatch        bytes are not the ones that were promised
├── DamagedFolder       a model folder with files missing or changed
├── AdapterMismatch     an adapter that was not trained on this base, or of a kind that cannot be merged
└── PassportRefused     an adapter whose passport does not verify, or a key file that holds no key
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MANIFEST: Final = "MANIFEST.json"
MANIFEST_FORMAT: Final = 1
WEIGHTS: Final = "model.safetensors"


class ModelError(Exception):
    """A model could not be made ready; the message says what to do."""


class UnknownModel(ModelError):
    """No such model name."""


class SourceUnreachable(ModelError):
    """The weights could not be brought here."""


class HashMismatch(ModelError):
    """Bytes are not the ones that were promised."""


class DamagedFolder(ModelError):
    """A model folder with files missing or changed."""


class AdapterMismatch(ModelError):
    """The adapter does not fit the base, or is of a kind that cannot be merged."""


class PassportRefused(ModelError):
    """The adapter's passport does not verify, or a key to verify it with cannot be read."""


@dataclass(frozen=True)
class ModelFolder:
    """A model ready to be served."""

    path: Path
    name: str
    base_hash: str  # the same on every machine for the same base
    vocab_size: int
    adapter_hash: str | None  # SHA-256 of the merged adapter_model.safetensors, None for a bare base
    files: dict[str, str]  # file name → SHA-256

    @classmethod
    def open(cls, path: Path, *, verify: bool = True) -> "ModelFolder":
        """Reads the manifest and, unless told otherwise, compares every file with it (0.2 s per 300 MB).

        Raises:
            DamagedFolder: no or broken manifest, a file missing or changed.
        """
        try:
            content = json.loads((path / MANIFEST).read_text("utf-8"))
            folder = cls(
                path=path,
                name=content["name"],
                base_hash=content["base_hash"],
                vocab_size=content["vocab_size"],
                adapter_hash=content["adapter_hash"],
                files=dict(content["files"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedFolder(
                f"expected a model folder with {MANIFEST} at {path}, got {type(error).__name__}"
            ) from error
        if verify:
            folder.verify()
        return folder

    def verify(self) -> None:
        """Compares every file with the manifest.

        Raises:
            DamagedFolder: a file is missing or changed.
        """
        for name, expected in self.files.items():
            file = self.path / name
            if not file.is_file():
                raise DamagedFolder(
                    f"{name} is missing in {self.path}: remove the folder and run `tactful model fetch`"
                )
            if sha256_file(file) != expected:
                raise DamagedFolder(
                    f"{name} in {self.path} has changed: remove the folder and run `tactful model fetch`"
                )


def sha256_file(path: Path) -> str:
    """SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    folder: Path, *, name: str, base_hash: str, vocab_size: int, adapter_hash: str | None, more: dict[str, Any]
) -> ModelFolder:
    """Hashes what lies in ``folder`` and writes the manifest beside it; ``more`` is kept as it is."""
    files = {
        file.name: sha256_file(file) for file in sorted(folder.iterdir()) if file.is_file() and file.name != MANIFEST
    }
    content = {
        "format": MANIFEST_FORMAT,
        "name": name,
        "base_hash": base_hash,
        "vocab_size": vocab_size,
        "adapter_hash": adapter_hash,
        **more,
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return ModelFolder(folder, name, base_hash, vocab_size, adapter_hash, files)
