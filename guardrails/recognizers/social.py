"""Accounts that point at a person: names on WeChat, QQ, Weibo, Taobao, Instagram and the like after a cue, and profile links.

A name behind a word such as *handle* or 昵称 is taken as it stands; otherwise it must hold a digit or a sign.
Does not see a social name without its cue, nor a shop's own page from a customer's.
"""
# ruff: noqa: E501, SIM905 - expressions and lists stay on one line, so that they can be searched

import re

from guardrails.recognizers.rule import Recognizer, Rule

_IS = r"\s?(?:号|id|ID|账号|帐号|number|name|handle|account)?\s?(?:is|are|[:：是为]|就是|叫)?\s?"
_SITES = (
    r"(?:(?<![a-z])insta(?:gram)?|(?<![a-z])ig|tik\s?tok|twitter|facebook|(?<![a-z])fb|telegram|(?<![a-z])tg|skype|snap(?:chat)?|discord|venmo|cash\s?app|paypal|linkedin|reddit|(?<![a-z])steam|(?<![a-z])line|(?<![a-z])kik|(?<![a-z])threads|pinterest|"
    r"youtube|twitch|whatsapp|alipay|(?<![a-z])ins|微博|抖音|支付宝|小红书|淘宝|旺旺|京东|拼多多|快手|b站|哔哩哔哩|钉钉|飞书|知乎|闲鱼)"
)
_NAMED = r"(?:\s?(?:handle|user\s?name|user\s?id|name|id|会员名|用户名|昵称|账号名?|帐号|名字|号))"
_NOT_NAMES = frozenset(
    """
    payment payments account service support number customer login please cannot doesn official down page post posts ad story
    stories live message messages shop store link profile working not the a my your was has does what correct wrong same new
    """.split()
)


def _is_name(value: str) -> bool:
    return bool(re.search(r"[\d_-]", value)) or value.lower() not in _NOT_NAMES


def _has_sign(value: str) -> bool:
    signed = bool(re.search(r"[\d_.#:-]", value.rstrip(".,:-"))) or value[0] in "@$"
    return signed and not (value.isdigit() and len(value) < 6)  # a model's number


RULES = (
    Rule(
        "account.wechat", "SOCIAL_ACCOUNT",
        re.compile(rf"(?i)(?:微信|we\s?chat|weixin|(?<![a-z])[vw]x(?![a-z])|薇信|威信|(?<![a-z])v信|加(?:我|个|下)?[v微](?![a-z])){_IS}(?P<v>[A-Za-z][-_A-Za-z0-9]{{5,19}}|\d{{6,11}})(?![A-Za-z0-9_@])"),
        0.85, accept=_is_name,
    ),
    Rule(
        "account.qq", "SOCIAL_ACCOUNT",
        re.compile(rf"(?i)(?<![a-z])(?:qq|扣扣|企鹅){_IS}(?P<v>[1-9]\d{{4,11}})(?![\d@])"),
        0.9,
    ),
    Rule(
        "account.social", "SOCIAL_ACCOUNT",
        re.compile(rf"(?i){_SITES}{_NAMED}?\s?(?:['’]s|is|are|[:：=是为叫]|就是)?\s?(?P<v>[@$]?(?:live:)?[A-Za-z0-9](?:[A-Za-z0-9_#-]|\.(?=[A-Za-z0-9])){{3,29}})(?![A-Za-z0-9_@])"),
        0.75, accept=_has_sign,
    ),
    Rule(
        "account.social_named", "SOCIAL_ACCOUNT",
        re.compile(rf"(?i){_SITES}{_NAMED}\s?(?:is|[:：=是为叫]|就是)\s?(?P<v>[A-Za-z][A-Za-z0-9_.-]{{3,29}})(?![A-Za-z0-9_@])"),
        0.7, accept=_is_name,
    ),
    Rule(
        "account.social_zh", "SOCIAL_ACCOUNT",
        re.compile(rf"(?i){_SITES}(?:{_NAMED}\s?(?:[:：是为叫]|就是)\s?(?P<a>[\u4e00-\u9fffA-Za-z0-9_]{{2,14}})|{_NAMED}?\s?[:：是为叫]?\s?@?[\u4e00-\u9fff]{{1,8}}_[A-Za-z0-9]{{1,8}})(?=$|[\s,，。；;!！?？、])"),
        0.65,
    ),
    Rule(
        "account.profile", "SOCIAL_ACCOUNT",
        re.compile(r"(?i)(?:(?:facebook|fb|instagram|twitter|tiktok|linkedin|reddit|github|venmo|youtube|weibo|pinterest|twitch)\.com/(?:in/|u/|user/|@|channel/)?|paypal\.me/|(?<![A-Za-z.])t\.me/|(?<![A-Za-z/])u/)(?P<v>(?!(?:groups|events|watch|status|share|posts|pages|help|p|reel|explore)(?:/|$))[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9])){2,39})"),
        0.8,
    ),
    Rule(
        "account.at_name", "SOCIAL_ACCOUNT",
        re.compile(r"(?<![A-Za-z0-9_@./])@[A-Za-z][A-Za-z0-9_]{2,24}(?:[.-][A-Za-z0-9_]{1,24}){0,3}(?![A-Za-z0-9_@]|\.[A-Za-z0-9_])|(?<![A-Za-z0-9_@./])@[\u4e00-\u9fff]{2,10}(?=$|[\s,，。；;!！?？、])"),
        0.5,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("social", RULES, language)
