"""What the ledger says against what was seen, and what it may say at all."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from finetune.audit.pipeline import SHORT, TRIAL, Evidence, toy_settings
from finetune.audit.toy import CUSTOMERS
from finetune.dp.randomness import NAME
from finetune.errors import BadPrivacy

_CLAIMS: Final = {
    "stage": "private",
    "unit": "customer",
    "neighbouring": "add or remove one customer",
    "sampling": "poisson",
    "noise_source": NAME,
}
_NUMBERS: Final = {"rate", "steps", "noise_multiplier", "sensitivity", "clipping", "divisor", "public_size", "delta"}
_COSTS: Final = {"epsilon", "trials", "epsilon_with_trials"}
_OTHERS: Final = {"resumed", "empty_batches", "data_commitment", "trained", "settings"}
_FIELDS: Final = _CLAIMS.keys() | _NUMBERS | _COSTS | _OTHERS
_OF_CHANCE: Final = frozenset({"data_commitment", "empty_batches"})
"""May differ between neighbours. ``empty_batches`` says a little of who was there where batches are small; with
hundreds of customers a step it is 0 but for a chance of exp(-batch)."""
_GRID: Final = 1e-3
_TOLERANCE: Final = 0.01


def steps(evidence: Evidence) -> Iterator[str]:
    """A noisy sum that was made may have been seen: also one whose step was lost."""
    first, second = evidence.resumed
    seen = len(first.watcher.noisy) + len(second.watcher.noisy)
    if second.entry["steps"] < seen:
        yield f"{second.entry['steps']} steps in the ledger, {seen} noisy sums were made"
    if second.entry["resumed"] < 1:
        yield "the ledger does not tell that the run was resumed"
    if evidence.long.entry["steps"] < len(evidence.long.watcher.noisy):
        yield "fewer steps in the ledger than were made"


def second_run(evidence: Evidence) -> Iterator[str]:
    """Looking at one run and making another costs twice; it must be declared."""
    assert evidence.short.trained is not None  # noqa: S101 (makes the first run)
    try:
        evidence.finish(evidence.begin("short", toy_settings(SHORT)))
    except BadPrivacy:
        return
    yield "a second run in the same folder is not refused"


def epsilon(evidence: Evidence) -> Iterator[str]:
    """Epsilon by privacy loss distributions from the steps that were seen and the ledger's rate and noise."""
    for trace, seen in (
        (evidence.long, len(evidence.long.watcher.noisy)),
        (evidence.resumed[1], sum(len(t.watcher.noisy) for t in evidence.resumed)),
    ):
        entry, delta = trace.entry, float(trace.entry["delta"])
        run = (float(entry["rate"]), seen, float(entry["noise_multiplier"]))
        trial = (TRIAL.rate, TRIAL.steps, TRIAL.noise_multiplier)
        found, together = _pld((run,), delta), _pld((run, trial), delta)
        told = entry["epsilon"]
        for name, claim, least in (
            ("epsilon", told["pld"], found),
            ("epsilon by RDP", told["rdp"], found),
            ("epsilon with trials", entry["epsilon_with_trials"], together),
        ):
            if claim is None or claim < least - _TOLERANCE:
                yield f"{name}: {claim} in the ledger, {least:.3f} recomputed"


def claims(evidence: Evidence) -> Iterator[str]:
    """Words and delta."""
    entry = evidence.short.entry
    for name, value in _CLAIMS.items():
        if entry.get(name) != value:
            yield f"{name}: expected {value!r}"
    if not 0 < entry["delta"] < 1 / CUSTOMERS:
        yield f"delta {entry['delta']:g} allows giving a customer away whole"
    if entry["trials"] != [{**_as_run(TRIAL), "count": 1}]:
        yield "the trial is not in the ledger"


def public_numbers(evidence: Evidence) -> Iterator[str]:
    """The constants of two runs whose data differ by a customer, and the batch that was asked for."""
    one, other = evidence.short, evidence.neighbour
    if one.run.constants != other.run.constants:
        yield "constants of the mechanism depend on how many customers there are"
    if abs(one.entry["rate"] * one.entry["public_size"] - one.run.settings.batch) > 1e-9:
        yield "rate × public size is not the batch that was asked for"


def contents(evidence: Evidence) -> Iterator[str]:
    """Names against a list, and values between neighbours: what differs tells who was there."""
    one, other = evidence.short.entry, evidence.neighbour.entry
    for name in sorted(one.keys() - _FIELDS):
        yield f"{name} is not on the list of what may be released"
    for name in sorted(one.keys() & _FIELDS - _OF_CHANCE):
        if one[name] != other.get(name):
            yield f"{name} depends on who is there"


def data_hash(evidence: Evidence) -> Iterator[str]:
    """The same data in two folders, and without a key."""
    data, commit = b"a customer's words", evidence.pipeline.commit
    folders = [evidence.work / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    one, again, two = (commit(data, folder) for folder in (folders[0], folders[0], folders[1]))
    if one != again:
        yield "the commitment cannot be checked: it is another each time"
    if one == two or any(one == _digest(name, data) for name in hashlib.algorithms_guaranteed):
        yield "whoever guesses the data can check the guess"


def _digest(name: str, data: bytes) -> str:
    found = hashlib.new(name, data)
    return "" if found.digest_size == 0 else found.hexdigest()


def _as_run(run: Any) -> dict[str, Any]:
    return {"rate": run.rate, "steps": run.steps, "noise_multiplier": run.noise_multiplier}


@lru_cache(maxsize=64)
def _pld(runs: tuple[tuple[float, int, float], ...], delta: float) -> float:
    from dp_accounting.pld import privacy_loss_distribution as losses

    whole = losses.identity(_GRID)
    for rate, count, noise in runs:
        one = losses.from_gaussian_mechanism(noise, sampling_prob=rate, value_discretization_interval=_GRID)
        whole = whole.compose(one.self_compose(count))
    return float(whole.get_epsilon_for_delta(delta))
