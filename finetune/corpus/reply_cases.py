"""Reply cases: facts made up at random, a question about them, a reply that holds only what they say.

Questions and replies are the hand-written lines of ``replies/<lang>``; the facts around them are
drawn anew for each case, so that the model learns to read facts and not to remember goods. A reply is
used only where the facts hold every slot that it names.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from finetune.corpus.filling import Filling, order_id, tracking_id
from finetune.corpus.goods import Good, make_good
from finetune.corpus.notation import ROOT, Lang

_SLOT: Final = re.compile(r"\{([a-z_]+)\}")
_MONTHS: Final = tuple(
    "January February March April May June July August September October November December".split()
)
_STATUS: Final[dict[str, dict[Lang, str]]] = {
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
_ON_THE_ROAD: Final = ("shipped", "out_for_delivery", "delivered", "return_requested", "returned", "exchanged")
_CARRIERS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": ("SF Express", "DHL", "Royal Mail", "YTO Express", "UPS", "DPD", "ZTO Express", "Evri"),
    "zh": ("顺丰速运", "圆通速递", "中通快递", "京东物流", "邮政EMS", "韵达快递", "德邦快递"),
}
_EVENTS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": ("Arrived at the sorting centre in Leeds", "Left the depot in Hangzhou", "With the courier", "Cleared customs",
           "Signed for by a neighbour", "Handed to the parcel shop", "Delivery attempted, nobody at home"),
    "zh": ("快件已到达杭州转运中心", "快件已离开上海分拨中心", "快递员正在派送", "已放入丰巢快递柜", "包裹已由门卫代收", "首次派送未成功，将再次派送"),
}  # fmt: skip
_FACT: Final = {"event": "last event", "address": "deliver to"}
_IN_STOCK: Final[dict[Lang, tuple[str, ...]]] = {"en": ("in stock", "sold out"), "zh": ("有货", "售罄")}


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a reply file: what it is about, its questions, and lines by their mark."""

    about: str
    questions: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]


