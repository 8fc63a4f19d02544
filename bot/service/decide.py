"""What a step can be, and what all operations share: reading, settling what is unsure, ways to pay, the rules asked."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from bot.service.case import Job, Slot
from bot.service.owned import Piece, Records, Targets, pieces_of
from bot.service.payments import named_methods, says_original
from bot.service.rules import allows as rule_allows
from bot.service.rules import original_method, settle_methods
from bot.service.targets import read_targets
from bot.service.wording import FAULTY, OPENED
from bot.shop.records import Customer, Order, PaymentMethod, Product, Variant
from bot.shop.rules import ShopRules
from bot.shop.writes import (
    Receipt,
    Refused,
    ReturnItems,
    Write,
)

Problem = Literal[
    "order_missing", "no_order", "no_such_item", "partial", "not_available", "no_address", "product_gone",
    "unclear_options", "unclear_items", "unclear_order", "price", "opened",
]  # fmt: skip


MAX_WRITES: Final = 6


@dataclass(frozen=True, slots=True)
class Ask:
    """A slot is missing. ``pieces``, ``orders``, ``methods`` or ``product`` are what can be chosen from."""

    slot: Slot
    pieces: tuple[Piece, ...] = ()
    orders: tuple[Order, ...] = ()
    methods: tuple[PaymentMethod, ...] = ()
    product: Product | None = None


@dataclass(frozen=True, slots=True)
class Propose:
    """Writes that the rules allow, to be confirmed by the customer."""

    writes: tuple[Write, ...]
    receipts: tuple[Receipt, ...]
    refused: tuple["Refuse", ...] = ()
    """What the rules do not allow of the same request."""
    choices: tuple[tuple[Product, tuple[Variant, ...]], ...] = ()
    """What else there is of a thing, where the customer asked for it."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """It cannot be done: a rule of the shop, or what was asked for is not there."""

    why: Refused | Problem
    op: str
    orders: tuple[Order, ...] = ()
    product: Product | None = None
    variants: tuple[Variant, ...] = ()


Step = Ask | Propose | Refuse


@dataclass(frozen=True, slots=True)
class Shop:
    """What a step is decided from."""

    records: Records
    customer: Customer
    rules: ShopRules
    preview: Callable[[Write], Receipt | Refused]
    reveal: Callable[[str], str]
    """Opens what the customer typed, for reading; see the tool's declaration."""


def allows(shop: Shop, *kinds: type[Write]) -> Callable[[Order], bool]:
    """Whether the rules let one of these writes be done to an order in its status."""
    return lambda order: any(rule_allows(shop.rules, kind, order.status) for kind in kinds)


def text_of(job: Job, shop: Shop, *kinds: str) -> str:
    """What was said, of some layers or of all, opened."""
    return shop.reveal(job.said(*kinds))


def read(job: Job, shop: Shop, allowed: Callable[[Order], bool]) -> Targets:
    """The orders and pieces of a job."""
    opened = replace(job, layers=tuple((kind, shop.reveal(words)) for kind, words in job.layers))
    return read_targets(opened, opened.said().lower(), shop.records, allowed)


def open_question(targets: Targets, job: Job, op: str) -> Targets | Step:
    """Settles what is unsure: a question first; who cannot tell gets the likeliest, and confirms or corrects it."""
    if targets.missing:
        return Refuse("order_missing", op)
    if not targets.unsure:
        return targets
    alike = len({p.sku for p in targets.unsure}) == 1
    asked: Slot = "order" if alike else "items"
    if asked not in job.asked:
        return Ask(asked, pieces=targets.unsure, orders=targets.orders)
    first = targets.unsure[0]
    return replace(targets, pieces=(*targets.pieces, first), unsure=())


def goods(job: Job, shop: Shop, can: Callable[[Order], bool], op: str) -> Targets | Step:
    """The pieces a job is about, settled; a step where one must be asked for or may not come back."""
    found = open_question(read(job, shop, can), job, op)
    return (_opened(found, job, shop) or found) if isinstance(found, Targets) else found


