"""What a shop is: products, customers, orders, policies. Frozen records, the same for every source.

Money is in minor units (cents, 分) of the shop's one currency. Times carry their zone. Texts come in
English and Chinese; a shop with one language leaves the other empty and gets it in both. The records
know nothing of files, SQL or dialogue. Fields that hold a person's data are kept out of ``repr``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Final, Literal, NewType, get_args

from pydantic import Field

from bot.session import CustomerId, Lang

ProductId = NewType("ProductId", str)
OrderId = NewType("OrderId", str)
OrderStatus = Literal[
    "pending",
    "paid",
    "packed",
    "shipped",
    "out_for_delivery",
    "delivered",
    "cancelled",
    "return_requested",
    "returned",
    "exchanged",
    "exchange_requested",
]
PaymentKind = Literal["card", "gift_card", "wallet", "bank", "other"]
ORDER_STATUSES: Final[tuple[OrderStatus, ...]] = get_args(OrderStatus)

Id = Annotated[str, Field(min_length=1, max_length=64)]
Text = Annotated[str, Field(max_length=20_000)]
Minor = Annotated[int, Field(ge=0, le=10**12)]
Signed = Annotated[int, Field(ge=-(10**12), le=10**12)]
Count = Annotated[int, Field(ge=0, le=10**9)]

# Read by pydantic where records come from files: a field nobody knows makes the row a rejected one.
_CLOSED: Final = {"extra": "forbid"}


def _either(lang: Lang, en: str, zh: str) -> str:
    return (zh or en) if lang == "zh" else (en or zh)


@dataclass(frozen=True, slots=True)
class Variant:
    """What is bought: one choice of options. ``stock`` 0 is sold out."""

    __pydantic_config__ = _CLOSED
    sku: Id
    options: Mapping[str, str]
    options_zh: Mapping[str, str]
    price_minor: Minor
    stock: Count

    def options_in(self, lang: Lang) -> Mapping[str, str]:
        """Options in ``lang``, or in the other language where the shop has only that."""
        return (self.options_zh or self.options) if lang == "zh" else (self.options or self.options_zh)


@dataclass(frozen=True, slots=True)
class Product:
    """A product page. ``category`` is English, ``category_zh`` Chinese; attributes keep the shop's order."""

    __pydantic_config__ = _CLOSED
    product_id: Annotated[ProductId, Field(min_length=1, max_length=64)]
    category: Text = ""
    category_zh: Text = ""
    name_en: Text = ""
    name_zh: Text = ""
    brand: Text = ""
    text_en: Text = ""
    text_zh: Text = ""
    attributes_en: Mapping[str, str] = field(default_factory=dict)
    attributes_zh: Mapping[str, str] = field(default_factory=dict)
    variants: tuple[Variant, ...] = ()
    tags: tuple[str, ...] = ()

    def name(self, lang: Lang) -> str:
        """The name in ``lang``, or in the other language."""
        return _either(lang, self.name_en, self.name_zh)

    def text(self, lang: Lang) -> str:
        """The description in ``lang``, or in the other language."""
        return _either(lang, self.text_en, self.text_zh)

    def category_in(self, lang: Lang) -> str:
        """The category in ``lang``, or in the other language."""
        return _either(lang, self.category, self.category_zh)

    def attributes(self, lang: Lang) -> Mapping[str, str]:
        """Attributes in ``lang``, or in the other language."""
        en, zh = self.attributes_en, self.attributes_zh
        return (zh or en) if lang == "zh" else (en or zh)

    @property
    def price_range(self) -> tuple[int, int]:
        """Lowest and highest price in minor units; ``(0, 0)`` without variants."""
        prices = [variant.price_minor for variant in self.variants] or [0]
        return min(prices), max(prices)

    @property
    def stock(self) -> int:
        """Pieces over all variants; 0 is sold out."""
        return sum(variant.stock for variant in self.variants)

    def restocked(self, changes: Mapping[str, int]) -> "Product":
        """The product with pieces added or taken by SKU; never fewer than none."""
        counted = (replace(v, stock=max(0, v.stock + changes.get(v.sku, 0))) for v in self.variants)
        return replace(self, variants=tuple(counted))


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel goes. Chinese addresses: ``region`` is the province, ``line1`` district, street, number."""

    __pydantic_config__ = _CLOSED
    line1: Text = field(repr=False)
    line2: Text = field(default="", repr=False)
    city: Text = field(default="", repr=False)
    region: Text = field(default="", repr=False)
    postal_code: Text = field(default="", repr=False)
    country: Text = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way to pay that a customer keeps with the shop. ``balance_minor`` is known of gift cards only."""

    __pydantic_config__ = _CLOSED
    method_id: Id
    kind: PaymentKind
    brand: Text = ""
    last_four: Annotated[str, Field(pattern=r"^(\d{4})?$")] = field(default="", repr=False)
    balance_minor: Minor | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Payment:
    """A row of an order's payment history: money of the customer (``payment``) or back to them (``refund``)."""

    __pydantic_config__ = _CLOSED
    type: Literal["payment", "refund"]
    amount_minor: Minor
    method_id: Id


