"""Postal codes: after a cue (zip, postcode, PLZ, eircode, 邮编), after a US state, or beside a name that identifies.

Does not see a bare five- or six-digit number: shops are full of those.
Source: USPS state abbreviations; UK postcode pattern of BS 7666; GB/T 2260 length for China.
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import re

from guardrails.recognizers.rule import ORDER_WORDS, Recognizer, Rule

STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|"
    "OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY"
)
_LINK = r"(?:\s?(?:code|number|no\.?))?['’]?s?\s{0,2}(?:is|was|are|=|[:：,]|should be|would be|it'?s|changed to)?\s{0,2}(?:is\s|now\s)?[\"'(*]{0,3}"
_UK = r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"
_FAR_CUE = r"(?i)(?<![a-z])(?:zip(?!\s?(?:bag|lock|hood|tie|pocket|up|fly|fleece|jacket))(?:\+4)?|postcode|postal\scode)(?![a-z])[^\d\n?!#$€£¥]{1,40}?"
_FAR_CODE = r"\d{5}(?:-\d{4})?(?![\w%-]|[.,]\d|\s(?:pieces|pcs|steps|orders|items|points))"
RULES = (
    Rule(
        "postal.cued", "POSTAL_CODE",
        re.compile(
            rf"(?i)(?<![a-z])(?:zip|post(?:al)?\s?code|postcode){_LINK}(?P<v>\d{{5}}-\d{{4}}|\d{{4,6}}|{_UK}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)(?![A-Za-z0-9])"
        ),
        0.9,
    ),
    Rule("postal.cue_before", "POSTAL_CODE", re.compile(rf"{_FAR_CUE}(?P<v>{_FAR_CODE})"), 0.8, unless=ORDER_WORDS),
    Rule(
        "postal.second", "POSTAL_CODE",
        re.compile(rf"{_FAR_CUE}\d{{5}}[^\d\n?!#$€£¥]{{1,20}}?(?P<v>{_FAR_CODE})"), 0.8, unless=ORDER_WORDS,
    ),
    Rule(
        "postal.cued_other", "POSTAL_CODE",
        re.compile(rf"(?i)(?<![a-z])(?:plz|postleitzahl|pin\s?code|eircode|cap|code postal){_LINK}(?P<v>\d{{5,6}}|[A-Z]\d[\dW]\s?[A-Z\d]{{4}})(?![A-Za-z0-9])"), 0.9,
    ),
    Rule(
        "postal.canada", "POSTAL_CODE",
        re.compile(r"(?<![A-Za-z0-9_-])[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\s\d[ABCEGHJ-NPRSTV-Z]\d(?![A-Za-z0-9_-])"), 0.75, unless=ORDER_WORDS,
    ),
    Rule(
        "postal.cued_zh", "POSTAL_CODE",
        re.compile(r"(?:邮编|邮政编码|邮递区号)[^\d。！？\n]{0,8}?(?:\d{6}[^\d。！？\n]{1,4})?(?P<v>\d{6}|\d{3}\s\d{3}|\d{5})(?![\d元])"), 0.95,
    ),
    Rule(
        "postal.then_cue", "POSTAL_CODE",
        re.compile(r"(?i)(?<![\w#$.-])(?P<v>\d{5}(?:-\d{4})?)\s(?:is|as)\s(?:my|the|our)\s(?:zip|post)"), 0.9,
    ),
    Rule(
        "postal.after_state", "POSTAL_CODE",
        re.compile(rf"(?<![A-Za-z])(?:{STATES}),?\s(?P<v>\d{{5}}(?:-\d{{4}})?)(?![\w-])"), 0.85,
    ),
    Rule(
        "postal.after_city", "POSTAL_CODE",
        re.compile(r"(?<![\w])[A-Z][a-z]+(?:\s[A-Z][a-z]+){0,2},\s(?P<v>\d{5}(?:-\d{4})?)(?=\s?(?:[.,;!?]|$|\n|and\s))"), 0.6,
    ),
    Rule(
        "postal.after_name", "POSTAL_CODE",
        re.compile(r"(?i)(?:name is|i'?m|it'?s|this is)\s[a-z'-]{2,20}(?:\s[a-z'-]{2,20}){0,2},?\s(?:and\s|from\s|in\s)?(?P<v>\d{5})(?![\w-])"), 0.7,
    ),
    Rule("postal.uk", "POSTAL_CODE", re.compile(r"(?<![A-Za-z0-9])(?P<v>[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})(?![A-Za-z0-9])"), 0.75),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("postal", RULES, language)
