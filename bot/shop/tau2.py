"""The retail shop of the tau2 benchmark (``db.json``, ``policy.md``) as records.

Prices are decimal numbers in dollars; ids stay as they are (``#W2378156``). The source has no dates,
carriers, phones, texts or stock counts: an available variant gets ``AVAILABLE`` pieces. SKUs and tracking
numbers there are bare digits, so no pattern is given for them: it would leave phone numbers readable.
Fields not named in ``MAPPING`` are not imported.
"""

import json
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from bot.session import CustomerId
from bot.shop.errors import ShopFolderError
from bot.shop.folder import Contents, Gate, reason_of
from bot.shop.pieces import lines
from bot.shop.records import (
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
    Swap,
    Variant,
)
from bot.shop.rules import ShopRules, WriteRule
from bot.shop.tau2_rows import RawMethod, RawOrder, RawProduct, RawRow, RawUser

AVAILABLE: Final = 100
INFO: Final = ShopInfo(name_en="Retail shop", currency="USD", order_pattern=r"#?W\d{7}")
MAPPING: Final = {
    "products[].product_id, name": "product_id, name_en",
    "products[].variants[].options": "options of the variant; all values together as attributes_en",
    "products[].variants[].item_id, price": "sku, price_minor (cents)",
    "products[].variants[].available": f"stock {AVAILABLE} or 0 (the source has no counts)",
    "users[].user_id, name, email, address": "customer_id, name, email, address",
    "users[].payment_methods": "payment_methods: credit_card is card, paypal is wallet, gift_card keeps its balance",
    "orders[].order_id, user_id, address": "order_id, customer_id, address",
    "orders[].items[]": "items; the same item twice becomes quantity 2",
    "orders[].payment_history[]": "payments, payment_method; total_minor is their balance (cancelled: the items)",
    "orders[].fulfillments[].tracking_id": "tracking_id, joined by a comma",
    "status pending*": "paid when there is a payment, else pending",
    "status processed": "packed",
    "status pending (item modified)": "items_changed",
    "status return requested, exchange requested": "return_requested, exchange_requested",
    "orders[].cancel_reason, return_items, exchange_*": "cancel_reason, returning, exchanging, difference_minor",
    "orders[].return_payment_method_id, exchange_payment_method_id": "settle_method",
    "policy.md": "policies/general.en.md; sections on returns and exchanges as pages of their own",
}
_STATUS: Final[dict[str, OrderStatus]] = {
    "processed": "packed",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "return requested": "return_requested",
    "exchange requested": "exchange_requested",
}
_METHODS: Final = {"credit_card": "Credit card", "gift_card": "Gift card", "paypal": "PayPal"}
R = TypeVar("R", bound=RawRow)
_KINDS: Final[dict[str, PaymentKind]] = {"credit_card": "card", "gift_card": "gift_card", "paypal": "wallet"}
# As policy.md of the source says: an item becomes one "of different product option". Its orders have no dates, so
# nothing is too late.
RULES: Final = ShopRules(
    cancel=WriteRule(("pending", "paid"), "general"),
    address=WriteRule(("pending", "paid"), "general"),
    items=WriteRule(("pending", "paid"), "general"),
    payment=WriteRule(("pending", "paid"), "general"),
    account=WriteRule((), "general"),
    returns=WriteRule(("delivered",), "returns"),
    exchange=WriteRule(("delivered",), "exchanges"),
    cancel_reasons=("no longer needed", "ordered by mistake"),
    cancel_reasons_zh=("不再需要", "误下单"),
    refund_to="original_or_gift_card",
    difference_to="any",
    items_once=True,
    cancel_after_items=False,
    count_stock=False,
)


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
        if product := _checked(RawProduct, raw, gate, "products", row):
            gate.product(row, _product(product))
    for row, raw in enumerate(tables["users"], start=1):
        if user := _checked(RawUser, raw, gate, "customers", row):
            customer = _customer(user)
            names[user.user_id] = customer.name
            gate.customer(row, customer)
    product_of = {v.sku: p.product_id for p in gate.products for v in p.variants}
    for row, raw in enumerate(tables["orders"], start=1):
        if order := _checked(RawOrder, raw, gate, "orders", row):
            _take_order(gate, row, order, names, product_of)
    return gate.contents(INFO, _policies(path.with_name("policy.md")), RULES)


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


