"""Numbers with what they count: money, time, shares, measures, sizes, pieces. Values are comparable across languages.

``30 days`` is ``三十天`` and ``720 hours``; ``2 weeks`` is ``14 days``; ``1 year`` is ``12 months``; ``1.5 kg`` is
``1500克``; ``八折`` is ``20% off``. A number whose unit stands further on takes it over a range: ``3 to 5 days``.
A unit that is not known here is a count of something.
"""
# ruff: noqa: E501, SIM905 - one unit a line

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from guardrails.numerals import Number, numbers

_UNITS: Final = (
    # pattern after the number, dimension, factor; the first that fits
    (r"个?(?:工作日|working days?)|(?:business|working)[\s-]days?", "working day", 1),
    (r"(?:minutes?|mins?)(?![a-z])|分钟", "hour", Fraction(1, 60)),
    (r"(?:hours?|hrs?|h)(?![a-z])|个?(?:小时|钟头)", "hour", 1),
    (r"(?:calendar[\s-])?days?(?![a-z])|个?自然日|天|日(?=内|以内|之内|后|游)", "hour", 24),
    (r"weeks?(?![a-z])|周(?!岁|[一二三四五六日天])|个?(?:星期|礼拜)(?![一二三四五六日天])", "hour", 168),
    (r"fortnights?(?![a-z])", "hour", 336),
    (r"months?(?![a-z])|个?自然月|个月|月(?=内|以内|之内|后)", "month", 1),
    (r"(?:years?|yrs?)(?![a-z])|年(?!\d|代|级|[一二三四五六七八九十]+月)|个?年头", "month", 12),
    (r"%|per\s?cent(?![a-z])|percent(?![a-z])|个百分点", "percent", 1),
    (r"折(?!叠|合|算)", "pay", 1),
    (r"(?:美元|美金|dollars?(?![a-z])|usd(?![a-z])|us\$)", "USD", 1),
    (r"(?:英镑|pounds?(?![a-z])|gbp(?![a-z])|quid(?![a-z]))", "GBP", 1),
    (r"(?:欧元|euros?(?![a-z])|eur(?![a-z])|€)", "EUR", 1),
    (r"(?:日元|yen(?![a-z])|jpy(?![a-z]))", "JPY", 1),
    (r"(?:港[元币]|hkd(?![a-z]))", "HKD", 1),
    (r"(?:人民币)?元|块钱?|yuan(?![a-z])|cny(?![a-z])|rmb(?![a-z])", "CNY", 1),
    (r"(?:kg|kgs|kilograms?|kilogrammes?|kilos?)(?![a-z])|公斤|千克", "g", 1000),
    (r"(?:mg|milligrams?)(?![a-z])|毫克", "g", Fraction(1, 1000)),
    (r"(?:g|grams?|grammes?)(?![a-z])|克", "g", 1),
    (r"(?:lbs?)(?![a-z])|磅", "lb", 1),
    (r"(?:oz|ounces?)(?![a-z])|盎司", "oz", 1),
    (r"斤", "g", 500),
    (r"(?:ml|millilit(?:re|er)s?)(?![a-z])|毫升", "ml", 1),
    (r"(?:l|lit(?:re|er)s?)(?![a-z])|升", "ml", 1000),
    (r"(?:mm|millimet(?:re|er)s?)(?![a-z])|毫米", "mm", 1),
    (r"(?:cm|centimet(?:re|er)s?)(?![a-z])|厘米|公分", "mm", 10),
    (r"(?:km|kilomet(?:re|er)s?)(?![a-z])|公里|千米", "mm", 1_000_000),
    (r"(?:m|met(?:re|er)s?)(?![a-z])|米", "mm", 1000),
    (r"(?:inch|inches)(?![a-z])|英?寸|\"", "inch", 1),
    (r"(?:ft|feet|foot)(?![a-z])|英尺", "ft", 1),
    (r"(?:kw|kilowatts?)(?![a-z])|千瓦", "W", 1000),
    (r"(?:w|watts?)(?![a-z])|瓦", "W", 1),
    (r"(?:v|volts?)(?![a-z])|伏", "V", 1),
    (r"mah(?![a-z])|毫安时?", "mAh", 1),
    (r"wh(?![a-z])|瓦时", "Wh", 1),
    (r"tb(?![a-z])", "GB", 1000),
    (r"gb(?![a-z])", "GB", 1),
    (r"mb(?![a-z])", "MB", 1),
    (r"hz(?![a-z])|赫兹", "Hz", 1),
    (r"(?:°c|℃|°|degrees?(?![a-z]))|摄氏度|度", "degree", 1),
    (r"(?:lumens?|lm)(?![a-z])|流明", "lm", 1),
    (r"(?:db|decibels?)(?![a-z])|分贝", "dB", 1),
    (r"码", "size", 1),
    (r"[x×](?!\s?[a-z0-9])|件|款|双|条|台|个|种|位|张|套|只|本|瓶|盒|袋|包|把|支|箱|次|名|人|份|笔|项|样|期|遍|层|倍|副|枚|片|粒|部|根|颗|盏|床|听|罐|组|对|点?积分", "count", 1),
)  # fmt: skip
_RIGHT: Final = tuple((re.compile(rf"(?i)(?:{pattern})"), dim, factor) for pattern, dim, factor in _UNITS)
_GAP: Final = re.compile(r"[\s-]?(?:more\s|full\s|整|多)?")
_HALF_A: Final = re.compile(r"\san?\s")
_LEFT: Final = (
    (re.compile(r"(?i)(?:us\$|usd\s?|(?<![a-z])\$\s?)$"), "USD"),
    (re.compile(r"(?i)(?:hk\$|hkd\s?)$"), "HKD"),
    (re.compile(r"(?i)(?:£|(?<![a-z])gbp)\s?$"), "GBP"),
    (re.compile(r"(?i)(?:€|(?<![a-z])eur)\s?$"), "EUR"),
    (re.compile(r"(?i)(?:jp¥|jpy)\s?$"), "JPY"),
    (re.compile(r"(?i)(?:[¥￥]|人民币|(?<![a-z])(?:cny|rmb))\s?$"), "CNY"),
    (re.compile(r"百分之$"), "percent"),
    (re.compile(r"(?i)(?:(?<![a-z])sizes?|尺码|码数|鞋码)[\s:：为是]{0,2}$"), "size"),
    (re.compile(r"(?i)(?<![a-z])[x×*]\s?$"), "count"),
)
_NOUN: Final = re.compile(r"[\s-](?P<noun>[a-z][a-z’']{2,})")
_NO_NOUN: Final = frozenset(
    """
    and are but can for from has have left may more not now only out per than that the then till too until was were
    which will with you your off our all any its this these those when who here there also still
    """.split()
)
_BETWEEN: Final = re.compile(r"(?i)\s?(?:[-–—~～×x*/]|to|and|or|through|up to|到|至|或者?|和|乘以?|、|,)\s?")
MONEY: Final = frozenset({"USD", "GBP", "EUR", "JPY", "HKD", "CNY"})
LOOSE: Final = frozenset({"count", "size", "bare"})
"""Dimensions that say little of what is counted."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a dimension, in its base unit; ``bare`` where nothing tells what it counts.

    Attributes:
        number: the number as written, without its unit's factor.
        words: written in words.
    """

    dim: str
    value: Fraction
    number: Fraction
    start: int
    end: int
    words: bool = False


