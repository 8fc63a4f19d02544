"""Dates, days of the week and times of day in a text, comparable across spellings and languages.

``28 November`` is ``11月28日`` and ``the 28th of Nov``; ``Fri`` is ``周五``; ``6 pm`` is ``18:00`` and ``下午6点``.
A date in figures alone (``11/28``) may be read both ways. Relative days (tomorrow, 明天) are their own words.
"""
# ruff: noqa: E501 - expressions stay on one line, so that they can be searched

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from guardrails.numerals import chinese

MomentKind = Literal["day", "month", "day of month", "weekday", "time", "relative"]
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?(?![a-z])"
_HAN: Final = "一二三四五六七八九十"
_DATES: Final = (
    re.compile(r"(?<!\d)(?P<y>20\d\d)\s?[-/.年]\s?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})(?:\s?[日号])?(?!\d)"),
    re.compile(r"(?:(?<!\d)(?P<y>20\d\d)\s?年\s?)?(?<!\d)(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日号]?(?!\d)"),
    re.compile(rf"(?P<m>[{_HAN}]{{1,2}})月(?P<d>[{_HAN}]{{1,3}})[日号]"),
    re.compile(rf"(?i)(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<n>{_MONTH})(?:,?\s(?P<y>20\d\d))?"),
    re.compile(
        rf"(?i)(?<![a-z])(?P<n>{_MONTH})\s(?:the\s)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]|\s?[ap]\.?m)(?:,?\s(?P<y>20\d\d))?"
    ),
)
_FIGURES: Final = re.compile(r"(?<![\d./-])(?P<a>0?[1-9]|[12]\d|3[01])/(?P<b>0?[1-9]|[12]\d|3[01])(?![\d/-])")
_MONTH_ALONE: Final = re.compile(
    rf"(?<![A-Za-z])(?P<n>(?!May|Mar|mar|may)(?i:{_MONTH}))(?!\s?\d)|(?<!\d)(?P<m>\d{{1,2}})\s?月(?!\d|内|以内|之内|后)"
)
_NTH: Final = re.compile(
    r"(?i)(?<![\w.-])(?P<d>\d{1,2})(?:st|nd|rd|th)(?![a-z])|(?<![\d月个.])(?P<z>\d{1,2})\s?(?:号(?![码店楼线])|日(?!内|以内|之内|后|元|游|均))"
)
_WEEKDAY: Final = re.compile(
    r"(?<![A-Za-z])(?:(?i:(?P<full>mon|tues|wednes|thurs|fri|satur|sun)days?)|(?P<short>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?:\.|(?![A-Za-z])))(?![A-Za-z])"
    r"|(?:周|星期|礼拜)(?P<zh>[一二三四五六日天])(?!期|边|单)"
)
_WEEKDAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_RELATIVE: Final = re.compile(
    r"(?i)(?<![a-z])(?:to(?:day|night|morrow)|yesterday|(?:this|next|last)\s(?:week|month|weekend|year))(?![a-z])"
    r"|[今明后昨][天日晚]|(?:周|礼拜)末|[这下本上]个?(?:周|星期|礼拜|月)(?!期)"
)
_PART: Final = r"凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|晚"
_CLOCK: Final = re.compile(r"(?i)(?<![\d:.])(?P<h>\d{1,2}):(?P<m>[0-5]\d)(?!\d)(?:\s?(?P<half>[ap])\.?m(?![a-z])\.?)?")
_HOUR_WORDS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TWELVE: Final = re.compile(
    rf"(?i)(?<![\w:.])(?P<h>1[0-2]|0?[1-9]|{'|'.join(_HOUR_WORDS)})\s?(?P<half>[ap])\.?m(?![a-z])\.?"
)
_UNTIL: Final = re.compile(
    r"(?i)(?<![\d:.])(?P<h>\d{1,2})(?=\s?(?:to|until|till|and|[-–—])\s?(?:\d{1,2}(?::\d\d)?\s?[ap]\.?m(?![a-z])|\d{1,2}:\d\d))"
    rf"|(?<![\d:.月])(?P<g>\d{{1,2}})(?=\s?[到至~–-]\s?\d{{1,2}}\s?[点时])|(?<![\w:.])(?P<o>\d{{1,2}}|{'|'.join(_HOUR_WORDS)})(?=\so['’]clock)"
)
_POINT: Final = re.compile(
    rf"(?P<part>{_PART})?\s?(?<![\d:.])(?P<h>\d{{1,2}})\s?[点时](?![\d击赞心差]|\d折)(?:(?P<half>半)|(?P<quarter>[一三]刻)|(?P<m>\d{{1,2}})分?)?"
    rf"|(?P<part2>{_PART})\s?(?P<z>[{_HAN}两]{{1,3}})点(?:(?P<half2>半))?"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that a text states. ``values``: its readings; two moments agree where they share one."""

    kind: MomentKind
    values: frozenset[str]
    start: int
    end: int


def moments(text: str) -> Iterator[Moment]:
    """Moments of ``text``, the surest first; overlapping ones are for the caller to drop.

    >>> sorted(v for m in moments("the 28th of Nov, 6 pm") for v in m.values if m.kind in ("day", "time"))
    ['-11-28', '1080']
    """
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if value := _date(match):
                yield Moment("day", frozenset({value}), *match.span())
    yield from _clocks(text)
    yield from _figures(text)
    for match in _WEEKDAY.finditer(text):
        yield Moment("weekday", frozenset({str(_weekday(match))}), *match.span())
    for match in _RELATIVE.finditer(text):
        yield Moment("relative", frozenset({match.group().casefold()}), *match.span())
    for match in _MONTH_ALONE.finditer(text):
        month = int(match["m"]) if match["m"] else _MONTHS.index(match["n"].lower()[:3]) + 1
        if 1 <= month <= 12:
            yield Moment("month", frozenset({str(month)}), *match.span())
    for match in _NTH.finditer(text):
        yield Moment("day of month", frozenset({str(int(match["d"] or match["z"]))}), *match.span())


def _figures(text: str) -> Iterator[Moment]:
    for match in _FIGURES.finditer(text):
        first, second = int(match["a"]), int(match["b"])
        if readings := {f"-{m}-{d}" for m, d in ((first, second), (second, first)) if m <= 12}:
            yield Moment("day", frozenset(readings), *match.span())


def _clocks(text: str) -> Iterator[Moment]:
    for pattern in (_CLOCK, _TWELVE):
        for match in pattern.finditer(text):
            minute = int(match["m"]) if pattern is _CLOCK else 0
            yield Moment("time", _minutes(_hour(match["h"]), minute, (match["half"] or "").lower()), *match.span())
    for match in _POINT.finditer(text):
        hour = int(match["h"]) if match["h"] else int(chinese(match["z"]) or 0)
        minute = (
            30
            if match["half"] or match["half2"]
            else {"一刻": 15, "三刻": 45}.get(match["quarter"] or "", int(match["m"] or 0))
        )
        yield Moment("time", _minutes(hour, minute, _half(match["part"] or match["part2"], hour)), *match.span())
    for match in _UNTIL.finditer(text):
        hour = _hour(match["h"] or match["g"] or match["o"])
        yield Moment("time", _minutes(hour, 0, "?"), *match.span())


def _hour(text: str) -> int:
    return int(text) if text.isdigit() else _HOUR_WORDS.index(text.lower()) + 1


def _half(part: str | None, hour: int) -> str:
    if part is None:
        return "?"
    if part == "中午":
        return "p" if hour < 10 or hour == 12 else "a"
    return "p" if part in ("下午", "傍晚", "晚上", "夜里", "晚") else "a"


def _minutes(hour: int, minute: int, half: str) -> frozenset[str]:
    """Minutes of the day; ``?`` where the half of the day is not said."""
    if half == "?":
        return frozenset({str(hour * 60 + minute), str((hour * 60 + minute + 720) % 1440)})
    if half:
        hour = hour % 12 + (12 if half == "p" else 0) if hour <= 12 else hour
    return frozenset({str(hour * 60 + minute)})


def _weekday(match: re.Match[str]) -> int:
    if match["zh"]:
        return min("一二三四五六日天".index(match["zh"]), 6)
    return _WEEKDAYS.index((match["full"] or match["short"]).lower()[:2])


def _date(match: re.Match[str]) -> str:
    groups = match.groupdict()
    month = _MONTHS.index(groups["n"].lower()[:3]) + 1 if groups.get("n") else _figure(groups["m"])
    day = _figure(groups["d"])
    return f"{groups.get('y') or ''}-{month}-{day}" if 1 <= month <= 12 and 1 <= day <= 31 else ""


def _figure(text: str) -> int:
    return int(text) if text.isdigit() else int(chinese(text) or 0)


def weekday_of(value: str) -> str | None:
    """The weekday of a date with a year (``2026-11-28``)."""
    year, month, day = value.split("-")
    try:
        return str(date(int(year), int(month), int(day)).weekday()) if year else None
    except ValueError:
        return None
