"""The retail shop of the tau2 benchmark (``db.json``, ``policy.md``) as records.

Prices are decimal numbers in dollars; ids stay as they are (``#W2378156``). The source has no dates,
carriers, phones, texts or stock counts: an available variant gets ``AVAILABLE`` pieces. SKUs and tracking
numbers there are bare digits, so no pattern is given for them: it would leave phone numbers readable.
Fields not named in ``MAPPING`` are not imported.
"""

import json
import re
from collections import Counter
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.session import CustomerId
from bot.shop.errors import ShopFolderError
from bot.shop.folder import Contents, Gate, reason_of
from bot.shop.records import (
    Address,
    Customer,
    Order,
    OrderId,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentKind,
    PaymentMethod,
    Policy,
    Product,
    ProductId,
    ShopInfo,
    ShopRules,
    Swap,
    Variant,
)

AVAILABLE: Final = 100
INFO: Final = ShopInfo(name_en="Retail shop", currency="USD", order_pattern=r"#?W\d{7}")
RULES: Final = ShopRules(
    cancel=("pending", "paid"),
    cancel_reasons=("no longer needed", "ordered by mistake"),
    change_items=("pending", "paid"),
    change_address=("pending", "paid"),
    change_payment=("pending", "paid"),
    return_days=None,
    exchange_days=None,
    refund_to="original_or_gift_card",
    settle_with="any",
)
"""``policy.md`` as rules. An order whose items were changed cannot be cancelled or changed again."""
MAPPING: Final = {
    "products[].product_id, name": "product_id, name_en",
    "products[].variants[].options": "options of the variant; all values together as attributes_en",
    "products[].variants[].item_id, price": "sku, price_minor (cents)",
    "products[].variants[].available": f"stock {AVAILABLE} or 0 (the source has no counts)",
    "users[].user_id, name, email, address": "customer_id, name, email, address",
    "orders[].order_id, user_id, address": "order_id, customer_id, address",
    "orders[].items[]": "items; the same item twice becomes quantity 2",
    "orders[].payment_history[]": "total_minor = payments (without one: the items); payment_method",
    "orders[].fulfillments[].tracking_id": "tracking_id, joined by a comma",
    "status pending*": "paid when there is a payment, else pending",
    "status processed": "packed",
    "status return requested, exchange requested": "return_requested, exchange_requested",
    "status pending (item modified)": "paid, items_changed",
    "users[].payment_methods": "payment_methods",
    "orders[].return_*, exchange_*, cancel_reason": "returning, exchanging, settle_method, difference_minor",
    "policy.md": "policies/general.en.md; sections on returns and exchanges as pages of their own",
}
_STATUS: Final[dict[str, OrderStatus]] = {
    "processed": "packed",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "return requested": "return_requested",
    "exchange requested": "exchange_requested",
}
_KINDS: Final[dict[str, PaymentKind]] = {"credit_card": "card", "gift_card": "gift_card", "paypal": "wallet"}
_METHODS: Final = {"credit_card": "Credit card", "gift_card": "Gift card", "paypal": "PayPal"}
Price = Annotated[Decimal, Field(ge=0, le=Decimal(10**10), allow_inf_nan=False)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


R = TypeVar("R", bound=_Row)


class _Variant(_Row):
    item_id: str
    options: dict[str, str]
    available: bool
    price: Price


class _Product(_Row):
    product_id: str
    name: str
    variants: dict[str, _Variant]


class _Name(_Row):
    first_name: str
    last_name: str


class _Address(_Row):
    address1: str
    address2: str = ""
    city: str = ""
    country: str = ""
    state: str = ""
    zip: str = ""

    def record(self) -> Address:
        return Address(self.address1, self.address2, self.city, self.state, self.zip, self.country)


class _Method(_Row):
    source: str
    id: str
    brand: str = ""
    last_four: str = ""
    balance: Price | None = None

    def record(self) -> PaymentMethod:
        brand = "PayPal" if self.source == "paypal" else self.brand
        balance = minor(self.balance) if self.balance is not None else None
        return PaymentMethod(self.id, _KINDS.get(self.source, "other"), brand, self.last_four, balance)


class _User(_Row):
    user_id: str
    name: _Name
    email: str = ""
    address: _Address
    payment_methods: dict[str, _Method] = {}


class _Item(_Row):
    name: str
    product_id: str
    item_id: str
    price: Price
    options: dict[str, str] = {}


class _Payment(_Row):
    transaction_type: str
    amount: Price
    payment_method_id: str = ""


class _Fulfilment(_Row):
    tracking_id: tuple[str, ...] = ()


class _Order(_Row):
    order_id: str
    user_id: str
    address: _Address | None = None
    items: tuple[_Item, ...]
    status: str
    fulfillments: tuple[_Fulfilment, ...] = ()
    payment_history: tuple[_Payment, ...] = ()
    cancel_reason: str = ""
    return_items: tuple[str, ...] = ()
    return_payment_method_id: str = ""
    exchange_items: tuple[str, ...] = ()
    exchange_new_items: tuple[str, ...] = ()
    exchange_payment_method_id: str = ""
    exchange_price_difference: Decimal = Decimal(0)


def read(src: Path) -> Contents:
    """``db.json`` (or the folder it is in) as records; broken rows are in ``rejected``, counted from 1 per table.

    Raises:
        ShopFolderError: the file is missing, is not JSON, or has not the three tables.
    """
    path = src / "db.json" if src.is_dir() else src
    tables = _tables(path)
    gate = Gate()
    names: dict[str, str] = {}
    for row, raw in enumerate(tables["products"], start=1):
        if product := _checked(_Product, raw, gate, "products", row):
            gate.product(row, _product(product))
    for row, raw in enumerate(tables["users"], start=1):
        if user := _checked(_User, raw, gate, "customers", row):
            customer = _customer(user)
            names[user.user_id] = customer.name
            gate.customer(row, customer)
    for row, raw in enumerate(tables["orders"], start=1):
        if order := _checked(_Order, raw, gate, "orders", row):
            _take_order(gate, row, order, names)
    return replace(gate.contents(INFO, _policies(path.with_name("policy.md"))), rules=RULES)


def _tables(path: Path) -> dict[str, list[Any]]:
    try:
        data = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal, parse_constant=Decimal)
    except OSError as error:
        raise ShopFolderError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ShopFolderError(f"{path}: expected JSON in UTF-8, got {type(error).__name__}") from None
    wanted = ("products", "users", "orders")
    if not isinstance(data, dict) or not all(isinstance(data.get(name), dict) for name in wanted):
        raise ShopFolderError(f"{path}: expected a JSON object with the objects products, users and orders")
    return {name: list(data[name].values()) for name in wanted}


