"""A lower bound on epsilon from one run: how many canaries' coins were guessed right from what the run shows.

m canaries, each in the data by a fair coin. Whoever watches scores them and guesses a number k of the coins that was
fixed beforehand: the k/2 highest scores as in, the k/2 lowest as out, and says nothing of the others. An (epsilon,
delta)-private run allows no more right guesses than guesses by coins that fall right with probability
e^epsilon / (1 + e^epsilon), but for delta.

It can refute a claim, never prove one: with m = 1000 and perfect scores a true epsilon of 8 shows as 2.9.

| guesses, as many canaries | all of them right, δ = 1e-5, 95 %: epsilon is at least |
|---|---|
| 20 | 1.82 |
| 100 | 3.49 |
| 250 | 4.41 |

Source: Steinke, Nasr, Jagielski (2023), Privacy Auditing with One (1) Training Run, theorem 5.2 and appendix D.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CONFIDENCE: Final = 0.95
_HIGHEST: Final = 20.0


@dataclass(frozen=True, slots=True)
class Guesses:
    """How many were made, how many were right."""

    canaries: int
    made: int
    right: int


def guess(scores: Floats, included: NDArray[np.bool_], made: int) -> Guesses:
    """Guesses ``made`` coins from ``scores`` (m,): the highest half as in, the lowest half as out.

    Args:
        scores: the higher, the more a canary looks as if it took part; equal ones are taken in their order.
        included: what the coins were.
        made: an even number up to m, chosen before the scores are seen.

    Raises:
        ValueError: an odd number, or more than there are canaries.
    """
    if made % 2 or not 0 < made <= len(scores):
        raise ValueError(f"expected an even number of guesses up to {len(scores)}, got {made}")
    order = np.argsort(scores, kind="stable")
    right = int((~included[order[: made // 2]]).sum()) + int(included[order[len(order) - made // 2 :]].sum())
    return Guesses(len(scores), made, right)


def p_value(guesses: Guesses, epsilon: float, delta: float) -> float:
    """Probability of at least so many right guesses where the run is (epsilon, delta)-private, at most."""
    from scipy.stats import binom

    made, right = guesses.made, guesses.right
    chance = 1 / (1 + math.exp(-epsilon))
    above = float(binom.sf(right - 1, made, chance))
    if not right:
        return 1.0
    just_below = np.cumsum(binom.pmf(np.arange(right - 1, -1, -1), made, chance))
    worst = float((just_below / np.arange(1, right + 1)).max())
    return min(1.0, above + 2 * guesses.canaries * delta * worst)


def epsilon_lower(guesses: Guesses, delta: float, confidence: float = CONFIDENCE) -> float:
    """The largest epsilon, to 1e-4, that the guesses refute at ``confidence``; 0 where they refute none.

    >>> round(epsilon_lower(Guesses(20, 20, 20), 1e-5), 2)
    1.82
    """
    if p_value(guesses, 0.0, delta) > 1 - confidence:
        return 0.0
    low, high = 0.0, _HIGHEST
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if p_value(guesses, middle, delta) <= 1 - confidence else (low, middle)
    return low
