"""Reads what a customer says about price: "under 500", "between 100 and 200", "500以内", "两三百块", "一百多".

Amounts are taken to be in the shop's currency, whatever sign stands beside them: nothing is converted.
A number with another unit ("under 5 kg", "3岁以下") is no price. Numbers in English words are not read.
"""

import re
from dataclasses import dataclass
from typing import Final

from babel.numbers import get_currency_precision, get_currency_symbol

AROUND: Final = 0.25  # "about 200" is read as 150 to 250

_DIGITS: Final = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_TENS: Final = {"十": 10, "百": 100, "千": 1000, "k": 1000, "万": 10_000}
_CN: Final = "零〇一二两俩三四五六七八九十百千万"

_NUM: Final = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2})?(?:k(?![a-z0-9]))?"
_SIGN: Final = r"(?:[¥$€£]|rmb|cny|usd|us\$|eur|gbp)"
_MONEY_WORD: Final = r"(?:yuan|rmb|cny|kuai|usd|eur|gbp|dollars?|bucks|euros?|pounds?|quid|[¥$€£])(?![a-z])"
_UNITS: Final = (
    "%|\"|'|k?g|mg|kgs|kilos?|grams?|lbs?|oz|ounces?|[cmk]?m|met(?:er|re)s?|inch(?:es)?|in|ft|feet|foot|m?l|lit(?:er|re)s?"
    "|years?|yrs?|months?|weeks?|days?|hours?|hrs?|h|min(?:ute)?s?|watts?|w|volts?|v|[mk]?ah|[gtm]b|people|persons?"
    "|pcs|pieces?|packs?|pairs?|pockets?|degrees?|°c?|db|hz|rpm|x"
)
_NO_UNIT: Final = rf"(?!\s*-?\s*(?:{_UNITS})(?![a-z]))"
_EN: Final = rf"(?:{_SIGN}\s*)?(?<![\d.,])({_NUM})(?!\d){_NO_UNIT}(?:\s*{_MONEY_WORD})?"
_EN_MARKED: Final = rf"(?:{_SIGN}\s*({_NUM})(?!\d)|(?<![\d.,a-z])({_NUM})\s*{_MONEY_WORD})"

_ZH_NUM: Final = rf"(?:¥\s*)?((?<![\d.,])(?:\d+(?:\.\d{{1,2}})?[百千万]?)|[{_CN}]+)"
_YUAN: Final = r"\s*(?:块钱|元钱|人民币|元|块|rmb|¥)"
# Chinese bounds often stand bare ("500以内"); a unit between number and bound breaks the pattern by itself.
_ZH_BOUND: Final = rf"{_ZH_NUM}(?:{_YUAN})?"
_ZH_NO_UNIT: Final = r"(?!\s*(?:[岁个人年月天寸米斤平克毫公页张片支户瓦度粒颗包厘升码]|ml|cm|kg|mm|g\b))"

_BELOW: Final = (
    r"(?:under|below|beneath|(?:less|lower) than|cheaper than|up to|at most|(?:no|not) more than|not over|within"
    r"|not exceeding|max(?:imum)?(?: of)?|<=?|≤|(?:my )?budget(?: is| of|:| under| around)?)"
)
_ABOVE: Final = r"(?:over|above|more than|at least|min(?:imum)?(?: of)?|starting (?:at|from)|upwards of|>=?|≥)"
_NEAR: Final = r"(?:around|about|approximately|roughly|near|close to|~)"
_ZH_BELOW: Final = (
    r"(?:不超过|不高于|低于|少于|小于|不到|最多|最高|别超过|不要超过|控制在|预算(?:是|在|为)?)\s*(?:大概|大约)?"
)


