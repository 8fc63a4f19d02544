"""Customers and orders as other shop systems describe them, made into records or rejected.

Customers are known by the shop's id, else by e-mail, else by name and postal code. Where only an order names somebody,
a customer is made of it, with an id that is the same in every import and tells nothing. Times need a zone, in the text
or as the source's.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from pydantic import ValidationError

from bot.session import CustomerId
from bot.shop.folder import Gate, adapter, reason_of
from bot.shop.keys import email_key, name_key, postal_key
from bot.shop.records import Customer, Order, OrderItem, Product, Variant
from bot.shop.sheets import chinese, price_minor

PLACE: Final = ("line1", "line2", "city", "region", "postal_code", "country")
_ZONE: Final = re.compile(r"\s+(?=(?:[+-]\d\d:?\d\d|Z|UTC)$)")


@dataclass(frozen=True, slots=True)
class Bought:
    """One line of an order, as text of a file."""

    row: int
    sku: str
    name: str
    quantity: str
    price: str


@dataclass(frozen=True, slots=True)
class Sale:
    """An order, as text of a file. ``fields`` go into the record as they are."""

    row: int
    order_id: str
    status: str
    total: str
    placed_at: datetime | None = None
    customer_id: str = ""
    email: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    place: Mapping[str, str] = field(default_factory=dict, repr=False)
    home: Mapping[str, str] = field(default_factory=dict, repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Shelf:
    """Finds what was bought among the products: by SKU, else by the name with its options."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._by_sku: dict[str, tuple[Product, Variant]] = {}
        self._by_name: dict[str, tuple[Product, Variant]] = {}
        for product in products:
            for variant in product.variants:
                self._by_sku[variant.sku] = (product, variant)
                for lang in ("en", "zh"):
                    values = " / ".join(variant.options_in(lang).values())
                    title = f"{product.name(lang)} - {values}" if values else product.name(lang)
                    self._by_name.setdefault(title.casefold(), (product, variant))

    def find(self, bought: Bought) -> tuple[Product, Variant] | None:
        """The product and variant, or ``None`` when the shop does not have it any more."""
        return self._by_sku.get(bought.sku) or self._by_name.get(bought.name.casefold())