def quantities(text: str, taken: bytearray) -> list[Quantity]:
    """Quantities of ``text`` in order; numbers at places that are ``taken`` are left out.

    >>> [(q.dim, str(q.value)) for q in quantities("3 to 5 days, 1.5kg, ¥59–79", bytearray(30))]
    [('hour', '72'), ('hour', '120'), ('g', '1500'), ('CNY', '59'), ('CNY', '79')]
    """
    found: list[Number] = []
    units: list[tuple[str, Fraction | int, int]] = []
    for number in numbers(text):
        if not any(taken[number.start : number.end]) and (not units or number.start >= units[-1][2]):  # 千 of 5千克
            found.append(number)
            units.append(_unit(text, number))
    for at in range(len(found) - 2, -1, -1):  # a range takes the unit that stands at its end
        if units[at][0] in ("bare", "size") and _joined(text, found[at], found[at + 1]):
            dim, factor, _ = units[at + 1]
            units[at] = (dim, factor, found[at].end) if dim != "bare" else units[at]
    for at in range(1, len(found)):  # or the mark that stands at its beginning
        if units[at][0] == "bare" and _joined(text, found[at - 1], found[at]) and units[at - 1][0] in MONEY | {"size"}:
            units[at] = (units[at - 1][0], units[at - 1][1], found[at].end)
    return [
        _quantity(text, number, unit)
        for number, unit in zip(found, units, strict=True)
        if _counts(text, number, unit[0])
    ]


