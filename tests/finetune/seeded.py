"""A source of numbers that repeats; for tests only, where two runs are to be compared."""

import numpy as np


class Seeded:
    """Numbers that repeat; for tests only."""

    name = "seeded"

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def uniforms(self, n: int):
        return self.rng.random(n)

    def normals(self, n: int):
        return self.rng.standard_normal(n)
