"""What a number was measured on, and how a series of numbers is told.

Describes this machine and the packages that matter to speed. No host name, no user, no path.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from typing import Any, Final

from serving.evaluation.manifest import PACKAGES, versions
from serving.evaluation.tally import quantile
from serving.hardware import detect

_FLAGS: Final = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "f16c",
    "asimd",
    "bf16",
    "sve",
)
"""Vector units that decide which number format is fast."""


def describe() -> dict[str, Any]:
    """The machine as ``bench --json`` prints it. Memory in MiB."""
    machine = detect()
    return {
        "cpu": machine.cpu_name,
        "flags": [flag for flag in _FLAGS if flag in machine.cpu_flags],
        "cores": machine.cpus,
        "memory_mib": round(machine.memory_gib * 1024),
        "gpus": [gpu.name for gpu in machine.gpus],
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": versions(PACKAGES),
    }


def figure(values: Sequence[float], unit: str) -> dict[str, Any]:
    """A series as the contract wants it, with the tail beside it.

    Raises:
        ValueError: no values.
    """
    return {
        "median": round(quantile(values, 0.5), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
        "unit": unit,
        "p50": round(quantile(values, 0.5), 4),
        "p95": round(quantile(values, 0.95), 4),
        "n": len(values),
    }


def report(
    runs: int, figures: Mapping[str, Mapping[str, Any]], ratios: Mapping[str, float], **more: object
) -> dict[str, Any]:
    """The object that every ``bench … --json`` prints."""
    return {"machine": describe(), "runs": runs, "figures": dict(figures), "ratios": dict(ratios), **more}


def table(result: Mapping[str, Any]) -> str:
    """The figures and ratios as a Markdown table, with the machine below it."""
    rows = [
        f"| {name} | {_plain(f['p50'])} | {_plain(f['p95'])} | {_plain(f['max'])} | {f['unit']} | {f['n']} |"
        for name, f in result["figures"].items()
    ]
    ratios = [f"| {name} | {_plain(value)} |  |  | ratio |  |" for name, value in result["ratios"].items()]
    machine = result["machine"]
    return "\n".join(
        [
            "| figure | p50 | p95 | max | unit | n |",
            "|---|---|---|---|---|---|",
            *rows,
            *ratios,
            "",
            f"{machine['cpu']}, {machine['cores']} cores, {', '.join(machine['flags']) or 'no vector flags known'}, "
            f"{machine['memory_mib'] / 1024:.0f} GiB, load {machine['load']} at the end.",
        ]
    )


def _plain(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