@cache
def blocks(lang: Lang, name: str, opener: str) -> tuple[Block, ...]:
    """The blocks of ``replies/<lang>/<name>.txt``; a line that starts with ``opener`` begins one."""
    found: list[tuple[str, list[str], list[tuple[str, str]]]] = []
    for row in (ROOT / "replies" / lang / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if not row.strip() or row.startswith("#"):
            continue
        mark, _, rest = row.partition(" ")
        if mark == opener or not found:
            found.append((rest if mark == opener else "", [], []))
            if mark == opener:
                continue
        if mark == "Q" and opener != "T":
            found[-1][1].append(rest)
        else:
            found[-1][2].append((mark, rest))
    return tuple(Block(about, tuple(questions), tuple(lines)) for about, questions, lines in found)


def reply_cases(rng: random.Random, lang: Lang) -> Iterator[dict[str, Any]]:
    """Cases without end."""
    makers = (_order, _order, _order, _product, _product, _product, _products, _products, _policy, _policy)
    while True:
        if case := rng.choice(makers)(rng, lang):
            kind, question, facts, reply = case
            lines = [f"{key}: {value}" for key, value in facts.items()]
            yield {"task": "reply", "lang": lang, "question": question, "facts": {"kind": kind, "lines": lines}, "reply": reply}


_Case = tuple[str, str, dict[str, str], str]


def _order(rng: random.Random, lang: Lang) -> _Case | None:
    status = rng.choice(tuple(_STATUS))
    facts = _order_facts(rng, lang, status)
    slots = {slot: facts[_FACT.get(slot, slot)] for slot in (*facts, *_FACT) if _FACT.get(slot, slot) in facts}
    block = rng.choice(blocks(lang, "order", "="))
    fitting = []
    for mark, row in block.lines:
        statuses, _, reply = row.partition(" | ")
        if mark == "A" and (statuses == "*" or status in statuses.split(",")) and _held(reply, slots):
            fitting.append(reply)
    if not fitting:
        return None
    return "order", _filled(rng.choice(block.questions), slots), facts, _filled(rng.choice(fitting), slots)


def _order_facts(rng: random.Random, lang: Lang, status: str) -> dict[str, str]:
    month, sent = rng.randint(1, 12), status in _ON_THE_ROAD
    facts = {"order": order_id(rng).upper(), "status": _STATUS[status][lang], "placed": _day(rng.randint(1, 12), month, lang)}
    facts["items"] = ("; " if lang == "en" else "；").join(make_good(rng, lang).name for _ in range(rng.choice((1, 1, 2, 3))))
    facts["total"] = _money(rng.randint(20, 2400))
    if sent:
        facts |= {"carrier": rng.choice(_CARRIERS[lang]), "tracking": tracking_id(rng)}
        facts["last event"] = f"{_day(rng.randint(13, 20), month, lang)} {rng.choice(_EVENTS[lang])}"
    if status in ("paid", "packed", "shipped", "out_for_delivery"):
        facts["expected"] = _day(rng.randint(21, 28), month, lang)
    if status in ("delivered", "return_requested", "returned", "exchanged"):
        facts["delivered"] = _day(rng.randint(17, 20), month, lang)
    if status not in ("cancelled", "returned"):
        facts["deliver to"] = f"<ADDRESS_{rng.randint(1, 3)}>"
    for optional in ("placed", "total", "carrier", "last event", "deliver to"):
        if rng.random() < 0.15:
            facts.pop(optional, None)
    return facts


def _product(rng: random.Random, lang: Lang) -> _Case | None:
    good = make_good(rng, lang)
    facts = _product_facts(rng, lang, good)
    values = {**good.attributes, **{key: facts[key] for key in ("price", "stock", "options", "about") if key in facts}}
    block = rng.choice(blocks(lang, "product", "="))
    mark = "A" if block.about in values else "N"
    others = [f"{key} {value}" for key, value in good.attributes.items() if key != block.about]
    slots = {"product": good.name, "v": values.get(block.about, ""), "price": facts["price"], "stock": facts["stock"]}
    slots |= {"other": rng.choice(others)} if others else {}
    fitting = [reply for kind, reply in block.lines if kind == mark and _held(reply, slots)]
    if not fitting or not block.questions:
        return None
    return "product", _filled(rng.choice(block.questions), slots), facts, _filled(rng.choice(fitting), slots)


def _product_facts(rng: random.Random, lang: Lang, good: Good) -> dict[str, str]:
    details = ("; " if lang == "en" else "；").join(f"{key} {value}" for key, value in good.attributes.items())
    facts = {"product": good.name, "price": _money(good.price), "stock": rng.choice(_IN_STOCK[lang])}
    facts |= {"options": good.options.replace(":", "").replace("：", " "), "details": details, "about": good.about}
    if rng.random() < 0.2:
        facts.pop("options")
    return facts


def _products(rng: random.Random, lang: Lang) -> _Case | None:
    (block,) = blocks(lang, "products", "=")
    goods = {good.name: good for good in (make_good(rng, lang) for _ in range(rng.choice((1, 2, 3, 3, 3))))}
    comma, facts, slots = (", " if lang == "en" else "，"), {}, {}
    for n, (slot, good) in enumerate(zip("abc", goods.values(), strict=False), 1):
        price = _money(good.price)
        why = rng.sample(sorted(good.attributes.values()), rng.randint(0, 2))
        facts[f"product {n}"] = comma.join([good.name, price, rng.choice(_IN_STOCK[lang][:1]), *why])
        slots[slot] = f"the {good.name} at {price}" if lang == "en" else f"{good.name}（{price}）"
    fitting = [reply for mark, reply in block.lines if mark == f"A{len(goods)}"]
    question = Filling(rng, lang).fill(rng.choice(block.questions))
    reply = _filled(rng.choice(fitting), slots)
    return "products", question, facts, reply[0].upper() + reply[1:]


def _policy(rng: random.Random, lang: Lang) -> _Case | None:
    block = rng.choice(blocks(lang, "policy", "T"))
    passage = next(row for mark, row in block.lines if mark == "P")
    asked = [row for mark, row in block.lines if mark == "Q"]
    answers = [row for mark, row in block.lines if mark == "A"]
    question, reply = rng.choice(list(zip(asked, answers, strict=True)))
    return "policy", question, {"title": block.about, "passage": passage}, reply


def _held(reply: str, slots: dict[str, str]) -> bool:
    return all(slots.get(slot) for slot in _SLOT.findall(reply))


def _filled(text: str, slots: dict[str, str]) -> str:
    filled = _SLOT.sub(lambda match: slots.get(match[1], ""), text)
    return filled[0].upper() + filled[1:] if filled else filled


def _money(whole: int) -> str:
    return f"¥{whole:,}.00"


def _day(day: int, month: int, lang: Lang) -> str:
    return f"{day} {_MONTHS[month - 1]}" if lang == "en" else f"{month}月{day}日"
