"""Secrets: passwords, PINs and one-time codes after a cue, keys and tokens by their published prefixes, private key blocks.

A value behind a word such as *is* is taken as it stands; without one it must look like a secret (letters with digits or
signs). Answers to security questions and recovery words are secrets too.
Does not see a password without a cue, nor a bare six-digit code.
Source: the prefixes documented by OpenAI, Stripe, GitHub, AWS, Google, Slack and Aliyun; RFC 7519 for JWT.
"""
# ruff: noqa: E501, S105, SIM905 - expressions and lists stay on one line, so that they can be searched

import re

from guardrails.recognizers.rule import ORDER_WORDS, Recognizer, Rule

_LINK = r"(?:['’]s\s|\s?(?:is|was|:=?|=|为|是|就是|设成|改成|改为|[:：＝])\s?|\s(?:is|was|set\sto|set\sis|changed\sto|says|reads)\s)(?:now\s|still\s)?['\"“‘(]{0,2}"
_BETWEEN = r"(?:\s(?:for|to|on|of|from|in|i|you|we|they|that|set|got|use|used|chose|picked|made|have|had|was|were|given|sent|emailed|the|my|your|our|this|new|old)(?:\s[a-z'’]{2,12}){0,5}?)?"
_PASSWORD = r"(?:pass\s?words?|passwd|pass\s?phrase|pass\s?code|(?<![a-z])pass(?=\s?[:=])|(?<![a-z])pwd?(?![a-z])|(?<![a-z])pw(?![a-z])|密码|口令|暗号|卡密|密钥)"
_PIN = r"(?<![a-z])pin(?:\s?codes?|\s?numbers?|s)?(?![a-z])"
_CODE = r"(?:(?:verification|security|one[- ]time|otp|sms|auth(?:entication)?|login|log-in|sign-?in|confirmation|2fa|two[- ]factor|access|locker|door|gate|entry|unlock|pick-?\s?up|activation|redemption|backup|recovery|reset)[- ](?:pass)?(?:codes?|password|pin)|(?<![a-z])otp(?![a-z])|(?<![a-z])2fa(?![a-z])|验证码|动态码|动态密码|校验码|取件码|取货码|提货码|自提码|核销码|激活码|兑换码|开门码|门禁码)"
_SENT = r"(?:(?<![a-z])code\s(?:you\s(?:just\s)?(?:sent|texted|gave)|i\s(?:got|received)|(?:that\s)?(?:came|arrived)|from\s(?:the\s)?(?:sms|text|app|mail|e-?mail)|on\smy\sphone)|(?<![a-z])(?:sms|texts?|texted(?:\sme)?|text\smessage|authenticator(?:\sapp)?)\s(?:it\s)?(?:says?|said|shows?|showed|reads|code|was|is)|(?<![a-z])(?:it|you|they|app|system)\stexted(?:\sme)?|(?:six|four|eight|\d)[- ]digits?(?:\s(?:code|number|pin))?|(?<![a-z])2fa(?![a-z])|(?<![a-z])otp(?![a-z])|(?:发|收到|短信|手机|推送)[^\d\n。！？]{0,8}(?:验证码|数字|码|口令|[四六]位数|是|[:：])|的码(?:是|为)?)"
_ANSWER = r"(?:(?:security|secret)\s(?:answer|question(?:'s)?\sanswer)|answer\sto\s(?:my|the)\s(?:security|secret)\squestion|memorable\s(?:word|name|date|place)|(?:recovery|seed|backup)\s(?:phrase|words?)|密保答案|密保问题的答案|安全问题的答案|助记词)"
_NOT_VALUES = frozenset(
    """
    wrong confidential private incorrect invalid expired not reset forgotten lost broken missing required needed changed what
    working secure weak too the my a an asking being still no correct right case stored saved sent never
    always again please here there fine okay good old new same different unknown blocked locked empty blank optional
    """.split()
)


def _is_value(value: str) -> bool:
    return value.lower().strip(".,!?") not in _NOT_VALUES


def _is_password(value: str) -> bool:
    """Behind a link anything that is no ordinary next word; Chinese only where it holds a Latin run."""
    return _is_value(value) and (value.isascii() or bool(re.search(r"[0-9A-Za-z]{4}", value)))


def _looks_secret(value: str) -> bool:
    """Digits with letters, digits with signs, or four digits or more in a row and nothing else."""
    bare = value.strip(".,!?:;'\"()")
    has_digit = any(char.isdigit() for char in bare)
    mixed = any(char.isalpha() for char in bare) or bool(re.search(r"[#@!$%^&*_+=/-]", bare))
    return bare.isascii() and (bare.isdigit() or (has_digit and mixed)) and not _is_year(bare)


def _is_year(value: str) -> bool:
    return bool(re.fullmatch(r"(?:19|20)\d\d", value))


def _digits(value: str) -> int:
    return sum(char.isdigit() for char in value)