def _opened(found: Targets, job: Job, shop: Shop) -> Refuse | None:
    """Why the first piece cannot come back that the shop takes back sealed only; ``None`` where nothing was opened."""
    text = text_of(job, shop).lower()
    if not shop.rules.sealed or not OPENED.search(text) or FAULTY.search(text):
        return None
    for piece in found.pieces:
        product = shop.records.product(piece.item.product_id)
        if product and {*product.tags, product.category, product.category_zh} & set(shop.rules.sealed):
            orders = tuple(order for order in found.orders if order.order_id == piece.order_id)
            return Refuse("opened", job.op, orders, product)
    return None


def which(found: Targets, job: Job, op: str, can: Callable[[Order], bool]) -> Step:
    """No thing is named: the things of the one order, or a question."""
    orders = tuple(order for order in found.orders if can(order))
    if found.orders and not orders:
        return Refuse(Refused("wrong_status", found.orders[0].order_id), op, found.orders[:1])
    if not orders:
        return Refuse("no_order", op)
    if job.asked.count("items") > 1 or (found.named and "items" in job.asked):
        return Refuse("no_such_item" if found.named else "unclear_items", op, orders)
    if len(orders) == 1:
        return Ask("items", pieces=tuple(pieces_of(orders)), orders=orders)
    slot: Slot = "order" if "order" not in job.asked else "items"
    return Ask(slot, orders=orders, pieces=tuple(pieces_of(orders)))


def whole_orders(job: Job, shop: Shop, can: Callable[[Order], bool], op: str) -> tuple[Order, ...] | Step:
    """Whole orders that a job is about."""
    found = read(job, shop, can)
    if found.missing:
        return Refuse("order_missing", op)
    able = tuple(order for order in found.orders if can(order))
    if not able:
        orders = found.orders or shop.records.orders[:1]
        return Refuse(Refused("wrong_status", orders[0].order_id) if orders else "no_order", op, orders[:1])
    if found.named and not found.unsure:
        return found.orders  # what cannot be done of those that are named is said
    if len(able) == 1 or (found.whole and not found.unsure):
        return able
    return able[:1] if "order" in job.asked else Ask("order", orders=able)


def method_of(job: Job, shop: Shop, order: Order, kind: type[Write]) -> str | Step:
    """The id of the payment method for money that goes back or is to be paid; a step where it is not known."""
    methods = shop.customer.payment_methods
    text = text_of(job, shop, "ask", "fix", "payment").lower()
    legal = settle_methods(shop.rules, kind, order, shop.customer)
    op = "return" if kind is ReturnItems else "exchange"
    said = [shop.reveal(words).lower() for kind, words in job.layers if kind in ("fix", "payment")]
    for words in (*reversed(said), text):  # the latest counts
        original = original_method(order)
        others = [m for o in shop.records.orders if o is not order and (m := original_method(o)) and m != original]
        if (
            others
            and re.search(r"\bother\sorder|另一个?订单的?(?:支付|付款)", words)
            and not says_original(words.split("other order")[-1])
        ):
            return others[0]
        if says_original(words) and original:
            return original
        named = named_methods(words, methods)
        if named == ():
            return Refuse(Refused("unknown_method", order.order_id), op, (order,))
        if named:
            usable = [m for m in named if m in legal] or list(named)
            preferred = next((m for m in usable if m.method_id == original), usable[0])
            return preferred.method_id
    if len(legal) == 1:
        return legal[0].method_id
    if not legal or "payment" in job.asked:
        meant = next((m.method_id for m in methods if m.brand and m.brand == order.payment_method), None)
        return original_method(order) or meant or (methods[0].method_id if methods else "")
    return Ask("payment", methods=tuple(legal), orders=(order,))


def proposed(writes: Sequence[Write], shop: Shop, op: str) -> Step:
    """What the rules allow of the writes, with what it comes to; the first refusal where they allow none."""
    able: list[tuple[Write, Receipt]] = []
    refused: list[Refuse] = []
    for write in writes[:MAX_WRITES]:
        outcome = shop.preview(write)
        if isinstance(outcome, Refused):
            order = next((o for o in shop.records.orders if o.order_id == getattr(write, "order_id", None)), None)
            refused.append(Refuse(outcome, op, (order,) if order else ()))
        else:
            able.append((write, outcome))
    if not able:
        return refused[0]
    return Propose(tuple(w for w, _ in able), tuple(r for _, r in able), tuple(refused))
