"""Bugs of sums: somebody moves them further than the bound, or with somebody else's help."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from finetune.audit.pipeline import Pipeline
from finetune.audit.zoo.bug import Bug
from finetune.dp import gradients
from finetune.dp.clipping import Clipping
from finetune.dp.step import clipped_sum
from finetune.dp.train import PrivateRun
from finetune.errors import Diverged
from finetune.examples import Encoded
from finetune.loss import example_losses

Sums = tuple[list[torch.Tensor], float]


@dataclass(frozen=True, slots=True)
class _Unclipped(Clipping):
    def factors(self, norms: torch.Tensor) -> torch.Tensor:
        """No bound at all."""
        return torch.ones_like(norms)


@dataclass(frozen=True, slots=True)
class _Adaptive(Clipping):
    def factors(self, norms: torch.Tensor) -> torch.Tensor:
        """The median norm of the batch as the bound, which nobody accounts for."""
        return (norms.median() / norms).clamp_max(1.0)


@dataclass(frozen=True, slots=True)
class _Poisoned(Clipping):
    def factors(self, norms: torch.Tensor) -> torch.Tensor:
        """NaN stays NaN: the customer's presence breaks the run."""
        return 1 / (norms + self.gamma) if self.method == "auto_s" else (self.bound / norms).clamp_max(1.0)


@dataclass(frozen=True, slots=True)
class _DoubleBound(Clipping):
    def factors(self, norms: torch.Tensor) -> torch.Tensor:
        """Clips at twice the bound that the noise is made for."""
        return torch.where(torch.isfinite(norms), (2 * self.bound / norms).clamp_max(1.0), torch.zeros_like(norms))


def _with(kind: type[Clipping]) -> type[PrivateRun]:
    class Run(PrivateRun):
        def _sum(self, places: Sequence[int]) -> Sums:
            own = self.settings.clipping
            other = kind(own.method, own.bound, own.gamma)
            return clipped_sum(self.model, self._losses_at, self._microbatches(places), other)

    return Run


class _ClipsTheSum(PrivateRun):
    def _sum(self, places: Sequence[int]) -> Sums:
        total, loss = clipped_sum(self.model, self._losses_at, self._microbatches(places), _Unclipped())
        norm = math.sqrt(sum(float(t.square().sum()) for t in total))
        return [t * min(1.0, len(places) * self.settings.clipping.bound / max(norm, 1e-9)) for t in total], loss


class _PerMatrix(PrivateRun):
    def _sum(self, places: Sequence[int]) -> Sums:
        return self._summed(places, lambda own: [self.settings.clipping.factors(gradients.norms([g])) for g in own])

    def _summed(self, places: Sequence[int], factors: Any) -> Sums:
        total = [torch.zeros_like(p) for p in self.parameters]
        for part in self._microbatches(places):
            self._losses_at(self.model, part).sum().backward()  # type: ignore[no-untyped-call]  # torch has no types here
            own = gradients.take(self.model)
            for sum_, gradient, factor in zip(total, own, factors(own), strict=True):
                sum_ += gradients.weighted_sum([gradient], factor)[0]
        return total, 0.0


class _OneUnclipped(_PerMatrix):
    def _sum(self, places: Sequence[int]) -> Sums:
        def factors(own: list[torch.Tensor]) -> list[torch.Tensor]:
            factor = self.settings.clipping.factors(gradients.norms(own))
            return [factor] * (len(own) - 1) + [(factor > 0).float()]

        return self._summed(places, factors)


class _NormOfSome(_PerMatrix):
    def _sum(self, places: Sequence[int]) -> Sums:
        return self._summed(
            places, lambda own: [self.settings.clipping.factors(gradients.norms(own[: len(own) // 2]))] * len(own)
        )


class _MeanOfBatchTokens(PrivateRun):
    def _losses_at(self, model: Any, places: Sequence[int]) -> torch.Tensor:
        batch = [self.customers.examples[place] for place in places]
        own = torch.tensor([len(e.ids) - e.prompt_tokens for e in batch])
        return super()._losses_at(model, places) * own / (len(batch) * max(len(e.ids) for e in batch))


class _MeanOfBatch(PrivateRun):
    def _losses_at(self, model: Any, places: Sequence[int]) -> torch.Tensor:
        return super()._losses_at(model, places) / len(places)


class _InBatchNegatives(PrivateRun):
    def _losses_at(self, model: Any, places: Sequence[int]) -> torch.Tensor:
        each = super()._losses_at(model, places)
        return each - 0.5 * each.mean()


class _Packed(PrivateRun):
    def _losses_at(self, model: Any, places: Sequence[int]) -> torch.Tensor:
        batch = [self.customers.examples[place] for place in places]
        pairs = [(batch[n - 1].ids, example) for n, example in enumerate(batch)]
        return example_losses(model, [Encoded((*ids, *e.ids), len(ids) + e.prompt_tokens) for ids, e in pairs])


class _MeanOfMicrobatches(PrivateRun):
    def _sum(self, places: Sequence[int]) -> Sums:
        total, loss = super()._sum(places)
        return [t / max(1, len(self._microbatches(places))) for t in total], loss


class _StopsAtNaN(PrivateRun):
    def _losses_at(self, model: Any, places: Sequence[int]) -> torch.Tensor:
        each = super()._losses_at(model, places)
        if not bool(torch.isfinite(each).all()):
            raise Diverged("an example has no loss")
        return each


BUGS: Final = (
    Bug("no clipping", "gradients are summed as they are", "sensitivity", Pipeline(run=_with(_Unclipped))),
    Bug("twice the bound", "clipped at 2C, noise for C", "sensitivity", Pipeline(run=_with(_DoubleBound))),
    Bug("adaptive bound", "the bound is the batch's median norm", "sensitivity", Pipeline(run=_with(_Adaptive))),
    Bug("clips the sum", "the sum is clipped instead of each gradient", "sensitivity", Pipeline(run=_ClipsTheSum)),
    Bug("clips per matrix", "each matrix gets the whole bound", "sensitivity", Pipeline(run=_PerMatrix)),
    Bug("one unclipped", "one matrix passes the clipping by", "sensitivity", Pipeline(run=_OneUnclipped)),
    Bug("norm of some", "the norm is taken over half of the matrices", "sensitivity", Pipeline(run=_NormOfSome)),
    Bug("mean over tokens", "loss over the batch's padded tokens", "own loss", Pipeline(run=_MeanOfBatchTokens)),
    Bug("mean over batch", "losses divided by the microbatch", "own loss", Pipeline(run=_MeanOfBatch)),
    Bug("coupled losses", "other examples enter a loss", "own loss", Pipeline(run=_InBatchNegatives)),
    Bug("packed", "an example sees the one before it", "own loss", Pipeline(run=_Packed)),
    Bug("mean of microbatches", "sums divided by how many there were", "sum", Pipeline(run=_MeanOfMicrobatches)),
    Bug("NaN poisons", "one example without a loss spoils the sum", "not a number", Pipeline(run=_with(_Poisoned))),
    Bug("NaN stops", "one example without a loss ends the run", "not a number", Pipeline(run=_StopsAtNaN)),
)
