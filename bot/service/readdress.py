"""Steps that change where something goes: read from a literal address, the account, another order, or a town."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.service.addresses import read_address
from bot.service.case import Job
from bot.service.decide import (
    Ask,
    Refuse,
    Shop,
    Step,
    allows,
    proposed,
    text_of,
    whole_orders,
)
from bot.service.owned import mentions_place, named_orders
from bot.service.wording import OPS, UNKNOWN
from bot.shop.records import Address, Order
from bot.shop.writes import (
    ChangeAddress,
    ChangeCustomerAddress,
    Refused,
    Write,
)

_DEFAULT: Final = re.compile(r"\b(?:default|profile|home|account|my\sown)\b|默认|账户|资料|家里")


_ELSEWHERE: Final = re.compile(r"\border\b|\bsame\b|\bin\s(?:one|another|my)\b|订单|一样|相同|同一")


_NUMBERS: Final = re.compile(r"(?:[#,、，\s]|and|和|[A-Za-z]{1,2}\d{6,})+")


_TO: Final = re.compile(r"\b(?:to|as|is|with|use)\b|成|为|到|用|跟|和")


def address_step(job: Job, shop: Shop) -> Step:
    """Where to, for which orders, and whether the account as well."""
    ops = [op for op in ("account_address", "address") if op in (job.op, *job.ops)]
    orders: tuple[Order, ...] = ()
    if "address" in ops:
        found = whole_orders(
            _without_target(job), _without_reference(job, shop), allows(shop, ChangeAddress), "address"
        )
        if not isinstance(found, tuple):
            return found
        orders = found
    address = _target_address(job, shop, orders)
    if address is None:
        if "address" in job.asked:
            return Refuse("no_address", "address", orders)
        return Ask("address", orders=orders)
    writes: list[Write] = [ChangeAddress(o.order_id, address) for o in orders if o.address != address]
    if "account_address" in ops and shop.customer.address != address:
        writes.append(ChangeCustomerAddress(address))
    return proposed(writes, shop, "address") if writes else Refuse(Refused("nothing"), "address", orders)


def _without_reference(job: Job, shop: Shop) -> Shop:
    """Without the orders that only tell an address: "my lamp order was sent to the new one; change my other order"."""
    told = ". ".join(part for part in _sentences(job.said("ask")) if not OPS["address"].search(part.lower()))
    mentioned = {p for m in shop.records.names.find(shop.reveal(told).lower()) for p in m.products}
    orders = tuple(o for o in shop.records.orders if not any(i.product_id in mentioned for i in o.items))
    if not mentioned or not orders or not re.search(r"\bother\b|另", job.said("ask").lower()):
        return shop
    return replace(shop, records=replace(shop.records, orders=orders))


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"[;.。；]\s*", text) if part.strip()]


def _without_target(job: Job) -> Job:
    """The job without the words that say where to: "same as in order 2" does not mean order 2."""
    kept = []
    for kind, layer in job.layers:
        if kind == "address":
            continue
        asking = [part for part in _sentences(layer) if OPS["address"].search(part.lower()) or _NUMBERS.fullmatch(part)]
        words = ". ".join(asking) or layer
        match = re.search(
            r"\baddress(?:es)?\b.*?\b(to|as)\b|\border\b.*?\b(to)\b\s(?:my|the)\b|(?:改|换)(?:成|为|到)",
            words,
            re.IGNORECASE,
        )
        kept.append((kind, words[: match.end()] if match else words))
    return replace(job, layers=tuple(kept))


def _target_address(job: Job, shop: Shop, orders: Sequence[Order]) -> Address | None:
    own = shop.customer.address
    texts = [text_of(job, shop, "address"), text_of(job, shop, "fix"), text_of(job, shop, "ask", "order", "items")]
    for text in filter(None, texts):
        if literal := read_address(_last(text), own):
            return literal
    for number, text in enumerate(texts):
        if not text or UNKNOWN.search(text.lower()):
            continue
        if address := _address_elsewhere(text, job, shop, orders, answer=number == 0):
            return address
    return None


def _last(text: str) -> str:
    """What follows the word that says where to."""
    parts = re.split(r"\b(?:to|is)\s(?=\d)|(?:改成|改为|改到|换成|换到|改寄[到往去至]?|寄[到往去至]|送到)", text)
    return parts[-1]


def _address_elsewhere(text: str, job: Job, shop: Shop, orders: Sequence[Order], answer: bool) -> Address | None:
    lowered = text.lower()
    start = _TO.search(lowered, next((m.end() for m in re.finditer(r"\baddress|\border|地址|订单", lowered)), 0))
    if start is None and not answer:
        return None
    to = lowered[start.start() :] if start else lowered
    ids, _ = named_orders(text, shop.records)
    named = [o for o in ids if o not in orders and o.address]
    if named:
        return named[0].address
    known = [a for a in (shop.customer.address, *(o.address for o in shop.records.orders)) if a]
    distinct = list(dict.fromkeys(known))
    current = {o.address for o in orders}
    placed = [a for a in distinct if mentions_place(to, a) and (a not in current or len(distinct) == 1)]
    if len(placed) == 1:
        return placed[0]
    if _DEFAULT.search(to) and not re.search(r"\bin\s(?:my\s)?(?:other|another|that)", to):
        return shop.customer.address
    before = [o.address for o in shop.records.orders if o.order_id in job.orders and o.address]
    if (
        before
        and job.op == "account_address"
        and re.search(r"\bthat\sorder|\b(?:with|to)\s(?:it|that|this)\b|那个订单", to)
    ):
        return before[0]
    sent = _named_order_address(lowered, shop, orders)
    if sent and sent not in current:
        return sent
    if _ELSEWHERE.search(to):
        others = [a for a in (placed or distinct) if a not in current and a != shop.customer.address]
        return others[0] if len(others) == 1 else None
    return None


def _named_order_address(text: str, shop: Shop, orders: Sequence[Order]) -> Address | None:
    """“my luggage set order was sent to the new address”: the address of the order with that thing."""
    targeted = {o.order_id for o in orders}
    for mention in shop.records.names.find(text):
        for order in shop.records.orders:
            if order.order_id not in targeted and any(i.product_id in mention.products for i in order.items):
                return order.address
    return None
