"""Text as recognizers read it, with the way back to the text as it was typed.

Full-width forms, mathematical letters and every script's digits become ASCII; zero-width and other
format characters are dropped; dashes and spaces of all kinds become ``-`` and a space. Line ends stay.
It never changes what is stored or shown: only offsets come back. It does not fold homoglyphs of
other alphabets (Cyrillic ``а`` stays what it is).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63\u2043\u30fc")
_QUOTES = {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"'}
_KEEP = frozenset("\n\t ")


@dataclass(frozen=True, slots=True)
class Normalised:
    """``text`` and, per character of it, where it came from; an empty ``at`` means one to one."""

    text: str
    at: Sequence[int]
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets of the original text for ``text[start:end]``; dropped characters inside are included."""
        if not self.at:
            return start, end
        return self.at[start], self.at[end - 1] + 1


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    """What one character reads as: empty when it is invisible, otherwise one or more characters."""
    if char in _KEEP:
        return char
    if char in _DASHES:
        return "-"
    if char in _QUOTES:
        return _QUOTES[char]
    category = unicodedata.category(char)
    if category in ("Cf", "Me") or "\ufe00" <= char <= "\ufe0f":
        return ""
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category == "Zs":
        return " "
    if category in ("Cc", "Zl", "Zp"):
        return "\n"
    folded = unicodedata.normalize("NFKC", char)
    return folded if len(folded) == 1 else char


def normalise(text: str) -> Normalised:
    """The text as recognizers read it.

    >>> normalise("\uff11\uff13\uff18\u200b0013").text
    '1380013'
    """
    if text.isascii() and "\r" not in text:
        return Normalised(text, (), len(text))
    parts: list[str] = []
    at: list[int] = []
    for index, char in enumerate(text):
        folded = char if char.isascii() and char != "\r" else _fold(char)
        if folded:
            parts.append(folded)
            at.append(index)
    return Normalised("".join(parts), at, len(text))
