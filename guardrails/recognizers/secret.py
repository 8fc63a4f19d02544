"""Secrets: passwords and one-time codes after a cue, keys and tokens by their published prefixes, private key blocks.

Does not see a password without a cue, nor a bare six-digit code.
Source: the prefixes documented by OpenAI, Stripe, GitHub, AWS, Google, Slack and Aliyun; RFC 7519 for JWT.
"""
# ruff: noqa: E501, SIM905 - expressions and lists stay on one line, so that they can be searched

import re

from guardrails.recognizers.rule import Recognizer, Rule

_IS = r"(?:\s?(?:is|was|为|是|[:：=])\s?|\s(?:is|was)\s{0,2})['\"]?"
_NOT_VALUES = frozenset(
    """
    wrong confidential private incorrect invalid expired not reset forgotten lost broken missing required needed changed what
    working secure weak too the my a an asking being still no correct right case stored saved sent never
    always
    """.split()
)


def _is_value(value: str) -> bool:
    return value.lower().strip(".,!?") not in _NOT_VALUES


RULES = (
    Rule(
        "secret.password", "SECRET",
        re.compile(rf"(?i)(?:password|passwd|pass ?phrase|passcode|(?<![a-z])pwd?|(?<![a-z])pw|(?<![a-z])pin(?: code| number)?|密码|口令|支付密码)(?: (?:for|to) [a-z ]{{2,24}}?)?{_IS}(?P<v>[^\s,，。；;'\"<>]{{4,64}})"),
        0.85, accept=lambda v: _is_value(v) and (v.isascii() or bool(re.search(r"[0-9A-Za-z]{4}", v))),
    ),
    Rule(
        "secret.code", "SECRET",
        re.compile(
            r"(?i)(?:(?:verification|security|one[- ]time|otp|sms|auth(?:entication)?|login|confirmation|2fa)[- ]?(?:pass)?(?:code|password|pin)?|(?<![a-z])otp|验证码|动态码|校验码|口令|取件码|提货码)"
            r"\s?(?:i got\s|i received\s|收到的)?(?:is|was|[:：是为=])?\s?['\"]?(?P<v>(?=[A-Za-z0-9-]{0,7}\d)[A-Za-z0-9]{1,6}(?:-[A-Za-z0-9]{1,6}){0,2})(?![A-Za-z0-9])"
        ),
        0.85, accept=lambda v: sum(c.isdigit() for c in v) >= 3,
    ),
    Rule(
        "secret.sent_code", "SECRET",
        re.compile(
            r"(?i)(?:(?<![a-z])code (?:you (?:just )?(?:sent|texted|gave)|i (?:got|received)|(?:that )?(?:came|arrived)|from (?:the )?(?:sms|text|app|mail|e-?mail)|on my phone)[^\d\n.!?]{0,24}|"
            r"(?:发|收到|短信)[^\d\n。！？]{0,8}(?:验证码|码|口令)[^\d\n。！？]{0,6})(?P<v>\d{3}[\s-]?\d{1,5})(?!\d)"
        ),
        0.85,
    ),
    Rule(
        "secret.key", "SECRET",
        re.compile(
            r"(?<![A-Za-z0-9_-])(?:sk-[A-Za-z0-9_-]{16,200}|[sprw]k_(?:live|test)_[A-Za-z0-9]{10,100}|gh[pousr]_[A-Za-z0-9]{20,100}|github_pat_[A-Za-z0-9_]{20,100}"
            r"|AKIA[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,40}|xox[abprs]-[A-Za-z0-9-]{10,100}|LTAI[A-Za-z0-9]{12,30}|glpat-[A-Za-z0-9_-]{16,40}|hf_[A-Za-z0-9]{20,60}"
            r"|eyJ[A-Za-z0-9_-]{8,400}\.[A-Za-z0-9_-]{8,600}\.[A-Za-z0-9_-]{8,300})"
        ),
        0.98,
    ),
    Rule(
        "secret.cued_key", "SECRET",
        re.compile(rf"(?i)(?:api[ _-]?key|access[ _-]?key|secret(?:[ _-]?key)?|(?<![a-z])token|密钥|令牌|私钥){_IS}(?P<v>[A-Za-z0-9+/_.=-]{{8,200}})"),
        0.85, accept=lambda v: bool(re.search(r"\d", v)) and _is_value(v),
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
