"""The corpus' own made-up catalogue: names by category, attributes drawn from what the category allows.

The goods are not the demo shop's. One name can have different attributes in two cases: the model
should read the facts, not remember the goods.
"""

import random
from dataclasses import dataclass
from functools import cache
from typing import Final

from finetune.corpus.notation import Lang, words

_PLAIN: Final = ("names", "price", "options", "about")


@dataclass(frozen=True, slots=True)
class Category:
    """What goods of one kind are called and can be. Prices in whole units."""

    names: tuple[str, ...]
    price: tuple[int, int]
    attributes: dict[str, tuple[str, ...]]
    options: tuple[str, ...]
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Good:
    """One product as facts need it."""

    name: str
    price: int
    attributes: dict[str, str]
    options: str
    about: str


@cache
def categories(lang: Lang) -> tuple[Category, ...]:
    """All categories of ``words/<lang>/products.txt``."""
    blocks: list[dict[str, tuple[str, ...]]] = []
    for row in words(lang, "products"):
        if row.startswith("["):
            blocks.append({})
            continue
        key, _, values = row.partition(": ")
        blocks[-1][key] = tuple(value.strip() for value in values.split(";"))
    return tuple(_category(block) for block in blocks)


def _category(block: dict[str, tuple[str, ...]]) -> Category:
    low, high = block["price"][0].split("-")
    attributes = {key: values for key, values in block.items() if key not in _PLAIN}
    return Category(block["names"], (int(low), int(high)), attributes, block["options"], block["about"])


@cache
def names(lang: Lang) -> tuple[str, ...]:
    """All product names of a language."""
    return tuple(name for category in categories(lang) for name in category.names)


def make_goods(rng: random.Random, lang: Lang, count: int) -> list[Good]:
    """Different products of one category, as a search finds them."""
    category = rng.choice(categories(lang))
    return [_good(rng, category, name) for name in rng.sample(category.names, count)]


def _good(rng: random.Random, category: Category, name: str) -> Good:
    """A product with two to four attributes of its category."""
    keys = rng.sample(sorted(category.attributes), min(len(category.attributes), rng.randint(2, 4)))
    return Good(
        name=name,
        price=rng.randint(*category.price),
        attributes={key: rng.choice(category.attributes[key]) for key in keys},
        options=rng.choice(category.options),
        about=rng.choice(category.about),
    )
