"""The noise: as large as the ledger says on every matrix, Gaussian, and never the same twice."""

from collections.abc import Iterator

import numpy as np
from scipy import stats

from finetune.audit.checks.tails import ALPHA, alike, scale
from finetune.audit.pipeline import Evidence, Floats, Trace


def size(evidence: Evidence) -> Iterator[str]:
    """Sum of squares of each matrix' noise over a run: exactly chi-squared. One family for both kinds of clipping."""
    for trace in (evidence.long, evidence.short):
        told = trace.run.settings.clipping.bound * float(trace.entry["noise_multiplier"])
        meant = trace.run.settings.clipping.bound * trace.run.constants.noise_multiplier
        parts = np.split(trace.noise * (meant / told), np.cumsum([p.numel() for p in trace.start])[:-1], axis=1)
        for number, part in enumerate(parts):
            if not scale(part) * 2 * len(parts) >= ALPHA:
                yield f"matrix {number}: deviation {float(part.std()):.3g} of what the ledger says, {told:g}"


def shape(evidence: Evidence) -> Iterator[str]:
    """Kolmogorov-Smirnov against the normal distribution, over all numbers of a run."""
    found = stats.kstest(_standard(evidence.long.noise).ravel(), "norm")
    if not found.pvalue >= ALPHA:
        yield f"not Gaussian: distance {found.statistic:.3g}"


def repeats(evidence: Evidence) -> Iterator[str]:
    """All pairs of steps: of one run, of different runs, before and after a stop."""
    traces: list[Trace] = [evidence.long, evidence.short, evidence.neighbour, *evidence.resumed]
    rows = np.concatenate([_standard(trace.noise) for trace in traces])
    if not alike(rows) >= ALPHA:
        yield "two steps share noise"


def numbers(evidence: Evidence) -> Iterator[str]:
    """All pairs of numbers of the gradient, over the steps of a run."""
    if not alike(_standard(evidence.long.noise).T) >= ALPHA:
        yield "two numbers of the gradient share noise"


def _standard(noise: Floats) -> Floats:
    """Where there is no noise at all, rows of ones: they are alike, as nothing is."""
    silent = np.linalg.norm(noise, axis=1, keepdims=True) == 0
    return np.where(silent, 1.0, noise)
