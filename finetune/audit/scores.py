"""How much a canary looks as if it took part: from outside by its loss, from inside by every noisy sum.

Black box: loss before training less loss after it.

White box: a noisy sum is b₁u₁ + … + bₘuₘ + what others add + noise, where uᵢ is canary i's clipped gradient at that
step, which whoever wrote the canary can compute, and bᵢ says whether it was drawn. The linear model is solved for all
canaries together (some other customers stand for the rest), which takes out what gradients have in common; the score
is the log-likelihood ratio of having taken part, for a canary that is drawn with the run's rate if it is in the data.
Gradients of the canaries are as dear as several steps; they can be taken anew every few steps only, at the price of a
worse score.

Source: Carlini et al. (2022) for losses; Nasr et al. (2023) for updates seen from inside.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from finetune.dp import gradients
from finetune.dp.crew import Alone
from finetune.dp.train import PrivateRun
from finetune.examples import Encoded
from finetune.loss import example_losses

Floats = NDArray[np.float64]
Rows = Callable[[PrivateRun, Sequence[int]], torch.Tensor]
"""Of a run and places of examples: their clipped gradients over the bound, (places, numbers)."""
KEPT: Final = "ratios.npy"
_BATCH_TOKENS: Final = 4096
_EXACT, _STALE = 1e-3, 0.05
"""Least variance of the noise, in units of the bound, with gradients of this step and with those of some steps ago."""
_OTHERS: Final = 64


def losses(model: Any, examples: Sequence[Encoded]) -> Floats:
    """Each example's loss (n,), nats per token of its completion."""
    order = sorted(range(len(examples)), key=lambda place: len(examples[place].ids))
    found = np.zeros(len(examples))
    batch: list[int] = []
    for place in [*order, -1]:
        if batch and (place < 0 or len(examples[place].ids) * (len(batch) + 1) > _BATCH_TOKENS):
            with torch.no_grad():
                found[batch] = example_losses(model, [examples[p] for p in batch]).double().cpu().numpy()
            batch = []
        batch.append(place)
    return found


class Observer(Alone):
    """A crew of one that sees every noisy sum before it takes effect, and scores the canaries at ``places`` by it."""

    def __init__(self, places: Sequence[int], refresh: int, work: Path, rows: Rows | None = None) -> None:
        self._places, self._refresh, self._file = list(places), refresh, work / KEPT
        self._rows = rows or clipped_rows
        self.run: PrivateRun | None = None
        self._model: _Linear | None = None
        self.scores = np.load(self._file) if self._file.exists() else np.zeros(len(places))

    def spread(self, tensors: Sequence[torch.Tensor]) -> None:
        """Adds this step's log-likelihood ratios; they are kept in the work folder for a run that is resumed."""
        assert self.run is not None  # noqa: S101 (set before the run starts)
        if self._model is None or self.run.step % self._refresh == 0:
            self._model = _Linear(self.run, self._places, _STALE if self._refresh > 1 else _EXACT, self._rows)
        total = torch.cat([t.flatten() for t in tensors]) / self.run.settings.clipping.bound
        self.scores = self.scores + self._model.ratios(total)
        np.save(self._file, self.scores)


class _Linear:
    """The linear model of a noisy sum, in units of the clipping bound."""

    def __init__(self, run: PrivateRun, canaries: Sequence[int], least: float, rows_of: Rows) -> None:
        own, rate = set(canaries), run.constants.rate
        units = run.customers.places
        strangers = [(place, rate / len(unit)) for unit in units if unit[0] not in own for place in unit]
        some = strangers[:: max(1, len(strangers) // _OTHERS)][:_OTHERS]
        self._rate, self._canaries = rate, len(canaries)
        self._rows = rows_of(run, [*canaries, *(place for place, _ in some)])
        share = rate / 2  # of a canary of which it is not known whether it is in the data
        weight = len(strangers) / max(1, len(some))  # each of some stands for so many
        theirs = np.array([chance for _, chance in some])
        mean = np.r_[np.full(len(canaries), share), weight * theirs]
        self._variance = np.r_[np.full(len(canaries), share * (1 - share)), weight**2 * theirs]
        self._least = least
        self._noise = max(run.constants.noise_multiplier**2, least)
        self._mean = self._rows.T @ torch.from_numpy(mean).to(self._rows)
        products = (self._rows @ self._rows.T).double().cpu().numpy()
        self._inverse = np.linalg.inv(products / self._noise + np.diag(1 / self._variance))

    def ratios(self, total: torch.Tensor) -> Floats:
        """(canaries,): log of how much likelier ``total`` is with the canary in the data than without."""
        seen = (self._rows @ (total - self._mean)).double().cpu().numpy() / self._noise
        m, prior = self._canaries, self._variance[: self._canaries]
        posterior, spread = (self._inverse @ seen)[:m], np.diag(self._inverse)[:m]
        told = np.maximum(1 / spread - 1 / prior, 1e-12)  # precision of what the sum says, without the prior
        estimate = posterior / spread / told + self._rate / 2
        drawn = np.clip((estimate - 0.5) * np.minimum(told, 1 / self._least), -500, 500)
        rate = min(self._rate, 1 - 1e-9)
        return np.asarray(np.logaddexp(np.log1p(-rate), np.log(rate) + drawn))


def clipped_rows(run: PrivateRun, places: Sequence[int]) -> torch.Tensor:
    """(places, numbers): clipped gradients over the bound."""
    rows = torch.zeros(len(places), sum(p.numel() for p in run.parameters), device=run.parameters[0].device)
    row_of = {place: row for row, place in enumerate(places)}
    for part in run._microbatches(places):
        run._losses_at(run.model, part).sum().backward()  # type: ignore[no-untyped-call]  # torch has no types here
        own = gradients.take(run.model)
        factors = run.settings.clipping.factors(gradients.norms(own)) / run.settings.clipping.bound
        flat = torch.cat([g.flatten(1) for g in own], dim=1).nan_to_num(0.0, 0.0, 0.0)
        rows[[row_of[place] for place in part]] = flat * factors[:, None]
    return rows
