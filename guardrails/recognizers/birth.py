"""Dates of birth: a date after a cue such as ``born on`` or 生日. A date without a cue is a delivery date.

Does not see ages, nor a birthday split over sentences.
"""

import re

from guardrails.recognizers.rule import Recognizer, Rule

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?"
_YEAR = r"(?:(?:19|20)\d\d|['’]?\d\d(?!\d))"
_DATE = (
    r"(?:(?:19|20)\d\d\s?(?:[-./]|年)\s?\d{1,2}\s?(?:[-./]|月)\s?\d{1,2}\s?[日号]?"
    r"|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s{_YEAR})?|\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR})?"
    r"|(?:19|20)\d{6}|\d{2}年\d{1,2}月\d{1,2}[日号]?|\d{1,2}月\d{1,2}[日号]|(?:19|20)\d\d[.年/-]\d{1,2}月?|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|(?:农历)?[正一二三四五六七八九十冬腊]{1,2}月[初廿]?[一二三四五六七八九十]{1,2})"
)
_CUE = (
    r"(?:date of birth|birth ?date|birthday|b-?day|d\.?o\.?b\.?|born(?: on| in)?|turn(?:ed|ing)?\s\d{1,3}\son|"
    r"出生(?:日期|年月日|年月)?|生日|生于)"
    r"\s?(?:is|was|[:：是为]|在|于)?\s?(?:on\s)?(?:the\s)?"
)
RULES = (
    Rule("birth.cued", "DATE_OF_BIRTH", re.compile(rf"(?i)(?<![a-z]){_CUE}(?P<v>{_DATE})(?!\d)"), 0.85),
    Rule(
        "birth.follows",
        "DATE_OF_BIRTH",
        re.compile(rf"(?i)(?<!\d)(?P<v>{_DATE})\s?(?:出生|生人|生的|生日|(?<=\d)生)"),
        0.85,
    ),
)


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("birth", RULES, language)
