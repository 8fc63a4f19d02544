"""What a shop's API answers, checked: whole records or none. The README of this folder describes it for shops.

A record that is not as agreed, belongs to somebody else, or has a field that nobody knows spoils its answer: nothing of
it is used, since half an order told to a customer is worse than none.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from bot.session import CustomerId
from bot.shop.checked import adapter, reason_of
from bot.shop.errors import ShopUnavailable
from bot.shop.folder import Gate, customer_fault, order_fault
from bot.shop.keys import order_key
from bot.shop.records import Customer, Minor, Order, Policy, Product, ShopInfo
from bot.shop.rules import ShopRules
from bot.shop.writes import ChangeCustomerAddress, Receipt, Refused, Write

T = TypeVar("T")
_CLOSED = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class About:
    """``GET /shop``."""

    __pydantic_config__ = _CLOSED
    info: ShopInfo
    rules: ShopRules = ShopRules()  # noqa: RUF009 - frozen
    policies: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True)
class Products:
    """``GET /products``: one page; ``next`` asks for the following one."""

    __pydantic_config__ = _CLOSED
    items: tuple[Product, ...]
    next: Annotated[str, Field(min_length=1, max_length=500)] | None = None


@dataclass(frozen=True, slots=True)
class Customers:
    """``POST /customers/find``."""

    __pydantic_config__ = _CLOSED
    items: tuple[Customer, ...]


@dataclass(frozen=True, slots=True)
class Orders:
    """``GET /customers/{id}/orders``."""

    __pydantic_config__ = _CLOSED
    items: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A write that was done, or would be: ``writes.Receipt`` without the write itself."""

    __pydantic_config__ = _CLOSED
    customer: Customer
    order: Order | None = None
    refund_minor: Minor = 0
    charge_minor: Minor = 0
    fee_minor: Minor = 0
    method_id: Annotated[str, Field(max_length=64)] | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """``POST /customers/{id}/writes``: one of the two."""

    __pydantic_config__ = _CLOSED
    receipt: Done | None = None
    refused: Refused | None = None


def read(kind: type[T], body: bytes, path: str) -> T:
    """An answer as its records.

    Raises:
        ShopUnavailable: it is not as agreed; the message names fields and rules, no value.
    """
    try:
        answer: T = adapter(kind).validate_json(body, strict=True)
    except ValidationError as error:
        reason = reason_of(error)
    else:
        return answer
    raise ShopUnavailable(f"{path}: {reason}")


def about(body: bytes) -> About:
    """The shop itself, patterns tried."""
    answer = read(About, body, "/shop")
    for name in ("order_pattern", "sku_pattern", "tracking_pattern"):
        try:
            re.compile(getattr(answer.info, name))
        except re.error:
            raise ShopUnavailable(f"/shop: info.{name}: expected a regular expression") from None
    if answer.rules.stands_at and answer.rules.stands_at.tzinfo is None:
        raise ShopUnavailable("/shop: rules.stands_at: expected a time with a zone")
    return answer


def whole(products: tuple[Product, ...]) -> tuple[Product, ...]:
    """Products that can be sold side by side: ids and SKUs are taken once."""
    gate = Gate()
    for row, product in enumerate(products, start=1):
        gate.product(row, product)
    if gate.rejected:
        raise ShopUnavailable(f"/products: item {gate.rejected[0].row}: {gate.rejected[0].reason}")
    return products


def customer_of(customer: Customer, customer_id: CustomerId | None, path: str) -> Customer:
    """The customer, who must be the one that was asked for."""
    if customer_id is not None and customer.customer_id != customer_id:
        raise ShopUnavailable(f"{path}: the answer is about somebody else")
    if fault := customer_fault(customer):
        raise ShopUnavailable(f"{path}: {fault}")
    return customer


def orders_of(orders: tuple[Order, ...], customer_id: CustomerId, path: str) -> tuple[Order, ...]:
    """Orders that are all of this customer, newest first."""
    for order in orders:
        if order.customer_id != customer_id:
            raise ShopUnavailable(f"{path}: an order is somebody else's")
        if fault := order_fault(order):
            raise ShopUnavailable(f"{path}: {fault}")
    dated = [(order.placed_at.timestamp() if order.placed_at else float("-inf"), order) for order in orders]
    return tuple(order for _, order in sorted(dated, key=lambda pair: -pair[0]))


def outcome_of(body: bytes, customer_id: CustomerId, write: Write, path: str) -> Receipt | Refused:
    """What came of a write: a receipt about this customer and this order, or the reason against it."""
    answer = read(Written, body, path)
    if answer.refused and not answer.receipt:
        return _about_this(answer.refused, write, path)
    if answer.receipt is None or answer.refused:
        raise ShopUnavailable(f"{path}: expected either receipt or refused")
    done = answer.receipt
    customer_of(done.customer, customer_id, path)
    named: Any = None if isinstance(write, ChangeCustomerAddress) else order_key(write.order_id)
    if (done.order and order_key(done.order.order_id)) != named:
        raise ShopUnavailable(f"{path}: the receipt is about another order")
    if done.order:
        orders_of((done.order,), customer_id, path)
    return Receipt(
        write,
        done.order,
        done.customer,
        done.refund_minor,
        done.charge_minor,
        done.method_id,
        done.repeated,
        done.fee_minor,
    )


def _about_this(refused: Refused, write: Write, path: str) -> Refused:
    """The reason, which may name the order and the pieces of this write only: it is told to the customer."""
    named = getattr(write, "order_id", "")
    pieces = {*getattr(write, "skus", ()), *(sku for s in getattr(write, "swaps", ()) for sku in (s.old, s.new))}
    if refused.order_id is not None and order_key(refused.order_id) != order_key(named):
        raise ShopUnavailable(f"{path}: the refusal is about another order")
    if refused.sku is not None and refused.sku not in pieces:
        raise ShopUnavailable(f"{path}: the refusal is about another item")
    return refused