class People:
    """The customers of a source, each once, and those that only orders name."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._ids: set[str] = set()
        self._by_email: dict[str, CustomerId] = {}
        self._by_name: dict[tuple[str, str], CustomerId] = {}

    def add(self, row: int, table: str, fields: Mapping[str, Any]) -> CustomerId | None:
        """A customer through the gate; the id, or ``None`` when it was rejected and is listed under ``table``."""
        try:
            customer: Customer = adapter(Customer).validate_python(fields)
        except ValidationError as error:
            self._gate.reject(table, row, reason_of(error))
            return None
        before = len(self._gate.customers)
        self._gate.customer(row, customer)
        if len(self._gate.customers) == before:
            return None
        self._ids.add(customer.customer_id)
        if key := email_key(customer.email):
            self._by_email.setdefault(key, customer.customer_id)
        if (name := name_key(customer.name)) and customer.address and customer.address.postal_code:
            self._by_name.setdefault((name, postal_key(customer.address.postal_code)), customer.customer_id)
        return customer.customer_id

    def of(self, sale: Sale) -> CustomerId | None:
        """Whose order it is; a new customer when nobody is known; ``None`` when the order says too little."""
        if sale.customer_id:
            return CustomerId(sale.customer_id)  # the gate knows whether there is one
        email = email_key(sale.email)
        pair = (name_key(sale.name), postal_key(sale.home.get("postal_code", "")))
        if email in self._by_email or (not email and pair in self._by_name):
            return self._by_email.get(email) or self._by_name[pair]
        made = made_id(sale.email, sale.name, sale.home.get("postal_code", ""))
        if not made:
            return None
        fields = {
            "customer_id": made,
            "name": sale.name,
            "email": sale.email,
            "phone": sale.phone,
            "address": address(sale.home),
            "lang": "zh" if chinese(sale.name) else "en",
        }
        return self.add(sale.row, "orders", fields)


def take(sale: Sale, lines: Sequence[Bought], people: People, shelf: Shelf, gate: Gate) -> None:
    """The order through the gate: whole, or rejected whole at its first line."""
    total = price_minor(sale.total) if sale.total else None
    if sale.total and total is None:
        gate.reject("orders", sale.row, "total: expected a number such as 1,299.00")
        return
    try:
        items = tuple(_item(line, number, shelf) for number, line in enumerate(lines, start=1))
    except ValidationError as error:
        gate.reject("orders", sale.row, f"items: {reason_of(error)}")
        return
    except ValueError as error:
        gate.reject("orders", sale.row, str(error))
        return
    customer_id = people.of(sale)
    if customer_id is None:
        gate.reject("orders", sale.row, "expected whose it is: an id, an e-mail, or a name and a postal code")
        return
    fields = {
        "order_id": sale.order_id,
        "customer_id": customer_id,
        "status": sale.status,
        "placed_at": sale.placed_at,
        "items": items,
        "total_minor": sum(i.price_minor * i.quantity for i in items) if total is None else total,
        "address": address(sale.place),
        "recipient": sale.name,
        "phone": sale.phone,
    }
    try:
        order: Order = adapter(Order).validate_python(fields | dict(sale.fields))
    except ValidationError as error:
        gate.reject("orders", sale.row, reason_of(error))
    else:
        gate.order(sale.row, order)


def address(place: Mapping[str, str]) -> dict[str, str] | None:
    """The fields of an address, or ``None`` without a first line."""
    return {name: place.get(name, "") for name in PLACE} if place.get("line1") else None


def moment(text: str, zone: tzinfo | None = None) -> datetime | None:
    """A time in ISO spelling, with a blank before the zone or not; ``None`` for an empty cell.

    >>> moment("2026-05-01 10:00:00 +0200").isoformat()
    '2026-05-01T10:00:00+02:00'

    Raises:
        ValueError: it is no such time.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(_ZONE.sub("", text).replace("UTC", "+00:00").replace("/", "-"))
    except ValueError:
        raise ValueError("expected a time such as 2026-11-20 09:30:00 +0800") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def full_name(first: str, last: str) -> str:
    """A person's name in the order of its language.

    >>> full_name("Ada", "Moss"), full_name("小雨", "林")
    ('Ada Moss', '林小雨')
    """
    return f"{last}{first}" if chinese(first, last) else f"{first} {last}".strip()


def _item(line: Bought, number: int, shelf: Shelf) -> OrderItem:
    price = price_minor(line.price)
    if price is None:
        raise ValueError("price of an item: expected a number such as 1,299.00")
    if not (line.quantity.isascii() and line.quantity.isdigit()):
        raise ValueError("quantity of an item: expected a whole number from 1")
    found = shelf.find(line)
    product, variant = found if found else (None, None)
    zh = chinese(line.name)
    item: OrderItem = adapter(OrderItem).validate_python(
        {
            "sku": line.sku or (variant.sku if variant else f"item-{number}"),
            "product_id": product.product_id if product else "",
            "name_en": product.name_en if product else "" if zh else line.name,
            "name_zh": product.name_zh if product else line.name if zh else "",
            "options": variant.options if variant else {},
            "options_zh": variant.options_zh if variant else {},
            "quantity": int(line.quantity),
            "price_minor": price,
        }
    )
    return item


def made_id(email: str, name: str, postal_code: str) -> str:
    """A customer's id where the source has none: the same in every import, and no e-mail or name to read in it.

    ``""`` where nothing tells the customer apart.
    """
    pair = (name_key(name), postal_key(postal_code))
    identity = email_key(email) or (" ".join(pair) if all(pair) else "")
    return f"c-{hashlib.sha256(identity.encode()).hexdigest()[:20]}" if identity else ""
