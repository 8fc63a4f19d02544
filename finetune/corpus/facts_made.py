"""Made-up facts in the shape that the bot's tools give them: ``key: value`` lines, per kind.

Orders, products and lists are drawn from a ``random.Random``; values are in the reply's language.
It knows the keys and the spelling of values, not the tools.
"""

import random
from dataclasses import dataclass
from typing import Final

from finetune.corpus.filling import order_id, tracking_id
from finetune.corpus.goods import Good, make_goods, names
from finetune.corpus.notation import Lang

STATUS: Final[dict[str, dict[Lang, str]]] = {
    "pending": {"en": "awaiting payment", "zh": "待付款"},
    "paid": {"en": "paid, being prepared", "zh": "已付款，备货中"},
    "packed": {"en": "packed, waiting for the courier", "zh": "已打包，待揽收"},
    "shipped": {"en": "on its way", "zh": "运输中"},
    "out_for_delivery": {"en": "out for delivery", "zh": "派送中"},
    "delivered": {"en": "delivered", "zh": "已签收"},
    "cancelled": {"en": "cancelled", "zh": "已取消"},
    "return_requested": {"en": "return requested", "zh": "退货申请中"},
    "returned": {"en": "returned and refunded", "zh": "已退货退款"},
    "exchanged": {"en": "exchanged", "zh": "已换货"},
}
_STATUS_WEIGHTS: Final = (2, 4, 4, 9, 5, 8, 2, 2, 2, 1)
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_CARRIERS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": (
        "SF Express",
        "YTO Express",
        "ZTO Express",
        "JD Logistics",
        "EMS",
        "DHL",
        "UPS",
        "Evri",
        "Royal Mail",
        "FedEx",
    ),
    "zh": ("顺丰速运", "圆通速递", "中通快递", "京东物流", "韵达快递", "申通快递", "邮政EMS", "德邦快递", "极兔速递"),
}
_PLACES: Final[dict[Lang, tuple[str, ...]]] = {
    "en": ("Leeds", "Bristol", "Ningbo", "Hangzhou", "Shenzhen", "Chicago", "Denver", "Chengdu", "Glasgow", "Austin"),
    "zh": ("杭州", "宁波", "成都", "武汉", "广州白云", "西安", "沈阳", "苏州", "长沙", "厦门"),
}
_EVENTS: Final[dict[str, dict[Lang, tuple[str, ...]]]] = {
    "shipped": {
        "en": (
            "left the sorting centre {p}",
            "arrived at the sorting centre {p}",
            "on the road to {p}",
            "handed to the courier in {p}",
        ),
        "zh": ("已离开{p}转运中心", "已到达{p}转运中心", "正发往{p}", "在{p}已揽收"),
    },
    "out_for_delivery": {
        "en": ("out for delivery in {p}", "with the courier in {p}, delivery today"),
        "zh": ("快递员在{p}派送中", "{p}营业部正在派件"),
    },
    "delivered": {
        "en": (
            "delivered, left with a neighbour",
            "delivered, signed for by the recipient",
            "put in the parcel locker",
            "left at the front desk",
        ),
        "zh": ("已签收，本人签收", "已签收，家门口", "已放入快递柜", "已签收，驿站代收"),
    },
}
_STOCK: Final[dict[Lang, tuple[str, ...]]] = {
    "en": ("in stock", "in stock", "in stock", "sold out"),
    "zh": ("有货", "有货", "有货", "售罄"),
}


@dataclass(frozen=True, slots=True)
class MadeOrder:
    """An order as facts: ``fields`` in the order of the lines."""

    state: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class MadeProduct:
    """A product as facts, and its attributes one by one."""

    fields: dict[str, str]
    attributes: dict[str, str]


def date_in(rng: random.Random, lang: Lang) -> str:
    """A day as the language writes it."""
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    return f"{day} {_MONTHS[month - 1]}" if lang == "en" else f"{month}月{day}日"


