"""Dates of birth: a date after a cue such as ``born on`` or 生日. A date without a cue is a delivery date.

Does not see ages, nor a birthday split over sentences.
"""

import re

from guardrails.recognizers.rule import Recognizer, Rule

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = (
    r"(?:(?:19|20)\d\d\s?(?:[-./]|年)\s?\d{1,2}\s?(?:[-./]|月)\s?\d{1,2}\s?[日号]?"
    r"|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s(?:19|20)\d\d)?|\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?:,?\s(?:19|20)\d\d)?"
    r"|(?:19|20)\d{6}|\d{2}年\d{1,2}月\d{1,2}[日号]?|\d{1,2}月\d{1,2}[日号])"
)
_CUE = (
    r"(?:date of birth|birth ?date|birthday|d\.?o\.?b\.?|born(?: on| in)?|出生(?:日期|年月日|年月)?|生日|生于)"
    r"\s?(?:is|was|[:：是为]|在|于)?\s?(?:on\s)?"
)
RULES = (
    Rule("birth.cued", "DATE_OF_BIRTH", re.compile(rf"(?i)(?<![a-z]){_CUE}(?P<v>{_DATE})(?!\d)"), 0.85),
    Rule("birth.follows", "DATE_OF_BIRTH", re.compile(rf"(?i)(?<!\d)(?P<v>{_DATE})\s?(?:出生|生人|生的)"), 0.85),
)


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("birth", RULES, language)
