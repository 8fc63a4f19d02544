"""Results → figures: shares with standard errors, counts, turns, seconds; and the bounds that must be kept."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from serving.evaluation.tally import quantile
from serving.scenarios.play import Result
from serving.scenarios.tasks import DIFFICULTIES

_SHARES: Final = ("success", "end_state", *DIFFICULTIES)
_COUNTS: Final = ("unwanted_writes", "unconfirmed_writes", "leaks", "gold_refused")
GATES: Final = (*_SHARES, *_COUNTS)


class BadGate(ValueError):
    """A gate that cannot be judged. The message says what was expected."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of ``n`` went right. Without any both figures are ``None``."""

    n: int
    right: int

    @property
    def value(self) -> float | None:
        """In [0, 1]."""
        return self.right / self.n if self.n else None

    @property
    def stderr(self) -> float | None:
        """Standard error of a share: sqrt(p (1 - p) / n)."""
        return math.sqrt(self.right * (self.n - self.right) / self.n) / self.n if self.n else None

    def to_json(self) -> dict[str, Any]:
        """As the contract wants it."""
        return {"n": self.n, "success": _rounded(self.value), "stderr": _rounded(self.stderr)}


def share(results: Iterable[Result], right: Callable[[Result], bool] = lambda result: result.verdict.success) -> Share:
    """How many of the results are ``right``."""
    verdicts = [right(result) for result in results]
    return Share(len(verdicts), sum(verdicts))


def summary(results: Sequence[Result], skipped: Mapping[str, int]) -> dict[str, Any]:
    """Everything but the single results."""
    seconds = [value for result in results for value in result.seconds]
    kinds = sorted({result.task.kind for result in results if result.task.kind})
    return {
        "tasks": len(results),
        "skipped": dict(skipped),
        "success": _rounded(share(results).value),
        "stderr": _rounded(share(results).stderr),
        "end_state": _rounded(share(results, lambda result: result.verdict.end_state).value),
        "by_difficulty": {d: share(r for r in results if r.task.difficulty == d).to_json() for d in DIFFICULTIES},
        "by_kind": {kind: share(r for r in results if r.task.kind == kind).to_json() for kind in kinds},
        "unwanted_writes": sum(result.verdict.unwanted_writes for result in results),
        "unconfirmed_writes": sum(result.verdict.unconfirmed_writes for result in results),
        "missing_writes": sum(result.verdict.missing_writes for result in results),
        "leaks": sum(result.verdict.leaks for result in results),
        "gold_refused": sum(bool(result.verdict.gold_refused) for result in results),
        "turns": {"median": median([result.turns for result in results])},
        "seconds": {"p50": _rounded(quantile(seconds, 0.5)), "p95": _rounded(quantile(seconds, 0.95))},
    }


def parse_gates(options: Sequence[str]) -> dict[str, float]:
    """``metric=value`` options: shares are to be reached, counts not to be exceeded.

    Raises:
        BadGate: an unknown metric, no number, a share outside [0, 1], a negative count.
    """
    gates: dict[str, float] = {}
    for option in options:
        name, _, value = option.partition("=")
        try:
            gates[name] = float(value)
        except ValueError:
            raise BadGate(f"expected metric=value such as success=0.8, got {option!r}") from None
        if name not in GATES:
            raise BadGate(f"unknown metric {name!r}; known: {', '.join(GATES)}")
        if not 0 <= gates[name] <= (1 if name in _SHARES else math.inf):
            raise BadGate(f"expected a share between 0 and 1 or a count, got {option!r}")
    return gates


def missed(figures: Mapping[str, Any], gates: Mapping[str, float]) -> list[str]:
    """A line for each gate that was missed; a share of nothing misses its gate."""
    lines = []
    for name, bound in gates.items():
        got = figures["by_difficulty"][name]["success"] if name in DIFFICULTIES else figures[name]
        if name in _COUNTS and got > bound:
            lines.append(f"FAIL {name}: expected at most {bound:g}, got {got}")
        elif name in _SHARES and (got is None or got < bound):
            lines.append(f"FAIL {name}: expected >= {bound:g}, got {'nothing to count' if got is None else got}")
    return lines


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
