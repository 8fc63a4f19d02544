"""What can be done to a shop's orders, as data, and what comes of it under the shop's rules. Pure.

``settle`` computes the new records and every amount; a store only keeps them. Money is exact (minor units), a piece of
a line with several is taken out of the line, stock follows where the shop counts it: a cancelled or swapped piece
goes back on the shelf, a new one leaves it; what is on its way back does not count until it has arrived.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from bot.shop.records import (
    Address,
    Customer,
    Order,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentMethod,
    Product,
    ShopRules,
    Swap,
    Variant,
)

RefusalCode = Literal[
    "not_found", "wrong_status", "already_changed", "bad_reason", "too_late", "unknown_item", "sold_out",
    "other_product", "same_item", "unknown_method", "not_original_method", "balance", "same_method",
    "several_payments", "nothing", "bad_address", "abroad",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel the whole order; all that was paid goes back the way it came."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeAddress:
    """Deliver the order elsewhere."""

    order_id: str
    address: Address


@dataclass(frozen=True, slots=True)
class ChangeItems:
    """Other variants of the same products, before the order leaves."""

    order_id: str
    swaps: tuple[Swap, ...]
    method_id: str


@dataclass(frozen=True, slots=True)
class ChangePayment:
    """Pay another way."""

    order_id: str
    method_id: str


@dataclass(frozen=True, slots=True)
class ChangeCustomerAddress:
    """Another address on the customer's account."""

    address: Address


@dataclass(frozen=True, slots=True)
class ReturnItems:
    """Send pieces back: one SKU a piece."""

    order_id: str
    skus: tuple[str, ...]
    method_id: str


@dataclass(frozen=True, slots=True)
class ExchangeItems:
    """Send pieces back for other variants of the same products."""

    order_id: str
    swaps: tuple[Swap, ...]
    method_id: str


OrderWrite = CancelOrder | ChangeAddress | ChangeItems | ChangePayment | ReturnItems | ExchangeItems
Write = OrderWrite | ChangeCustomerAddress


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that a write breaks. ``limit`` is its number of days, where it has one."""

    code: RefusalCode
    order_id: str | None = None
    sku: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done: the records afterwards, and the money that moves (both amounts at least 0)."""

    write: Write
    order: Order | None
    customer: Customer
    refund_minor: int = 0
    charge_minor: int = 0
    method_id: str | None = None
    repeated: bool = False
    """The same request had been carried out before; nothing was done now."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A receipt and what it does to the stock: SKU → pieces more or less."""

    receipt: Receipt
    stock: Counter[str]


ProductOf = Callable[[str], tuple[Product, Variant] | None]
"""A product and its variant by SKU."""
_SHELF: Final[frozenset[type[Write]]] = frozenset({CancelOrder, ChangeItems})


def allows(rules: ShopRules, kind: type[Write], status: OrderStatus) -> bool:
    """Whether a kind of write may be done to an order of that status."""
    by_kind: dict[type[Write], tuple[OrderStatus, ...]] = {
        CancelOrder: rules.cancel,
        ChangeItems: rules.change_items,
        ChangeAddress: rules.change_address,
        ChangePayment: rules.change_payment,
        ReturnItems: rules.return_items,
        ExchangeItems: rules.exchange_items,
    }
    return status in by_kind.get(kind, ())


def settle_methods(rules: ShopRules, kind: type[Write], order: Order, customer: Customer) -> tuple[PaymentMethod, ...]:
    """The payment methods that money of such a write may go to or come from, the original one first."""
    original = original_method(order)
    bound = rules.refund_to if kind is ReturnItems else rules.settle_with
    fits = [
        method
        for method in customer.payment_methods
        if bound == "any"
        or method.method_id == original
        or (bound == "original_or_gift_card" and method.kind == "gift_card")
    ]
    return tuple(sorted(fits, key=lambda method: method.method_id != original))


def original_method(order: Order) -> str | None:
    """How the order was paid first."""
    return next((payment.method_id for payment in order.payments if payment.type == "payment"), None)


def settle(
    write: Write, rules: ShopRules, order: Order | None, customer: Customer, product_of: ProductOf, now: datetime
) -> Settled | Refused:
    """The write carried out on these records, or the rule that it breaks. ``order`` must be the customer's."""
    if isinstance(write, ChangeCustomerAddress):
        if not _complete(write.address):
            return Refused("bad_address")
        if customer.address == write.address:
            return Refused("nothing")
        return Settled(Receipt(write, None, replace(customer, address=write.address)), Counter())
    if order is None or order.customer_id != customer.customer_id:
        return Refused("not_found", write.order_id)
    if not allows(rules, type(write), order.status):
        return Refused("wrong_status", order.order_id)
    match write:
        case CancelOrder():
            return _cancelled(write, rules, order, customer)
        case ChangeAddress():
            return _readdressed(write, order, customer)
        case ChangePayment():
            return _repaid(write, order, customer)
        case ReturnItems():
            return _returned(write, rules, order, customer, now)
        case ChangeItems() | ExchangeItems():
            return _swapped(write, rules, order, customer, product_of, now)


