"""Where draws and noise come from: the operating system's secure source, never a seed.

Whoever has the code and a seed can subtract the noise; therefore there is no seed here, and a run that goes on from a
checkpoint draws anew. What remains: Gaussian noise in floating point is not exactly Gaussian (Mironov 2012); the
passport says so.

Source of the transform: inverse of the normal distribution function on 53 random bits.
"""

import os
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

NAME: Final = "os.urandom"
Floats = NDArray[np.float64]


class Randomness(Protocol):
    """Independent numbers."""

    name: str

    def uniforms(self, n: int) -> Floats:
        """``n`` numbers in (0, 1)."""

    def normals(self, n: int) -> Floats:
        """``n`` numbers of mean 0 and variance 1."""


class SecureRandomness:
    """Numbers from ``os.urandom``."""

    name = NAME

    def uniforms(self, n: int) -> Floats:
        """``n`` numbers in (0, 1): the middles of 2**53 equal cells, so never 0 or 1."""
        bits = np.frombuffer(os.urandom(8 * n), dtype=np.uint64) >> np.uint64(11)
        return (bits.astype(np.float64) + 0.5) * 2.0**-53

    def normals(self, n: int) -> Floats:
        """``n`` numbers of mean 0 and variance 1, at most 8.3 from 0."""
        from scipy.special import ndtri

        return np.asarray(ndtri(self.uniforms(n)), dtype=np.float64)