@dataclass(frozen=True, slots=True)
class Swap:
    """One piece ``old`` for one piece ``new``, both SKUs; two pieces are two swaps."""

    __pydantic_config__ = _CLOSED
    old: Id
    new: Id


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the shop. ``latin_name`` is a Chinese name in Latin letters; both count as the name."""

    __pydantic_config__ = _CLOSED
    customer_id: Annotated[CustomerId, Field(min_length=1, max_length=64)]
    name: Text = field(default="", repr=False)
    email: Text = field(default="", repr=False)
    phone: Text = field(default="", repr=False)
    address: Address | None = field(default=None, repr=False)
    lang: Lang = "en"
    member_level: Text = ""
    latin_name: Text = field(default="", repr=False)
    payment_methods: tuple[PaymentMethod, ...] = field(default=(), repr=False)

    def method(self, method_id: str) -> PaymentMethod | None:
        """The customer's own way to pay of that id."""
        return next((method for method in self.payment_methods if method.method_id == method_id), None)


@dataclass(frozen=True, slots=True)
class OrderItem:
    """A line of an order as it was bought: the price of one piece then, not the catalogue's now."""

    __pydantic_config__ = _CLOSED
    sku: Id
    product_id: ProductId
    name_en: Text
    name_zh: Text
    options: Mapping[str, str]
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    price_minor: Minor
    options_zh: Mapping[str, str] = field(default_factory=dict)

    def name(self, lang: Lang) -> str:
        """The product's name in ``lang``, or in the other language."""
        return _either(lang, self.name_en, self.name_zh)


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """Something that happened to a parcel. ``place`` is as the carrier writes it."""

    __pydantic_config__ = _CLOSED
    at: datetime
    text_en: Text
    text_zh: Text
    place: Text = ""

    def text(self, lang: Lang) -> str:
        """What happened, in ``lang`` or in the other language."""
        return _either(lang, self.text_en, self.text_zh)


@dataclass(frozen=True, slots=True)
class Order:
    """An order of one customer. What is not known (no parcel yet, a source without dates) is ``None``.

    ``events`` are in time order. ``total_minor`` is what was paid: items, delivery and discounts; a cancelled
    order keeps it. ``returning`` and ``exchanging`` are per piece and sorted; ``settle_method`` is where their
    refund or difference goes, ``difference_minor`` what an exchange costs more (less: negative).
    """

    __pydantic_config__ = _CLOSED
    order_id: Annotated[OrderId, Field(min_length=1, max_length=64)]
    customer_id: Annotated[CustomerId, Field(min_length=1, max_length=64)]
    status: OrderStatus
    placed_at: datetime | None
    items: tuple[OrderItem, ...]
    total_minor: Minor
    address: Address | None = field(default=None, repr=False)
    recipient: Text = field(default="", repr=False)
    phone: Text = field(default="", repr=False)
    carrier: Text | None = None
    tracking_id: Text | None = None
    expected_on: date | None = None
    delivered_at: datetime | None = None
    events: tuple[TrackingEvent, ...] = ()
    payment_method: Text = ""
    carrier_zh: Text | None = None
    payments: tuple[Payment, ...] = ()
    items_changed: bool = False
    cancel_reason: Text = ""
    returning: tuple[Id, ...] = ()
    exchanging: tuple[Swap, ...] = ()
    difference_minor: Signed = 0
    settle_method: Annotated[str, Field(max_length=64)] = ""

    def carrier_in(self, lang: Lang) -> str | None:
        """The carrier's name in ``lang``, or in the other language; ``None`` without a parcel."""
        return _either(lang, self.carrier or "", self.carrier_zh or "") or None


@dataclass(frozen=True, slots=True)
class Policy:
    """One page of the shop's rules in one language. ``path`` is relative to the shop folder; ``text`` is Markdown."""

    __pydantic_config__ = _CLOSED
    topic: Id
    lang: Lang
    title: Text
    path: Text
    text: Annotated[str, Field(min_length=1, max_length=200_000)]


@dataclass(frozen=True, slots=True)
class ShopInfo:
    """The shop itself. ``*_pattern`` are regular expressions of one whole id; ``currency`` is ISO 4217."""

    __pydantic_config__ = _CLOSED
    name_en: Text = ""
    name_zh: Text = ""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    order_pattern: Text = r"[A-Z0-9][A-Z0-9-]{4,}"
    sku_pattern: Text = ""
    tracking_pattern: Text = ""
    domains: tuple[str, ...] = ()
    service_hours_en: Text = ""
    service_hours_zh: Text = ""

    def name(self, lang: Lang) -> str:
        """The shop's name in ``lang``, or in the other language."""
        return _either(lang, self.name_en, self.name_zh)

    def service_hours(self, lang: Lang) -> str:
        """When people answer, in ``lang`` or in the other language."""
        return _either(lang, self.service_hours_en, self.service_hours_zh)
