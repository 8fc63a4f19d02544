"""What privacy costs: a private step beside the same step without privacy and beside Opacus' hooks, in one run.

All three do the same work on the same microbatches of made-up token ids: losses of each example, gradients of the same
LoRA matrices, one AdamW step; with public examples within their directions, as a release is trained. Each runs in a
process of its own, so that peak memory is its own; kinds alternate in short rounds because machines are shared. It
measures time and memory, never quality.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

KINDS: Final = ("private", "plain", "opacus")


@dataclass(frozen=True, slots=True)
class Step:
    """What is measured."""

    batch: int
    """Examples."""
    tokens: int
    """Of each."""
    top_layers: int = 0
    """0: all."""
    rank: int = 4
    outputs: int = 0
    """Directions of the output within which B is trained; 0: all."""
    directions: str = ""
    """File of public examples; without it A is drawn at random and trained."""


def bench(base: Path, asked: Step, *, rounds: int, kinds: Sequence[str]) -> dict[str, Any]:
    """Medians over rounds of seconds a step and of peak memory, and their ratios to the step without privacy."""
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    memory: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(rounds):
        for kind in kinds if turn % 2 == 0 else tuple(reversed(kinds)):
            told = json.dumps([str(base), kind, asdict(asked)])
            done = subprocess.run(
                [sys.executable, "-m", "finetune.bench", told], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise RuntimeError(f"the step of kind {kind} failed: {done.stderr.strip().splitlines()[-1:]}")
            answer = json.loads(done.stdout.strip().splitlines()[-1])
            seconds[kind].append(answer["seconds"])
            memory[kind].append(answer["peak_mib"])
    figures = {f"{kind} step": _spread(seconds[kind], "s") for kind in kinds}
    figures |= {f"{kind} peak memory": _spread(memory[kind], "MiB") for kind in kinds}
    return {"machine": _machine(), "runs": rounds, "figures": figures, "ratios": _ratios(seconds, memory)}


def _ratios(seconds: dict[str, list[float]], memory: dict[str, list[float]]) -> dict[str, float]:
    """Medians of the ratios of neighbouring measurements."""
    pairs = [("private", "plain"), ("private", "opacus"), ("opacus", "plain")]
    ratios = {}
    for what, values in (("time", seconds), ("memory", memory)):
        for above, below in pairs:
            if above in values and below in values:
                each = [a / b for a, b in zip(values[above], values[below], strict=True)]
                ratios[f"{what} {above}/{below}"] = round(statistics.median(each), 3)
    return ratios


def _spread(values: Sequence[float], unit: str) -> dict[str, Any]:
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "unit": unit,
    }


def _machine() -> dict[str, Any]:
    from finetune.base import cpu_flags

    flags = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in cpu_flags()]
    return {
        "system": platform.system(),
        "cores": os.cpu_count(),
        "flags": flags,
        "load": round(os.getloadavg()[0], 2),
        "threads": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def one(base: Path, kind: str, asked: Step, steps: int = 3) -> dict[str, float]:
    """Median seconds of a step after one to warm up, and the peak memory of this process in MiB."""
    import torch

    from finetune.base import load_base
    from finetune.dp.release import ready
    from finetune.dp.settings import PrivateSettings
    from finetune.dp.step import microbatches
    from finetune.dp.vocabulary import candidates
    from finetune.examples import Encoded
    from finetune.loss import example_losses

    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    loaded = load_base(base)
    model, public = loaded.model, Path(asked.directions) if asked.directions else None
    settings = PrivateSettings(
        public_customers=10_000,
        top_layers=asked.top_layers,
        rank=asked.rank,
        outputs=asked.outputs,
        matrices="B" if public else "both",
    )
    ready(loaded, settings, public)
    among = candidates(public, loaded.tokenizer, model.lm_head.weight) if public else None
    known = torch.arange(6, int(model.config.vocab_size)) if among is None else among.ids
    generator = torch.Generator().manual_seed(1)
    ids = known[torch.randint(len(known), (asked.batch, asked.tokens), generator=generator)].tolist()
    examples = [Encoded(tuple(row), asked.tokens - asked.tokens // 3) for row in ids]

    def losses(of: Any, places: Sequence[int]) -> torch.Tensor:
        return example_losses(of, [examples[place] for place in places], candidates=among)

    groups = microbatches(examples, range(len(examples)), settings.microbatch_tokens)
    step = {"private": _private, "plain": _plain, "opacus": _opacus}[kind](model, losses, groups, settings)
    step()
    took = []
    for _ in range(steps):
        began = time.perf_counter()
        step()
        took.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return {"seconds": statistics.median(took), "peak_mib": peak}


def _private(model: Any, losses: Any, groups: Sequence[Sequence[int]], settings: Any) -> Callable[[], None]:
    import torch

    from finetune import lora
    from finetune.dp.randomness import SecureRandomness
    from finetune.dp.step import add_noise, clipped_sum, set_gradients

    parameters = lora.parameters(model)
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.0)
    source = SecureRandomness()

    def step() -> None:
        total, _ = clipped_sum(model, losses, groups, settings.clipping)
        add_noise(total, 1.0, source)
        set_gradients(parameters, total, float(sum(map(len, groups))))
        optimizer.step()

    return step


def _plain(model: Any, losses: Any, groups: Sequence[Sequence[int]], settings: Any) -> Callable[[], None]:
    import torch

    from finetune import lora

    for layer in model.modules():
        if isinstance(layer, lora.LoraLinear):
            layer.__class__ = lora.LoraLinear  # the same matrices, without gradients of their own for each example
    parameters = lora.parameters(model)
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.0)

    def step() -> None:
        optimizer.zero_grad()
        for places in groups:
            loss = losses(model, places).sum() / sum(map(len, groups))
            loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return step


def _opacus(model: Any, losses: Any, groups: Sequence[Sequence[int]], settings: Any) -> Callable[[], None]:
    """Opacus' per-sample hooks on the linear maps of each LoRA, then the same clipping, noise and optimizer."""
    import torch
    from opacus.grad_sample import GradSampleModule
    from torch import nn

    from finetune.dp.gradients import layers, norms, weighted_sum
    from finetune.dp.randomness import SecureRandomness
    from finetune.dp.step import add_noise, set_gradients

    class Linears(nn.Module):
        def __init__(self, layer: Any) -> None:
            super().__init__()
            rank, inner = layer.lora_a.shape
            dtype = layer.base.weight.dtype
            self.base, self.scale = layer.base, layer.scale
            self.down = nn.Linear(inner, rank, bias=False, dtype=dtype).requires_grad_(layer.lora_a.requires_grad)
            self.up = nn.Linear(rank, layer.lora_b.shape[0], bias=False, dtype=dtype)
            self.frame = None if layer.frame is None else layer.frame.to(dtype)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            inner = self.scale * self.up(self.down(x))
            result: torch.Tensor = self.base(x) + (inner if self.frame is None else inner @ self.frame.T)
            return result

    chosen = set(layers(model))
    for name, layer in list(model.named_modules()):
        if layer in chosen:
            setattr(model.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2], Linears(layer))
    hooked = GradSampleModule(model, strict=False, loss_reduction="sum", batch_first=True)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.0)
    source = SecureRandomness()

    def step() -> None:
        total = [torch.zeros_like(p, dtype=torch.float32) for p in parameters]
        for places in groups:
            hooked.zero_grad()
            losses(model, places).sum().backward()
            own = [p.grad_sample.float() for p in parameters]
            for sum_, more in zip(total, weighted_sum(own, settings.clipping.factors(norms(own))), strict=True):
                sum_ += more
            for parameter in parameters:
                parameter.grad_sample = None
        add_noise(total, 1.0, source)
        set_gradients(parameters, [t.to(parameters[0].dtype) for t in total], float(sum(map(len, groups))))
        optimizer.step()

    return step


if __name__ == "__main__":
    folder, kind, step = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps(one(Path(folder), kind, Step(**step))) + "\n")