def _product(row: RawProduct) -> Product:
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


def _customer(row: RawUser) -> Customer:
    return Customer(
        customer_id=CustomerId(row.user_id),
        name=f"{row.name.first_name} {row.name.last_name}",
        email=row.email,
        address=row.address.record(),
        lang="en",
        payment_methods=tuple(_way(method) for method in row.payment_methods.values()),
    )


def _way(row: RawMethod) -> PaymentMethod:
    kind = _KINDS.get(row.source, "other")
    balance = None if row.balance is None else minor(row.balance)
    return PaymentMethod(row.id, kind, row.brand or _METHODS.get(row.source, ""), row.last_four, balance)


def _take_order(gate: Gate, row: int, order: RawOrder, names: dict[str, str], product_of: dict[str, ProductId]) -> None:
    paid = [p for p in order.payment_history if p.transaction_type == "payment"]
    pending = order.status.startswith("pending")
    status = ("paid" if paid else "pending") if pending else _STATUS.get(order.status)
    if status is None:
        gate.reject("orders", row, "status: expected one of pending, processed, delivered, cancelled, … requested")
        return
    items = _items(order)
    record = Order(
        order_id=OrderId(order.order_id),
        customer_id=CustomerId(order.user_id),
        status=status,
        placed_at=None,
        items=items,
        total_minor=_total(order, items),
        address=order.address.record() if order.address else None,
        recipient=names.get(order.user_id, ""),
        tracking_id=", ".join(number for f in order.fulfillments for number in f.tracking_id) or None,
        payment_method=_method(paid[0].payment_method_id) if paid else "",
        payments=_payments(order),
        items_changed="modified" in order.status,
        cancel_reason=order.cancel_reason or "",
        returning=tuple(sorted(order.return_items or ())),
        exchanging=_swaps(order, product_of),
        difference_minor=minor(order.exchange_price_difference or Decimal(0)),
        settle_method=order.return_payment_method_id or order.exchange_payment_method_id or "",
    )
    gate.order(row, record)


def _items(order: RawOrder) -> tuple[OrderItem, ...]:
    return lines(
        OrderItem(
            sku=item.item_id,
            product_id=ProductId(item.product_id),
            name_en=item.name,
            name_zh="",
            options=item.options,
            quantity=1,
            price_minor=minor(item.price),
        )
        for item in order.items
    )


def _payments(order: RawOrder) -> tuple[Payment, ...]:
    rows = ((row.transaction_type, minor(row.amount), row.payment_method_id) for row in order.payment_history)
    return tuple(
        Payment("refund" if kind == "refund" else "payment", amount, method) for kind, amount, method in rows if method
    )


def _total(order: RawOrder, items: tuple[OrderItem, ...]) -> int:
    """What was paid and not given back; a cancelled order keeps what its items cost."""
    signs = {"payment": 1, "refund": -1}
    net = sum(signs.get(row.transaction_type, 0) * minor(row.amount) for row in order.payment_history)
    if not order.payment_history or order.status == "cancelled":
        return sum(item.price_minor * item.quantity for item in items)
    return max(net, 0)


def _swaps(order: RawOrder, product_of: dict[str, ProductId]) -> tuple[Swap, ...]:
    """The source keeps the old and the new items apart, each sorted: within a product they are paired in that order."""
    olds = sorted(order.exchange_items or (), key=lambda sku: (product_of.get(sku, ""), sku))
    news = sorted(order.exchange_new_items or (), key=lambda sku: (product_of.get(sku, ""), sku))
    return tuple(sorted((Swap(old, new) for old, new in zip(olds, news, strict=False)), key=lambda s: (s.old, s.new)))


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
