"""Bugs of who takes part: anything but an independent coin of the accounted rate for every customer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from finetune.audit.pipeline import BATCH, Pipeline, toy_plan
from finetune.audit.zoo.bug import Bug
from finetune.dp.customers import Customers, group
from finetune.dp.randomness import Floats, SecureRandomness
from finetune.dp.sampling import sample
from finetune.dp.settings import Plan, PrivateSettings
from finetune.dp.train import PrivateRun
from finetune.examples import Example

Drawn = list[tuple[int, int]]


class _Shuffled(PrivateRun):
    order: Drawn = []  # noqa: RUF012 (replaced, never filled)

    def _draw(self) -> Drawn:
        if len(self.order) < BATCH:
            places = np.argsort(self.randomness.uniforms(len(self.customers.places)))
            self.order = [(int(place), 0) for place in places]
        drawn, self.order = self.order[:BATCH], self.order[BATCH:]
        return drawn


class _FixedSize(PrivateRun):
    def _draw(self) -> Drawn:
        places = np.argsort(self.randomness.uniforms(len(self.customers.places)))[:BATCH]
        return [(int(place), 0) for place in places]


class _Truncated(PrivateRun):
    def _draw(self) -> Drawn:
        return super()._draw()[:BATCH]


class _FilledUp(PrivateRun):
    def _draw(self) -> Drawn:
        drawn = super()._draw()
        others = [(c, 0) for c in range(len(self.customers.places)) if c not in {customer for customer, _ in drawn}]
        return drawn + others[: max(0, BATCH - len(drawn))]


class _EmptyAgain(PrivateRun):
    def _draw(self) -> Drawn:
        while not (drawn := super()._draw()):
            pass
        return drawn


class _AllExamples(PrivateRun):
    def _draw(self) -> Drawn:
        return [(c, e) for c, _ in super()._draw() for e in range(self.customers.counts[c])]


class _SameTwice(PrivateRun):
    def _draw(self) -> Drawn:
        drawn = super()._draw()
        return drawn + drawn[:1]


class _Households(PrivateRun):
    def _draw(self) -> Drawn:
        half = len(self.customers.places) // 2
        drawn = sample(self.randomness, self.customers.counts[:half], self.constants.rate)
        return drawn + [(customer + half, 0) for customer, _ in drawn]


class _HigherRate(PrivateRun):
    def _draw(self) -> Drawn:
        return sample(self.randomness, self.customers.counts, 1.6 * self.constants.rate)


class _FirstMoreOften(PrivateRun):
    def _draw(self) -> Drawn:
        drawn = super()._draw()
        extra = self.randomness.uniforms(1)[0] < 0.5 and all(customer for customer, _ in drawn)
        return drawn + [(0, 0)] * int(extra)


class _SeededCoins(SecureRandomness):
    def __init__(self) -> None:
        self._generator = np.random.default_rng(42)

    def uniforms(self, n: int) -> Floats:
        """The same in every run."""
        return self._generator.random(n)

    def normals(self, n: int) -> Floats:
        """As ever."""
        from scipy.special import ndtri

        return np.asarray(ndtri(super().uniforms(n)))


def _by_line(examples: Sequence[Example], tokenizer: Any, max_tokens: int) -> Customers:
    numbered = [replace(example, customer=f"{example.customer}/{n}") for n, example in enumerate(examples)]
    return group(numbered, tokenizer, max_tokens)


def _rate_of_the_file(settings: PrivateSettings, customers: Customers) -> Plan:
    return replace(toy_plan(settings, customers), rate=settings.batch / len(customers.places))


BUGS: Final = (
    Bug("shuffled", "a shuffled pass over the data, accounted as Poisson", "sampling", Pipeline(run=_Shuffled)),
    Bug("fixed size", "batches of a fixed size drawn anew each step", "sampling", Pipeline(run=_FixedSize)),
    Bug("truncated", "large draws are cut off", "sampling", Pipeline(run=_Truncated)),
    Bug("filled up", "small draws are filled up to the batch", "sampling", Pipeline(run=_FilledUp)),
    Bug("empty again", "an empty draw is drawn again", "nobody drawn", Pipeline(run=_EmptyAgain)),
    Bug("all examples", "a drawn customer gives all examples", "units", Pipeline(run=_AllExamples)),
    Bug("same twice", "a customer is drawn twice in a step", "units", Pipeline(run=_SameTwice)),
    Bug("one coin for two", "customers share a coin", "sampling", Pipeline(run=_Households)),
    Bug("higher rate", "the run draws more than the ledger says", "sampling", Pipeline(run=_HigherRate)),
    Bug("one more often", "one customer is drawn more often", "sampling", Pipeline(run=_FirstMoreOften)),
    Bug("seeded draws", "customers are drawn from a seed", "fresh draws", Pipeline(randomness=_SeededCoins)),
    Bug("unit is the line", "every example counts as a customer", "units", Pipeline(group=_by_line)),
    Bug("rate of the file", "rate from the private count", "public numbers", Pipeline(plan=_rate_of_the_file)),
)
