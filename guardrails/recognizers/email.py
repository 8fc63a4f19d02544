"""E-mail addresses, also glued to Chinese, and spelled ``at … dot``.

Presidio's own gates on a list of public suffixes that it fetches from the internet; here any domain counts.
Does not see addresses spread over lines, nor quoted local parts.
Source: RFC 5321 dot-string, RFC 6531 left out.
"""

import re

from guardrails.recognizers.rule import Recognizer, Rule, words

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
RULES = (
    Rule(
        "email.address", "EMAIL_ADDRESS",
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_%+-])?"
            r"\s?@\s?(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?\.){1,4}[A-Za-z]{2,18}(?![A-Za-z0-9_-])"
        ),
        0.95,
    ),
    Rule(
        "email.spelled", "EMAIL_ADDRESS",
        re.compile(
            r"(?i)(?<![a-z0-9])[a-z0-9](?:[a-z0-9._-]|\s(?:dot|underscore)\s){1,40}?\s?(?:\sat\s|\(at\)|\[at\]|艾特)\s?"
            r"[a-z0-9-]{2,30}(?:\s?(?:\sdot\s|\(dot\)|\[dot\]|点|\.)\s?[a-z0-9-]{2,20}){0,2}?\s?(?:\sdot\s|\(dot\)|\[dot\]|点|\.)\s?"
            r"(?:com|cn|net|org|edu|co|uk|io|de|fr|me)(?![a-z])"
        ),
        0.8,
    ),
    Rule(
        "email.no_top_level", "EMAIL_ADDRESS",
        re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{1,40}@[A-Za-z0-9][A-Za-z0-9-]{1,30}(?![A-Za-z0-9.])"),
        0.45, words("e-?mail", "邮箱", "邮件"), 0.85,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("email", RULES, language)