def money(rng: random.Random, whole: int, symbol: str = "¥") -> str:
    """A price with two decimals."""
    return f"{symbol}{whole:,}.{rng.choice(['00', '00', '90', '50', '99'])}"


def symbol_for(rng: random.Random) -> str:
    """A currency: most shops here price in yuan."""
    return rng.choice(["¥", "¥", "¥", "$", "£", "€"])


def items(rng: random.Random, lang: Lang) -> str:
    """One to three goods as an order lists them."""
    chosen = rng.sample(names(lang), rng.choice([1, 1, 2, 3]))
    return ("; " if lang == "en" else "；").join(
        name + (f" × {rng.randint(2, 4)}" if rng.random() < 0.2 else "") for name in chosen
    )


def make_order(rng: random.Random, lang: Lang) -> MadeOrder:
    """An order in any state; now and then a field is missing, as in real records."""
    state = rng.choices(list(STATUS), _STATUS_WEIGHTS)[0]
    fields = {"order": order_id(rng), "status": STATUS[state][lang], "placed": date_in(rng, lang)}
    fields["items"] = items(rng, lang)
    fields["total"] = money(rng, rng.randint(9, 2400), symbol_for(rng))
    if state in _EVENTS:
        fields["carrier"] = rng.choice(_CARRIERS[lang])
        fields["tracking"] = tracking_id(rng)
        event = rng.choice(_EVENTS[state][lang]).format(p=rng.choice(_PLACES[lang]))
        fields["last event"] = f"{date_in(rng, lang)} {event}"
    if state in ("paid", "packed", "shipped", "out_for_delivery") and rng.random() < 0.85:
        fields["expected"] = date_in(rng, lang)
    if state == "delivered":
        fields["delivered"] = date_in(rng, lang)
    if state not in ("cancelled", "returned"):
        fields["deliver to"] = f"<ADDRESS_{rng.randint(1, 3)}>"
    for key in ("carrier", "tracking", "placed", "last event", "deliver to"):
        if rng.random() < 0.05:
            fields.pop(key, None)
    return MadeOrder(state, fields)


def make_list(rng: random.Random, lang: Lang) -> list[tuple[str, str, str, str]]:
    """Two to five orders: number, status, day, goods."""
    rows = []
    for _ in range(rng.choice([2, 2, 3, 3, 4])):
        state = rng.choices(list(STATUS), _STATUS_WEIGHTS)[0]
        rows.append((order_id(rng), STATUS[state][lang], date_in(rng, lang), rng.choice(names(lang))))
    return rows


def make_product(rng: random.Random, lang: Lang) -> MadeProduct:
    """One product in full."""
    good = make_goods(rng, lang, 1)[0]
    price = money(rng, good.price, symbol_for(rng))
    if rng.random() < 0.2:
        price = f"{price}–{money(rng, good.price + rng.randint(10, 90), price[0])}"
    colon, mark = (": ", "; ") if lang == "en" else ("：", "；")
    fields = {"product": good.name, "price": price, "stock": stock(rng, lang, good)}
    if rng.random() < 0.8:
        fields["options"] = good.options.replace(colon, " ")
    if good.attributes:
        fields["details"] = mark.join(f"{key} {value}" for key, value in good.attributes.items())
    fields["about"] = good.about
    return MadeProduct(fields, good.attributes)


def stock(rng: random.Random, lang: Lang, good: Good) -> str:
    """In stock, sold out, or sold out in one choice."""
    plain = rng.choice(_STOCK[lang])
    choices = good.options.replace("：", ": ").partition(": ")[2].replace("、", ", ").split(", ")
    if plain == _STOCK[lang][0] and len(choices) > 1 and rng.random() < 0.2:
        gone = rng.choice(choices)
        return f"in stock, sold out in {gone}" if lang == "en" else f"有货，其中{gone}售罄"
    return plain
