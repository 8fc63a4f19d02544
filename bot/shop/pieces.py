"""Lines of an order as single pieces, so that one of two can be exchanged; and back into lines."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import repeat

from bot.shop.records import Order, OrderItem, Product, Swap, Variant
from bot.shop.rules import ShopRules
from bot.shop.writes import No

ProductOf = Callable[[str], tuple[Product, Variant] | None]
Stock = tuple[tuple[str, int], ...]


def pieces(order: Order) -> list[OrderItem]:
    """One item of quantity 1 a piece, in the order of the lines."""
    return [one for item in order.items for one in repeat(replace(item, quantity=1), item.quantity)]


def lines(single: Iterable[OrderItem]) -> tuple[OrderItem, ...]:
    """Pieces of the same SKU at the same price as one line, where the first of them is."""
    found: dict[tuple[str, int], OrderItem] = {}
    for piece in single:
        key = (piece.sku, piece.price_minor)
        found[key] = replace(found[key], quantity=found[key].quantity + 1) if key in found else piece
    return tuple(found.values())


def places(order_pieces: list[OrderItem], skus: Iterable[str]) -> list[int]:
    """Where the named pieces are, one place a name; of several the last, so that what is left stays in its place.

    Raises:
        No: a SKU is not in the order, or not that often (``limit``: how often it is).
    """
    free: dict[str, list[int]] = {}
    for place in range(len(order_pieces)):
        free.setdefault(order_pieces[place].sku, []).append(place)
    found = []
    for sku in skus:
        if not free.get(sku):
            raise No("unknown_item", sku, sum(piece.sku == sku for piece in order_pieces))
        found.append(free[sku].pop())
    return found


def swapped(
    order: Order, swaps: tuple[Swap, ...], product_of: ProductOf, rules: ShopRules, same: bool
) -> tuple[tuple[OrderItem, ...], int]:
    """The lines after the swaps, and what they cost more in minor units.

    The new price is the catalogue's now; the old one is what was paid. ``same``: a piece for the same one is allowed.

    Raises:
        No: nothing to swap, a piece is not in the order, or the new one cannot be had.
    """
    if not swaps:
        raise No("nothing")
    single = pieces(order)
    wanted = Counter(swap.new for swap in swaps)
    difference = 0
    for place, swap in zip(places(single, [swap.old for swap in swaps]), swaps, strict=True):
        old = single[place]
        variant = _replacement(old, swap, product_of, same)
        if variant.stock < (wanted[swap.new] if rules.count_stock else 1):
            raise No("sold_out", swap.new, variant.stock)
        difference += variant.price_minor - old.price_minor
        single[place] = replace(
            old,
            sku=variant.sku,
            options=variant.options,
            options_zh=variant.options_zh,
            price_minor=variant.price_minor,
        )
    return lines(single), difference


def _replacement(old: OrderItem, swap: Swap, product_of: ProductOf, same: bool) -> Variant:
    found = product_of(swap.new)
    if found is None:
        raise No("unknown_item", swap.new)
    product, variant = found
    if product.product_id != old.product_id:
        raise No("other_product", swap.new)
    if variant.sku == old.sku and not same:
        raise No("same_item", swap.new)
    return variant


def stock_of(skus: Iterable[str], sign: int) -> Counter[str]:
    """Pieces on the shelf (``sign`` 1) or off it (-1)."""
    return Counter({sku: sign * count for sku, count in Counter(skus).items()})


def stock_changes(rules: ShopRules, *changes: Counter[str]) -> Stock:
    """The changes of stock together, by SKU; none where the shop does not count.

    >>> stock_changes(ShopRules(), stock_of(["B"], -1), stock_of(["A", "A"], 1))
    (('A', 2), ('B', -1))
    """
    total: Counter[str] = Counter()
    for change in changes:
        total.update(change)
    return tuple(sorted((sku, count) for sku, count in total.items() if count)) if rules.count_stock else ()
