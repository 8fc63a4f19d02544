"""What must stay readable: a shop's order numbers, SKUs and tracking numbers, its product and brand names.

A finding inside such text is dropped, one that runs into it is cut. A match that is digits alone loses
against a finding that is sure (``SURE_SCORE``): ``my phone is 2125550123`` is no item number.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from guardrails.foreign_patterns import ForeignPattern

SURE_SCORE: Final = 0.8
_PLAIN: Final = re.compile(r"[\w.]+", re.UNICODE)
_MAX_NAMES: Final = 20_000


@dataclass(frozen=True)
class Readable:
    """The shop's own patterns and names.

    Attributes:
        patterns: regular expressions of order numbers, SKUs, tracking numbers, the shop's own hotline and addresses.
        names: product and brand names, any case.
    """

    patterns: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if len(self.names) > _MAX_NAMES:
            raise ValueError(f"expected at most {_MAX_NAMES} names, got {len(self.names)}")
        _compiled(self.patterns)

    def spans(self, text: str) -> list[tuple[int, int, bool]]:
        """Readable parts of normalised ``text``: start, end, and whether it holds more than digits.

        Raises:
            GuardTimeout: a pattern takes too long over this text.
        """
        found = [
            (start, end, not text[start:end].isdigit())
            for pattern in _compiled(self.patterns)
            for start, end in (match.span() for match in pattern.finditer(text))
            if end > start
        ]
        index = _names(self.names)
        if index:
            found.extend(_named(text, index))
        return found


@lru_cache(maxsize=32)
def _compiled(patterns: tuple[str, ...]) -> tuple[ForeignPattern, ...]:
    """Not inside a longer number or word; a pattern's own anchors and boundaries are kept."""
    for pattern in patterns:
        re.compile(pattern)
    return tuple(
        ForeignPattern(rf"(?i)(?<![A-Za-z0-9])(?:{pattern.strip('^$')})(?![A-Za-z0-9])") for pattern in patterns
    )


@lru_cache(maxsize=32)
def _names(names: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Names by their first word or character, longest first: one dictionary look-up per word of the text."""
    index: dict[str, list[str]] = {}
    for name in names:
        folded = name.casefold().strip()
        if len(folded) >= 2:
            index.setdefault(_head(folded), []).append(folded)
    return {head: tuple(sorted(found, key=len, reverse=True)) for head, found in index.items()}


def _head(text: str) -> str:
    """What a name is filed under: its first ASCII word, or its first two characters otherwise."""
    word = _PLAIN.match(text)
    return word.group() if word and word.group().isascii() else text[:2]


def _named(text: str, index: dict[str, tuple[str, ...]]) -> list[tuple[int, int, bool]]:
    folded = text.lower()
    if len(folded) != len(text):  # a character that grows in lower case: offsets would slip
        return []
    found: list[tuple[int, int, bool]] = []
    at = 0
    while at < len(folded):
        if folded[at].isspace() or (
            folded[at].isascii()
            and at
            and folded[at].isalnum()
            and folded[at - 1].isascii()
            and folded[at - 1].isalnum()
        ):
            at += 1
            continue
        name = next(
            (
                n
                for n in index.get(_head(folded[at : at + 40]), ())
                if folded.startswith(n, at) and _ends(folded, at + len(n))
            ),
            None,
        )
        if name:
            found.append((at, at + len(name), True))
        at += len(name) if name else 1
    return found


def _ends(text: str, end: int) -> bool:
    return end == len(text) or not (
        text[end].isascii() and text[end].isalnum() and text[end - 1].isascii() and text[end - 1].isalnum()
    )
