"""One step of DP-SGD: a sum of clipped gradients, noise once, a public divisor.

Sums over microbatches and over processes come first; the noise is drawn once a step and added to the sum. An empty step
is a step: noise alone. The divisor is a constant, never the number of customers that were drawn.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch

from finetune import lora
from finetune.dp import gradients
from finetune.dp.clipping import Clipping
from finetune.dp.randomness import Randomness
from finetune.examples import Encoded

HELD: Final = 0.6
"""Share of a run during which the learning rate is held."""
Losses = Callable[[Any, Sequence[int]], torch.Tensor]
"""Of a model and places of examples: each example's own loss."""


def microbatches(examples: Sequence[Encoded], places: Sequence[int], tokens: int) -> list[list[int]]:
    """``places`` by length, in groups of at most ``tokens`` padded tokens."""
    groups: list[list[int]] = []
    for place in sorted(places, key=lambda p: len(examples[p].ids)):
        if not groups or len(examples[place].ids) * (len(groups[-1]) + 1) > tokens:
            groups.append([])
        groups[-1].append(place)
    return groups


def clipped_sum(
    model: Any, losses: Losses, microbatches: Sequence[Sequence[int]], clipping: Clipping
) -> tuple[list[torch.Tensor], float]:
    """Sum over the examples of their clipped gradients, a tensor a parameter, and the sum of their losses.

    The loss is private: it may be logged for the shop, never released.
    """
    total = [torch.zeros_like(p) for p in lora.parameters(model)]
    loss_sum = 0.0
    for places in microbatches:
        each = losses(model, places)
        each.sum().backward()  # type: ignore[no-untyped-call]  # torch has no types here
        own = gradients.take(model)
        factors = clipping.factors(gradients.norms(own))
        for sum_, more in zip(total, gradients.weighted_sum(own, factors), strict=True):
            sum_ += more
        loss_sum += float(each.detach().nan_to_num(0.0, 0.0, 0.0).sum())
    return total, loss_sum


def add_noise(total: Sequence[torch.Tensor], deviation: float, randomness: Randomness) -> None:
    """Adds independent Gaussian noise of standard deviation ``deviation`` to every number, in place, in one draw."""
    count = sum(t.numel() for t in total)
    if not deviation:
        return
    noise = torch.from_numpy(randomness.normals(count) * deviation).float()
    for tensor, part in zip(total, torch.split(noise, [t.numel() for t in total]), strict=True):
        tensor += part.view(tensor.shape).to(tensor.device)


def set_gradients(parameters: Sequence[torch.nn.Parameter], total: Sequence[torch.Tensor], divisor: float) -> None:
    """Gives the optimizer the noisy mean."""
    for parameter, tensor in zip(parameters, total, strict=True):
        parameter.grad = tensor / divisor


def optimizer(parameters: Sequence[torch.nn.Parameter], rate: float) -> torch.optim.AdamW:
    """AdamW without momentum or decay.

    Under noise a run is a sum of noisy gradients, which tells most where all weigh alike. Adam's own momentum is
    corrected for its start, and with it the first gradients of a short run weigh many times the last ones: with a
    linear fall and 20 steps the sum is worth .45 of their number, without momentum and with ``scheduled`` .90.
    """
    return torch.optim.AdamW(parameters, lr=rate, betas=(0.0, 0.999), weight_decay=0.0)


def scheduled(rate: float, step: int, steps: int) -> float:
    """Learning rate of step ``step`` (from 0) of ``steps``: held, then down in a line, never zero within the run.

    >>> [scheduled(1.0, step, 10) for step in (0, 6, 8, 9)]
    [1.0, 1.0, 0.5, 0.25]
    """
    return rate * min(1.0, max(0.0, 1 - step / max(1, steps)) / (1 - HELD))


def moved(before: Sequence[torch.Tensor], after: Sequence[torch.Tensor]) -> bool:
    """Whether every tensor changed and none holds anything but numbers."""
    return all(
        not torch.equal(old, new) and math.isfinite(float(new.detach().abs().max()))
        for old, new in zip(before, after, strict=True)
    )
