"""Exact p-values, and the probability of a false alarm that each family of comparisons may use up."""

from typing import Any, Final

import numpy as np
from scipy import stats

from finetune.audit.pipeline import Floats

FAMILIES: Final = 9
ALPHA: Final = 1e-6


def binomial(counts: Any, n: int, p: Any) -> float:
    """Least two-sided p-value of ``counts`` under Binomial(n, p), times how many there are (Bonferroni)."""
    counts = np.asarray(counts)
    tails = np.minimum(stats.binom.cdf(counts, n, p), stats.binom.sf(counts - 1, n, p))
    return float(min(1.0, 2 * tails.min() * counts.size))


def alike(rows: Floats) -> float:
    """P-value of the largest product of two ``rows`` (n, numbers) of independent standard normal numbers.

    Given one row, its product with another, divided by its norm, is standard normal: exact for every pair.
    """
    products = rows @ rows.T / np.linalg.norm(rows, axis=1, keepdims=True)
    above = np.abs(products[np.triu_indices(len(rows), 1)])
    return float(min(1.0, 2 * stats.norm.sf(above.max()) * len(above)))


def scale(numbers: Floats) -> float:
    """Two-sided p-value of the sum of squares of independent standard normal ``numbers``."""
    squares, n = float(np.square(numbers).sum()), numbers.size
    return float(2 * min(stats.chi2.cdf(squares, n), stats.chi2.sf(squares, n)))
