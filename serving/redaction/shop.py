"""What a shop folder's guard leaves readable: its order, SKU and tracking numbers, its product and brand names.

Reads ``shop.toml`` and ``products.jsonl`` where they are there: no customer, no order, and it writes nothing.
"""

from collections.abc import Iterable
from pathlib import Path

from bot.shop.folder import Gate, read_info, read_table
from bot.shop.records import Product, ShopInfo
from bot.shop.store import DATABASE, open_shop
from guardrails.readable import Readable


def patterns_of(info: ShopInfo) -> tuple[str, ...]:
    """The patterns that the shop has."""
    return tuple(p for p in (info.order_pattern, info.sku_pattern, info.tracking_pattern) if p)


def readable_of(folder: Path) -> Readable:
    """What the shop in ``folder`` wants left readable.

    Raises:
        ShopError: the folder is no shop folder.
        ValueError: more names than the guard takes, or a pattern that is none.
    """
    if not (folder / "shop.toml").exists() and (folder / DATABASE).is_file():
        shop = open_shop(folder)
        try:
            return Readable(patterns_of(shop.info), _names(shop.products()))
        finally:
            shop.close()
    gate = Gate()
    info = read_info(folder)
    read_table(folder / "products.jsonl", "products", gate)
    return Readable(patterns_of(info), _names(gate.products))


def _names(products: Iterable[Product]) -> frozenset[str]:
    named = (name for product in products for name in (product.name_en, product.name_zh, product.brand))
    return frozenset(name for name in named if name.strip())