RULES = (
    Rule(
        "secret.password", "SECRET",
        re.compile(rf"(?i){_PASSWORD}{_BETWEEN}{_LINK}(?P<v>[^\s,，。；;、'\"“”‘’<>()（）]{{4,64}})"),
        0.85, accept=_is_password,
    ),
    Rule(
        "secret.password_bare", "SECRET",
        re.compile(rf"(?i){_PASSWORD}(?!\s?(?:错|不|重|忘|找|修|被|输|有|无|没))\s{{0,2}}[\"'“(（]?(?P<v>[A-Za-z0-9#@!$%^&*_+=./-]{{4,64}})(?![A-Za-z0-9])"),
        0.7, accept=_looks_secret,
    ),
    Rule(
        "secret.pin", "SECRET",
        re.compile(rf"(?i){_PIN}{_BETWEEN}(?:{_LINK}|\s)['\"“(（]?(?P<v>\d{{3,8}}|\d{{4}}\s\d{{4}})(?![\w%]|[.,]\d|\s(?:of|x|pieces|pcs|cm|mm|units)(?![a-z]))"),
        0.85,
    ),
    Rule(
        "secret.password_behind", "SECRET",
        re.compile(r"(?i)(?<![^\s(\"'“:])(?P<v>[A-Za-z0-9#@!$%^&*_+=.-]{4,64}?)['\"”)]?\s(?:is\s|as\s)(?:my|the|a)\s(?:new\s|old\s|temp(?:orary)?\s)?(?:password|pass\s?code|pin|pw)(?![a-z])"),
        0.7, accept=_looks_secret,
    ),
    Rule(
        "secret.password_aside", "SECRET",
        re.compile(rf"(?i){_PASSWORD}(?:\s[a-z]{{2,12}}){{0,4}}\s?[(（]\s?(?P<v>[^\s()（）]{{4,64}})\s?[)）]"),
        0.7, accept=_looks_secret,
    ),
    Rule(
        "secret.login_pair", "SECRET",
        re.compile(r"(?i)(?:user\s?name\s?[:：]?|(?:user|login)\s?[:：]|账号[:：]?|用户名[:：]?)\s?\S{2,40}?\s?[/|、]\s?(?P<v>[^\s,，。；;]{6,64})"),
        0.6, accept=_looks_secret,
    ),
    Rule(
        "secret.code", "SECRET",
        re.compile(rf"(?i){_CODE}\s?(?:i\s(?:got|was\ssent)\s|i\sreceived\s|收到的|你们发的)?(?:is|was|are|[:：是为=#])?\s{{0,2}}['\"“(（]?\s?(?P<v>(?=[A-Za-z0-9-]{{0,9}}\d)[A-Za-z0-9]{{1,10}}(?:[- ](?=[A-Za-z0-9]{{0,4}}\d)[A-Za-z0-9]{{1,6}}){{0,3}})(?![A-Za-z0-9])"),
        0.85, accept=lambda v: _digits(v) >= 2,
    ),
    Rule(
        "secret.more_codes", "SECRET",
        re.compile(r"(?i)(?:backup|recovery)\scodes?\s?:?\s[A-Za-z0-9-]{4,16},?\s(?P<v>(?=[A-Za-z0-9-]{0,16}\d)[A-Za-z0-9-]{4,16}(?:,?\s(?=[A-Za-z0-9-]{0,16}\d)[A-Za-z0-9-]{4,16}){0,9})"),
        0.85,
    ),
    Rule(
        "secret.sent_code", "SECRET",
        re.compile(rf"(?i){_SENT}[^\d\n.!?。！？]{{0,24}}?(?<![A-Za-z0-9#])(?P<v>\d{{2,4}}(?:[\s-]\d{{2,4}}){{1,2}}|\d{{4,8}})(?![\d元%])"),
        0.85, unless=ORDER_WORDS, accept=lambda v: 4 <= _digits(v) <= 8 and not _is_year(v),
    ),
    Rule(
        "secret.answer", "SECRET",
        re.compile(rf"(?i){_ANSWER}\s?(?:is|was|starts\swith|begins\swith|[:：=是为])\s?['\"“]?(?P<v>[^\n.,;!?，。；！？'\"”<>]{{2,60}})"),
        0.75,
    ),
    Rule(
        "secret.key", "SECRET",
        re.compile(
            r"(?<![A-Za-z0-9_-])(?:sk-[A-Za-z0-9_-]{16,200}|[sprw]k_(?:live|test)_[A-Za-z0-9]{10,100}|gh[pousr]_[A-Za-z0-9]{20,100}|github_pat_[A-Za-z0-9_]{20,100}|whsec_[A-Za-z0-9]{12,100}|shp(?:at|ss|ca|pa)_[A-Za-z0-9]{16,64}|ya29\.[A-Za-z0-9_-]{10,300}"
            r"|AKIA[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,40}|xox[abprs]-[A-Za-z0-9-]{10,100}|LTAI[A-Za-z0-9]{12,30}|glpat-[A-Za-z0-9_-]{16,40}|hf_[A-Za-z0-9]{20,60}"
            r"|eyJ[A-Za-z0-9_-]{8,400}\.[A-Za-z0-9_-]{8,600}\.[A-Za-z0-9_-]{8,300})"
        ),
        0.98,
    ),
    Rule(
        "secret.cued_key", "SECRET",
        re.compile(r"(?i)(?:api[ _-]?key|access[ _-]?key|(?:client|app|webhook|signing)[ _-]?secret|secret(?:[ _-]?key)?|session(?:\s?(?:cookie|id|token))?|(?<![a-z])(?:sid|cookie)|(?<![a-z])token|密钥|令牌|私钥)\s?(?:is|was|[:：=是为])?\s?(?:sid=)?['\"]?(?P<v>[A-Za-z0-9+/_.=%-]{8,200})"),
        0.85, accept=lambda v: _digits(v) >= 2 and _is_value(v) and any(c.isalpha() for c in v),
    ),
    Rule(
        "secret.bearer", "SECRET",
        re.compile(r"(?i)(?<![a-z])bearer\s(?P<v>[A-Za-z0-9+/_.=-]{12,400})"),
        0.9,
    ),
    Rule(
        "secret.private_key", "SECRET",
        re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,3500}(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"),
        1.0,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("secret", RULES, language)
