"""The checks that a private pipeline must pass; each yields what it found wrong, nothing where all is well.

Checks of chance are exact tails. Every one of ``FAMILIES`` comparisons may raise a false alarm with probability 1e-6 at
most (Bonferroni within), so that 100 clean runs do with probability 1e-3 at most. The others compare numbers and never
raise one.

What they do not see: whether the operating system's randomness is random, attacks on floating point, and any bug that
shows only at another size than the toy's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from finetune.audit.checks import gradients, ledger, noise, sampling, weights
from finetune.audit.checks.tails import ALPHA, FAMILIES
from finetune.audit.pipeline import Evidence
from finetune.errors import FinetuneError

FALSE_ALARM: Final = ALPHA * FAMILIES
"""Probability that one clean run raises any alarm, at most."""


@dataclass(frozen=True, slots=True)
class Check:
    """A question to a pipeline."""

    name: str
    asks: str
    look: Callable[[Evidence], Iterator[str]]

    def faults(self, evidence: Evidence) -> list[str]:
        """What is wrong. A run that refuses to go on is caught by itself."""
        try:
            return list(self.look(evidence))
        except FinetuneError as error:
            return [f"the run refuses: {type(error).__name__}"]
        except (ArithmeticError, ValueError, RuntimeError) as error:
            return [f"the run breaks: {type(error).__name__}"]


CHECKS: Final = (
    Check("units", "at most one example of an owner in a step", sampling.units),
    Check("sampling", "sizes, counts and pairs as independent coins give", sampling.coins),
    Check("fresh draws", "two runs, and a run before and after a stop, draw differently", sampling.fresh),
    Check("sum", "the sum is that of gradients taken and clipped one by one", gradients.sums),
    Check("sensitivity", "nobody moves the sum further than the bound", gradients.sensitivity),
    Check("own loss", "an example's loss does not depend on its batch", gradients.own_loss),
    Check("not a number", "an example without a loss adds nothing and stops nothing", gradients.not_a_number),
    Check("noise size", "the noise on every matrix has the ledger's deviation", noise.size),
    Check("noise shape", "the noise is Gaussian", noise.shape),
    Check("noise repeats", "no two steps, runs or resumptions share noise", noise.repeats),
    Check("noise numbers", "no two numbers of a step share noise", noise.numbers),
    Check("nobody drawn", "an empty draw is a step like any other", weights.nobody_drawn),
    Check("divisor", "the noisy sum is divided by the public batch", weights.divisor),
    Check("only noisy sums", "the adapter follows from noisy sums and public numbers alone", weights.only_noisy_sums),
    Check("frozen", "nothing but the trained matrices changes", weights.frozen),
    Check("movement", "every trained matrix has moved", weights.movement),
    Check("served", "what is released and merged is what was trained", weights.served),
    Check("steps", "every noisy sum is in the ledger, lost ones too", ledger.steps),
    Check("second run", "a second run in a folder is refused", ledger.second_run),
    Check("epsilon", "epsilon follows from what happened, with trials", ledger.epsilon),
    Check("claims", "unit, neighbours, delta and noise source are as claimed", ledger.claims),
    Check("public numbers", "rate, divisor, delta and noise do not depend on who is there", ledger.public_numbers),
    Check("contents", "nothing is released that is not on the list", ledger.contents),
    Check("commitment", "the hash of the data answers no guess", ledger.data_hash),
)
