"""What points at a machine or a car: IP addresses, number plates.

Does not see plates of other countries than China and the United Kingdom without a cue.
Source: GA 36-2018 for Chinese plates, RFC 4291 for IPv6 (full and compressed forms without zone).
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import ipaddress
import re

from guardrails.recognizers.rule import ORDER_WORDS, Recognizer, Rule, words

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


RULES = (
    Rule(
        "ip.v4", "IP_ADDRESS",
        re.compile(r"(?<![\dA-Za-z_.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\dA-Za-z_]|\.\d)"),
        0.7, words(r"\bip", "version", "版本"), 0.95, unless=words(r"(?:version|版本|firmware|固件|\bv)[\s:：号是]{0,3}$"),
    ),
    Rule(
        "ip.v6", "IP_ADDRESS",
        re.compile(r"(?<![0-9A-Za-z:.])(?=[0-9A-Fa-f:]{0,30}:[0-9A-Fa-f:]{0,30}:)[0-9A-Fa-f:]{6,39}(?![0-9A-Za-z:])"),
        0.85, accept=lambda v: v.count(":") >= 3 and _is_ip(v),
    ),
    Rule(
        "plate.cn", "LICENCE_PLATE",
        re.compile(rf"(?<![\u4e00-\u9fff])[{_PROVINCES}][A-HJ-NP-Z][\s·.・-]?(?:[A-HJ-NP-Z0-9]{{5,6}})(?![A-Za-z0-9])|(?<=[\u4e00-\u9fff])[{_PROVINCES}][A-HJ-NP-Z][\s·.・-]?(?=[A-HJ-NP-Z0-9]{{0,5}}\d)[A-HJ-NP-Z0-9]{{5,6}}(?![A-Za-z0-9])|粤Z[\s·.・-]?[A-HJ-NP-Z0-9]{{4}}[港澳]"),
        0.8, words("车牌", "牌照", "plate"), 0.95,
    ),
    Rule(
        "plate.uk", "LICENCE_PLATE",
        re.compile(r"(?<![A-Za-z0-9-])[A-HJ-PR-Y][A-HJ-PR-Y]\d{2}\s?[A-HJ-PR-Z]{3}(?![A-Za-z0-9-])"),
        0.6, words("plate", "reg", "car", "van", "vehicle", "park"), 0.85, unless=ORDER_WORDS,
    ),
    Rule(
        "plate.cued", "LICENCE_PLATE",
        re.compile(r"(?<![A-Za-z0-9])(?=[A-Z0-9 -]{0,8}\d)[A-Z0-9]{1,4}(?:[\s-]?[A-Z0-9]{1,4}){1,2}(?![A-Za-z0-9])"),
        0.0, words(r"(?:licen[sc]e plate|number plate|(?<![a-z])plates?|(?:licen[sc]e |car |vehicle )tag|(?<![a-z])tag(?= (?:number|no))|kennzeichen|(?<![a-z])rego|(?:vehicle |car |my |(?<![a-z]))reg(?:istration)?|(?:car|van|vehicle) (?:is|with)(?: the)?|车牌|牌照|港牌)(?:\s?(?:plates?|numbers?|no\.?|号码?))?(?:['’]s)?(?:\s(?:of|on) (?:the|my|his|her|their) [a-z]{2,10})?\s?(?:is|are|was|[:：是为])?\s?$"), 0.8,
        accept=lambda v: 5 <= sum(c.isalnum() for c in v) <= 8,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("machine", RULES, language)
