"""Membership inference: how well scores tell canaries that took part from those that did not.

The average says little; what counts is how many are found while almost nobody is accused falsely (Carlini et al. 2022).
Intervals at 95 %: Clopper-Pearson (exact) for the rate of those found, given the threshold, which the others' scores
set; percentile bootstrap over both groups for the area.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_DRAWS: Final = 1000
_LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """Rounded."""
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def auc(members: Floats, others: Floats) -> float:
    """Probability that a member scores above another, ties half.

    >>> auc(np.array([2.0, 1.0]), np.array([1.0, 0.0]))
    0.875
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([members, others]))[: len(members)]
    return float((ranks.sum() - len(members) * (len(members) + 1) / 2) / (len(members) * len(others)))


def auc_with_interval(members: Floats, others: Floats, seed: int = 1) -> Rate:
    """Area under the curve with a bootstrap interval."""
    generator = np.random.default_rng(seed)
    draws = [auc(generator.choice(members, len(members)), generator.choice(others, len(others))) for _ in range(_DRAWS)]
    low, high = np.quantile(draws, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Rate(auc(members, others), float(low), float(high))


def found_at(members: Floats, others: Floats, false_rate: float) -> Rate:
    """Share of ``members`` above the threshold that at most ``false_rate`` of the ``others`` exceed.

    With fewer than 1 / ``false_rate`` others nobody may be accused falsely: the threshold is their highest score.
    """
    allowed = math.floor(false_rate * len(others))
    threshold = np.sort(others)[len(others) - 1 - allowed]
    return clopper_pearson(int((members > threshold).sum()), len(members))


def clopper_pearson(found: int, of: int) -> Rate:
    """A share with its exact interval."""
    from scipy.stats import beta

    tail = (1 - _LEVEL) / 2
    low = float(beta.ppf(tail, found, of - found + 1)) if found else 0.0
    high = float(beta.ppf(1 - tail, found + 1, of - found)) if found < of else 1.0
    return Rate(found / of, low, high)
