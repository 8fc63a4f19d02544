"""Where an order's money is, and where it may go: balances of gift cards, original ways to pay, what a change costs.

Only gift cards have a balance here; what is paid by another way is not checked, the payment service does that.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot.shop.records import Customer, Order, Payment, PaymentMethod
from bot.shop.rules import RefundTo
from bot.shop.writes import No

_NAMES = {"card": "Card", "gift_card": "Gift card", "wallet": "Wallet", "bank": "Bank transfer", "other": ""}


def held(order: Order) -> dict[str, int]:
    """What the shop holds of an order's money, by way to pay, in the order of the first payments.

    What was refunded by another way than it was paid is taken off the last: nothing is refunded twice.
    """
    found: dict[str, int] = {}
    for row in order.payments:
        sign = 1 if row.type == "payment" else -1
        found[row.method_id] = found.get(row.method_id, 0) + sign * row.amount_minor
    excess = -sum(amount for amount in found.values() if amount < 0)
    for method in reversed(list(found)):
        taken = min(excess, max(found[method], 0))
        found[method] -= taken
        excess -= taken
    return {method: amount for method, amount in found.items() if amount > 0}


def moved(customer: Customer, amounts: Mapping[str, int]) -> Customer:
    """The customer with gift cards credited (above 0) or debited (below); other ways to pay have no balance."""

    def after(method: PaymentMethod) -> PaymentMethod:
        amount = amounts.get(method.method_id, 0)
        if not amount or method.balance_minor is None:
            return method
        return replace(method, balance_minor=method.balance_minor + amount)

    return replace(customer, payment_methods=tuple(after(method) for method in customer.payment_methods))


def booked(order: Order, customer: Customer, amounts: Mapping[str, int]) -> tuple[Order, Customer]:
    """Rows of payment (below 0: the customer gives) and refund (above 0) added, gift cards moved; no rows of 0."""
    rows = [
        Payment("refund" if amount > 0 else "payment", abs(amount), method)
        for method, amount in amounts.items()
        if amount
    ]
    return replace(order, payments=(*order.payments, *rows)), moved(customer, amounts)


def own_method(customer: Customer, method_id: str) -> PaymentMethod:
    """The customer's own way to pay.

    Raises:
        No: there is none of that id.
    """
    if method := customer.method(method_id):
        return method
    raise No("unknown_method")


def check_balance(method: PaymentMethod, amount_minor: int) -> None:
    """A gift card must hold what it is to pay.

    Raises:
        No: it does not; ``limit`` is what it holds.
    """
    if method.kind == "gift_card" and (method.balance_minor or 0) < amount_minor:
        raise No("balance", limit=method.balance_minor or 0)


def refund_method(order: Order, customer: Customer, method_id: str, allowed: RefundTo) -> str | None:
    """Where a refund goes. No ``method_id``: the one way it was paid, or ``None`` where that is several or not known.

    Raises:
        No: not a way to pay of this customer, or not one the shop refunds to.
    """
    original = held(order)
    if not method_id:
        return next(iter(original)) if len(original) == 1 else None
    method = own_method(customer, method_id)
    fits = method_id in original or allowed == "any"
    if not fits and not (allowed == "original_or_gift_card" and method.kind == "gift_card"):
        raise No("not_original_method")
    return method_id


def charge_method(order: Order, customer: Customer, method_id: str, amount_minor: int) -> str | None:
    """What pays a difference. No ``method_id``: the one way it was paid, or ``None`` where none is known.

    Raises:
        No: not a way to pay of this customer, one must be chosen, or a gift card holds too little.
    """
    original = held(order)
    if not method_id and not original:
        return None
    if not method_id and len(original) > 1:
        raise No("unknown_method")
    method = own_method(customer, method_id or next(iter(original)))
    check_balance(method, amount_minor)
    return method.method_id


def difference_method(
    order: Order, customer: Customer, method_id: str, difference_minor: int, allowed: RefundTo
) -> str | None:
    """What pays or receives a difference; for none, any way to pay of the customer, or no way.

    Raises:
        No: as ``charge_method`` and ``refund_method``.
    """
    if difference_minor > 0:
        return charge_method(order, customer, method_id, difference_minor)
    if difference_minor < 0:
        return refund_method(order, customer, method_id, allowed)
    return own_method(customer, method_id).method_id if method_id else None


def method_name(method: PaymentMethod) -> str:
    """A way to pay as ``Order.payment_method`` has it: the brand or the kind, never a number."""
    return method.brand or _NAMES[method.kind]