def _joined(text: str, first: Number, second: Number) -> bool:
    return bool(_BETWEEN.fullmatch(text, first.end, second.start))


def _unit(text: str, number: Number) -> tuple[str, Fraction | int, int]:
    for pattern, dim in _LEFT:
        if pattern.search(text, max(0, number.start - 12), number.start):
            right = _right(text, number)
            return right if right and dim in LOOSE else (dim, 1, number.end)
    right = _right(text, number)
    if right:
        return right
    noun = _NOUN.match(text, number.end)
    if noun and noun["noun"] not in _NO_NOUN:
        return "count", 1, number.end
    return "bare", 1, number.end


def _right(text: str, number: Number) -> tuple[str, Fraction | int, int] | None:
    scale, start = 1, number.end
    if number.script == "digits" and text.startswith(("万", "k ", "K "), start):
        scale, start = (10_000 if text[start] == "万" else 1000), start + 1
    gap = (_HALF_A if number.script == "english" and number.value < 1 else _GAP).match(text, start)
    for at in dict.fromkeys((start, gap.end() if gap else start)):
        for pattern, dim, factor in _RIGHT:
            if match := pattern.match(text, at):
                return dim, factor * scale, match.end()
    return None


def _quantity(text: str, number: Number, unit: tuple[str, Fraction | int, int]) -> Quantity:
    dim, factor, end = unit
    value = number.value * factor
    if dim == "pay" and value < 10:
        value *= 10
    start = number.start
    for pattern, left in _LEFT:
        if left == dim and (match := pattern.search(text, max(0, start - 12), start)):
            start = match.start()
    return Quantity(dim, value, number.value, start, end, number.script != "digits")


_NOT_A_NUMBER: Final = re.compile(r"[第每某同]$")
_TIMES: Final = re.compile(
    r"(?i)(?:once|twice|times|per|every|each|such|what|quite|many|give|name|pick|choose|set|promise)\s$"
)
_ALL_DAY: Final = re.compile(r"一(?:天到晚|年四季|年到头)")


def _counts(text: str, number: Number, dim: str) -> bool:
    """Whether the words state a number: not "this one", 一款, "twice a day", 第三, 十分."""
    if number.script == "digits":
        return True
    if number.script == "article":
        return not _TIMES.search(text, max(0, number.start - 9), number.start)
    if number.script == "english":
        return number.value != 1 or dim not in LOOSE
    if dim == "bare" or _NOT_A_NUMBER.search(text, max(0, number.start - 1), number.start):
        return False
    return (number.value != 1 or dim not in LOOSE) and not _ALL_DAY.match(text, number.start)


def listed(facts: Sequence[str]) -> set[int]:
    """How many things each fact lists, and how many pieces: "Quilt × 2; Towel" are two things, three pieces."""
    found = set()
    for fact in facts:
        parts = re.split(r"[,;、；，/|]", fact)
        many = [int(match[1]) for part in parts if (match := re.search(r"[x×]\s?(\d{1,3})(?!\d)", part))]
        found |= {len(parts), len(parts) + sum(many) - len(many)}
    return found
