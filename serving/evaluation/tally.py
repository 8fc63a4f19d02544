"""Adds up dialogues: shares with their intervals, quantities with their quantiles, overall and by slice.

Memory grows with the number of numbers (a float a turn), not with the text. Intervals treat turns as
independent; turns of one dialogue are not quite, so intervals of turn metrics are a little too narrow.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from guardrails.findings import Kind
from serving.evaluation.metrics import METRICS, View
from serving.evaluation.privacy import Analyze, check, kinds
from serving.evaluation.transcripts import Dialogue
from serving.evaluation.turns import Intents, Turn, main_intent, turns_of

Z_95: Final = 1.959963984540054
ALL: Final = "all"
NumberName = Literal["turns", "reply_chars", "first_word_s", "turn_s", "guard_s"]


@dataclass(frozen=True, slots=True)
class Share:
    """``good`` of ``n``, with the Wilson 95 % interval. ``value`` is ``None`` when n is 0."""

    good: int
    n: int

    @property
    def value(self) -> float | None:
        """The share in [0, 1]."""
        return self.good / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson score interval, 95 %. Source: Wilson (1927), J. Am. Stat. Assoc. 22, 209–212."""
        return wilson(self.good, self.n)


def wilson(good: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Bounds of a share in [0, 1]; (0, 1) when nothing was counted.

    >>> [round(bound, 4) for bound in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    if not n:
        return 0.0, 1.0
    share, square = good / n, z * z / n
    centre = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / n + square / (4 * n))
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One judged dialogue: per metric (good, n), what failed, and the texts as they may be shown."""

    dialogue: Dialogue
    turns: tuple[Turn, ...]
    lang: str
    intent: str | None
    marks: Mapping[str, tuple[int, int]]
    verdicts: Sequence[Mapping[str, bool]]
    left: Counter[Kind]
    unchecked: int
    shown: tuple[tuple[str, str], ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """Names of the metrics that make this a failed dialogue."""
        return tuple(m.name for m in METRICS if m.fault and self.misses(m.name))

    def misses(self, name: str) -> bool:
        """The metric is false somewhere in this dialogue."""
        good, n = self.marks.get(name, (0, 0))
        return good < n


def judge(dialogue: Dialogue, analyze: Analyze | None, intents: Intents | None = None) -> Outcome:
    """All that is known about one dialogue. Without ``analyze`` no text is shown and ``concealed`` has no say."""
    turns = turns_of(dialogue, intents)
    checks = [check(message.content, analyze) for message in dialogue.messages]
    base = View(dialogue, turns, checks if analyze else ())
    verdicts: list[dict[str, bool]] = [{} for _ in turns]
    marks: dict[str, tuple[int, int]] = {}
    for metric in METRICS:
        if metric.unit == "line":
            continue
        views = (
            [base] if metric.unit == "dialogue" else [View(dialogue, turns, base.checks, i) for i in range(len(turns))]
        )
        said = [metric.judge(view) for view in views]
        marks[metric.name] = sum(v is True for v in said), sum(v is not None for v in said)
        if metric.unit == "turn":
            for verdict, value in zip(verdicts, said, strict=True):
                if value is not None:
                    verdict[metric.name] = value
    langs = Counter(turn.lang for turn in turns if turn.lang)
    return Outcome(
        dialogue=dialogue,
        turns=turns,
        lang=dialogue.lang or (langs.most_common(1)[0][0] if langs else "unknown"),
        intent=main_intent(turns),
        marks=marks,
        verdicts=verdicts,
        left=kinds(checks),
        unchecked=sum(c.findings is None for c in checks) if analyze else 0,
        shown=tuple((m.role, c.shown) for m, c in zip(dialogue.messages, checks, strict=True) if m.content.strip()),
    )


@dataclass
class Tally:
    """Counts over all dialogues and per slice (``all``, ``lang:zh``, ``intent:track_order``)."""

    counts: dict[str, dict[str, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0]))
    )
    numbers: dict[str, dict[NumberName, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    dialogues: Counter[str] = field(default_factory=Counter)
    intents: Counter[str] = field(default_factory=Counter)
    understood_by: Counter[str] = field(default_factory=Counter)
    left: Counter[Kind] = field(default_factory=Counter)
    unchecked: int = 0
    repeated_ids: int = 0
    _ids: set[str] = field(default_factory=set)

    def add(self, outcome: Outcome) -> None:
        """Adds one dialogue."""
        self.repeated_ids += outcome.dialogue.id in self._ids
        self._ids.add(outcome.dialogue.id)
        self.left += outcome.left
        self.unchecked += outcome.unchecked
        self._mark([ALL], "readable", True)
        slices = [ALL, f"lang:{outcome.lang}", *([f"intent:{outcome.intent}"] if outcome.intent else [])]
        self.dialogues.update(slices)
        for metric in METRICS:
            if metric.unit == "dialogue" and outcome.marks[metric.name][1]:
                self._mark(slices, metric.name, outcome.marks[metric.name][0] == 1)
        for one in slices:
            self.numbers[one]["turns"].append(float(len(outcome.turns)))
        for turn, verdict in zip(outcome.turns, outcome.verdicts, strict=True):
            self._add_turn(turn, verdict)

    def bad_line(self) -> None:
        """Adds a line that could not be read."""
        self._mark([ALL], "readable", False)

    def _add_turn(self, turn: Turn, verdict: Mapping[str, bool]) -> None:
        slices = [ALL, f"lang:{turn.lang or 'unknown'}", *(f"intent:{intent}" for intent in turn.intents)]
        self.intents.update(turn.intents)
        if isinstance(by := turn.meta.get("understood_by"), str):
            self.understood_by[by] += 1
        for name, value in verdict.items():
            self._mark(slices, name, value)
        for one in slices:
            numbers = self.numbers[one]
            if turn.reply:
                numbers["reply_chars"].append(float(len(turn.reply)))
            if turn.first_word_s is not None:
                numbers["first_word_s"].append(turn.first_word_s)
            if turn.turn_s is not None:
                numbers["turn_s"].append(turn.turn_s)
            if turn.guard_s is not None:
                numbers["guard_s"].append(turn.guard_s)

    def _mark(self, slices: Sequence[str], name: str, value: bool) -> None:
        for one in slices:
            self.counts[one][name][0] += value
            self.counts[one][name][1] += 1

    def share(self, name: str, one: str = ALL) -> Share:
        """A metric's share in a slice."""
        good, n = self.counts.get(one, {}).get(name, (0, 0))
        return Share(good, n)

    def slices(self) -> list[str]:
        """All slices that hold something: all, languages, then intents by how often they come."""
        intents = [f"intent:{name}" for name, _ in self.intents.most_common()]
        return [ALL, *sorted(one for one in self.counts if one.startswith("lang:")), *intents]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of ``values`` do not exceed (linear between neighbours).

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("expected at least one value, got none")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
