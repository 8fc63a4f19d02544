"""Typed values for the measurement of claims: drawn with a seed, written as facts and as a good agent writes them.

A value is a hashable key of its type; two spellings with one key say the same. Nobody's data: everything is made up.
It knows nothing of the guard that is measured. Some spellings are used in the check set only.
"""

# ruff: noqa: SIM905 - a list of words reads best as text

import random
from collections.abc import Callable
from typing import Any, Final, Literal

Lang = Literal["en", "zh"]
Key = Any
Spellings = tuple[list[str], list[str]]
"""Spellings of both sets, and those of the check set only."""

_ONES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS: Final = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_MONTHS: Final = ("January February March April May June July August September October November December").split()
_WEEKDAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_HAN: Final = "零一二三四五六七八九"
_UNITS_ZH: Final = {
    "hour": ("小时", "个小时"), "day": ("天", "天"), "working day": ("个工作日", "个工作日"), "week": ("周", "个星期"),
    "month": ("个月", "个月"), "year": ("年", "年"),
}  # fmt: skip
_MEASURES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "kg": (("kg", "kilograms"), ("kg", "公斤", "千克")),
    "g": (("g", "grams"), ("g", "克")),
    "ml": (("ml", "millilitres"), ("ml", "毫升")),
    "cm": (("cm", "centimetres"), ("cm", "厘米")),
    "W": (("W", "watts"), ("W", "瓦")),
    "mAh": (("mAh", "mAh"), ("mAh", "毫安时")),
}
_AMOUNTS: Final = {
    "kg": (0.8, 1.2, 1.5, 2.4, 3.6, 5.0, 7.5), "g": (150, 250, 320, 480, 650, 900), "ml": (250, 350, 450, 600, 750),
    "cm": (24, 32, 45, 60, 75, 110, 140), "W": (18, 30, 45, 65, 100), "mAh": (5000, 10000, 20000, 27000),
}  # fmt: skip
_SIZES: Final = (("XS", "S", "M", "L", "XL", "XXL"), ("36", "37", "38", "39", "40", "41", "42", "43", "44"))
_DURATIONS: Final = (
    (24, "hour"), (48, "hour"), (72, "hour"), (2, "day"), (3, "day"), (5, "day"), (7, "day"), (10, "day"),
    (14, "day"), (15, "day"), (30, "day"), (60, "day"), (90, "day"), (2, "working day"), (5, "working day"),
    (3, "week"), (6, "week"), (3, "month"), (6, "month"), (18, "month"), (1, "year"), (2, "year"), (3, "year"),
)  # fmt: skip


