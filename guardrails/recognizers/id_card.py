"""Resident identity numbers: China's 18 and 15 digits, the US social security number, passports and permits.

The checksum (GB 11643-1999, ISO 7064 MOD 11-2) raises the score and never gates: most wrong ones are typing slips.
Does not see other countries' numbers without a cue word.
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import re
from datetime import date

from guardrails.recognizers.rule import ORDER_WORDS, Recognizer, Rule, words

CUES = words("身份证", "证件", r"\bid\b", r"\bid card", r"resident id", "identity", "national id")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def has_checksum(value: str) -> bool:
    """Whether the 18th digit is the one GB 11643 asks for."""
    digits = re.sub(r"[\s-]", "", value).upper()
    if len(digits) != 18 or not digits[:17].isdigit():
        return False
    return "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, digits, strict=False)) % 11] == digits[17]


def _has_birthday(value: str) -> bool:
    digits = re.sub(r"[\s-]", "", value)
    text = digits[6:14] if len(digits) == 18 else "19" + digits[6:12]
    try:
        return 1900 <= date(int(text[:4]), int(text[4:6]), int(text[6:8])).year <= 2030
    except ValueError:
        return False


RULES = (
    Rule(
        "id.cn18", "ID_CARD",
        re.compile(r"(?<![\dA-Za-z_])[1-9]\d{5}[\s-]?(?:18|19|20)\d{2}[\s-]?(?:0[1-9]|1[0-2])[\s-]?(?:0[1-9]|[12]\d|3[01])[\s-]?\d{3}[\s-]?[\dXx](?![\dA-Za-z_])"),
        0.75, CUES, 0.95, check=has_checksum, check_score=1.0,
    ),
    Rule(
        "id.cn18_any", "ID_CARD",
        re.compile(r"(?<![\dA-Za-z_])[1-9]\d{5}[\s-]?\d{8}[\s-]?\d{3}[\dXx](?![\dA-Za-z_])"),
        0.0, CUES, 0.85, unless=ORDER_WORDS,
    ),
    Rule(
        "id.cn15", "ID_CARD",
        re.compile(r"(?<![\dA-Za-z_])[1-9]\d{14}(?![\dA-Za-z_])"),
        0.45, CUES, 0.9, unless=ORDER_WORDS, accept=_has_birthday,
    ),
    Rule(
        "id.us_ssn", "ID_CARD",
        re.compile(r"(?<![A-Za-z0-9_#-])(?!000|666|9)\d{3}([\s-])(?!00)\d\d\1(?!0000)\d{4}(?![A-Za-z0-9_-])"),
        0.5, words("ssn", "social security"), 0.95, unless=ORDER_WORDS,
    ),
    Rule(
        "id.uk_nino", "ID_CARD",
        re.compile(r"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D](?![A-Za-z0-9])"),
        0.75, words("national insurance", r"\bni\b", "nino"), 0.95, unless=ORDER_WORDS,
    ),
    Rule(
        "id.in_aadhaar", "ID_CARD", re.compile(r"(?<![\dA-Za-z-])[2-9]\d{3}[\s-]?\d{4}[\s-]?\d{4}(?![\dA-Za-z]|[\s-]\d)"),
        0.0, words("aadh?aar", "uidai"), 0.9,
    ),
    Rule(
        "id.number_cued", "ID_CARD", re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z-]{0,5}\d)[A-Za-z0-9]{2,20}(?:[\s-](?=[A-Za-z]{0,4}\d)[A-Za-z0-9]{2,6}){0,3}(?![A-Za-z0-9_-])"),
        0.0, words(r"(?:social insurance(?: number)?|\bsin|national insurance(?: number)?|tax (?:id|number)|\btfn|\bpan(?: card)?|aadh?aar|personalausweis(?:nummer)?|steuer-?id|\bdni|\bnie|id (?:number|no\.?)|identity (?:number|no\.?)|resident (?:id|permit)|driving licen[sc]e|driver'?s? licen[sc]e|身份证)(?:\s?(?:numbers?|no\.?|card|#))?\s?(?:is|was|[:：是为=#])?\s?$"), 0.8,
        accept=lambda v: sum(c.isdigit() for c in v) >= 4,
    ),
    Rule(
        "id.us_ssn_cued", "ID_CARD", re.compile(r"(?<!\d)\d{9}(?!\d)"),
        0.0, words(r"\bssn\b", "social security"), 0.9,
    ),
    Rule(
        "id.passport", "PASSPORT",
        re.compile(r"(?<![A-Za-z0-9_])[A-Za-z]{0,2}\d{6,9}(?![A-Za-z0-9_])"),
        0.0, words("passport", "护照"), 0.85,
    ),
    Rule(
        "id.cn_permit", "PASSPORT",
        re.compile(r"(?<![A-Za-z0-9_])[A-Za-z]{1,2}\d{7,10}(?![A-Za-z0-9_])"),
        0.0, words("通行证", "回乡证", "台胞证", "permit"), 0.85,
    ),
    Rule(
        "id.cued", "ID_CARD",
        re.compile(r"(?<![A-Za-z0-9_])(?=[A-Za-z-]{0,8}\d)[A-Za-z0-9-]{6,20}(?![A-Za-z0-9_])"),
        0.0, words(r"(?:national id|identity card|id card|身份证|证件号|driver'?s licen[sc]e|驾驶证|驾照)(?:\s?(?:number|no\.?|号码?))?\s?(?:is|[:：是为])?\s?$"), 0.8,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("id_card", RULES, language)
