"""Canaries by gradient: customers whose gradient is one number of the adapter, each its own.

What differential privacy promises holds for any gradient a customer could have. A canary made of text spreads over
numbers that all others use and hides among them; one that has a number for itself is as visible as any can be, so it
tests the rest of the mechanism hardest: who is drawn, how is clipped and summed, how much noise, which divisor. What it
does not test is how gradients come from text; canaries of text do that.

Source: Nasr et al. (2023), Tight Auditing of Differentially Private Machine Learning; Steinke et al. (2023), section 6.
"""

from collections.abc import Sequence

import numpy as np
import torch

from finetune.audit.scores import clipped_rows
from finetune.dp.train import PrivateRun
from finetune.errors import BadPrivacy


class MarkedRun(PrivateRun):
    """A private run in which the customers at ``marks`` have such a gradient instead of one of their text."""

    def mark(self, places: Sequence[int], seed: int) -> None:
        """Gives each place a number of the adapter.

        Raises:
            BadPrivacy: the adapter has fewer numbers than there are places.
        """
        count = sum(p.numel() for p in self.parameters)
        if len(places) > count:
            raise BadPrivacy(f"expected at most {count} canaries, one a number of the adapter, got {len(places)}")
        drawn = np.random.default_rng(seed).choice(count, len(places), replace=False)
        self._marks = dict(zip(places, drawn.tolist(), strict=True))
        self._factor = float(self.settings.clipping.factors(torch.ones(1)))

    def _sum(self, places: Sequence[int]) -> tuple[list[torch.Tensor], float]:
        total, loss = super()._sum([place for place in places if place not in self._marks])
        flat = torch.cat([tensor.flatten() for tensor in total])
        for place in places:
            if place in self._marks:
                flat[self._marks[place]] += self._factor
        parts = torch.split(flat, [tensor.numel() for tensor in total])
        return [part.view(tensor.shape) for part, tensor in zip(parts, total, strict=True)], loss

    def rows(self, run: PrivateRun, places: Sequence[int]) -> torch.Tensor:
        """(places, numbers): clipped gradients over the bound, those of the marked known without computing them."""
        plain = [place for place in places if place not in self._marks]
        rows = torch.zeros(len(places), sum(p.numel() for p in self.parameters), device=self.parameters[0].device)
        row_of = {place: row for row, place in enumerate(places)}
        if plain:
            rows[[row_of[place] for place in plain]] = clipped_rows(run, plain)
        for place in places:
            if place in self._marks:
                rows[row_of[place], self._marks[place]] = self._factor / self.settings.clipping.bound
        return rows