def _cancelled(write: CancelOrder, rules: ShopRules, order: Order, customer: Customer) -> Settled | Refused:
    if order.items_changed and rules.change_items_once:
        return Refused("already_changed", order.order_id)
    if rules.cancel_reasons and write.reason not in (*rules.cancel_reasons, *rules.cancel_reasons_zh):
        return Refused("bad_reason", order.order_id)
    paid = [payment for payment in order.payments if payment.type == "payment"]
    back = tuple(Payment("refund", payment.amount_minor, payment.method_id) for payment in paid)
    for payment in paid:
        customer = _moved(customer, payment.method_id, payment.amount_minor)
    done = replace(order, status="cancelled", cancel_reason=write.reason, payments=(*order.payments, *back))
    shelf = Counter({item.sku: 0 for item in order.items})
    for item in order.items:
        shelf[item.sku] += item.quantity
    refund = sum(payment.amount_minor for payment in paid)
    return Settled(Receipt(write, done, customer, refund, 0, original_method(order)), shelf)


def _readdressed(write: ChangeAddress, order: Order, customer: Customer) -> Settled | Refused:
    if not _complete(write.address):
        return Refused("bad_address", order.order_id)
    if order.address == write.address:
        return Refused("nothing", order.order_id)
    return Settled(Receipt(write, replace(order, address=write.address), customer), Counter())


def _repaid(write: ChangePayment, order: Order, customer: Customer) -> Settled | Refused:
    method = _method(customer, write.method_id)
    paid = [payment for payment in order.payments if payment.type == "payment"]
    if method is None:
        return Refused("unknown_method", order.order_id)
    if len(paid) != 1 or len(order.payments) != 1:
        return Refused("several_payments", order.order_id)
    before, amount = paid[0].method_id, paid[0].amount_minor
    if before == write.method_id:
        return Refused("same_method", order.order_id)
    if method.balance_minor is not None and method.balance_minor < amount:
        return Refused("balance", order.order_id)
    customer = _moved(_moved(customer, before, amount), write.method_id, -amount)
    rows = (*order.payments, Payment("payment", amount, write.method_id), Payment("refund", amount, before))
    done = replace(order, payments=rows, payment_method=method.brand or order.payment_method)
    return Settled(Receipt(write, done, customer, 0, amount, write.method_id), Counter())


def _returned(
    write: ReturnItems, rules: ShopRules, order: Order, customer: Customer, now: datetime
) -> Settled | Refused:
    if not write.skus:
        return Refused("nothing", order.order_id)
    days = rules.return_days_abroad if _abroad(order, rules) else rules.return_days
    if fault := _late(order, days, now):
        return fault
    if missing := _missing(order, write.skus):
        return Refused("unknown_item", order.order_id, missing)
    if _method(customer, write.method_id) is None:
        return Refused("unknown_method", order.order_id)
    if write.method_id not in {m.method_id for m in settle_methods(rules, ReturnItems, order, customer)}:
        return Refused("not_original_method", order.order_id)
    prices = {item.sku: item.price_minor for item in order.items}
    free = _abroad(order, rules) or customer.member_level in rules.fee_free_levels
    refund = max(0, sum(prices[sku] for sku in write.skus) - (0 if free else rules.return_fee_minor))
    done = replace(order, status="return_requested", returning=tuple(sorted(write.skus)), settle_method=write.method_id)
    return Settled(Receipt(write, done, customer, refund, 0, write.method_id), Counter())


