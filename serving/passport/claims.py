"""Whether what a passport claims follows from what it says was done: epsilon by PLD, and the rules around it.

The Poisson-subsampled Gaussian mechanism under add/remove neighbours, composed over steps, stages and trials.
Source: Koskela et al. (2020); Doroshenko et al. (2022); Mironov et al. (2019).
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

Document = dict[str, Any]
Runs = tuple[tuple[float, int, float], ...]  # rate, steps, noise multiplier
_ABOUT: Final = ("unit", "neighbouring", "mechanism", "delta")
_PUBLIC: Final = ("none…", None, "none")
_PRIVATE: Final = ("customer", "add or remove one customer", "DP-SGD: Poisson-sampled Gaussian mechanism")
_TOO_LOW: Final = 1e-3
_GRID: Final = 5e-4  # of privacy losses; the error of epsilon stays below 1e-4 where epsilon is below 10
_ORDERS: Final = (*range(2, 65), 80, 96, 128, 192, 256, 512)
_HOPELESS: Final = 150.0  # epsilon by RDP from which PLD is not tried: it would take minutes


def faults_of_claims(passport: Document) -> Iterator[str]:
    """One sentence for each claim that does not follow; ``passport`` is of the right form."""
    ledger = [(number, stage) for number, stage in enumerate(passport["ledger"]) if stage["stage"] == "private"]
    delta: Any = ledger[0][1]["delta"] if ledger else None
    expected = dict(zip(_ABOUT, (*_PRIVATE, delta) if ledger else (*_PUBLIC, delta), strict=True))
    for name, value in expected.items():
        if not (passport[name] == value or (name == "unit" and not ledger and passport[name].startswith("none"))):
            yield f"{name}: expected {value!r} with {len(ledger)} private stages, got {passport[name]!r}."
    if not ledger:
        if passport["epsilon"] is not None:
            yield f"epsilon: expected null without a private stage, got {passport['epsilon']}."
        return
    if passport["hashes"]["code"] is None:
        yield "hashes.code: expected the version and hash of the training sources with a private stage, got null."
    for number, stage in ledger:
        yield from (f"ledger.{number}.{fault}" for fault in _faults_of_stage(stage, delta))
    yield from _compare("epsilon", passport["epsilon"], _pld(tuple(run for _, s in ledger for run in _runs(s)), delta))


def _faults_of_stage(stage: Document, delta: float) -> Iterator[str]:
    divisor, size = stage["rate"] * stage["public_size"], stage["public_size"]
    if not math.isclose(stage["divisor"], divisor, rel_tol=1e-9):
        yield f"divisor: expected rate × public_size = {divisor:g}, got {stage['divisor']:g}."
    if stage["delta"] >= 1 / size:
        yield f"delta: expected less than 1 / public_size = {1 / size:.3g}, got {stage['delta']:.3g}."
    if stage["delta"] != delta:
        yield f"delta: expected the same in all stages, {delta:.3g}, got {stage['delta']:.3g}."
    if stage["empty_batches"] > stage["steps"]:
        yield f"empty_batches: expected at most {stage['steps']}, the steps, got {stage['empty_batches']}."
    claimed, alone = stage["epsilon"], _runs(stage)[:1]
    found = _rdp(alone, stage["delta"])
    yield from _compare("epsilon.pld", claimed["pld"], _pld(alone, stage["delta"]))
    if claimed["rdp"] < claimed["pld"] - _TOO_LOW:
        yield f"epsilon.rdp: expected at least epsilon.pld = {claimed['pld']:.4f}, got {claimed['rdp']:.4f}."
    if not math.isclose(claimed["rdp"], found, rel_tol=0.02, abs_tol=0.01):
        yield f"epsilon.rdp: expected {found:.4f}, recomputed, got {claimed['rdp']:.4f}."
    yield from _compare("epsilon_with_trials", stage["epsilon_with_trials"], _pld(_runs(stage), stage["delta"]))


def _compare(name: str, claimed: float | None, found: float) -> Iterator[str]:
    if claimed is None or claimed < found - _TOO_LOW:
        yield f"{name}: expected at least {found:.4f}, recomputed by PLD, got {claimed}: the claim is too small."
    elif claimed > found + max(0.01, 0.02 * found):
        yield f"{name}: expected about {found:.4f}, recomputed by PLD, got {claimed}: the ledger is of another run."


def _runs(stage: Document) -> Runs:
    """The stage and its trials, the stage first."""
    return tuple(
        (r["rate"], int(r["steps"]) * int(r.get("count", 1)), r["noise_multiplier"]) for r in (stage, *stage["trials"])
    )


def _rdp(runs: Runs, delta: float) -> float:
    from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent, rdp

    accountant = rdp.RdpAccountant(orders=_ORDERS)
    for rate, steps, noise in runs:
        accountant.compose(PoissonSampledDpEvent(rate, GaussianDpEvent(noise)), steps)
    return float(accountant.get_epsilon(delta))


@lru_cache(maxsize=64)
def _pld(runs: Runs, delta: float) -> float:
    from dp_accounting.pld import privacy_loss_distribution as losses

    if _rdp(runs, delta) > _HOPELESS:
        return math.inf
    whole = losses.identity(_GRID)
    for rate, steps, noise in runs:
        one = losses.from_gaussian_mechanism(noise, sampling_prob=rate, value_discretization_interval=_GRID)
        whole = whole.compose(one.self_compose(steps))
    return float(whole.get_epsilon_for_delta(delta))
