"""Who takes part in a step: every customer by a coin of their own, and one of their examples by lot.

Poisson sampling: sizes differ from step to step and may be zero; nothing is cut off, nothing is filled up. That is what
the accountant assumes. A shuffled pass over the data is not.
"""

from collections.abc import Sequence

import numpy as np

from finetune.dp.randomness import Randomness


def sample(randomness: Randomness, examples_of: Sequence[int], rate: float) -> list[tuple[int, int]]:
    """The drawn customers, each with the place of one of their examples.

    Args:
        randomness: the source.
        examples_of: how many examples each customer has; who has none can be drawn and adds nothing.
        rate: the chance of each customer, the same for all.
    """
    coins = randomness.uniforms(len(examples_of)) < rate
    drawn = [int(c) for c in np.flatnonzero(coins) if examples_of[int(c)]]
    lots = randomness.uniforms(len(drawn))
    return [
        (customer, min(int(lot * examples_of[customer]), examples_of[customer] - 1))
        for customer, lot in zip(drawn, lots, strict=True)
    ]