@dataclass(frozen=True, slots=True)
class PriceBound:
    """A price range in the currency's main unit; ``None`` is open. Both ends are meant inclusive."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class PriceWish:
    """What was read: the bound, whether low prices are wanted at all, and the text without these words."""

    bound: PriceBound | None
    cheap: bool
    rest: str


_CHEAP: Final = re.compile(
    r"\b(?:cheap(?:er|est)?|inexpensive|affordable|low(?:est)?[- ](?:cost|price[sd]?)|budget(?:[- ]friendly)?)\b"
    r"|(?:最)?便宜(?:一)?(?:点|些)?(?:儿)?的?|性价比高?的?|价格?低(?:一点)?的?|平价的?|实惠(?:一点)?的?|不(?:要)?太贵的?|别太贵的?"
)


def read_price(text: str) -> PriceWish:
    """The price wish in ``text``, which must be normalised (see ``words.normalise``).

    >>> read_price("cotton sheets under 300").bound
    PriceBound(low=None, high=300.0)
    >>> read_price("两三百块的耳机").bound
    PriceBound(low=200.0, high=300.0)
    """
    bound, rest = None, text
    for pattern, read in _READERS:
        match = pattern.search(text)
        if match and (bound := read([g for g in match.groups() if g])):
            rest = f"{text[: match.start()]} {text[match.end() :]}"
            break
    cheap = bool(_CHEAP.search(rest))
    return PriceWish(bound, cheap, " ".join(_CHEAP.sub(" ", rest).split()))


class Money:
    """Amounts of one currency, in minor units and in words."""

    def __init__(self, currency: str) -> None:
        self._scale = 10 ** get_currency_precision(currency)
        self._sign = "¥" if currency == "CNY" else get_currency_symbol(currency, locale="en")
        self._yuan = currency == "CNY"

    def minor(self, amount: float) -> int:
        """Minor units of an amount in the main unit."""
        minor: int = round(amount * self._scale)
        return minor

    def range(self, bound: PriceBound) -> tuple[str, str]:
        """A price range in English and Chinese."""
        low, high = (None if end is None else f"{end:.2f}".removesuffix(".00") for end in (bound.low, bound.high))
        zh_sign, yuan = ("", "元") if self._yuan else (self._sign, "")
        if low is None:
            return f"up to {self._sign}{high}", f"{zh_sign}{high}{yuan}以内"
        if high is None:
            return f"from {self._sign}{low}", f"{zh_sign}{low}{yuan}以上"
        return f"{self._sign}{low}–{self._sign}{high}", f"{zh_sign}{low}–{zh_sign}{high}{yuan}"


def amount(text: str) -> float | None:
    """The number a price phrase writes: ``"1,299"``, ``"1.5k"``, ``"三千五"``, ``"3千"``; ``None`` if it is none.

    >>> [amount(t) for t in ("1,299", "1.5k", "一百五", "三千五", "两百零五", "百", "3千")]
    [1299.0, 1500.0, 150.0, 3500.0, 205.0, 100.0, 3000.0]
    """
    plain = text.replace(",", "")
    if match := re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]+)?)([k百千万]?)", plain):
        return float(match[1]) * _TENS.get(match[2], 1)
    return _chinese_number(plain)


def _chinese_number(text: str) -> float | None:
    total, digit, unit = 0, None, 0
    for character in text:
        if character in _TENS:
            unit = _TENS[character]
            total += (1 if digit is None else digit) * unit
            digit = None
        elif character in _DIGITS and (digit is None or digit == 0):
            digit = _DIGITS[character]
            unit = unit if digit else 10  # after 零 a last digit counts ones
        else:
            return None
    if digit:  # 一百五 is 150; 十五 is 15
        total += digit * (unit // 10 if unit >= 100 else 1)
    return float(total) if total else None


def _below(groups: list[str]) -> PriceBound | None:
    high = amount(groups[0])
    return PriceBound(None, high) if high else None


def _above(groups: list[str]) -> PriceBound | None:
    low = amount(groups[0])
    return PriceBound(low, None) if low else None


def _around(groups: list[str]) -> PriceBound | None:
    middle = amount(groups[0])
    return PriceBound(middle * (1 - AROUND), middle * (1 + AROUND)) if middle else None


def _between(groups: list[str]) -> PriceBound | None:
    low, high = amount(groups[0]), amount(groups[1])
    if low is None or high is None:
        return None
    return PriceBound(min(low, high), max(low, high))


def _two_digits(groups: list[str]) -> PriceBound | None:
    """两三百: two neighbouring digits and one unit."""
    low, high, unit = groups
    return PriceBound(float(_DIGITS[low] * _TENS[unit]), float(_DIGITS[high] * _TENS[unit]))


def _and_more(groups: list[str]) -> PriceBound | None:
    """一百多 is 100 to 199; 几百 is 100 to 999."""
    digit, unit = (groups[0], groups[1]) if len(groups) > 1 else ("", groups[0])
    step = _TENS[unit]
    if digit:
        return PriceBound(float(_DIGITS[digit] * step), float((_DIGITS[digit] + 1) * step - 1))
    return PriceBound(float(step), float(10 * step - 1))


_BIG: Final = rf"(?<![\d.])\d{{2,6}}|[{_CN}]*[百千万][{_CN}]*"  # needs no word for money beside it
_D: Final = "[一二两三四五六七八九]"
_TO: Final = r"\s*(?:-|–|—|~|to|and)\s*"
_ZH_TO: Final = r"\s*(?:-|–|—|~|到|至)\s*"
_ZH_SPAN: Final = r"\s*[到至]\s*"
_READERS: Final = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (rf"(?:between|from)\s+{_EN}{_TO}{_EN}", _between),
        (rf"{_ZH_BOUND}{_ZH_TO}{_ZH_NUM}(?:{_YUAN}|之间|左右)+", _between),
        (rf"({_BIG}){_ZH_SPAN}({_BIG})(?!\d){_ZH_NO_UNIT}", _between),
        (rf"(?:{_SIGN}\s*)({_NUM}){_TO}(?:{_SIGN}\s*)?({_NUM})(?!\d)", _between),
        (rf"(?<![\d.,a-z])({_NUM}){_TO}({_NUM})\s*{_MONEY_WORD}", _between),
        (rf"({_D})({_D})([百千]|十(?={_YUAN})){_ZH_NO_UNIT}(?:{_YUAN})?(?:左右|上下|之间)?", _two_digits),
        (rf"({_D})([百千]|十(?=多{_YUAN}))多{_ZH_NO_UNIT}(?:{_YUAN})?", _and_more),
        (rf"几([百千十])(?:{_YUAN})", _and_more),
        (rf"{_ZH_BELOW}{_ZH_BOUND}{_ZH_NO_UNIT}(?:以内|以下|之内|左右)?", _below),
        (rf"{_ZH_BOUND}\s*(?:以内|以下|之内|之下|内)", _below),
        (rf"{_ZH_BOUND}\s*(?:以上|起步|起)", _above),
        (rf"(?:超过|高于|至少|不低于|大于)\s*{_ZH_NUM}{_YUAN}", _above),
        (rf"(?:大概|大约|差不多)?{_ZH_BOUND}\s*(?:左右|上下)", _around),
        (rf"{_BELOW}\s*{_EN}", _below),
        (rf"{_EN}\s*(?:or less|or under|or below|max(?:imum)?|tops)\b", _below),
        (rf"{_ABOVE}\s*{_EN}", _above),
        (rf"{_NEAR}\s*{_EN}", _around),
        (rf"{_ZH_NUM}{_YUAN}(?!\d)", _around),
        (_EN_MARKED, _around),
    )
)
