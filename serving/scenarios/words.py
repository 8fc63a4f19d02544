"""Whether a reply says what it must. Numbers count by value, words by their letters; nothing is understood.

    must say     reply                       said
    8276.23      "in total $8,276.23"        yes: thousands marks do not matter
    180.1        "$180.10"                   yes: the same number
    10           "order 210, $10.50"         no: another number
    camera       "two Cameras"               yes: capitals and a plural s do not matter
    IL           "you will get it"           no: inside a word

Twelve digits and more are an id and are compared digit by digit. Negation is not seen: "not 10" says 10.
"""

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Final

_NUMBER: Final = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d])")
_IS_NUMBER: Final = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?\Z")
_ID_DIGITS: Final = 12


def plain(text: str) -> str:
    """Full-width forms, capitals, curly quotes and runs of white space made one."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(folded.split())


def says(reply: str, wanted: str) -> bool:
    """Whether the words of ``reply`` hold ``wanted``; see the module's table.

    >>> says("In total $8,276.23.", "8276.23"), says("order 210", "10")
    (True, False)
    """
    want = plain(wanted)
    if not want:
        return True
    if _IS_NUMBER.match(want):
        return _value(want) in {_value(found) for found in _NUMBER.findall(plain(reply))}
    return bool(_pattern(want).search(plain(reply)))


def _value(digits: str) -> Decimal | str:
    bare = digits.replace(",", "")
    return bare if len(bare) >= _ID_DIGITS else Decimal(bare)


@lru_cache(maxsize=4096)
def _pattern(want: str) -> re.Pattern[str]:
    """Not inside a longer word of Latin letters or digits; Chinese has no such edges."""
    left = r"(?<![a-z0-9])" if re.match(r"[a-z0-9]", want) else ""
    right = r"s?(?![a-z0-9])" if re.search(r"[a-z]\Z", want) else r"(?!\d)" if want[-1].isdigit() else ""
    return re.compile(left + re.escape(want) + right)
