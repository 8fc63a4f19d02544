"""The next step of a job: ask for what is missing, propose writes to be confirmed, or say why it cannot be.

Pure: the shop's rules are asked through ``Shop.preview``, which writes nothing. Nothing here is done without a step
``confirm`` before it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.service.case import Job
from bot.service.decide import (
    Ask,
    Refuse,
    Shop,
    Step,
    allows,
    goods,
    method_of,
    proposed,
    read,
    text_of,
    which,
    whole_orders,
)
from bot.service.goods import Mention
from bot.service.owned import Targets, named_orders
from bot.service.payments import all_named
from bot.service.readdress import address_step
from bot.service.rules import original_method
from bot.service.swaps import exchange_step
from bot.service.wording import ONLY, REASONS, REST, WHOLE
from bot.shop.records import Order, PaymentMethod
from bot.shop.writes import (
    CancelOrder,
    ChangePayment,
    Refused,
    ReturnItems,
    Write,
)

_ORDER_WITH: Final = re.compile(r"\border\b[^.]{0,30}\b(?:with|contain\w*|that\s(?:has|includes)|for)\b|订单|那单|这单")
_ITS_ORDER: Final = re.compile(r"\s?(?:order|purchase)\b|的?(?:订单|那单|这单)")


def next_step(job: Job, shop: Shop) -> Step:
    """The next step of ``job``. The same job and records give the same step."""
    match job.op:
        case "return":
            return _return(job, shop)
        case "exchange":
            return exchange_step(job, shop)
        case "cancel":
            return _cancel(job, shop)
        case "payment":
            return _payment(job, shop)
        case _:
            return address_step(job, shop)


def _return(job: Job, shop: Shop) -> Step:
    can = allows(shop, ReturnItems)
    found = goods(job, shop, can, "return")
    if not isinstance(found, Targets):
        return found
    if not found.pieces:
        return which(found, job, "return", can)
    writes: list[Write] = []
    for order in found.orders:
        skus = tuple(sorted(p.sku for p in found.pieces if p.order_id == order.order_id))
        if not skus:
            continue
        method = method_of(job, shop, order, ReturnItems)
        if not isinstance(method, str):
            return method
        writes.append(ReturnItems(order.order_id, skus, method))
    return proposed(writes, shop, "return")


def _cancel(job: Job, shop: Shop) -> Step:  # noqa: C901 (a table in code)
    can = allows(shop, CancelOrder)
    found = read(job, shop, can)
    if found.missing:
        return Refuse("order_missing", "cancel")
    text = text_of(job, shop).lower()
    orders = found.orders
    if found.pieces and not any(map(can, orders)) and "return" in job.ops:
        return _return(replace(job, op="return"), shop)
    if found.unsure and "order" not in job.asked:
        return Ask("order", orders=orders, pieces=found.unsure)
    if found.unsure and len(named_orders(text, shop.records)[0]) > 1:
        return Refuse("unclear_order", "cancel")  # several are named, one is meant
    if found.unsure:
        orders = orders[:1]
    if not found.named and not found.whole and len([o for o in orders if can(o)]) > 1:
        if "order" not in job.asked:
            return Ask("order", orders=tuple(o for o in orders if can(o)))
        orders = tuple(o for o in orders if can(o))[:1]
    able = tuple(order for order in orders if can(order))
    if not able:
        return Refuse(Refused("wrong_status", orders[0].order_id) if orders else "no_order", "cancel", orders[:1])
    if found.kept or (found.pieces and _partial(found, able, text, shop.records.names.find(text))):
        return Refuse("partial", "cancel", able)
    reason = _reason(text, shop)
    if reason is None:
        if "reason" in job.asked:
            return Refuse(Refused("bad_reason", able[0].order_id), "cancel", able)
        return Ask("reason", orders=able)
    meant = orders if found.named else able  # of those that are named, what cannot be done is said
    return proposed([CancelOrder(order.order_id, reason) for order in meant], shop, "cancel")


def _partial(found: Targets, orders: Sequence[Order], text: str, mentions: Sequence[Mention]) -> bool:
    part = ONLY.search(text) or REST.search(text)
    named_by_number = any(order.order_id.lower() in text for order in orders) and not part
    by_thing = any(_ITS_ORDER.match(text, mention.end) for mention in mentions)  # "the grill order"
    if WHOLE.search(text) or by_thing or (_ORDER_WITH.search(text) and not part) or named_by_number:
        return False
    meant = {(p.order_id, p.sku) for p in found.pieces}
    return any((order.order_id, item.sku) not in meant for order in orders for item in order.items)


def _reason(text: str, shop: Shop) -> str | None:
    reasons = shop.rules.cancel_reasons
    if not reasons:
        return ""
    for reason in (*reasons, *shop.rules.cancel_reasons_zh):
        if reason.lower() in text:
            return reason
    for pattern, reason in zip(REASONS, reasons, strict=False):
        if pattern.search(text):
            return reason
    return None


def _payment(job: Job, shop: Shop) -> Step:
    can = allows(shop, ChangePayment)
    orders = whole_orders(job, shop, can, "payment")
    if not isinstance(orders, tuple):
        return orders
    named = _methods_wanted(job, shop)
    if named == ():
        return Refuse(Refused("unknown_method"), "payment", orders)
    paid = {original_method(order) for order in orders}
    others = tuple(m for m in named or () if m.method_id not in paid) or tuple(named or ())
    if len(others) != 1 and not (others and "payment" in job.asked):
        choice = tuple(m for m in shop.customer.payment_methods if m.method_id not in paid)
        return Ask("payment", methods=others or choice, orders=orders)
    return proposed([ChangePayment(order.order_id, others[0].method_id) for order in orders], shop, "payment")


def _methods_wanted(job: Job, shop: Shop) -> tuple[PaymentMethod, ...] | None:
    """The methods of the latest words that name any; what was named before and named again is what it is not."""
    before: tuple[PaymentMethod, ...] | None = None
    for _, words in job.layers:
        named = all_named(shop.reveal(words).lower(), shop.customer.payment_methods)
        if named is not None:
            before = tuple(m for m in named if m not in (before or ())) or named
    return before
