"""Where a text names values of a product's options: "15 inch" is 15-inch, "soft" softshell, "no backlight" none.

The options and their values come from the product; nothing here knows a product. Values of several options that look
alike ("black" frame, "black" lens) go to the option whose name stands near, else to the first.
"""
# ruff: noqa: E501 - expressions and sentences stay on one line, so that they can be searched

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from bot.catalogue.words import normalise
from bot.service.goods import TOKEN, fold
from bot.service.wording import NOT, SIZES

Options = Mapping[str, tuple[str, ...]]
"""Option name → its values, as the shop writes them."""
NEAR: Final = 24
_NUMBERS: Final = dict(
    zip(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], range(1, 11), strict=True)
)
_UNITS: Final = (
    ("ft", "foot", "feet"), ("inch", "inches", "in", '"', "寸", "英寸"), ("l", "liter", "liters", "litre", "litres", "升"),
    ("ml", "毫升"), ("hour", "hours", "hrs", "hr", "h", "小时"), ("gb", "g"), ("tb", "t"), ("lbs", "lb", "pounds"),
    ("cup", "cups"), ("kg", "kilo", "kilos", "千克", "公斤"), ("g", "克"), ("m", "米"), ("cm", "厘米", "公分"), ("bar", "bars"),
    ("gray", "grey"), ("color", "colour"), ("men", "men's"), ("women", "women's"),
)  # fmt: skip
_ALIKE: Final = {word: group for group in _UNITS for word in group}
_NO: Final = frozenset({"no", "none", "not resistant", "否", "无", "不"})
_YES: Final = frozenset({"yes", "是", "有"})
_COMMON: Final = frozenset({"and", "or", "with", "the", "a", "to", "of", "in", "one", "size", "set", "no", "not"})


@dataclass(frozen=True, slots=True)
class Hit:
    """A value that a text names."""

    option: str
    value: str
    start: int
    end: int
    negated: bool = False


def hits(text: str, options: Options) -> list[Hit]:
    """The values that ``text`` names, in order; of two that overlap the longer one."""
    found: list[Hit] = []
    for option, values in options.items():
        for value in values:
            found += [Hit(option, value, m.start(), m.end()) for m in _stated(option, value).finditer(text)]
            found += [
                Hit(option, value, m.start(), m.end(), bool(NOT.search(text[: m.start()])))
                for m in _pattern(option, value, values).finditer(text)
            ]
        found += _flags(text, option, values)
    return _settled(found, text)


@cache
def _stated(option: str, value: str) -> re.Pattern[str]:
    """“armrest: none”, "waterproof is no": the option's name and then the value, whatever the value."""
    name, plain = (re.escape(normalise(text)) for text in (option, value))
    end = r"(?![a-z0-9])" if value[-1:].isascii() else ""
    return re.compile(rf"{name}\s?(?:is|=|:|：|为|是)\s?{plain}{end}")


def named(option: str, text: str) -> re.Match[str] | None:
    """Where the option itself is named: "material", "waterproof", "the lens"."""
    words = [re.escape(_root(word)) + r"\w*" for word in TOKEN.findall(normalise(option)) if word not in _COMMON]
    words += [re.escape(option)] if not option.isascii() else []
    words += ["size"] if option == "size" else []
    return re.search(rf"(?<![a-z])(?:{'|'.join(words)})", text) if words else None


@cache
def _pattern(option: str, value: str, values: tuple[str, ...]) -> re.Pattern[str]:
    plain = normalise(value)
    forms = [_spelled(plain)] if plain not in _NO | _YES else []
    if plain.replace(".", "").isdigit():  # a bare number is a value only beside the option's name
        name = "|".join(re.escape(_root(w)) + r"\w*" for w in TOKEN.findall(normalise(option))) or re.escape(option)
        number = _spelled(plain)
        forms = [
            rf"(?:{name}|size|sized|尺?码)\s?(?:is|of|:|=|为|是|：)?\s?{number}",
            rf"{number}[\s-]?(?:{name}|码|号)",
        ]
    if plain.endswith("色") and len(plain) > 1:  # 黑的, 森林绿的
        root = re.escape(plain[:-1])
        forms.append(rf"{root}(?:色|的)" if len(plain) == 2 else root)
    if number_of := re.fullmatch(r"(\d+)[码号]", plain):
        forms.append(rf"(?<!\d){number_of[1]}(?!\d)")
    forms += _telling_parts(plain, values)
    if (option and "size" in option.lower()) or not option.isascii():
        forms += [_spelled(word) for word, size in SIZES.items() if size == plain and plain not in SIZES]
    edge_left, edge_right = (r"(?<![a-z0-9.'])", r"(?![a-z0-9])") if plain.isascii() else ("", "")
    return re.compile("|".join(f"{edge_left}(?:{form}){edge_right}" for form in forms) or r"(?!)")


