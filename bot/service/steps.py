"""The next step of a job: ask for what is missing, propose writes to be confirmed, or say why it cannot be.

Pure: the shop's rules are asked through ``Shop.preview``, which writes nothing. Nothing here is done without a step
``confirm`` before it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from bot.service.addresses import read_address
from bot.service.case import Job, Slot
from bot.service.payments import named_methods, says_original
from bot.service.rules import allows as rule_allows
from bot.service.rules import original_method, settle_methods
from bot.service.targets import Piece, Records, Targets, mentions_place, named_orders, pieces_of, read_targets, said_of
from bot.service.values import named
from bot.service.wants import Wants, fitting, fulfils, read_wants
from bot.service.wording import ONLY, OPEN, OPS, PRICE_LIMIT, REASONS, RECEIVED, SAME_AS, TARGET, UNKNOWN, WHOLE
from bot.shop.records import Address, Customer, Order, PaymentMethod, Product, Swap, Variant
from bot.shop.rules import ShopRules
from bot.shop.writes import (
    CancelOrder,
    ChangeAddress,
    ChangeCustomerAddress,
    ChangeItems,
    ChangePayment,
    ExchangeItems,
    Receipt,
    Refused,
    ReturnItems,
    Write,
)

Problem = Literal[
    "order_missing", "no_order", "no_such_item", "partial", "not_available", "no_address", "product_gone",
    "unclear_options", "unclear_items", "price",
]  # fmt: skip
MAX_WRITES: Final = 6
_ORDER_WITH: Final = re.compile(
    r"\border\b[^.]{0,30}\b(?:with|contain\w*|that\s(?:has|includes)|for)\b|\b\w+\sorder\b|订单|那单|这单"
)
_DEFAULT: Final = re.compile(r"\b(?:default|profile|home|account|my\sown)\b|默认|账户|资料|家里")
_ELSEWHERE: Final = re.compile(r"\border\b|\bsame\b|\bin\s(?:one|another|my)\b|订单|一样|相同|同一")
_TO: Final = re.compile(r"\b(?:to|as|is|with|use)\b|成|为|到|用|跟|和")


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


def next_step(job: Job, shop: Shop) -> Step:
    """The next step of ``job``. The same job and records give the same step."""
    match job.op:
        case "return":
            return _return(job, shop)
        case "exchange":
            return _exchange(job, shop)
        case "cancel":
            return _cancel(job, shop)
        case "payment":
            return _payment(job, shop)
        case _:
            return _address(job, shop)


def allows(shop: Shop, *kinds: type[Write]) -> Callable[[Order], bool]:
    """Whether the rules let one of these writes be done to an order in its status."""
    return lambda order: any(rule_allows(shop.rules, kind, order.status) for kind in kinds)


def _text(job: Job, shop: Shop, *kinds: str) -> str:
    return shop.reveal(job.said(*kinds))


def _read(job: Job, shop: Shop, allowed: Callable[[Order], bool]) -> Targets:
    opened = replace(job, layers=tuple((kind, shop.reveal(words)) for kind, words in job.layers))
    return read_targets(opened, opened.said().lower(), shop.records, allowed)


def _open_question(targets: Targets, job: Job, op: str) -> Targets | Step:
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


def _return(job: Job, shop: Shop) -> Step:
    can = allows(shop, ReturnItems)
    found = _open_question(_read(job, shop, can), job, "return")
    if not isinstance(found, Targets):
        return found
    if not found.pieces:
        return _which(found, job, "return", can)
    writes: list[Write] = []
    for order in found.orders:
        skus = tuple(sorted(p.sku for p in found.pieces if p.order_id == order.order_id))
        method = _method(job, shop, order, ReturnItems)
        if not isinstance(method, str):
            return method
        writes.append(ReturnItems(order.order_id, skus, method))
    return _proposed(writes, shop, "return")


def _which(found: Targets, job: Job, op: str, can: Callable[[Order], bool]) -> Step:
    """No thing is named: the things of the one order, or a question."""
    orders = tuple(order for order in found.orders if can(order))
    if found.named or not orders:
        if found.orders and not orders:
            return Refuse(Refused("wrong_status", found.orders[0].order_id), op, found.orders[:1])
        return Refuse("no_such_item" if found.orders else "no_order", op)
    if job.asked.count("items") > 1:
        return Refuse("unclear_items", op, orders)
    if len(orders) == 1:
        return Ask("items", pieces=tuple(pieces_of(orders)), orders=orders)
    slot: Slot = "order" if "order" not in job.asked else "items"
    return Ask(slot, orders=orders, pieces=tuple(pieces_of(orders)))


def _exchange(job: Job, shop: Shop) -> Step:
    can = allows(shop, *_kinds_of_exchange(_text(job, shop, "ask").lower()))
    found = _open_question(_read(job, shop, can), job, "exchange")
    if not isinstance(found, Targets):
        return found
    if not found.pieces:
        only = found.orders[0] if len(found.orders) == 1 and can(found.orders[0]) else None
        if only is None or len(pieces_of([only])) > 1:
            return _which(found, job, "exchange", can)
        found = replace(found, pieces=tuple(pieces_of([only])))
    swaps: dict[str, list[Swap]] = {}
    for piece in found.pieces:
        swap = _swap(piece, found, job, shop)
        if isinstance(swap, Ask | Refuse):
            return swap
        if swap is not None:
            swaps.setdefault(piece.order_id, []).append(swap)
    writes: list[Write] = []
    for order in found.orders:
        if order.order_id not in swaps:
            continue
        kind = ChangeItems if rule_allows(shop.rules, ChangeItems, order.status) else ExchangeItems
        method = _method(job, shop, order, kind)
        if not isinstance(method, str):
            return method
        writes.append(kind(order.order_id, tuple(swaps[order.order_id]), method))
    return _proposed(writes, shop, "exchange") if writes else Refuse(Refused("same_item"), "exchange", found.orders)


def _kinds_of_exchange(text: str) -> tuple[type[Write], ...]:
    """Before delivery an exchange is a change of the order; the words may say which one is meant."""
    target = TARGET.search(text)
    before = text[: target.start()] if target else text
    received, still_open = bool(RECEIVED.search(before)), bool(OPEN.search(before))
    if received != still_open:
        return (ExchangeItems,) if received else (ChangeItems,)
    return (ExchangeItems, ChangeItems)


def _swap(piece: Piece, found: Targets, job: Job, shop: Shop) -> Swap | Ask | Refuse | None:
    """What a piece becomes; ``None`` where it is already what was wanted."""
    product = shop.records.product(piece.item.product_id)
    if product is None:
        return Refuse("product_gone", "exchange", found.orders)
    lang = shop.records.lang
    wants = read_wants(_wished(piece, found, job, shop), product, lang)
    if not wants and len(found.pieces) == 1:
        wants = read_wants(_after_target(_undescribed(_text(job, shop, "ask", "fix").lower())), product, lang)
    if same := _same_as(piece, job, shop, product):
        wants = same
    if not wants and job.asked.count("options") > 1:
        return Refuse("unclear_options", "exchange", found.orders[:1], product)
    if not wants:
        return Ask("options", pieces=(piece,), product=product, orders=found.orders[:1])
    old = piece.item.options_zh if lang == "zh" and piece.item.options_zh else piece.item.options
    fits = fitting(product, old, piece.sku, wants, lang)
    if wants.price and fulfils(old, wants, product, lang) and _already(piece, wants, fits.exact):
        return None
    if fits.exact and (limit := PRICE_LIMIT.search(_text(job, shop, "ask", "fix").lower())):
        amount, price = round(float(limit["amount"].replace(",", "")) * 100), fits.exact[0].price_minor
        if price >= amount if limit["less"] else price <= amount:
            return Refuse("price", "exchange", found.orders[:1], product, fits.exact[:1])
    if not fits.exact and fits.loose and not job.otherwise and not wants.same:
        return Swap(
            piece.sku, fits.loose[0].sku
        )  # the nearest: the customer sees what becomes of what, and may decline
    if not fits.exact:
        return Refuse("not_available", "exchange", found.orders[:1], product, fits.loose[:3])
    return Swap(piece.sku, fits.exact[0].sku)


def _same_as(piece: Piece, job: Job, shop: Shop, product: Product) -> Wants | None:
    """ "the same type as the one I received": what another piece of the same product is, or is in the options named."""
    text = _text(job, shop, "ask", "fix", "options").lower()
    match = SAME_AS.search(text)
    others = [
        p for p in pieces_of(shop.records.orders) if p.item.product_id == product.product_id and p.sku != piece.sku
    ]
    if match is None or not others:
        return None
    lang = shop.records.lang
    options = others[0].item.options_zh if lang == "zh" and others[0].item.options_zh else others[0].item.options
    told = [name for name in options if name != "type" and named(name, match.group())]
    return Wants(hard={name: (value,) for name, value in options.items() if not told or name in told})


def _wished(piece: Piece, found: Targets, job: Job, shop: Shop) -> str:
    """All that was said of what the piece shall be, the latest last."""
    text = _about(piece, _text(job, shop, "ask", "fix").lower(), shop)
    said = said_of(found, piece)
    parts = [said]
    if not said.strip(" .,") or WHOLE.search(text):
        parts.append(_after_target(text))
    answers = _text(job, shop, "options").lower()
    mentions = shop.records.names.find(answers)
    if answers and not mentions:
        parts.append(answers)
    fixes = [shop.reveal(words).lower() for kind, words in job.layers if kind == "fix"]
    parts += [words for words in fixes if not shop.records.names.find(words)]
    for n, mention in enumerate(mentions):
        if piece.item.product_id in mention.products:
            end = mentions[n + 1].start if n + 1 < len(mentions) else len(answers)
            parts.append(answers[mention.end : end])
    return ". ".join(parts)


def _about(piece: Piece, text: str, shop: Shop) -> str:
    """Without the sentences that speak of other things only."""

    def other(part: str) -> bool:
        named_there = [m.products for m in shop.records.names.find(part)]
        return bool(named_there) and not any(piece.item.product_id in products for products in named_there)

    return ". ".join(part for part in re.split(r"[;.](?!\d)", text) if not other(part))


def _undescribed(text: str) -> str:
    """Without what stands in brackets before it is said into what: that is how the thing is now."""
    target = TARGET.search(text)
    end = target.start() if target else len(text)
    return re.sub(r"[(（][^)）]*[)）]", " ", text[:end]) + text[end:]


def _after_target(text: str) -> str:
    target = TARGET.search(text)
    return text[target.end() :] if target else text


def _already(piece: Piece, wants: Wants, exact: Sequence[Variant]) -> bool:
    if not exact:
        return True
    best, now = exact[0].price_minor, piece.item.price_minor
    return best >= now if wants.price < 0 else best <= now


def _cancel(job: Job, shop: Shop) -> Step:
    can = allows(shop, CancelOrder)
    found = _read(job, shop, can)
    if found.missing:
        return Refuse("order_missing", "cancel")
    text = _text(job, shop).lower()
    orders = found.orders
    if found.pieces and not any(map(can, orders)) and "return" in job.ops:
        return _return(replace(job, op="return"), shop)
    if found.unsure and "order" not in job.asked:
        return Ask("order", orders=orders, pieces=found.unsure)
    if found.unsure:
        orders = orders[:1]
    if not found.named and not found.whole and len([o for o in orders if can(o)]) > 1:
        if "order" not in job.asked:
            return Ask("order", orders=tuple(o for o in orders if can(o)))
        orders = tuple(o for o in orders if can(o))[:1]
    able = tuple(order for order in orders if can(order))
    if not able:
        return Refuse(Refused("wrong_status", orders[0].order_id) if orders else "no_order", "cancel", orders[:1])
    if found.pieces and _partial(found, able, text):
        return Refuse("partial", "cancel", able)
    reason = _reason(text, shop)
    if reason is None:
        if "reason" in job.asked:
            return Refuse(Refused("bad_reason", able[0].order_id), "cancel", able)
        return Ask("reason", orders=able)
    return _proposed([CancelOrder(order.order_id, reason) for order in able], shop, "cancel")


def _partial(found: Targets, orders: Sequence[Order], text: str) -> bool:
    named_by_number = any(order.order_id.lower() in text for order in orders) and not ONLY.search(text)
    if WHOLE.search(text) or _ORDER_WITH.search(text) or named_by_number:
        return False
    if found.kept:
        return True
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
    orders = _orders(job, shop, can, "payment")
    if not isinstance(orders, tuple):
        return orders
    text = _text(job, shop).lower()
    named = named_methods(text, shop.customer.payment_methods)
    if named == ():
        return Refuse(Refused("unknown_method"), "payment", orders)
    paid = {original_method(order) for order in orders}
    others = tuple(m for m in named or () if m.method_id not in paid) or tuple(named or ())
    if len(others) != 1 and not (others and "payment" in job.asked):
        choice = tuple(m for m in shop.customer.payment_methods if m.method_id not in paid)
        return Ask("payment", methods=others or choice, orders=orders)
    return _proposed([ChangePayment(order.order_id, others[0].method_id) for order in orders], shop, "payment")


def _orders(job: Job, shop: Shop, can: Callable[[Order], bool], op: str) -> tuple[Order, ...] | Step:
    """Whole orders that a job is about."""
    found = _read(job, shop, can)
    if found.missing:
        return Refuse("order_missing", op)
    able = tuple(order for order in found.orders if can(order))
    if not able:
        orders = found.orders or shop.records.orders[:1]
        return Refuse(Refused("wrong_status", orders[0].order_id) if orders else "no_order", op, orders[:1])
    if len(able) == 1 or (found.whole and not found.unsure) or (found.named and not found.unsure):
        return able
    return able[:1] if "order" in job.asked else Ask("order", orders=able)


def _address(job: Job, shop: Shop) -> Step:
    ops = [op for op in ("account_address", "address") if op in (job.op, *job.ops)]
    orders: tuple[Order, ...] = ()
    if "address" in ops:
        found = _orders(_without_target(job), _without_reference(job, shop), allows(shop, ChangeAddress), "address")
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
    return _proposed(writes, shop, "address") if writes else Refuse(Refused("nothing"), "address", orders)


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
        asking = [part for part in _sentences(layer) if OPS["address"].search(part.lower())]
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
    texts = [_text(job, shop, "address"), _text(job, shop, "fix"), _text(job, shop, "ask", "order", "items")]
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
    parts = re.split(r"\b(?:to|is)\s(?=\d)|(?:改成|改为|改到|换成|换到|寄到|送到)", text)
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
    placed = [a for a in distinct if mentions_place(to, a)]
    if len(placed) == 1:
        return placed[0]
    if _DEFAULT.search(to) and not re.search(r"\bin\s(?:my\s)?(?:other|another|that)", to):
        return shop.customer.address
    before = [o.address for o in shop.records.orders if o.order_id in job.orders and o.address]
    if before and job.op == "account_address" and re.search(r"\bthat\sorder|那个订单", to):
        return before[0]
    sent = _named_order_address(lowered, shop, orders)
    if sent and sent not in current:
        return sent
    if _ELSEWHERE.search(to):
        others = [a for a in (placed or distinct) if a not in current and a != shop.customer.address]
        return others[0] if len(others) == 1 else None
    return None


def _named_order_address(text: str, shop: Shop, orders: Sequence[Order]) -> Address | None:
    """ "my luggage set order was sent to the new address": the address of the order with that thing."""
    targeted = {o.order_id for o in orders}
    for mention in shop.records.names.find(text):
        for order in shop.records.orders:
            if order.order_id not in targeted and any(i.product_id in mention.products for i in order.items):
                return order.address
    return None


def _method(job: Job, shop: Shop, order: Order, kind: type[Write]) -> str | Step:
    """The id of the payment method for money that goes back or is to be paid; a step where it is not known."""
    methods = shop.customer.payment_methods
    text = _text(job, shop, "ask", "fix", "payment").lower()
    legal = settle_methods(shop.rules, kind, order, shop.customer)
    op = "return" if kind is ReturnItems else "exchange"
    for words in (_text(job, shop, "payment").lower(), _text(job, shop, "fix").lower(), text):
        if not words:
            continue
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
        return original_method(order) or (methods[0].method_id if methods else "")
    return Ask("payment", methods=tuple(legal), orders=(order,))


def _proposed(writes: Sequence[Write], shop: Shop, op: str) -> Step:
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
