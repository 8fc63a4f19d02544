"""What a customer has: pieces of orders, and the records that words are read beside."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.catalogue.words import normalise
from bot.service.goods import Mention, Names
from bot.service.wants import options_of
from bot.session import Lang
from bot.shop.keys import order_key
from bot.shop.records import Address, Order, OrderItem, Product

_STATE_NAMES: Final = {
    "tx": "texas", "ca": "california", "ny": "new york", "fl": "florida", "wa": "washington", "il": "illinois",
    "co": "colorado", "pa": "pennsylvania", "az": "arizona", "oh": "ohio", "nc": "north carolina", "in": "indiana",
    "mi": "michigan", "ma": "massachusetts", "tn": "tennessee", "or": "oregon", "nv": "nevada", "ga": "georgia",
    "va": "virginia", "nj": "new jersey", "mo": "missouri", "wi": "wisconsin", "mn": "minnesota", "md": "maryland",
}  # fmt: skip


_WORDS: Final = frozenset(
    {"or", "in", "me", "ok", "hi", "oh", "so", "is", "it", "to", "my", "we", "be", "do", "go", "no", "us"}
)
"""Initials of towns that are words."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of one order."""

    order_id: str
    item: OrderItem
    number: int = 0

    @property
    def sku(self) -> str:
        """The variant that was bought."""
        return self.item.sku


@dataclass(frozen=True, slots=True)
class Named:
    """A mention with the pieces it may mean and the words that belong to it."""

    mention: Mention
    pieces: tuple[Piece, ...]
    before: str
    after: str
    many: bool = False
    kept: bool = False
    """Named as what shall stay."""
    count: int = 1
    """How many pieces of it are meant."""
    lead: str | None = None
    """What stands right before it as a wish, where that is known already."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What a job is about. ``unsure`` holds pieces of which one is meant; ``missing``: a named order is nobody's."""

    orders: tuple[Order, ...] = ()
    pieces: tuple[Piece, ...] = ()
    unsure: tuple[Piece, ...] = ()
    missing: bool = False
    whole: bool = False
    words: Mapping[tuple[str, str, int], str] = field(default_factory=dict)
    """(order, sku, number) of a piece → what was said of it."""
    leads: Mapping[tuple[str, str, int], str] = field(default_factory=dict)
    """The same → what was said right before it, and may be a wish as well as what it is."""
    named: bool = False
    kept: bool = False
    """Something was named as what shall stay."""


@dataclass(frozen=True, slots=True)
class Records:
    """What is known of the customer, for reading."""

    orders: tuple[Order, ...]
    product: Callable[[str], Product | None]
    catalogue: Sequence[Product]
    lang: Lang
    order_pattern: str
    names: Names

    @classmethod
    def of(
        cls,
        orders: tuple[Order, ...],
        catalogue: Sequence[Product],
        lang: Lang,
        order_pattern: str,
        product: Callable[[str], Product | None],
    ) -> "Records":
        """The records of one customer."""
        owned = {item.product_id for order in orders for item in order.items}
        products = [p for p in (product(i) for i in sorted(owned)) if p]
        gone = [_as_product(item) for o in orders for item in o.items if product(item.product_id) is None]
        names = Names([*products, *gone], catalogue)
        names.owning({item.sku.upper(): item.product_id for order in orders for item in order.items})
        return cls(orders, product, catalogue, lang, order_pattern, names)


def pieces_of(orders: Iterable[Order]) -> list[Piece]:
    """All pieces, one by one; those on their way back are gone."""
    found = []
    for order in orders:
        for item in order.items:
            found += [Piece(order.order_id, item, n) for n in range(item.quantity)]
    return found


def named_orders(text: str, records: Records) -> tuple[tuple[Order, ...], bool]:
    """The customer's orders whose numbers stand in the text, and whether a number stands there that is not his."""
    by_key = {order_key(order.order_id): order for order in records.orders}
    found: dict[str, Order] = {}
    missing = False
    for match in re.finditer(records.order_pattern, text, re.IGNORECASE):
        order = by_key.get(order_key(match.group()))
        missing = missing or order is None
        if order:
            found.setdefault(order.order_id, order)
    return tuple(found.values()), missing


def mentions_place(text: str, address: Address) -> bool:
    """Whether a text names the town or the state of an address, also by its letters: LA, NYC."""
    city, region = normalise(address.city), normalise(address.region)
    initials = "".join(word[0] for word in city.split()) if len(city.split()) > 1 else ""
    initials = "" if initials in _WORDS else initials
    forms = {city, city.removesuffix("市"), f"{city} {region}".strip() if region else ""}
    forms |= {initials, f"{initials}c"} if len(initials) > 1 else set()
    forms |= {_STATE_NAMES.get(region, "")}
    return any(
        form
        and len(form) > 1
        and re.search(rf"(?<![a-z]){re.escape(form)}(?![a-z])" if form.isascii() else re.escape(form), text)
        for form in forms
    )


def _as_product(item: OrderItem) -> Product:
    return Product(item.product_id, name_en=item.name_en, name_zh=item.name_zh)


def said_of(targets: Targets, piece: Piece) -> str:
    """What was said of a piece."""
    return targets.words.get((piece.order_id, piece.sku, piece.number), "")


def said_before(targets: Targets, piece: Piece) -> str:
    """What was said right before a piece's name, where that may be the wish."""
    return targets.leads.get((piece.order_id, piece.sku, piece.number), "")


def options_known(product: Product, lang: Lang) -> str:
    """The options of a product for a question: ``size: S, M, L; color: black``."""
    comma = ", " if lang == "en" else "、"
    return ("; " if lang == "en" else "；").join(f"{n}: {comma.join(v)}" for n, v in options_of(product, lang).items())
