"""A product as other shop systems describe it, one language at a time, made into a record or rejected.

Texts go where their script belongs: Chinese characters make them Chinese. Descriptions may be HTML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from bot.shop.folder import Gate, adapter, reason_of
from bot.shop.html import plain
from bot.shop.records import Product, Variant
from bot.shop.sheets import chinese, price_minor

ENOUGH: Final = 100
"""Pieces of what can be bought without being counted."""
MAX_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Piece:
    """What can be bought, as text of a file. ``stock`` is a whole number; less than zero is sold out."""

    row: int
    sku: str
    price: str
    stock: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A product page in whatever language it is. ``fields`` are fields of ``Product`` whose language is known."""

    row: int
    product_id: str
    name: str = ""
    text: str = ""
    category: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


def take(page: Page, pieces: Sequence[Piece], gate: Gate) -> None:
    """The product with its pieces through the gate. A broken piece is rejected alone, a broken page whole."""
    variants: list[Variant] = []
    for piece in pieces:
        try:
            variants.append(_variant(piece))
        except ValueError as error:
            gate.reject("products", piece.row, reason_of(error) if isinstance(error, ValidationError) else str(error))
    if not variants and pieces:
        return  # each of them is listed
    try:
        product: Product = adapter(Product).validate_python(_fields(page) | {"variants": tuple(variants)})
    except ValidationError as error:
        gate.reject("products", page.row, reason_of(error))
    else:
        gate.product(page.row, product)


def labels(text: str, separators: str = ",") -> tuple[str, ...]:
    """What a cell lists, each once, in its order.

    >>> labels("gift, tea,,gift")
    ('gift', 'tea')
    """
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    return tuple(dict.fromkeys(label.strip() for label in text.split(separators[0]) if label.strip()))


def all_options(pieces: Sequence[Piece]) -> dict[str, str]:
    """What a product is to be had in: option → all its values."""
    values: dict[str, dict[str, None]] = {}
    for piece in pieces:
        for name, value in piece.options.items():
            values.setdefault(name, {})[value] = None
    return {name: ", ".join(known) for name, known in values.items()}


def _variant(piece: Piece) -> Variant:
    price = price_minor(piece.price)
    if price is None:
        raise ValueError("price: expected a number such as 1,299.00")
    stock = piece.stock.removeprefix("-")
    if not (stock.isascii() and stock.isdigit()):
        raise ValueError("stock: expected a whole number from 0")
    zh = chinese(*piece.options, *piece.options.values())
    variant: Variant = adapter(Variant).validate_python(
        {
            "sku": piece.sku,
            "options": {} if zh else piece.options,
            "options_zh": piece.options if zh else {},
            "price_minor": price,
            "stock": max(0, int(piece.stock)),
        }
    )
    return variant


def _fields(page: Page) -> dict[str, Any]:
    fields: dict[str, Any] = dict(page.fields)
    own = {"name": page.name, "text": plain(page.text)[:MAX_TEXT]}
    for name, text in own.items():
        key = f"{name}_zh" if chinese(text) else f"{name}_en"
        fields[key] = fields.get(key) or text
    if page.category:
        fields["category_zh" if chinese(page.category) else "category"] = page.category
    zh = chinese(*page.attributes, *page.attributes.values())
    fields["attributes_zh" if zh else "attributes_en"] = page.attributes
    return fields | {"product_id": page.product_id, "brand": page.brand, "tags": page.tags}
