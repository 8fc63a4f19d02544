"""Numbers in a text, in digits and in words of both languages: 1,299 · twenty-five · a hundred · 一千二百 · 两.

It knows no units: what a number counts is for quantities.py. Fractions in words are not read but for 半 and "half a".
"""

# ruff: noqa: E501, SIM905 - expressions stay on one line

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

Script = Literal["digits", "english", "article", "chinese"]

_ONES: Final = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))
_TEENS: Final = dict(
    zip(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
        range(10, 20),
        strict=True,
    )
)
_TENS: Final = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
_VALUES: Final = {**_ONES, **_TEENS, **_TENS, "a": 1, "an": 1, "zero": 0}
_BELOW_100: Final = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_ONES)})(?![a-z]))?|{'|'.join(sorted(_TEENS | _ONES, key=len)[::-1])})"
_BELOW_1000: Final = rf"(?:(?:a|{_BELOW_100})[\s-]hundred(?:\s(?:and\s)?{_BELOW_100})?|{_BELOW_100})"
_ENGLISH: Final = (
    rf"(?:(?:a|{_BELOW_1000})[\s-]thousand(?:,?\s(?:and\s)?{_BELOW_1000})?|{_BELOW_1000}|zero|half(?=\san?\s))"
)
_DIGITS_ZH: Final = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS_ZH: Final = {"十": 10, "百": 100, "千": 1000}
_NUMBER: Final = re.compile(
    rf"(?P<digits>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?)"
    rf"|(?<![A-Za-z-])(?P<english>(?i:{_ENGLISH}))(?![A-Za-z])"
    rf"|(?<![A-Za-z-])(?P<article>(?i:an?))(?=[\s-](?:minute|hour|day|week|fortnight|month|year|(?:working|business)\s)(?!ly))"
    rf"|(?P<chinese>[零〇一二两三四五六七八九十百千万]+|半(?=个?(?:小时|月|年|天|日|折)))"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number and its place."""

    value: Fraction
    script: Script
    start: int
    end: int


def numbers(text: str) -> Iterator[Number]:
    """Every number of ``text`` in order; digits inside of words (``TF12``) too.

    >>> [str(n.value) for n in numbers("1,299.50 for twenty-five of 一千二百零三")]
    ['2599/2', '25', '1203']
    """
    for match in _NUMBER.finditer(text):
        script: Script = match.lastgroup  # type: ignore[assignment]  # the groups are the scripts
        value = _READERS[script](match.group())
        if value is not None:
            yield Number(value, script, *match.span())


def chinese(text: str) -> Fraction | None:
    """The value of Chinese numerals; None for what is none (千万 as "by all means" is read as a number).

    >>> [str(chinese(t)) for t in ("八五", "两百五", "十二", "三万")]
    ['85', '250', '12', '30000']
    """
    if text == "半":
        return Fraction(1, 2)
    if not set(text) & {*_UNITS_ZH, "万"}:
        return Fraction("".join(str(_DIGITS_ZH[char]) for char in text))
    head, wan, rest = text.rpartition("万")
    if wan:
        above, below = chinese(head or "一"), chinese(rest or "零")
        return None if above is None or below is None else above * 10_000 + below
    total, digit, last = 0, None, 1
    for char in text:
        if char in _UNITS_ZH:
            last = _UNITS_ZH[char]
            total += (1 if digit is None else digit) * last
            digit = None
        else:
            last = 1 if char in "零〇" else last
            digit = _DIGITS_ZH[char]
    if digit is None:
        return Fraction(total)
    return Fraction(total + digit * (last // 10 if last > 10 else 1))


def _english(text: str) -> Fraction:
    total, current = 0, 0
    for word in re.split(r"[\s,-]+", text.lower()):
        match word:
            case "and":
                continue
            case "half":
                return Fraction(1, 2)
            case "hundred":
                current *= 100
            case "thousand":
                total, current = current * 1000, 0
            case _:
                current += _VALUES[word]
    return Fraction(total + current)


_READERS: Final = {
    "digits": lambda text: Fraction(text.replace(",", "")),
    "english": _english,
    "article": lambda text: Fraction(1),
    "chinese": chinese,
}
