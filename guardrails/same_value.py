"""When two spellings are one value: ``138-0013-8000`` and ``+86 13800138000``, ``Yusuf  Rossi`` and ``yusuf rossi``.

Only spellings that cannot mean different values are joined; when in doubt they stay apart.
"""

import re

from guardrails.normalise import normalise

_MARKS = re.compile(r"[\s().·・/_-]+")
_TITLE = re.compile(r"^(?:mrs?|ms|mx|miss|dr|prof(?:essor)?)\.? (?=.)")
_CODES = frozenset({"CREDIT_CARD", "BANK_ACCOUNT", "ID_CARD", "PASSPORT", "LICENCE_PLATE", "POSTAL_CODE"})
_SPOKEN = str.maketrans("零〇一幺二两三四五六七八九", "0011223456789")


def key(kind: str, value: str) -> str:
    """Equal for two spellings of one value of ``kind``."""
    if kind in ("SECRET", "LITERAL"):
        return value
    text = normalise(value).text.strip()
    if kind == "PHONE_NUMBER":
        return _phone(text)
    if kind in _CODES:
        return _MARKS.sub("", text).upper()
    text = re.sub(r"\s+", " ", text).casefold()
    return _TITLE.sub("", text) if kind == "PERSON" else text


def _phone(text: str) -> str:
    number, _, extension = re.sub(r"(?i)ext\.?|转", "x", text.translate(_SPOKEN)).lower().partition("x")
    digits = re.sub(r"\D", "", number)
    if digits.startswith("00") and len(digits) > 11:
        digits, plus = digits[2:], True
    else:
        plus = "+" in number
    mobile = re.fullmatch(r"(?:86)?(1[3-9]\d{9})", digits)
    if mobile:
        digits = "cn" + mobile.group(1)
    elif re.fullmatch(r"1[2-9]\d{9}", digits):
        digits = digits[1:]
    elif plus:
        digits = "+" + digits
    return digits + ("x" + re.sub(r"\D", "", extension) if extension else "")
