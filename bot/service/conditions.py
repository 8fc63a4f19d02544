"""Conditions on the price of what a thing shall become: "only if it is cheaper", "if it costs less than $200".

Words and amounts in minor units; which variant it is about is settled before. Knows no other conditions.
"""

import re
from typing import Final

_AMOUNT: Final = r"[$¥€£]?\s?(?P<amount>\d[\d,]*(?:\.\d+)?)"
_IF: Final = r"(?:\bif\b|\bas\slong\sas\b|\bprovided\b|\bunless\b|如果|要是|只要)"
_LIMIT: Final = re.compile(
    rf"{_IF}[^.;。]{{0,60}}?(?:(?P<less>less|lower|cheaper|under|below|at\smost|up\sto|no\smore|not\smore|低于|少于|不超过|不到|便宜于)|more|over|above|超过|高于)"
    rf"\s?(?:than\s)?{_AMOUNT}"
)
_DIFFERENCE: Final = re.compile(r"\bdifference\b|\bextra\b|\badditional\b|\bon\stop\b|差价|多付|补")
_CHEAPER: Final = re.compile(
    r"(?:\bonly\s)?(?:\bif\b|\bas\slong\sas\b|\bprovided\b)[^.;]{0,30}\b(?:cheaper|less\sexpensive|cost\w*\sless|lower\s(?:in\s)?price)\b(?!\sthan\s[$¥€£]?\d)"
    r"|(?:如果|要是|只要)[^。，,；]{0,12}(?:更便宜|便宜(?:一点|些)?(?:的话)?)(?!.{0,2}\d)"
)
_NOT_DEARER: Final = re.compile(
    r"(?:\bif\b|\bas\slong\sas\b|\bprovided\b)[^.;]{0,30}(?:\b(?:not|n't|no)\b[^.;]{0,15}\b(?:more|extra|dearer|pricier)\b(?!\sthan\s[$¥€£]?\d)|\bsame\sprice\b)"
    r"|(?:如果|要是|只要)[^。，,；]{0,12}(?:不用补|不补差价|不(?:会)?更贵|价格一样|同价)"
)


def unmet(text: str, old_minor: int, new_minor: int) -> bool:
    """Whether ``text`` (lower case) holds a condition on the price that ``new_minor`` does not meet.

    >>> [unmet("only if they are cheaper", 5000, price) for price in (4900, 5000)]
    [False, True]
    >>> [unmet("if the difference is under $20, swap it", 5000, price) for price in (6900, 7100)]
    [False, True]
    >>> [unmet("如果不用补差价就换", 5000, price) for price in (5000, 5100)]
    [False, True]
    """
    if limit := _LIMIT.search(text):
        amount = round(float(limit["amount"].replace(",", "")) * 100)
        value = new_minor - old_minor if _DIFFERENCE.search(limit.group()) else new_minor
        most = re.search(r"at\smost|up\sto|no\smore|not\smore|不超过", limit.group())
        fails = value > amount if most else value >= amount if limit["less"] else value <= amount
        return fails is not limit.group().startswith("unless")
    if _CHEAPER.search(text):
        return new_minor >= old_minor
    return bool(_NOT_DEARER.search(text)) and new_minor > old_minor
