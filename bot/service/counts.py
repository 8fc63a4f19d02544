"""How many pieces of a thing are meant: "one of the cushions", "the other two", “只退一件”, “三个都”. Words only."""

import re
from typing import Final

ALL: Final = 1_000
"""As many as there are."""
_NUMBERS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5,
}  # fmt: skip
_N: Final = r"(?P<n>one|two|three|four|five|six|[1-9])"
_ZH: Final = r"(?P<n>[一两二三四五]|[1-9])[件个条双只盒袋包副瓶张把本]"
_OF_THEM: Final = re.compile(
    rf"\b{_N}\s(?:of|should)\b"
    rf"|\b(?:just|only|other|remaining|return|back)\s(?:the\s)?"
    rf"{_N.replace('<n>', '<m>')}\b(?!\s(?:day|week|month|inch|foot|more))"
    r"|\b(?P<all>both|all\s(?:of\s)?(?:them|those|these))\b(?!\sorders)"
)
_OF_THEM_ZH: Final = re.compile(
    rf"(?:其中|只[退换要改]?|就[退换改]?|[退换改]掉?|另外|剩下的?|其余){_ZH}|{_ZH.replace('<n>', '<m>')}都(?P<all>)"
)
_BEFORE: Final = re.compile(rf"\b{_N}\s(?:of\s)?(?:the\s|my\s|those\s)?(?:\w+\s){{0,2}}$")
_HAD: Final = re.compile(r"\b(?:bought|ordered|got|received|have|of\sthe|of\smy)\s$|买了?$|拍了?$")


def count_said(text: str) -> int | None:
    """How many of the one thing that ``text`` (tidy, lower case) speaks of; the last word counts.

    >>> [count_said(t) for t in ("one of the mugs", "i bought three, can i send the other two back?", "the mug")]
    [1, 2, None]
    >>> [count_said(t) for t in ("两件都是m，只换一件", "三个都要灰色", "one of them. actually, both back")]
    [1, 3, 1000]
    """
    found = [*_OF_THEM.finditer(text), *_OF_THEM_ZH.finditer(text)]
    last = max(found, key=lambda match: match.start(), default=None)
    if last is None:
        return None
    said = last.groupdict()
    number = said.get("n") or said.get("m")
    return _number(number) if number else ALL


def count_before(before: str) -> int | None:
    """The number right before a thing's name, unless it tells how many there were."""
    match = _BEFORE.search(before)
    return _number(match["n"]) if match and not _HAD.search(before[: match.start()]) else None


def _number(word: str) -> int:
    return _NUMBERS.get(word) or int(word)
