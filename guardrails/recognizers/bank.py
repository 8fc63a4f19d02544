"""Payment cards and bank accounts: Luhn and IBAN checks raise the score, words like 卡号 admit what fails them.

Does not see accounts without a cue word (apart from IBAN), nor the last four digits alone, which shops print.
Source: ISO/IEC 7812 (length 12–19, Luhn), ISO 13616 (IBAN).
"""
# ruff: noqa: E501 - expressions and lists stay on one line, so that they can be searched

import re

from stdnum import iban, luhn

from guardrails.recognizers.rule import ORDER_WORDS, Recognizer, Rule, words

CARD_CUES = words(
    "卡号", "银行卡", "信用卡", "储蓄卡", "借记卡", r"\bcard\b", "visa", "mastercard", "amex", "银联", "unionpay"
)
ACCOUNT_CUES = words(
    "账号",
    "帐号",
    "账户",
    "开户",
    "对公",
    "汇款",
    r"\bacc(?:oun)?t\.? ?(?:number|no|#)",
    r"\bacct",
    r"\bbsb",
    r"\bbank",
    "iban",
    "routing",
    "sort code",
    "打款",
)


def _digits(value: str) -> str:
    return re.sub(r"\D", "", value)


def _is_luhn(value: str) -> bool:
    return bool(luhn.is_valid(_digits(value)))


def _has_card_length(value: str) -> bool:
    """Sixteen digits, or UnionPay's nineteen; other lengths are cards only where the text says so."""
    digits = _digits(value)
    return len(digits) == 16 or (len(digits) == 19 and digits.startswith("62"))


def _is_iban(value: str) -> bool:
    return bool(iban.is_valid(re.sub(r"\s", "", value).upper()))


RULES = (
    Rule(
        "card.luhn", "CREDIT_CARD",
        re.compile(r"(?<![\dA-Za-z_])(?<!\d[-.])[2-6]\d{3}(?:[\s-]?\d{4}){2}[\s-]?\d{4}(?:[\s-]?\d{1,3})?(?![\dA-Za-z_]|[-.]\d)"),
        0.4, CARD_CUES, 0.9, unless=ORDER_WORDS, check=_is_luhn, accept=_has_card_length,
    ),
    Rule(
        "card.amex", "CREDIT_CARD",
        re.compile(r"(?<![\dA-Za-z_])3[47]\d{2}[\s-]?\d{6}[\s-]?\d{5}(?![\dA-Za-z_])"),
        0.4, CARD_CUES, 0.9, unless=ORDER_WORDS, check=_is_luhn,
    ),
    Rule(
        "card.cued", "CREDIT_CARD",
        re.compile(r"(?<![\dA-Za-z_])\d(?:[\s-]?\d){11,18}(?![\dA-Za-z_])"),
        0.0, CARD_CUES, 0.85, unless=ORDER_WORDS,
    ),
    Rule(
        "card.security_code", "SECRET",
        re.compile(r"(?i)(?<![a-z])(?:cvv2?|cvc2?|cvn|security code|安全码|校验码|(?:three|3) digits? (?:number |code )?on the back(?: of (?:my|the) card)?|(?:number|code|digits) on the back of (?:my|the) card|(?:卡|银行卡)?背面的?(?:三|3)位(?:数字?|码)?)\s?(?:is|are|was|[:：是为])?\s?(?P<v>\d{3,4})(?!\d)"),
        0.9,
    ),
    Rule(
        "bank.account", "BANK_ACCOUNT",
        re.compile(r"(?<![\dA-Za-z_])\d(?:[\s-]?\d){7,22}(?![\dA-Za-z_])"),
        0.0, ACCOUNT_CUES, 0.8, unless=ORDER_WORDS,
    ),
    Rule(
        "bank.branch", "BANK_ACCOUNT",
        re.compile(r"(?i)(?:sort\scode|(?<![a-z])bsb|routing(?:\snumber)?)\s?(?:is|[:=])?\s?(?P<v>\d{2}[- ]\d{2}[- ]\d{2}|\d{3}[- ]?\d{3}|\d{9})(?!\d)"),
        0.85,
    ),
    Rule(
        "bank.iban", "BANK_ACCOUNT",
        re.compile(r"(?<![A-Za-z0-9_])[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?(?![A-Za-z0-9_])"),
        0.0, ACCOUNT_CUES, 0.8,
    ),
    Rule(
        "bank.iban_checked", "BANK_ACCOUNT",
        re.compile(r"(?<![A-Za-z0-9_])[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?(?![A-Za-z0-9_])"),
        0.95, accept=_is_iban,
    ),
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("bank", RULES, language)
