"""Gates: shares that must be reached. The verdict that is printed, written and returned is this one computation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serving.evaluation.metrics import NAMES
from serving.evaluation.tally import Share, Tally
from serving.evaluation.transcripts import UsageError


@dataclass(frozen=True, slots=True)
class Gate:
    """A metric, the share it must reach and the one it reached."""

    metric: str
    at_least: float
    share: Share

    @property
    def passed(self) -> bool:
        """Reached. With nothing counted a gate is missed: it would otherwise vouch for what nobody saw."""
        return self.share.value is not None and self.share.value >= self.at_least

    def __str__(self) -> str:
        """One line for a terminal."""
        came = "nothing to count" if self.share.value is None else f"{self.share.value:.3f} (n={self.share.n})"
        return f"{'PASS' if self.passed else 'FAIL'} {self.metric}: expected >= {self.at_least:g}, got {came}"


def check_gates(fail_under: Mapping[str, float]) -> None:
    """Refuses gates that cannot be judged, all of them at once, before any work is done.

    Raises:
        UsageError: an unknown metric, or a share outside [0, 1].
    """
    unknown = [name for name in fail_under if name not in NAMES]
    outside = [f"{name}={share:g}" for name, share in fail_under.items() if not 0 <= share <= 1]
    problems = []
    if unknown:
        problems.append(f"unknown metric {', '.join(map(repr, unknown))}; known: {', '.join(NAMES)}")
    if outside:
        problems.append(f"expected shares between 0 and 1, got {', '.join(outside)}")
    if problems:
        raise UsageError("; ".join(problems))


def parse_gates(options: Sequence[str]) -> dict[str, float]:
    """``metric=share`` options of the command line.

    Raises:
        UsageError: no ``=``, no number, or as ``check_gates``.
    """
    gates: dict[str, float] = {}
    for option in options:
        name, equals, value = option.partition("=")
        try:
            gates[name.strip()] = float(value) if equals else float("nan")
        except ValueError:
            raise UsageError(f"expected metric=share such as answered=0.95, got {option!r}") from None
        if not equals:
            raise UsageError(f"expected metric=share such as answered=0.95, got {option!r}")
    check_gates(gates)
    return gates


def judge_gates(fail_under: Mapping[str, float], tally: Tally) -> tuple[Gate, ...]:
    """Every gate with what was reached."""
    return tuple(Gate(name, share, tally.share(name)) for name, share in fail_under.items())
