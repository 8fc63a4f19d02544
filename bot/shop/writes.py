"""What may be changed in a shop: seven kinds of write, what comes of them, and how they are named in files.

A write names an order, pieces and a way to pay; whose order it is comes from the session and is no part of it.
``bot.shop.settling.settle`` decides; ``ShopStore.preview`` shows, ``ShopStore.apply`` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

from pydantic import Field

from bot.shop.checked import adapter
from bot.shop.records import Address, Customer, Id, Order, Swap
from bot.shop.rules import ShopRules, WriteRule

RefusalCode = Literal[
    "not_found",
    "wrong_status",
    "already_changed",
    "bad_reason",
    "too_late",
    "unknown_item",
    "sold_out",
    "other_product",
    "same_item",
    "unknown_method",
    "not_original_method",
    "balance",
    "same_method",
    "several_payments",
    "nothing",
    "bad_address",
    "abroad",
]
REFUSAL_CODES: Final[tuple[RefusalCode, ...]] = get_args(RefusalCode)
MethodId = Annotated[str, Field(max_length=64)]
_CLOSED: Final = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """The whole order is called off. ``reason`` is one of the shop's; where it has none, no reason is kept."""

    __pydantic_config__ = _CLOSED
    order_id: Id
    reason: Annotated[str, Field(max_length=200)] = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ChangeAddress:
    """The parcel goes elsewhere; the customer's own address stays."""

    __pydantic_config__ = _CLOSED
    order_id: Id
    address: Address = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChangeItems:
    """Pieces of an order not yet sent become other variants; ``method_id`` pays or receives the difference."""

    __pydantic_config__ = _CLOSED
    order_id: Id
    swaps: tuple[Swap, ...]
    method_id: MethodId = ""


@dataclass(frozen=True, slots=True)
class ChangePayment:
    """The order is paid by ``method_id``; what was paid goes back where it came from."""

    __pydantic_config__ = _CLOSED
    order_id: Id
    method_id: MethodId


@dataclass(frozen=True, slots=True)
class ChangeCustomerAddress:
    """The customer's own address; orders keep theirs."""

    __pydantic_config__ = _CLOSED
    address: Address = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReturnItems:
    """Pieces go back, one SKU a piece; ``method_id`` receives the refund."""

    __pydantic_config__ = _CLOSED
    order_id: Id
    skus: tuple[Id, ...]
    method_id: MethodId = ""


@dataclass(frozen=True, slots=True)
class ExchangeItems:
    """Delivered pieces for other variants; ``method_id`` pays or receives the difference."""

    __pydantic_config__ = _CLOSED
    order_id: Id
    swaps: tuple[Swap, ...]
    method_id: MethodId = ""


Write = CancelOrder | ChangeAddress | ChangeItems | ChangePayment | ChangeCustomerAddress | ReturnItems | ExchangeItems
WRITES: Final[tuple[type[Write], ...]] = get_args(Write)
_RULE: Final[dict[type[Write], str]] = {
    CancelOrder: "cancel",
    ChangeAddress: "address",
    ChangeItems: "items",
    ChangePayment: "payment",
    ChangeCustomerAddress: "account",
    ReturnItems: "returns",
    ExchangeItems: "exchange",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a write was not done; nothing has changed. ``limit``: days, or pieces in stock, or minor units."""

    code: RefusalCode
    order_id: str | None = None
    sku: str | None = None
    limit: int | None = None


class No(Exception):
    """Ends a write that the rules refuse; within ``bot.shop`` only."""

    def __init__(self, code: RefusalCode, sku: str | None = None, limit: int | None = None) -> None:
        super().__init__(code)
        self.code, self.sku, self.limit = code, sku, limit


@dataclass(frozen=True, slots=True)
class Receipt:
    """A write that was done (or would be, from ``preview``), with the records as they are after it.

    ``refund_minor`` and ``charge_minor`` are what goes to and comes from the customer, by ``method_id`` (``None``:
    the ways it was paid). Returns and exchanges are settled when the parcel is back; then ``fee_minor`` is taken
    off for the way back, unless the shop made the mistake. ``repeated``: the key was used before, nothing is done.
    """

    write: Write
    order: Order | None
    customer: Customer
    refund_minor: int = 0
    charge_minor: int = 0
    method_id: str | None = None
    repeated: bool = False
    fee_minor: int = 0


class Settled(NamedTuple):
    """The records after a write, changes of stock as ``(sku, pieces)``, and the receipt."""

    order: Order | None
    customer: Customer
    stock: tuple[tuple[str, int], ...]
    receipt: Receipt


def rule_of(rules: ShopRules, write: Write | type[Write]) -> WriteRule:
    """The shop's rule for this kind of write.

    >>> rule_of(ShopRules(), ReturnItems).topic
    'returns'
    """
    rule: WriteRule = getattr(rules, _RULE[write if isinstance(write, type) else type(write)])
    return rule


def write_named(name: str, args: Mapping[str, Any]) -> Write:
    """A write from its name and arguments, as files have them.

    >>> write_named("CancelOrder", {"order_id": "TF1", "reason": "ordered by mistake"}).order_id
    'TF1'

    Raises:
        ValueError: no such write; arguments missing, unknown or ill-formed (``pydantic.ValidationError``).
    """
    for kind in WRITES:
        if kind.__name__ == name:
            write: Write = adapter(kind).validate_python(dict(args))
            return write
    raise ValueError(f"expected one of {', '.join(kind.__name__ for kind in WRITES)}")


def args_of(write: Write) -> dict[str, Any]:
    """A write's arguments as plain data, from which ``write_named`` makes it again."""
    args: dict[str, Any] = adapter(type(write)).dump_python(write, mode="json")
    return args