def _swapped(
    write: ChangeItems | ExchangeItems,
    rules: ShopRules,
    order: Order,
    customer: Customer,
    product_of: ProductOf,
    now: datetime,
) -> Settled | Refused:
    change = isinstance(write, ChangeItems)
    if not write.swaps:
        return Refused("nothing", order.order_id)
    if change and order.items_changed and rules.change_items_once:
        return Refused("already_changed", order.order_id)
    if not change and not rules.exchange_abroad and _abroad(order, rules):
        return Refused("abroad", order.order_id)
    if not change and (fault := _late(order, rules.exchange_days, now)):
        return fault
    if missing := _missing(order, [swap.old for swap in write.swaps]):
        return Refused("unknown_item", order.order_id, missing)
    bought = {item.sku: item for item in order.items}
    difference = 0
    new: list[OrderItem] = []
    wanted = Counter(swap.new for swap in write.swaps)
    for swap in write.swaps:
        found = product_of(swap.new)
        if found is None or found[0].product_id != bought[swap.old].product_id:
            return Refused("other_product", order.order_id, swap.new)
        if swap.new == swap.old and change:
            return Refused("same_item", order.order_id, swap.new)
        if found[1].stock < wanted[swap.new]:
            return Refused("sold_out", order.order_id, swap.new)
        difference += found[1].price_minor - bought[swap.old].price_minor
        new.append(_line(bought[swap.old], found[1]))
    method = _method(customer, write.method_id)
    if method is None:
        return Refused("unknown_method", order.order_id)
    kind: type[Write] = type(write)
    if difference and method not in settle_methods(rules, kind, order, customer):
        return Refused("not_original_method", order.order_id)
    if difference > 0 and method.balance_minor is not None and method.balance_minor < difference:
        return Refused("balance", order.order_id)
    if change:
        customer = _moved(customer, write.method_id, -difference)
        type_: Literal["payment", "refund"] = "payment" if difference > 0 else "refund"
        rows = (*order.payments, Payment(type_, abs(difference), write.method_id))
        done = replace(
            order,
            items=_with_swaps(order.items, write.swaps, new),
            payments=rows,
            items_changed=True,
            total_minor=max(0, order.total_minor + difference),
        )
        shelf = Counter({sku: -count for sku, count in wanted.items()})
        shelf.update(swap.old for swap in write.swaps)
    else:
        done = replace(
            order,
            status="exchange_requested",
            exchanging=tuple(sorted(write.swaps, key=lambda swap: (swap.old, swap.new))),
            settle_method=write.method_id,
            difference_minor=difference,
        )
        shelf = Counter({sku: -count for sku, count in wanted.items()})
    return Settled(Receipt(write, done, customer, max(0, -difference), max(0, difference), write.method_id), shelf)


def _with_swaps(items: Sequence[OrderItem], swaps: Iterable[Swap], new: Sequence[OrderItem]) -> tuple[OrderItem, ...]:
    """The lines after the swaps: pieces leave their line, equal pieces share one."""
    lines: list[OrderItem] = list(items)
    for swap, line in zip(swaps, new, strict=True):
        at = next(n for n, item in enumerate(lines) if item.sku == swap.old)
        same = next(
            (n for n, item in enumerate(lines) if item.sku == line.sku and item.price_minor == line.price_minor), None
        )
        old = lines[at]
        if same is not None:
            lines[same] = replace(lines[same], quantity=lines[same].quantity + 1)
            lines[at : at + 1] = [replace(old, quantity=old.quantity - 1)] if old.quantity > 1 else []
        elif old.quantity > 1:
            lines[at : at + 1] = [replace(old, quantity=old.quantity - 1), line]
        else:
            lines[at] = line
    return tuple(lines)


def _line(old: OrderItem, variant: Variant) -> OrderItem:
    return replace(
        old,
        sku=variant.sku,
        options=dict(variant.options),
        options_zh=dict(variant.options_zh),
        quantity=1,
        price_minor=variant.price_minor,
    )


def _missing(order: Order, skus: Iterable[str]) -> str | None:
    """A SKU of which more pieces are named than the order has."""
    have = Counter({item.sku: 0 for item in order.items})
    for item in order.items:
        have[item.sku] += item.quantity
    return next((sku for sku, count in Counter(skus).items() if have[sku] < count), None)


def _late(order: Order, days: int | None, now: datetime) -> Refused | None:
    if days is None or order.delivered_at is None:
        return None
    late = now.date() > (order.delivered_at.astimezone(now.tzinfo) + timedelta(days=days)).date()
    return Refused("too_late", order.order_id, limit=days) if late else None


def _abroad(order: Order, rules: ShopRules) -> bool:
    return bool(rules.home_country and order.address and order.address.country != rules.home_country)


def _complete(address: Address) -> bool:
    return bool(
        address.line1.strip() and (address.city.strip() or address.region.strip() or address.postal_code.strip())
    )


def _method(customer: Customer, method_id: str) -> PaymentMethod | None:
    return next((method for method in customer.payment_methods if method.method_id == method_id), None)


def _moved(customer: Customer, method_id: str, amount: int) -> Customer:
    """The customer with money put on a gift card (less than zero: taken off); other methods keep no balance here."""
    methods = tuple(
        replace(method, balance_minor=method.balance_minor + amount)
        if method.method_id == method_id and method.balance_minor is not None
        else method
        for method in customer.payment_methods
    )
    return replace(customer, payment_methods=methods)
