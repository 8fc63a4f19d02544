"""Who takes part: one example an owner, independent coins of the ledger's rate, never the same draws again."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from finetune.audit.checks.tails import ALPHA, binomial
from finetune.audit.pipeline import Evidence


def units(evidence: Evidence) -> Iterator[str]:
    """Counts examples by their true owner, whatever the pipeline takes for a unit."""
    most = int(evidence.long.taken.max())
    if most > 1:
        yield f"{most} examples of one owner in one step"


def coins(evidence: Evidence) -> Iterator[str]:
    """Who was drawn in the long run, against the rate in its ledger."""
    yield from unlike_coins(evidence.long.taken > 0, float(evidence.long.entry["rate"]))


def unlike_coins(taken: NDArray[np.bool_], rate: float) -> Iterator[str]:
    """Four families: the whole count, each owner's, each size's and each bound of a size's, each pair's; all exact.

    Args:
        taken: (steps, owners).
        rate: of every coin.
    """
    steps, owners = taken.shape
    if binomial([taken.sum()], steps * owners, rate) < ALPHA:
        yield f"{taken.sum()} draws in {steps * owners} coins of rate {rate:g}"
    if binomial(taken.sum(axis=0), steps, rate) < ALPHA:
        yield "an owner is drawn more or less often than the rate allows"
    found, sizes = np.bincount(taken.sum(axis=1), minlength=owners + 1), np.arange(owners + 1)
    counts = np.concatenate([found, found.cumsum()[:-1]])
    chances = np.concatenate([stats.binom.pmf(sizes, owners, rate), stats.binom.cdf(sizes, owners, rate)[:-1]])
    if binomial(counts, steps, chances) < ALPHA:
        yield "sizes of steps do not vary as coins do"
    both = (taken.T.astype(int) @ taken.astype(int))[np.triu_indices(owners, 1)]
    if binomial(both, steps, rate**2) < ALPHA:
        yield "two owners are drawn together, or never together"


def fresh(evidence: Evidence) -> Iterator[str]:
    """Equal draws of k steps by chance: (q² + (1 − q)²)^(k · owners), below 1e-20 for seven steps.

    A lost step's draw that is made again is not seen: one step is too little to tell.
    """
    long, short = evidence.long.watcher.drawn, evidence.short.watcher.drawn
    if long[: len(short)] == short:
        yield "two runs draw the same customers"
    later = evidence.resumed[1].watcher.drawn
    if later in (short[: len(later)], short[-len(later) :]):
        yield "a run that goes on draws what another drew"
