"""What a reply may state: the tool's result as lines, and the same rendered plainly for the customer.

A line is ``key: value``; keys are English and fixed per kind (``FACT_KEYS``), values are in the
customer's language. The model words them, the grounding guard checks against them, and ``plain``
is what the customer gets when the model is away or says something the facts do not hold.
"""

from dataclasses import dataclass
from typing import Final, Literal

from guardrails.findings import Concealed

FactKind = Literal["order", "orders", "product", "products", "policy"]

FACT_KEYS: Final[dict[FactKind, tuple[str, ...]]] = {
    # one order; unknown ones are left out
    "order": (
        "order",
        "status",
        "placed",
        "items",
        "total",
        "carrier",
        "tracking",
        "last event",
        "expected",
        "delivered",
        "deliver to",
    ),
    # several orders, one line each: "TF10293847, 运输中, 11月20日, 云感蚕丝被"
    "orders": ("order 1", "order 2", "order 3", "order 4", "order 5"),
    # one product
    "product": ("product", "price", "stock", "options", "details", "about"),
    # offers, one line each: "name, price, stock, why"
    "products": ("product 1", "product 2", "product 3"),
    # passages of the shop's policy
    "policy": ("title", "passage"),
}


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product as shown under a reply. ``price`` is formatted for the language."""

    product_id: str
    name: str
    price: str
    stock: str
    url: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a policy answer comes from."""

    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a tool brought back, concealed. ``lines`` are ``key: value``."""

    kind: FactKind
    lines: tuple[Concealed, ...]
    plain: Concealed
    products: tuple[ProductCard, ...] = ()
    sources: tuple[Source, ...] = ()
    needed: tuple[tuple[str, Concealed], ...] = ()
    """What must be said, and the sentence that says it where the model's words leave it out."""
