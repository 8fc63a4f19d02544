"""Regular expressions that a shop or a plug-in brings: interrupted when a text makes them slow.

``re`` cannot be interrupted, so ours have bounded repetitions; others' may have not (``(a+)+$``). They run in the
``regex`` package, whose time runs out. What it compiles differently from ``re`` (nested sets, case folding of a few
letters) matters to no pattern of numbers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import regex

from guardrails.errors import GuardTimeout

BUDGET_S: Final = 0.25
"""What one expression may take over one text."""


@dataclass(frozen=True, slots=True)
class ForeignPattern:
    """An expression with a time budget; as much of ``re.Pattern`` as rules use."""

    source: str
    flags: int = 0
    _compiled: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        re.compile(self.source, self.flags)  # what Python does not understand is refused with its own message
        object.__setattr__(self, "_compiled", regex.compile(self.source, self.flags & _SHARED_FLAGS))

    @classmethod
    def of(cls, pattern: "re.Pattern[str] | ForeignPattern") -> "ForeignPattern":
        """The same expression with a time budget."""
        return pattern if isinstance(pattern, ForeignPattern) else cls(pattern.pattern, pattern.flags)

    @property
    def groupindex(self) -> Mapping[str, int]:
        """Names of groups."""
        return dict(self._compiled.groupindex)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Every match.

        Raises:
            GuardTimeout: the expression takes too long over this text.
        """
        try:
            yield from self._compiled.finditer(text, timeout=BUDGET_S)
        except TimeoutError:
            raise _late(text) from None

    def search(self, text: str) -> re.Match[str] | None:
        """The first match.

        Raises:
            GuardTimeout: the expression takes too long over this text.
        """
        try:
            found: re.Match[str] | None = self._compiled.search(text, timeout=BUDGET_S)
        except TimeoutError:
            raise _late(text) from None
        return found


_SHARED_FLAGS: Final = int(re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.ASCII | re.UNICODE)


def _late(text: str) -> GuardTimeout:
    return GuardTimeout(
        f"an expression took longer than {BUDGET_S} s over {len(text)} characters: bound its repetitions"
    )
