"""The last weeks of the demo shop are busier than the year before: more can still be returned or exchanged.

Moves some delivered orders nearer to today, by whole days, and lets some customers ask for an exchange. Draws from a
stream of its own; the orders of the walk-through stay as they are.
"""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.shop.demo.parcels import NOW
from bot.shop.records import Order, Product, Swap, Variant
from bot.shop.rules import ShopRules

_SHARE: Final = 0.16
_EXCHANGES: Final = 14


def busier(
    rng: random.Random, rules: ShopRules, orders: tuple[Order, ...], products: tuple[Product, ...], named: set[str]
) -> tuple[Order, ...]:
    """The orders, by the time they were placed, with more delivered of late and some exchanges asked for."""
    moved = [_nearer(rng, order) if order.customer_id not in named else order for order in orders]
    of: dict[str, Product] = {product.product_id: product for product in products}
    asked = 0
    for place, order in enumerate(moved):
        swap = _wish(rules, order, of) if order.customer_id not in named and asked < _EXCHANGES else None
        if swap and rng.random() < 0.35:
            moved[place] = _exchanging(order, *swap)
            asked += 1
    return tuple(sorted(moved, key=lambda order: (order.placed_at or NOW, order.order_id)))


def _nearer(rng: random.Random, order: Order) -> Order:
    if order.status != "delivered" or order.delivered_at is None or order.placed_at is None or rng.random() > _SHARE:
        return order
    by = (NOW.date() - order.delivered_at.date()) - timedelta(days=rng.randint(1, 24))
    if by <= timedelta(0):
        return order
    return replace(
        order,
        placed_at=order.placed_at + by,
        delivered_at=order.delivered_at + by,
        events=tuple(replace(event, at=event.at + by) for event in order.events),
    )


def _wish(rules: ShopRules, order: Order, of: dict[str, Product]) -> tuple[Swap, int] | None:
    """The first piece that could be exchanged by the rules, and what the other variant costs more."""
    in_time = order.delivered_at and (NOW.date() - order.delivered_at.date()).days <= (rules.exchange.days or 0)
    if order.status != "delivered" or not in_time or rules.is_abroad(order.address):
        return None
    for item in order.items:
        for variant in _others(of[item.product_id], item.sku):
            return Swap(item.sku, variant.sku), variant.price_minor - item.price_minor
    return None


def _others(product: Product, sku: str) -> list[Variant]:
    return [variant for variant in product.variants if variant.stock and variant.sku != sku]


def _exchanging(order: Order, swap: Swap, difference_minor: int) -> Order:
    return replace(order, status="exchange_requested", exchanging=(swap,), difference_minor=difference_minor)
