"""How the demo shop's customers pay, and every order's payments so that they add up; all numbers are made up.

Comes after people and orders and draws from a stream of its own, so that it moves nobody's house and no order number.
"""

import random
from dataclasses import replace
from typing import Final

from bot.shop.money import held
from bot.shop.pieces import pieces
from bot.shop.records import Customer, Order, Payment, PaymentKind, PaymentMethod
from bot.shop.rules import ShopRules

_KINDS: Final[dict[str, tuple[PaymentKind, str]]] = {
    "Alipay": ("wallet", "alipay"),
    "WeChat Pay": ("wallet", "wechat"),
    "PayPal": ("wallet", "paypal"),
    "UnionPay": ("card", "card"),
    "Visa": ("card", "card"),
    "Mastercard": ("card", "card"),
}
_HOME: Final = ("Alipay", "WeChat Pay", "UnionPay")
_ABROAD: Final = ("Visa", "Mastercard", "PayPal")
GIFT_CARD: Final = "Gift card"
_NAMED: Final = 2  # the customers of the walk-through have a gift card for certain


class Till:
    """Knows who pays how, and books orders."""

    def __init__(self, rng: random.Random, rules: ShopRules) -> None:
        self._rng = rng
        self._rules = rules
        self._ids: set[str] = set()

    def customer(self, customer: Customer, brands: list[str], gift: bool) -> Customer:
        """The customer with the ways to pay their orders need, sometimes another one and a gift card."""
        known = list(dict.fromkeys(brands))
        more = [brand for brand in (_HOME if customer.lang == "zh" else _ABROAD) if brand not in known]
        if more and self._rng.random() < 0.4:
            known.append(self._rng.choice(more))
        methods = [self._method(brand) for brand in known]
        if self._rng.random() < 0.3 or gift:
            low = self._rng.random() < 0.2 and not gift
            balance = self._rng.randrange(500, 5_000, 100) if low else self._rng.randrange(10_000, 80_000, 500)
            methods.append(PaymentMethod(self._id("gift"), "gift_card", GIFT_CARD, "", balance))
        return replace(customer, payment_methods=tuple(methods))

    def order(self, order: Order, customer: Customer) -> Order:
        """The order with its payments, and with what went back where something did."""
        ways = {method.brand: method.method_id for method in customer.payment_methods}
        shares = self._shares(order, ways)
        if list(shares) == [ways.get(GIFT_CARD)]:
            order = replace(order, payment_method=GIFT_CARD)
        paid = replace(order, payments=tuple(Payment("payment", amount, way) for way, amount in shares.items()))
        match order.status:
            case "pending":
                return replace(order, payments=())
            case "cancelled":  # some were never paid and closed by themselves
                return _refunded(paid, order.total_minor) if self._rng.random() < 0.7 else replace(order, payments=())
            case "return_requested" | "returned":
                return self._sent_back(paid, customer)
            case _:
                return paid

    def _shares(self, order: Order, ways: dict[str, str]) -> dict[str, int]:
        main, total = ways[order.payment_method], order.total_minor
        chance = self._rng.random()
        if GIFT_CARD not in ways or chance > 0.16 or order.status == "pending":
            return {main: total}
        part = total if chance < 0.04 else max(1, total * self._rng.randint(1, 5) // 1_000) * 100
        return {ways[GIFT_CARD]: total} if part >= total else {main: total - part, ways[GIFT_CARD]: part}

    def _sent_back(self, order: Order, customer: Customer) -> Order:
        line = self._rng.choice(order.items)
        whole = len(order.items) == 1 or self._rng.random() < 0.4
        back = [piece for piece in pieces(order) if whole or piece.sku == line.sku]
        originals = list(held(order))
        order = replace(
            order,
            returning=tuple(sorted(piece.sku for piece in back)),
            settle_method=originals[0] if len(originals) == 1 else "",
        )
        if order.status == "return_requested":
            return order
        free = customer.member_level in self._rules.fee_free_levels or self._rules.is_abroad(order.address)
        fee = 0 if free else self._rules.returns.fee_minor
        return _refunded(order, max(0, sum(piece.price_minor for piece in back) - fee))

    def _method(self, brand: str) -> PaymentMethod:
        kind, start = _KINDS[brand]
        last_four = f"{self._rng.randint(0, 9_999):04d}" if kind == "card" else ""
        return PaymentMethod(self._id(start), kind, brand, last_four)

    def _id(self, start: str) -> str:
        while True:
            method_id = f"{start}_{self._rng.randint(1_000_000, 9_999_999)}"
            if method_id not in self._ids:
                self._ids.add(method_id)
                return method_id


def _refunded(order: Order, amount_minor: int) -> Order:
    rows = []
    for way, share in reversed(held(order).items()):
        rows.append(Payment("refund", min(share, amount_minor), way))
        amount_minor -= rows[-1].amount_minor
    return replace(order, payments=(*order.payments, *(row for row in rows if row.amount_minor)))


def paid(
    rng: random.Random, rules: ShopRules, customers: tuple[Customer, ...], orders: tuple[Order, ...]
) -> tuple[tuple[Customer, ...], tuple[Order, ...]]:
    """Everybody with their ways to pay, and all orders booked."""
    till = Till(rng, rules)
    brands: dict[str, list[str]] = {}
    for order in orders:
        brands.setdefault(order.customer_id, []).append(order.payment_method)
    everybody = {
        customer.customer_id: till.customer(customer, brands.get(customer.customer_id, []), place < _NAMED)
        for place, customer in enumerate(customers)
    }
    return tuple(everybody.values()), tuple(till.order(order, everybody[order.customer_id]) for order in orders)