def _checked(kind: type[R], raw: object, gate: Gate, table: str, row: int) -> R | None:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        gate.reject(table, row, reason_of(error))
        return None


def minor(amount: Decimal) -> int:
    """Dollars as cents, half a cent up.

    >>> minor(Decimal("46.855"))
    4686
    """
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _product(row: _Product) -> Product:
    values: dict[str, list[str]] = {}
    for variant in row.variants.values():
        for name, value in variant.options.items():
            if value not in values.setdefault(name, []):
                values[name].append(value)
    return Product(
        product_id=ProductId(row.product_id),
        name_en=row.name,
        attributes_en={name: ", ".join(known) for name, known in values.items()},
        variants=tuple(
            Variant(v.item_id, v.options, {}, minor(v.price), AVAILABLE if v.available else 0)
            for v in row.variants.values()
        ),
    )


def _customer(row: _User) -> Customer:
    return Customer(
        customer_id=CustomerId(row.user_id),
        name=f"{row.name.first_name} {row.name.last_name}",
        email=row.email,
        address=row.address.record(),
        lang="en",
        payment_methods=tuple(method.record() for method in row.payment_methods.values()),
    )


def _take_order(gate: Gate, row: int, order: _Order, names: dict[str, str]) -> None:
    payments = [p for p in order.payment_history if p.transaction_type == "payment"]
    status = _STATUS.get(order.status)
    if order.status.startswith("pending"):
        status = "paid" if payments else "pending"
    if status is None:
        gate.reject("orders", row, "status: expected one of pending, processed, delivered, cancelled, … requested")
        return
    counts = Counter(item.item_id for item in order.items)
    items = {
        item.item_id: OrderItem(
            sku=item.item_id,
            product_id=ProductId(item.product_id),
            name_en=item.name,
            name_zh="",
            options=item.options,
            quantity=counts[item.item_id],
            price_minor=minor(item.price),
        )
        for item in order.items
    }
    paid = [minor(p.amount) for p in payments] or [minor(item.price) for item in order.items]
    record = Order(
        order_id=OrderId(order.order_id),
        customer_id=CustomerId(order.user_id),
        status=status,
        placed_at=None,
        items=tuple(items.values()),
        total_minor=sum(paid),
        address=order.address.record() if order.address else None,
        recipient=names.get(order.user_id, ""),
        tracking_id=", ".join(number for f in order.fulfillments for number in f.tracking_id) or None,
        payment_method=_method(payments[0].payment_method_id) if payments else "",
        payments=tuple(_payment(p) for p in order.payment_history if p.payment_method_id),
        items_changed=order.status.startswith("pending (item"),
        cancel_reason=order.cancel_reason,
        returning=tuple(sorted(order.return_items)),
        exchanging=tuple(map(Swap, order.exchange_items, order.exchange_new_items)),
        settle_method=order.return_payment_method_id or order.exchange_payment_method_id,
        difference_minor=minor(order.exchange_price_difference),
    )
    gate.order(row, record)


def _payment(row: _Payment) -> Payment:
    return Payment(
        "refund" if row.transaction_type == "refund" else "payment", minor(row.amount), row.payment_method_id
    )


def _method(method_id: str) -> str:
    """``credit_card_7815826`` → ``Credit card``: the kind only, the number is nobody's business here."""
    return _METHODS.get(re.sub(r"_\d+$", "", method_id), "")


def _policies(path: Path) -> tuple[Policy, ...]:
    if not path.is_file():
        return ()
    sections = re.split(r"(?m)^(?=## )", path.read_text("utf-8-sig"))
    pages: dict[str, str] = {}
    for section in sections:
        heading = section.partition("\n")[0].lower() if section.startswith("## ") else ""
        topic = "returns" if "return" in heading else "exchanges" if "exchange" in heading else "general"
        pages[topic] = pages.get(topic, "") + section
    titles = {"general": "Policy", "returns": "Returns", "exchanges": "Exchanges"}
    return tuple(
        Policy(topic, "en", titles[topic], f"policies/{topic}.en.md", text.strip() + "\n")
        for topic, text in pages.items()
        if text.strip()
    )
