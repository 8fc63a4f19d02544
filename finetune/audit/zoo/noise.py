"""Bugs of the noise: too little, not everywhere, or known to whoever has the code."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from finetune.audit.pipeline import BATCH, Pipeline
from finetune.audit.zoo.bug import Bug
from finetune.audit.zoo.gradients import Sums
from finetune.dp.randomness import Floats, SecureRandomness
from finetune.dp.step import add_noise
from finetune.dp.train import PrivateRun


class _None(PrivateRun):
    def _add_noise(self, total: Sequence[torch.Tensor]) -> None:
        pass


class _OneMatrixWithout(PrivateRun):
    def _add_noise(self, total: Sequence[torch.Tensor]) -> None:
        super()._add_noise(total[:-1])


class _PerMicrobatch(PrivateRun):
    """Every microbatch gets its noise, then the mean of the microbatches is taken."""

    def _sum(self, places: Sequence[int]) -> Sums:
        parts = [super(_PerMicrobatch, self)._sum(part)[0] for part in self._microbatches(places)]
        for part in parts:
            super()._add_noise(part)
        if not parts:
            return super()._sum(places)
        return [torch.stack(each).mean(dim=0) for each in zip(*parts, strict=True)], 0.0

    def _add_noise(self, total: Sequence[torch.Tensor]) -> None:
        pass


class _Scaled(PrivateRun):
    factor = 1.0

    def _add_noise(self, total: Sequence[torch.Tensor]) -> None:
        deviation = self.constants.noise_multiplier * self.settings.clipping.bound
        add_noise(total, deviation * self.factor, self.randomness)


class _Mean(_Scaled):
    factor = 1 / BATCH


class _VarianceAsDeviation(_Scaled):
    factor = 0.7


class _BoundForgotten(PrivateRun):
    def _add_noise(self, total: Sequence[torch.Tensor]) -> None:
        add_noise(total, self.constants.noise_multiplier * self.settings.clipping.bound**2, self.randomness)


class _Uniform(SecureRandomness):
    def normals(self, n: int) -> Floats:
        """Variance 1, but bounded: what lies outside tells for certain."""
        return np.asarray(12**0.5 * (self.uniforms(n) - 0.5))


class _Seeded(SecureRandomness):
    def __init__(self) -> None:
        self._generator = torch.Generator().manual_seed(42)

    def normals(self, n: int) -> Floats:
        """The same in every run."""
        return torch.randn(n, generator=self._generator, dtype=torch.float64).numpy()


class _OncePerRun(SecureRandomness):
    kept: Floats | None = None

    def normals(self, n: int) -> Floats:
        """The same in every step."""
        self.kept = super().normals(n) if self.kept is None else self.kept
        return self.kept


class _OneForAll(SecureRandomness):
    def normals(self, n: int) -> Floats:
        """A few numbers, repeated over the matrices."""
        return np.resize(super().normals(min(n, 32)), n)


class _SavedState(PrivateRun):
    """The generator starts where the work folder says, so that a run that goes on gives what it would have given."""

    def _add_noise(self, total: Sequence[torch.Tensor]) -> None:
        seed = _seed(self.work / "noise.seed")
        generator = np.random.default_rng([seed, self.step])
        noise: Any = type("_", (), {"normals": lambda _, n: generator.standard_normal(n)})()
        add_noise(total, self.constants.noise_multiplier * self.settings.clipping.bound, noise)


def _seed(file: Path) -> int:
    if not file.exists():
        file.write_text(str(int.from_bytes(np.random.default_rng().bytes(7), "big")), "utf-8")
    return int(file.read_text("utf-8"))


BUGS: Final = (
    Bug("no noise", "no noise at all", "noise size", Pipeline(run=_None)),
    Bug("one matrix without", "a matrix gets no noise", "noise size", Pipeline(run=_OneMatrixWithout)),
    Bug("noise averaged", "noise for each microbatch, then averaged", "noise size", Pipeline(run=_PerMicrobatch)),
    Bug("noise for the mean", "noise divided by the batch twice", "noise size", Pipeline(run=_Mean)),
    Bug("noise too small", "seven tenths of the noise", "noise size", Pipeline(run=_VarianceAsDeviation)),
    Bug("wrong sensitivity", "the bound enters the noise twice", "noise size", Pipeline(run=_BoundForgotten)),
    Bug("uniform noise", "noise of the right size but bounded", "noise shape", Pipeline(randomness=_Uniform)),
    Bug("seeded noise", "noise from a seed that the code holds", "noise repeats", Pipeline(randomness=_Seeded)),
    Bug("noise once", "one draw of noise for all steps", "noise repeats", Pipeline(randomness=_OncePerRun)),
    Bug("noise shared", "matrices share their noise", "noise numbers", Pipeline(randomness=_OneForAll)),
    Bug("noise replayed", "a resumed run repeats a lost step's noise", "noise repeats", Pipeline(run=_SavedState)),
)
