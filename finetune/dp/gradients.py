"""Each customer's own gradient of the LoRA matrices, as a by-product of one backward pass.

For y = s · B (A x) and the gradient g of y, the gradients of one example are s · Bᵀgᵀx and s · gᵀ(A x): two thin
products over its own tokens. They are instantiated (a few hundred kilobytes an example), which for thin matrices is
cheaper than computing norms without them. A layer may be used once in a forward pass.

Source: Goodfellow (2015); Bu et al. (2022) for when instantiating pays.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from finetune.lora import LoraLinear


class _LowRank(torch.autograd.Function):
    """s · B (A x) whose backward leaves per-example gradients in ``layer`` and none in the parameters."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, a: torch.Tensor, b: torch.Tensor, layer: "PerExampleLora") -> torch.Tensor:
        whole = b if layer.frame is None else layer.frame @ b
        down, up = a.to(x.dtype), (whole * layer.scale).to(x.dtype)
        inner = nn.functional.linear(x, down)
        ctx.save_for_backward(x, inner, down, up)
        ctx.layer = layer
        return nn.functional.linear(inner, up)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, None, None, None]:
        x, inner, down, up = ctx.saved_tensors
        through = gradient @ up
        frame = ctx.layer.frame
        framed = gradient if frame is None else gradient @ frame.to(gradient.dtype)
        of_b = torch.bmm(framed.transpose(1, 2), inner).float() * ctx.layer.scale
        with_a = ctx.layer.lora_a.requires_grad
        ctx.layer.gradients = (torch.bmm(through.transpose(1, 2), x).float(), of_b) if with_a else (of_b,)
        return (through @ down if ctx.needs_input_grad[0] else None), None, None, None


class PerExampleLora(LoraLinear):
    """A LoRA layer that keeps, after a backward pass, ``gradients``: (n, r, in) of A and (n, out, r) of B, float32.

    Where A is frozen, those of B alone; within a frame of s directions they are (n, s, r).
    """

    gradients: tuple[torch.Tensor, ...] | None = None

    def low_rank(self, x: torch.Tensor) -> torch.Tensor:
        """(alpha / r) · B (A x); ``x`` (n, tokens, in)."""
        result: torch.Tensor = _LowRank.apply(x, self.lora_a, self.lora_b, self)  # type: ignore[no-untyped-call]  # torch: apply is untyped
        return result


def layers(model: nn.Module) -> list[PerExampleLora]:
    """The layers that keep gradients, in the order of ``finetune.lora.parameters``."""
    return [layer for layer in model.modules() if isinstance(layer, PerExampleLora)]


def take(model: nn.Module) -> list[torch.Tensor]:
    """The per-example gradients of the last backward pass, (n, …) a parameter; they are gone afterwards."""
    return [gradient for layer in layers(model) for gradient in _take(layer)]


def _take(layer: PerExampleLora) -> Iterator[torch.Tensor]:
    if layer.gradients is None:
        raise RuntimeError("expected a backward pass before its gradients are taken")
    yield from layer.gradients
    layer.gradients = None


def norms(gradients: list[torch.Tensor]) -> torch.Tensor:
    """Norm (n,) of each example's gradient over all parameters."""
    return torch.stack([g.flatten(1).square().sum(dim=1) for g in gradients]).sum(dim=0).sqrt()


def weighted_sum(gradients: list[torch.Tensor], factors: torch.Tensor) -> list[torch.Tensor]:
    """Sum over the examples of factor times gradient; an example with the factor 0 adds nothing, whatever it holds."""
    keep = factors > 0
    sums = []
    for gradient in gradients:
        rows = gradient.flatten(1)
        rows = rows if bool(keep.all()) else torch.where(keep[:, None], rows, torch.zeros_like(rows))
        sums.append((factors @ rows).view(gradient.shape[1:]))
    return sums
