"""Services that a reply offers and the facts do not: free shipping, a carrier, a way to pay, a code, a name in capitals.

Lists of what shops commonly offer, in both languages; what is on no list is not seen. Only whether the facts name the
same thing anywhere is asked, not of what they say it.
"""
# ruff: noqa: E501 - one list a line

import re
from collections.abc import Iterator
from typing import Final

_GROUPS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # said in any of the spellings of a group, known in any
        r"(?<!feel )(?<!-)(?<![a-z])free(?! from| to |-hand| time)(?![a-z])|free of charge|at no (?:extra )?(?:cost|charge)|no (?:extra )?charge|won['’]t cost you|complimentary|(?<!百)包邮|免邮|免费|免运费|运费全免|免收|不收(?:运|邮|手续)?费|不用(?:付|出)(?:运|邮)费",
        r"cash on delivery|pay on delivery|货到付款",
        r"instal?ments?(?![a-z])|pay later|buy now,? pay|分期",
        r"klarna", r"paypal|贝宝", r"apple\s?pay", r"google\s?pay", r"afterpay|clearpay", r"alipay|支付宝", r"we\s?chat\s?pay|微信支付",
        r"花呗", r"借呗", r"白条", r"云闪付", r"数字人民币", r"union\s?pay|银联", r"credit cards?|信用卡", r"debit cards?|借记卡|储蓄卡",
        r"bank transfers?|wire transfers?|银行转账", r"(?<![a-z])(?:visa|mastercard|amex|american express)(?![a-z])",
        r"顺丰|sf express", r"圆通|yto express", r"中通|zto express", r"申通|sto express", r"韵达|yunda", r"百世", r"极兔|j&t", r"德邦|deppon",
        r"京东物流|京东快递|jd logistics", r"菜鸟裹裹", r"丹鸟", r"天天快递", r"跨越速运", r"邮政(?!编码)|(?<![a-z])ems(?![a-z])|china post", r"闪送",
        r"(?<![a-z])dhl(?![a-z])", r"(?<![a-z])ups(?![a-z])", r"(?<![a-z])fedex(?![a-z])", r"(?<![a-z])usps(?![a-z])", r"(?<![a-z])dpd(?![a-z])",
        r"(?<![a-z])gls(?![a-z])", r"(?<![a-z])tnt(?![a-z])", r"(?<![a-z])hermes(?![a-z])", r"(?<![a-z])evri(?![a-z])", r"(?<![a-z])yodel(?![a-z])",
        r"royal mail", r"parcelforce", r"colissimo", r"postnl", r"aramex", r"canada post|australia post|deutsche post",
    )
)  # fmt: skip
_CAPITALS: Final = re.compile(r"(?<![A-Za-z0-9@#/._<-])[A-Z]{2,}(?![A-Za-z0-9@/_>-]|\.[a-z])")
_CODE: Final = re.compile(
    r"(?i)(?:codes?|vouchers?|coupons?|优惠码|券码|折扣码|兑换码)[\s:：是为]{0,3}[\"“'‘]?(?P<code>(?-i:[A-Z]{3,}))"
)
_COMMON: Final = frozenset(
    """
    AI AM APP ASAP CEO CD CM CN CNY DIY DVD ETA EU EUR FAQ FAQS FYI GB GBP GMT GPS HD HDMI HK ID IDS IN IS IT KG LCD LED
    MM MP NFC NO NOT OK OR PC PDF PIN PM PS QR RMB SIM SKU SMS SOS SPF TV UK URL US USA USB USD UTC UV VAT VIP XL XS XXL
    THE AND YES WE YOU QQ APPS PVC GSM
    """.split()  # noqa: SIM905
)


def unknown_offers(text: str, facts: str) -> Iterator[tuple[int, int]]:
    """Places in ``text`` of offers that ``facts`` (case-folded) do not name."""
    for group in _GROUPS:
        if (match := group.search(text)) and not group.search(facts):
            yield match.span()
    known = set(re.findall(r"[a-z]+", facts))
    for match in _CAPITALS.finditer(text):
        shouted = match.group() in _COMMON or match.group().casefold() in known
        if not shouted and not any(group.fullmatch(match.group()) for group in _GROUPS):
            yield match.span()
    for match in _CODE.finditer(text):
        if match["code"] in _COMMON and match["code"].casefold() not in known:
            yield match.span("code")
