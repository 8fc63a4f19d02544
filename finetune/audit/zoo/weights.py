"""Bugs between the noisy sum and what is released."""

from collections.abc import Sequence
from typing import Any, Final

import torch

from finetune import lora
from finetune.audit.pipeline import BATCH, Pipeline
from finetune.audit.zoo.bug import Bug
from finetune.dp.step import set_gradients
from finetune.dp.train import PrivateRun, Trained

Tensors = Sequence[torch.Tensor]


class _RealisedBatch(PrivateRun):
    def _update(self, total: Tensors, drawn: Sequence[Any]) -> None:
        super()._update([t * (BATCH / max(1, len(drawn))) for t in total], drawn)


class _CountOfTheFile(PrivateRun):
    def _update(self, total: Tensors, drawn: Sequence[Any]) -> None:
        customers = len(self.customers.places) + 1
        super()._update([t * (BATCH / int(customers * self.constants.rate + 1)) for t in total], drawn)


class _Decays(PrivateRun):
    def _update(self, total: Tensors, drawn: Sequence[Any]) -> None:
        super()._update(total, drawn)
        with torch.no_grad():
            self.model.lm_head.weight *= 1 - 1e-4


class _TrainsTheHead(PrivateRun):
    """The output head learns from the sum without noise, as a module to save beside the adapter."""

    def _losses_at(self, model: Any, places: Sequence[int]) -> torch.Tensor:
        model.lm_head.weight.requires_grad_(True)
        return super()._losses_at(model, places)

    def _update(self, total: Tensors, drawn: Sequence[Any]) -> None:
        super()._update(total, drawn)
        head = self.model.lm_head.weight
        if head.grad is not None:
            with torch.no_grad():
                head -= 1e-3 * head.grad
            head.grad = None


class _DoesNotMove(PrivateRun):
    """opacus#820: the optimizer holds copies of the matrices; the gate that would notice is away too."""

    copies: list[torch.nn.Parameter] | None = None

    def _update(self, total: Tensors, drawn: Sequence[Any]) -> None:
        if self.copies is None:
            self.copies = [torch.nn.Parameter(p.detach().clone()) for p in self.parameters]
            self.optimizer = torch.optim.AdamW(self.copies, lr=self.settings.learning_rate)
        set_gradients(self.copies, total, self.constants.divisor)
        self.optimizer.step()


class _DoesNotMoveGated(PrivateRun):
    def _update(self, total: Tensors, drawn: Sequence[Any]) -> None:
        self.optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
        super()._update(total, drawn)


class _WithoutNoise(PrivateRun):
    """The sum before the noise goes into the weights; the noise is only shown."""

    clean: list[torch.Tensor]

    def _add_noise(self, total: Tensors) -> None:
        self.clean = [t.clone() for t in total]
        super()._add_noise(total)

    def _update(self, total: Tensors, drawn: Sequence[Any]) -> None:
        super()._update([0.5 * (a + b) for a, b in zip(self.clean, total, strict=True)], drawn)


class _SkipsEmpty(PrivateRun):
    def _update(self, total: Tensors, drawn: Sequence[Any]) -> None:
        if drawn:
            super()._update(total, drawn)


class _BestLoss(PrivateRun):
    """Releases the weights of the step with the lowest loss, which is a choice by private data."""

    best: tuple[float, dict[str, torch.Tensor]] = (float("inf"), {})

    def _after(self, line: dict[str, Any]) -> None:
        super()._after(line)
        if 0 < line["loss"] < self.best[0] and self.step < self.settings.steps:
            self.best = line["loss"], {name: t.clone() for name, t in lora.state(self.model).items()}

    def run(self, *, resume: bool = False) -> Trained:
        """The best adapter."""
        trained = super().run(resume=resume)
        return Trained(**{**vars(trained), "adapter": self.best[1]})


class _OtherAdapter(PrivateRun):
    def run(self, *, resume: bool = False) -> Trained:
        """An adapter that the noise never saw."""
        trained = super().run(resume=resume)
        return Trained(**{**vars(trained), "adapter": {name: t * 0.9 for name, t in trained.adapter.items()}})


def _merged_twice(model: torch.nn.Module) -> None:
    for layer in model.modules():
        if isinstance(layer, lora.LoraLinear):
            layer.scale *= 2
    lora.merge_in_place(model)


BUGS: Final = (
    Bug("realised batch", "divided by how many were drawn", "divisor", Pipeline(run=_RealisedBatch)),
    Bug("divisor of the file", "divided by rate times private count", "divisor", Pipeline(run=_CountOfTheFile)),
    Bug("frozen decays", "weight decay on frozen weights", "frozen", Pipeline(run=_Decays)),
    Bug("head trained", "the head learns without noise", "frozen", Pipeline(run=_TrainsTheHead)),
    Bug("does not move", "the optimizer holds copies (opacus#820)", "movement", Pipeline(run=_DoesNotMove)),
    Bug("gate stops it", "the same, with the run's own gate", "movement", Pipeline(run=_DoesNotMoveGated)),
    Bug("half without noise", "clean sums reach the weights", "only noisy sums", Pipeline(run=_WithoutNoise)),
    Bug("empty skipped", "an empty step changes nothing", "nobody drawn", Pipeline(run=_SkipsEmpty)),
    Bug("best checkpoint", "chosen by private loss", "only noisy sums", Pipeline(run=_BestLoss)),
    Bug("another adapter", "released is not what was trained", "served", Pipeline(run=_OtherAdapter)),
    Bug("merged twice", "the merged model is another", "served", Pipeline(merge=_merged_twice)),
)