def _spelled(value: str) -> str:
    """The value with gaps, hyphens and units as people write them; numbers also as words."""
    parts = re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+|[%+/\"]", value)
    shown = []
    for part in parts:
        alike = _ALIKE.get(part)
        if part.isdigit() and 1 <= int(part) <= 10:
            word = next(name for name, n in _NUMBERS.items() if n == int(part))
            shown.append(f"(?:{part}|{word}|the|a)" if value in ("1 kg", "1kg") else f"(?:{part}|{word})")
        elif alike:
            shown.append(f"(?:{'|'.join(map(re.escape, alike))})")
        else:
            plural = part.isascii() and part.isalpha() and len(part) > 3
            shown.append(re.escape(part.removesuffix("s") if plural else part) + ("s?" if plural else ""))
    return r"[\s-]?".join(shown)


def _telling_parts(plain: str, values: tuple[str, ...]) -> list[str]:
    """Words of a longer value that no other value of the option has, and beginnings of compound ones."""
    others = [normalise(v) for v in values if normalise(v) != plain]
    if (size := re.match(r"(x{0,3}[sl]|m)[\s(（]", plain)) and not any(o.startswith(size.group()) for o in others):
        return [rf"(?<![a-z0-9]){size[1]}(?![a-z0-9])"]  # "L 95×70 cm"
    tokens = re.findall(r"[a-z0-9]+(?:\.\d+)?", plain) if plain.isascii() else []
    forms = [
        re.escape(t) + ("s?" if t.isalpha() else "")
        for t in tokens
        if len(tokens) > 1
        and len(t) > 1
        and t not in _COMMON
        and not any(_has(t, other) for other in others)
        and not (t.isdigit())
    ]
    if len(tokens) > 1 and tokens[0].isdigit() and len(tokens[0]) > 1 and not any(_has(tokens[0], o) for o in others):
        forms.append(re.escape(tokens[0]))
    if len(tokens) == 1 and tokens[0].isalpha() and len(plain) >= 8:  # soft(shell), hard(shell)
        forms += (
            [f"{plain[:4]}(?:[\\s-]?{plain[4:]}|[\\s-](?:sided|material|case|cover)?)"]
            if not any(o.startswith(plain[:4]) for o in others)
            else []
        )
    return forms


def _has(token: str, value: str) -> bool:
    return token in re.findall(r"[a-z0-9]+(?:\.\d+)?", value)


def _flags(text: str, option: str, values: tuple[str, ...]) -> list[Hit]:
    """Options that something has or has not: named alone they are meant, after a "no" they are not."""
    yes = next((v for v in values if normalise(v) in _YES), None)
    no = next((v for v in values if normalise(v) in _NO or normalise(v).startswith(("not ", "non"))), None)
    if no is None:
        return []
    found: list[Hit] = []
    for match in re.finditer(_flag_pattern(option), text):
        negative = bool(NOT.search(text[: match.start()]))
        value = no if negative else yes
        if value is not None:
            found.append(Hit(option, value, match.start(), match.end()))
    return found


@cache
def _flag_pattern(option: str) -> str:
    words = [_root(word) for word in TOKEN.findall(normalise(option)) if word not in _COMMON]
    if not words:
        return re.escape(option)
    return r"(?<![a-z])" + r"[\s-]?".join(re.escape(word) + r"\w*" for word in words)


def _root(word: str) -> str:
    plain = fold(word)
    return plain[:6] if len(plain) > 6 else plain


def _settled(found: list[Hit], text: str) -> list[Hit]:
    kept: list[Hit] = []
    for hit in sorted(found, key=lambda h: (h.start - h.end, h.start, not _beside(h, text))):
        if all(hit.end <= other.start or hit.start >= other.end for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda h: h.start)


def _beside(hit: Hit, text: str) -> bool:
    """Whether the option's own name stands right before or after the value."""
    around = text[max(0, hit.start - NEAR) : hit.start] + " " + text[hit.end : hit.end + NEAR]
    return named(hit.option, around) is not None
