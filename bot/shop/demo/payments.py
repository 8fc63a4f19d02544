"""How the demo shop's customers pay: the methods of their orders, a gift card for some, and what was paid and refunded."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from bot.shop.records import Customer, Order, Payment, PaymentKind, PaymentMethod

_KINDS: Final[dict[str, PaymentKind]] = {
    "Visa": "card", "Mastercard": "card", "UnionPay": "card", "PayPal": "wallet", "Alipay": "wallet", "WeChat Pay": "wallet",
}  # fmt: skip
_GIFT_SHARE: Final = 0.25
_UNPAID: Final = frozenset({"pending"})
_REFUNDED: Final = frozenset({"cancelled", "returned"})


def pay(customers: Iterable[Customer], orders: Sequence[Order]) -> tuple[tuple[Customer, ...], tuple[Order, ...]]:
    """Customers with payment methods, and orders with their payments; drawn by the customer's id, so nothing else moves."""
    brands: dict[str, dict[str, str]] = {}
    for order in orders:
        methods = brands.setdefault(order.customer_id, {})
        methods.setdefault(order.payment_method, f"{order.customer_id}-P{len(methods) + 1}")
    paying = tuple(_with_methods(customer, brands.get(customer.customer_id, {})) for customer in customers)
    return paying, tuple(_paid(order, brands[order.customer_id][order.payment_method]) for order in orders)


def _with_methods(customer: Customer, brands: dict[str, str]) -> Customer:
    rng = random.Random(f"payment {customer.customer_id}")
    methods = [
        PaymentMethod(method_id, kind, brand, f"{rng.randint(0, 9999):04d}" if kind == "card" else "")
        for brand, method_id in brands.items()
        for kind in (_KINDS[brand],)
    ]
    if rng.random() < _GIFT_SHARE:
        balance = rng.choice((5_000, 10_000, 20_000, 50_000))
        methods.append(PaymentMethod(f"{customer.customer_id}-G1", "gift_card", balance_minor=balance))
    return replace(customer, payment_methods=tuple(methods))


def _paid(order: Order, method_id: str) -> Order:
    if order.status in _UNPAID:
        return order
    rows = [Payment("payment", order.total_minor, method_id)]
    rows += [Payment("refund", order.total_minor, method_id)] if order.status in _REFUNDED else []
    return replace(order, payments=tuple(rows))
