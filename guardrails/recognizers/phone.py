"""Telephone numbers: China's mobiles, landlines and hotlines, and all regions through ``phonenumbers``.

Sees them glued to Chinese, spaced, dashed, with country code, and dictated in Chinese numerals.
Does not see numbers written out in English words, nor seven bare digits without a cue.
Source: the numbering plan of the PRC (MIIT, 2017); libphonenumber's metadata.
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import re

import phonenumbers

from guardrails.recognizers.rule import ORDER_WORDS, Recognizer, Rule, words

CUES = words(
    r"phone", r"\bcell", r"mobile", r"\btel\b", r"\bfax", r"whatsapp", r"call", r"text me", r"reach", r"dial",
    r"(?:contact|my|the) number", r"number is", "电话", "手机", "号码", "联系", "致电", "拨打", "座机", "热线", "传真", "打给",
)  # fmt: skip
_REGIONS = ("US", "GB", "CN")
_MOBILE = r"1[3-9]\d"
_PREFIX = r"(?:(?:\+|00)\s?86[\s-]?|\(\s?\+?86\s?\)\s?|86[\s-]?)?"
_NOT_BEFORE = r"(?<![\dA-Za-z_#.])(?<!\d-)"
_NOT_AFTER = r"(?![\dA-Za-z_]|-\d|[.,:]\d)"
_DATE = re.compile(r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d\d")


def _is_phone(value: str) -> bool:
    if _DATE.match(value):
        return False
    for region in (None,) if value.startswith("+") else _REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(value, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def _looks_like_phone(value: str) -> bool:
    digits = sum(char.isdigit() for char in value)
    return 7 <= digits <= 15 and not _DATE.match(value)


def _is_written_phone(value: str) -> bool:
    """Digits in a row are as well an order number: only a cue, or nothing beside them, makes them a telephone."""
    return not value.isdigit() and _is_phone(value)


RULES = (
    Rule(
        "phone.cn_mobile", "PHONE_NUMBER",
        re.compile(_NOT_BEFORE + _PREFIX + _MOBILE + r"[\s-]{0,2}\d{4}[\s-]{0,2}\d{4}(?![\dA-Za-z_]|-\d|\.\d)"),
        0.85, CUES, 0.95, unless=ORDER_WORDS,
    ),
    Rule(
        "phone.cn_mobile_odd_groups", "PHONE_NUMBER",
        re.compile(_NOT_BEFORE + _PREFIX + r"1[\s.-]?[3-9](?:[\s.-]?\d){9}" + _NOT_AFTER),
        0.5, CUES, 0.9, unless=ORDER_WORDS,
    ),
    Rule(
        "phone.cn_mobile_spoken", "PHONE_NUMBER",
        re.compile(r"(?<![零一二三四五六七八九幺〇两\d])[一幺1][三四五六七八九3-9][零一二三四五六七八九幺〇两\d]{9}(?![零一二三四五六七八九幺〇两\d])"),
        0.8, CUES, 0.95, unless=ORDER_WORDS, accept=lambda v: not v.isdigit(),
    ),
    Rule(
        "phone.cn_landline", "PHONE_NUMBER",
        re.compile(
            r"(?<![\dA-Za-z_#.])(?<!\d-)(?:(?:\+|00)86[\s-]?)?(?:\(0\d{2,3}\)\s?|0[1-9]\d{1,2}[\s-]{0,2})[2-8]\d{2,3}[\s-]?\d{4}"
            r"(?:(?:\s?(?:-|转|ext\.?|x)\s?)\d{1,5})?(?![\dA-Za-z_])"
        ),
        0.8, CUES, 0.95, unless=ORDER_WORDS,
    ),
    Rule(
        "phone.cn_hotline", "PHONE_NUMBER",
        re.compile(_NOT_BEFORE + r"[48]00[\s-]?(?:\d{3}[\s-]?\d{4}|\d{4}[\s-]?\d{3}|\d[\s-]?\d{3}[\s-]?\d{3})" + _NOT_AFTER),
        0.6, CUES, 0.85, unless=ORDER_WORDS,
    ),
    Rule(
        "phone.cn_local", "PHONE_NUMBER",
        re.compile(r"(?<![\dA-Za-z_#.])(?<!\d-)[2-8]\d{2,3}[\s-]?\d{4}(?:\s?(?:-|转)\s?\d{1,5})?(?![\dA-Za-z_元块%]|[.:]\d|,\d{1,6}(?!\d))"),
        0.0, words(r"(?:电话|座机|手机|号码|致电|拨打|热线|传真)[^\d。！？]{0,8}$", r"(?:记一?下|记好|打|拨)[了吧,:]?\s?$", r"电话[^。！？]{0,20}[,、或和/;]\s?$"), 0.8, unless=ORDER_WORDS,
    ),
    Rule(
        "phone.cn_second", "PHONE_NUMBER",
        re.compile(r"(?<![\dA-Za-z_])(?:0\d{2,3}-?[2-8]\d{6,7}|[2-8]\d{6,7}|[48]00-?\d{3}-?\d{4})\s?(?:[、,，/;和或及\s]\s?)(?P<v>[2-8]\d{6,7})(?![\dA-Za-z_元块%]|[.:]\d)"),
        0.0, words(r"(?:电话|座机|号码|热线|传真|拨打|致电|联系|都?记一?下)[^。！？]{0,22}$"), 0.75,
    ),
    Rule(
        "phone.international", "PHONE_NUMBER",
        re.compile(r"(?<![A-Za-z0-9_+])\+\s?\d{1,3}[\s.()-]{0,3}\d(?:[\s.()-]{0,2}\d){5,12}(?:\s?(?:ext\.?|x)\s?\d{1,5})?(?!\d)"),
        0.75, CUES, 0.95, check=_is_phone,
    ),
    Rule(
        "phone.north_america", "PHONE_NUMBER",
        re.compile(
            r"(?<![A-Za-z0-9_#])(?<!\d[-.])(?:1[\s.-]?)?(?:\([2-9]\d\d\)\s?|[2-9]\d\d[\s.-])[2-9]\d\d[\s.-]\d{4}"
            r"(?:,?\s?(?:ext\.?|x)\s?\d{1,5})?(?![\dA-Za-z_]|-\d)"
        ),
        0.75, CUES, 0.95, unless=ORDER_WORDS, check=_is_phone,
    ),
    Rule(
        "phone.french", "PHONE_NUMBER", re.compile(r"(?<![\w#.,-])(?<!\d\s)0?[1-9](?:[\s.]\d\d){4}(?![\dA-Za-z_%]|[\s.,:-]\d)"),
        0.6, CUES, 0.9, unless=ORDER_WORDS,
    ),
    Rule(
        "phone.alone", "PHONE_NUMBER", re.compile(r"^\s{0,3}(?P<v>\d{10,11})\s{0,3}[.!]?$"), 0.6, accept=_is_phone,
    ),
    Rule(
        "phone.any_region", "PHONE_NUMBER",
        re.compile(r"(?<![\w#.$¥€£])(?<!\d[-,])\(?\d(?:[\s.()-]{0,2}\d){7,13}(?![\dA-Za-z_%元]|[-.,:]\d)"),
        0.5, CUES, 0.85, unless=ORDER_WORDS, accept=_is_written_phone,
    ),
    Rule(
        "phone.digits", "PHONE_NUMBER",
        re.compile(r"(?<![\w#.$¥€£])(?<!\d[-,])\d{8,14}(?![\dA-Za-z_%元]|[-.,:]\d)"),
        0.0, CUES, 0.85, unless=ORDER_WORDS, accept=_is_phone,
    ),
    Rule(
        "phone.any_region_glued", "PHONE_NUMBER",
        re.compile(r"(?<=[㐀-鿿])\(?\d(?:[\s.()-]{0,2}\d){7,13}(?![\dA-Za-z_%元]|[-.,:]\d)"),
        0.0, CUES, 0.85, unless=ORDER_WORDS, accept=_is_phone,
    ),
    Rule(
        "phone.cued_digits", "PHONE_NUMBER",
        re.compile(r"(?<![A-Za-z0-9_#.$¥€£])(?<!\d[-,])\(?\d(?:[\s.()-]{0,2}\d){6,13}(?![\dA-Za-z_%元]|[-.,:]\d)"),
        0.0,
        words(
            r"(?:phone|\bcell|mobile|\btel|whatsapp|\bfax|手机|电话)(?:\s?(?:number|no\.?|号码?))?['\s:：#是为]{0,3}(?:is|at|to|s|on)?[\s:]{0,2}$",
            r"(?:call|reach|text) (?:me|us|them|him|her) (?:at|on)\s$",
        ),
        0.75, accept=_looks_like_phone,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("phone", RULES, language)
