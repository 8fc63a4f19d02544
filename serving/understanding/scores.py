"""How right an understanding is: intents, sets of intents, slots, and what is out of scope. Numbers in, numbers out.

A slot is right when its value is the expected one, white space and case aside; the words of a search or of a question
about a product are compared by their overlap (F1 over words, over characters in Chinese).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_WORD: Final = re.compile(r"[a-z0-9#']+|[\u4e00-\u9fff]")
Slots = Counter[tuple[str, str, str]]


@dataclass(slots=True)
class F1:
    """Right, found and wanted, added up."""

    right: float = 0.0
    found: float = 0.0
    wanted: float = 0.0

    def add(self, found: Counter[Any], wanted: Counter[Any]) -> None:
        """Counts what both hold."""
        self.right += sum((found & wanted).values())
        self.found += sum(found.values())
        self.wanted += sum(wanted.values())

    @property
    def value(self) -> float:
        """Twice what is right among all that is found or wanted; 1 where nothing is either.

        >>> F1(right=1, found=2, wanted=2).value
        0.5
        """
        total = self.found + self.wanted
        return 2 * self.right / total if total else 1.0


def slots_of(commands: Iterable[Mapping[str, Any]]) -> Slots:
    """Slots with their command's name; searches and questions are compared apart."""
    return Counter(
        (str(command["name"]), key, re.sub(r"\s", "", str(value)).casefold())
        for command in commands
        for key, value in command.items()
        if key not in ("name", "query")
    )


def words_of(commands: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Words of all queries."""
    return Counter(word for c in commands for word in _WORD.findall(str(c.get("query", "")).casefold()))


def threshold(kept: Sequence[float], share: float) -> float:
    """The highest score under which at most ``1 - share`` of ``kept`` lie.

    >>> threshold([0.9, 0.8, 0.7, 0.1], 0.75)
    0.7
    """
    ordered = sorted(kept)
    return ordered[min(int(len(ordered) * (1 - share) + 1e-9), len(ordered) - 1)]


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """The chance that a message inside scores higher than one outside; equal scores count half.

    >>> auroc([0.9, 0.4], [0.4, 0.1])
    0.875
    """
    ordered, from_outside = sorted(inside), sorted(outside)
    higher = 0.0
    at_low = at_high = 0
    for score in ordered:
        while at_low < len(from_outside) and from_outside[at_low] < score:
            at_low += 1
        while at_high < len(from_outside) and from_outside[at_high] <= score:
            at_high += 1
        higher += (at_low + at_high) / 2
    return higher / (len(ordered) * len(from_outside))
