"""Exposure: how much easier a secret is found with the model than without, in bits.

A secret that ranks first by its loss among R strings of its kind has the exposure log2 R; one that the model never saw
has 1.44 bits on average (1 / ln 2), whatever R.

Source: Carlini et al. (2019), The Secret Sharer, section 4.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def exposure(secret: float, references: Floats) -> float:
    """Bits of a secret with the loss ``secret`` among itself and ``references``; ties rank last.

    >>> exposure(0.5, np.array([1.0, 2.0, 3.0]))
    2.0
    """
    rank = 1 + int((references <= secret).sum())
    return math.log2(len(references) + 1) - math.log2(rank)


def summary(bits: Sequence[float]) -> dict[str, float]:
    """Mean, median and largest."""
    found = np.asarray(bits, dtype=np.float64)
    return {
        "mean": round(float(found.mean()), 3),
        "median": round(float(np.median(found)), 3),
        "max": round(float(found.max()), 3),
    }
