"""Accounts that point at a person: WeChat, QQ, Weibo, Alipay and other social names after a cue; IP addresses; plates.

Does not see a social name without its cue, nor plates of other countries without a cue.
Source: GA 36-2018 for Chinese plates, RFC 4291 for IPv6 (full and compressed forms without zone).
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import ipaddress
import re

from guardrails.recognizers.rule import ORDER_WORDS, Recognizer, Rule, words

_IS = r"\s?(?:号|id|ID|账号|帐号|number|name|handle|account)?\s?(?:is|are|[:：是为]|就是|叫)?\s?"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

_WORDS = frozenset(
    (
        "payment",
        "payments",
        "account",
        "service",
        "support",
        "number",
        "customer",
        "login",
        "please",
        "cannot",
        "doesn",
        "official",
    )
)


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


RULES = (
    Rule(
        "account.wechat", "SOCIAL_ACCOUNT",
        re.compile(rf"(?i)(?:微信|wechat|weixin|(?<![a-z])[vw]x(?![a-z])|薇信|加[vv](?![a-z])){_IS}(?P<v>[A-Za-z][-_A-Za-z0-9]{{5,19}}|\d{{6,11}})(?![A-Za-z0-9_@])"),
        0.85, accept=lambda v: bool(re.search(r"[\d_-]", v)) or v.lower() not in _WORDS,
    ),
    Rule(
        "account.qq", "SOCIAL_ACCOUNT",
        re.compile(rf"(?i)(?<![a-z])(?:qq|扣扣|企鹅){_IS}(?P<v>[1-9]\d{{4,11}})(?![\d@])"),
        0.9,
    ),
    Rule(
        "account.social", "SOCIAL_ACCOUNT",
        re.compile(
            rf"(?i)(?:微博|抖音|支付宝|小红书|淘宝|旺旺|instagram|(?<![a-z])ins(?![a-z])|twitter|facebook|telegram|skype|snapchat|tiktok|alipay|(?<![a-z])line id)"
            rf"{_IS}@?(?P<v>[A-Za-z0-9][-_.A-Za-z0-9]{{3,29}})(?![A-Za-z0-9_@])"
        ),
        0.75, accept=lambda v: bool(re.search(r"[\d_.]", v)),
    ),
    Rule(
        "account.at_name", "SOCIAL_ACCOUNT",
        re.compile(r"(?<![A-Za-z0-9_@./])@[A-Za-z][A-Za-z0-9_]{3,24}(?![A-Za-z0-9_@]|\.[A-Za-z0-9_])"),
        0.5,
    ),
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
        re.compile(rf"(?<![\u4e00-\u9fff])[{_PROVINCES}][A-HJ-NP-Z][\s·.・-]?(?:[A-HJ-NP-Z0-9]{{5,6}})(?![A-Za-z0-9])|(?<=[\u4e00-\u9fff])[{_PROVINCES}][A-HJ-NP-Z][\s·.・-]?(?=[A-HJ-NP-Z0-9]{{0,5}}\d)[A-HJ-NP-Z0-9]{{5,6}}(?![A-Za-z0-9])"),
        0.8, words("车牌", "牌照", "plate"), 0.95,
    ),
    Rule(
        "plate.uk", "LICENCE_PLATE",
        re.compile(r"(?<![A-Za-z0-9-])[A-HJ-PR-Y][A-HJ-PR-Y]\d{2}\s?[A-HJ-PR-Z]{3}(?![A-Za-z0-9-])"),
        0.6, words("plate", "reg", "car", "van", "vehicle", "park"), 0.85, unless=ORDER_WORDS,
    ),
    Rule(
        "plate.cued", "LICENCE_PLATE",
        re.compile(r"(?<![A-Za-z0-9])(?=[A-Z0-9 -]{0,8}\d)[A-Z0-9]{1,4}[\s-]?[A-Z0-9]{2,4}(?![A-Za-z0-9])"),
        0.0, words(r"(?:licen[sc]e plate|number plate|plates?|plate (?:number|no\.?)|(?:vehicle |car )?reg(?:istration)?(?: plate| number| no\.?)?|(?:car|van|vehicle) (?:is|with)(?: the)?(?: plates?)?|车牌号?)\s?(?:is|are|was|[:：是为])?\s?$"), 0.8,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("account", RULES, language)
