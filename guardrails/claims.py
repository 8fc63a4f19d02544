"""What a text states that can be compared: handles, links, moments, ids, quantities, and text that is not for people.

Each character belongs to one claim at most. It compares nothing: that is grounding.py.
"""
# ruff: noqa: E501 - expressions stay on one line, so that they can be searched

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from guardrails import handles
from guardrails.moments import Moment, moments
from guardrails.quantities import MONEY, Quantity, quantities

ClaimKind = Literal["number", "id", "date", "price", "link", "product", "handle", "name", "markup", "service"]

_TLD: Final = "com|cn|net|org|io|shop|store|co|uk|de|info|biz|app|link|xyz|top|vip|site|online|club|cc|tv|ly|gl|fr|es|nl|jp|kr|ru|eu|ai|dev|example"
_LINK: Final = re.compile(
    rf"(?i)(?:https?://|www\.)[a-z0-9\-._~:/?#@!$&*+=%]+|(?<![a-z0-9_@.-])(?:[a-z0-9-]+\.)+(?:{_TLD})(?![a-z0-9-])(?:/[a-z0-9\-._~:/?#@!$&*+=%]*)?(?![\w.-]*@)"
)
_PHONE: Final = re.compile(
    r"(?<![A-Za-z0-9.,/-])(?:\+\d{1,3}[\s-]?)?(?:\(\d{2,4}\)\s?|\d{2,4}[\s.-])\d{2,4}(?:[\s.-]\d{2,4}){1,3}(?![A-Za-z0-9-])"
)
_ID: Final = re.compile(
    r"(?<![A-Za-z0-9_])(?<!\d\.)#?(?=[A-Za-z0-9-]*\d)(?=[A-Za-z0-9-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?![A-Za-z0-9_])"
)
# A number with its unit is a quantity, not an id: 2kg, 14-day, 1st.
_QUANTITY_ID: Final = re.compile(
    r"(?i)\d+(?:\.\d+)?(?:st|nd|rd|th|cm|mm|m|km|kg|g|mg|ml|l|w|kw|v|a|mah|wh|gb|tb|mb|hz|inch|in|ft|oz|lb|lbs|h|hr|hrs|min|s|x|k|pcs|p|d|am|pm|lm|db)?|\d+(?:-\d+)?(?:-[a-z]{3,}){1,2}"
)
_SIZE: Final = re.compile(r"(?<![A-Za-z0-9'’&.-])(?:[SML]|X{1,4}[SL]|\dX[SL])(?![A-Za-z0-9'’&-])")
_SIZE_WORD: Final = re.compile(r"(?i)(?<![a-z])sizes?\s(?P<w>extra\s(?:small|large)|small|medium|large)(?![a-z])")
_SIZES: Final = {"extra small": "xs", "small": "s", "medium": "m", "large": "l", "extra large": "xl"}
# What a model writes when it falls out of its role: JSON, identifiers, the marks of its chat format.
_MARKUP: Final = re.compile(r"[{}\[\]\\`]|\"\s*:|</?[|a-z][^<>\s]{0,40}>?|(?<![\w@./-])[a-z]+(?:_[a-z]+)+(?![\w@])")


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement at a place. ``of`` is the moment or quantity behind it; ``value`` compares everything else."""

    kind: ClaimKind
    value: str
    start: int
    end: int
    of: Moment | Quantity | None = None


def claims(text: str) -> list[Claim]:
    """Everything in ``text`` that can be checked."""
    taken = bytearray(len(text))
    found: list[Claim] = []
    for claim in _candidates(text):
        if claim.value and not any(taken[claim.start : claim.end]):
            taken[claim.start : claim.end] = b"\1" * (claim.end - claim.start)
            found.append(claim)
    for quantity in quantities(text, taken):
        kind: ClaimKind = "price" if quantity.dim in MONEY else "number"
        found.append(Claim(kind, str(quantity.value), quantity.start, quantity.end, quantity))
    return found


def _candidates(text: str) -> Iterator[Claim]:
    """In this order: what one reader took is closed to the next."""
    for start, end, handle in handles.find(text):
        yield Claim("handle", f"{handle.kind}_{handle.number}", start, end)
    yield from (Claim("markup", match.group().casefold(), *match.span()) for match in _MARKUP.finditer(text))
    for match in _LINK.finditer(text):
        yield Claim("link", match.group().rstrip(".,;!?").casefold(), *match.span())
    for moment in moments(text):
        yield Claim("date", " ".join(sorted(moment.values)), moment.start, moment.end, moment)
    yield from _codes(text)


def _codes(text: str) -> Iterator[Claim]:
    for match in _PHONE.finditer(text):
        if 7 <= len(digits := digits_of(match.group())) <= 15:
            yield Claim("number", digits, *match.span())
    for match in _ID.finditer(text):
        if not _QUANTITY_ID.fullmatch(match.group()):
            yield Claim("id", match.group().lstrip("#").casefold(), *match.span())
    for match in _SIZE.finditer(text):
        yield Claim("id", match.group().casefold(), *match.span())
    for match in _SIZE_WORD.finditer(text):
        yield Claim("id", _SIZES[match["w"].lower()], *match.span())


def digits_of(text: str) -> str:
    """The digits alone."""
    return "".join(char for char in text if char in "0123456789")
