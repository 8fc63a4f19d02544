"""Which of a customer's payment methods a text names: the gift card, a brand, its last digits, the original one."""

import re
from collections.abc import Sequence
from typing import Final

from bot.service.wording import METHODS, ORIGINAL
from bot.session import Lang
from bot.shop.records import PaymentMethod

_BRANDS: Final = re.compile(
    r"\b(?:pay\s?pal|alipay|wechat|visa|master\s?card|amex|american\sexpress|unionpay|apple\spay)\b|支付宝|微信|银联"
)


_BRANDS_ZH: Final = {
    "支付宝": "alipay",
    "微信支付": "wechat pay",
    "微信": "wechat pay",
    "银联": "unionpay",
    "贝宝": "paypal",
}


def says_original(text: str) -> bool:
    """Whether the text asks for the way it was paid."""
    return bool(ORIGINAL.search(text))


def named_methods(text: str, methods: Sequence[PaymentMethod]) -> tuple[PaymentMethod, ...] | None:
    """The methods that the text may mean, narrowest first; ``None`` where it names none at all.

    An empty tuple: it names a kind of method that this customer has not.
    """
    for zh, brand in _BRANDS_ZH.items():
        text = text.replace(zh, brand)
    digits = [m for m in methods if m.last_four and re.search(rf"(?<!\d){m.last_four}(?!\d)", text)]
    if digits:
        return tuple(digits)
    brands = [m for m in methods if m.brand and m.brand.lower().replace(" ", "") in text.replace(" ", "")]
    if not brands and _BRANDS.search(text):
        return ()
    kinds = [kind for kind, pattern in METHODS.items() if pattern.search(text)]
    if (
        "gift_card" in kinds
        and "card" in kinds
        and not re.search(r"(?:credit|debit|bank)\s?card|visa|master|amex|信用卡|银行卡", text)
    ):
        kinds.remove("card")
    if brands:
        return tuple(brands)
    if not kinds:
        return None
    named = tuple(m for m in methods if m.kind in kinds)
    return named


def all_named(text: str, methods: Sequence[PaymentMethod]) -> tuple[PaymentMethod, ...] | None:
    """All methods that are named, also "the gift card instead of the Visa"; as ``named_methods`` otherwise."""
    named = named_methods(text, methods)
    if not named or not METHODS["gift_card"].search(text):
        return named
    return tuple(dict.fromkeys((*named, *(m for m in methods if m.kind == "gift_card"))))


def brand_in(brand: str, lang: Lang) -> str:
    """A brand as it is called in a language: Alipay is 支付宝."""
    if lang == "en":
        return brand
    return {"alipay": "支付宝", "wechat pay": "微信支付", "unionpay": "银联"}.get(brand.lower(), brand)
