"""How far one customer can move the sum: each customer's gradient is scaled by a factor of its own norm alone.

| method | factor of a gradient with norm n | norm afterwards |
|---|---|---|
| ``auto_s`` | 1 / (n + gamma) | below 1 |
| ``fixed`` | min(1, C / n) | at most C |

A norm that is no number gives the factor 0: the customer adds nothing, and nobody is told. The norm is over all trained
matrices together, in float32.

Source: Abadi et al. (2016); Bu et al. (2023), Automatic Clipping (AUTO-S).
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import torch

from finetune.errors import BadPrivacy

_ROUNDING: Final = 1 - 1e-5
"""Sums of squares in float32 may round down; the bound holds for what is really added."""


@dataclass(frozen=True, slots=True)
class Clipping:
    """A method and its numbers."""

    method: Literal["auto_s", "fixed"] = "auto_s"
    bound: float = 1.0
    gamma: float = 0.01

    def __post_init__(self) -> None:
        """Refuses numbers that bound nothing."""
        if self.method == "auto_s" and (self.bound != 1.0 or not self.gamma > 0):
            raise BadPrivacy("auto_s has the bound 1 and a gamma above 0")
        if not (self.bound > 0 and self.bound < float("inf")):
            raise BadPrivacy(f"expected a clipping bound above 0, got {self.bound!r}")

    def factors(self, norms: torch.Tensor) -> torch.Tensor:
        """Factors (n,) of gradients with ``norms`` (n,)."""
        if self.method == "auto_s":
            factors = _ROUNDING / (norms + self.gamma)
        else:
            factors = (self.bound * _ROUNDING / norms.clamp_min(1e-12)).clamp_max(1.0)
        return torch.where(torch.isfinite(norms), factors, torch.zeros_like(factors))

    def to_json(self) -> dict[str, Any]:
        """What the ledger notes."""
        own = {"gamma": self.gamma} if self.method == "auto_s" else {}
        return {"method": self.method, "bound": self.bound} | own