def english(number: int) -> str:
    """The number in words, below 10,000."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    unit, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    rest = number % unit
    return (
        f"{english(number // unit)} {name}"
        + (f" and {english(rest)}" if 0 < rest < 100 else "")
        + (f" {english(rest)}" if rest >= 100 else "")
    )


def chinese(number: int) -> str:
    """The number in words, below 10,000."""
    if number < 10:
        return _HAN[number]
    out, gap = "", False
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            out += ("零" if gap and out else "") + _HAN[digit] + sign
        gap = not digit
    return out[1:] if out.startswith("一十") else out


def counted(number: int) -> str:
    """The number before a measure word: 两件, 三件."""
    return "两" if number == 2 else chinese(number)


def _money(key: Key, lang: Lang) -> Spellings:
    symbol, minor = key
    full, whole = f"{minor / 100:,.2f}", f"{minor // 100:,}"
    short = whole if minor % 100 == 0 else full
    bare = short.replace(",", "")
    code = {"¥": "CNY", "$": "USD", "£": "GBP", "€": "EUR"}[symbol]
    if lang == "en":
        name = {"¥": "yuan", "$": "dollars", "£": "pounds", "€": "euros"}[symbol]
        words = [f"{english(minor // 100)} {name}"] if minor % 100 == 0 and minor < 10_000 else []
        return [f"{symbol}{full}", f"{symbol}{short}", f"{symbol}{bare}", f"{short} {name}"], [f"{code} {full}", *words]
    name = {"¥": "元", "$": "美元", "£": "英镑", "€": "欧元"}[symbol]
    words = [f"{chinese(minor // 100)}{name}"] if minor % 100 == 0 else []
    colloquial = [f"{bare}块"] if symbol == "¥" and minor % 100 == 0 else []
    shown = "￥" if symbol == "¥" else symbol
    return [f"{symbol}{full}", f"{shown}{bare}", f"{bare}{name}", f"{short} {name}", *words], [
        f"{full}{name}",
        *colloquial,
    ]


def _day(key: Key, lang: Lang) -> Spellings:
    month, day = key
    if lang == "zh":
        return [f"{month}月{day}日", f"{month}月{day}号", f"{month} 月 {day} 日"], [
            f"{chinese(month)}月{chinese(day)}日"
        ]
    name, nth = _MONTHS[month - 1], f"{day}{_suffix(day)}"
    return [f"{day} {name}", f"{name} {day}", f"{name[:3]} {day}", f"{name} {nth}"], [
        f"{day} {name[:3]}",
        f"the {nth} of {name}",
    ]


def _suffix(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _weekday(key: Key, lang: Lang) -> Spellings:
    if lang == "en":
        return [_WEEKDAYS[key]], [_WEEKDAYS[key][:3]]
    sign = "一二三四五六日"[key]
    return [f"星期{sign}", f"周{sign}"], [f"礼拜{sign}"]


def _time(key: Key, lang: Lang) -> Spellings:
    hour, minute = divmod(key, 60)
    clock, twelve = f"{hour}:{minute:02}", (hour - 1) % 12 + 1
    if lang == "en":
        half = "am" if hour < 12 else "pm"
        said = f"{twelve}:{minute:02}" if minute else str(twelve)
        return [clock, f"{said} {half}"], [f"{said}{half}", f"{said} {half[0]}.m."]
    part = "上午" if hour < 12 else "下午" if hour < 18 else "晚上"
    return [clock, f"{part}{twelve}点{'半' if minute else ''}"], [f"{hour}点{'半' if minute else ''}"]


def _count(key: Key, lang: Lang) -> Spellings:
    return [str(key), english(key) if lang == "en" else counted(key)], []


def _duration(key: Key, lang: Lang) -> Spellings:
    number, unit = key
    same = {(14, "day"): (2, "week"), (7, "day"): (1, "week"), (1, "year"): (12, "month"), (2, "year"): (24, "month")}
    held = [spelling for spelling in _duration(same[key], lang)[0]] if key in same else []
    if lang == "en":
        many = unit if number == 1 else f"{unit}s"
        return [f"{number} {many}", f"{english(number)} {many}", *([f"a {unit}"] if number == 1 else [])], held
    short, long = _UNITS_ZH[unit]
    return [f"{number}{short}", f"{counted(number)}{long}", f"{number} {long}"], held


def _span(key: Key, lang: Lang) -> Spellings:
    low, high, unit = key
    if lang == "en":
        word = (f"{english(low)} to {english(high)} {unit}s",)
        return [f"{low}–{high} {unit}s", f"{low}-{high} {unit}s", f"{low} to {high} {unit}s", *word], [
            f"between {low} and {high} {unit}s"
        ]
    name = _UNITS_ZH[unit][0]
    return [
        f"{low}–{high}{name}",
        f"{low}-{high}{name}",
        f"{low}到{high}{name}",
        f"{counted(low)}到{counted(high)}{name}",
    ], [f"{low}~{high}{name}", f"{low}至{high}{name}"]


def _percent(key: Key, lang: Lang) -> Spellings:
    if lang == "en":
        return [f"{key}%", f"{key} percent", f"{english(key)} percent"], [f"{key} per cent"]
    return [f"{key}%", f"百分之{chinese(key)}"], [f"{key}％"]


def _zhe(key: Key, lang: Lang) -> Spellings:
    tens, ones = divmod(key, 10)
    if not ones:
        return [f"{tens}折", f"{_HAN[tens]}折"], []
    return [f"{tens}.{ones}折", f"{_HAN[tens]}{_HAN[ones]}折"], [f"{key}折"]


def _measure(key: Key, lang: Lang) -> Spellings:
    number, unit = key
    names = _MEASURES[unit][lang == "zh"]
    gap = " " if lang == "en" else ""
    return [f"{number:g} {unit}", *(f"{number:g}{gap}{name}" for name in names)], [f"{number:g}{unit}"]


def _phone(key: Key, lang: Lang) -> Spellings:
    return [key, key.replace("-", " ")], [key.replace("-", "")]


def _tail(key: Key, lang: Lang) -> Spellings:
    return [key], []


_SPELLERS: Final[dict[str, Callable[[Key, Lang], Spellings]]] = {
    "money": _money, "day": _day, "weekday": _weekday, "time": _time, "count": _count, "duration": _duration,
    "span": _span, "percent": _percent, "zhe": _zhe, "measure": _measure, "phone": _phone,
}  # fmt: skip


def spell(kind: str, key: Key, lang: Lang, rng: random.Random, *, held_out: bool) -> str:
    """The value as a good agent might write it; kinds without a speller are written as they are."""
    both, only_check = _SPELLERS.get(kind, _tail)(key, lang)
    return rng.choice(both + only_check if held_out else both)


def plain(kind: str, key: Key, lang: Lang) -> str:
    """The value as the shop's records write it."""
    return _SPELLERS.get(kind, _tail)(key, lang)[0][0]


