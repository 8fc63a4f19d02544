"""Products from the shelf files: every text is written by hand, stock alone is drawn from the seed."""

import itertools
import random
from typing import Any

from bot.shop.demo.texts import load, shelves
from bot.shop.records import Product, ProductId, Variant


def products(rng: random.Random) -> tuple[Product, ...]:
    """All products, by category and then as written. Ids: ``TC-101``; SKUs: ``TC-101-01``."""
    words = load("words")
    return tuple(
        _product(shelf, f"{shelf['code']}-{number}", item, words, rng)
        for shelf in shelves()
        for number, item in enumerate(shelf["products"], start=101)
    )


def _product(
    shelf: dict[str, Any], product_id: str, item: dict[str, Any], words: dict[str, Any], rng: random.Random
) -> Product:
    own = words["by_category"].get(shelf["code"], {})
    names = {**words["attributes"], **own}
    brand = item["brand"]
    attributes = {"Brand": [brand, words["brands"][brand]], **item["attributes"]}
    return Product(
        product_id=ProductId(product_id),
        category=shelf["category"][0],
        category_zh=shelf["category"][1],
        name_en=item["name"][0],
        name_zh=item["name"][1],
        brand=brand,
        text_en=item["text"][0],
        text_zh=item["text"][1],
        attributes_en={name: value[0] for name, value in attributes.items()},
        attributes_zh={names[name]: value[1] for name, value in attributes.items()},
        variants=tuple(_variants(product_id, item, {**words["options"], **own}, rng)),
        tags=tuple(item.get("tags", ())),
    )


def _variants(product_id: str, item: dict[str, Any], names: dict[str, str], rng: random.Random) -> list[Variant]:
    options = item["options"]
    sold_out = [set(label.split(" / ")) for label in item.get("sold_out", ())]
    variants = []
    for number, choice in enumerate(itertools.product(*options.values()), start=1):
        chosen = {value[0] for value in choice}
        stock = rng.randint(1, 6) if rng.random() < 0.15 else rng.randint(7, 180)
        variants.append(
            Variant(
                sku=f"{product_id}-{number:02d}",
                options={name: value[0] for name, value in zip(options, choice, strict=True)},
                options_zh={names[name]: value[1] for name, value in zip(options, choice, strict=True)},
                price_minor=item["price"] + sum(value[2] for value in choice),
                stock=0 if any(label <= chosen for label in sold_out) else stock,
            )
        )
    return variants