def _digits(rng: random.Random, many: int) -> str:
    return str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(many - 1))


def _draw_tracking(rng: random.Random) -> str:
    return rng.choice(
        [f"SF{_digits(rng, 13)}", f"YT{_digits(rng, 13)}", f"1Z{_digits(rng, 3)}AA{_digits(rng, 10)}", _digits(rng, 14)]
    )


def _draw_money(rng: random.Random, symbol: str) -> Key:
    whole = rng.choice([rng.randint(5, 99), rng.randint(100, 999), rng.randint(1000, 4999), rng.randint(1, 30) * 50])
    return symbol, whole * 100 + rng.choice([0, 0, 0, 90, 99, 50])


def draw(kind: str, lang: Lang, rng: random.Random, symbol: str, sizes: int) -> Key:
    """A new value of a kind; money in the scene's currency, sizes of the scene's system."""
    match kind:
        case "money":
            return _draw_money(rng, symbol)
        case "size":
            return rng.choice(_SIZES[sizes])
        case _ if kind in _DRAWN:
            return _DRAWN[kind](rng)
        case _:
            return _draw_code(kind, lang, rng)


def _draw_span(rng: random.Random) -> Key:
    low = rng.randint(1, 8)
    return low, low + rng.randint(1, 5), rng.choice(["day", "working day", "day", "week"])


def _draw_measure(rng: random.Random) -> Key:
    unit = rng.choice(list(_AMOUNTS))
    return rng.choice(_AMOUNTS[unit]), unit


_DRAWN: Final[dict[str, Callable[[random.Random], Key]]] = {
    "day": lambda rng: (rng.randint(1, 12), rng.randint(1, 28)),
    "weekday": lambda rng: rng.randrange(7),
    "time": lambda rng: rng.randint(7, 21) * 60 + rng.choice([0, 0, 30]),
    "count": lambda rng: rng.randint(2, 12),
    "duration": lambda rng: rng.choice(_DURATIONS),
    "span": _draw_span,
    "percent": lambda rng: rng.choice([3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 50]),
    "zhe": lambda rng: rng.choice([60, 65, 70, 75, 80, 85, 88, 90, 95]),
    "measure": _draw_measure,
}


def _draw_code(kind: str, lang: Lang, rng: random.Random) -> Key:
    letters = "ABCDEFGHJKLMNPRSTVWX"
    match kind:
        case "order":
            return rng.choice([f"TF{_digits(rng, 8)}", f"#W{_digits(rng, 7)}"])
        case "tracking":
            return _draw_tracking(rng)
        case "model":
            pair = "".join(rng.sample(letters, 2))
            return rng.choice(
                [
                    f"{pair}-{_digits(rng, 3)}",
                    f"{pair}{_digits(rng, 2)}{rng.choice(letters)}",
                    f"{pair}-{_digits(rng, 4)}B",
                ]
            )
        case "coupon":
            return rng.choice(["AUTUMN", "HELLO", "SAVE", "VIP", "WELCOME", "THANKS", "NEW", "LUCKY"]) + _digits(rng, 2)
        case "phone" if lang == "zh":
            return f"400-{_digits(rng, 3)}-{_digits(rng, 4)}"
        case "phone":
            return f"{_digits(rng, 3)}-555-01{rng.randint(10, 99)}"
        case _:
            raise ValueError(f"expected a kind of value, got {kind!r}")


def same(kind: str, first: Key, second: Key) -> bool:
    """Whether two keys of a kind say the same, or one is a bound of the other."""
    if kind == "duration":
        return bool(_in_days(first) == _in_days(second))
    return bool(first == second)


def within(duration: Key, span: Key) -> bool:
    """Whether a duration lies within a span: "48 hours" of "2-4 days"."""
    low, high, unit = span
    days, first, last = _in_days(duration), _in_days((low, unit)), _in_days((high, unit))
    if isinstance(days, int) and isinstance(first, int) and isinstance(last, int):
        return first <= days <= last
    return bool(duration[1] == unit and low <= duration[0] <= high)


def _in_days(key: Key) -> tuple[int, str] | int:
    number, unit = key
    scale = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30.4, "year": 365}
    return (number, unit) if unit == "working day" else round(number * scale[unit])
