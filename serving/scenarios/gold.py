"""Gold writes of task files → the shop's own writes: given directly, or as calls of tau2's tools.

The calls are replayed in our store, so that the right end does not depend on another store's details. Messages name
tools and fields, never values.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from pydantic import ValidationError

from bot.shop.folder import adapter, reason_of
from bot.shop.records import Address, OrderId, Swap
from bot.shop.writes import (
    CancelOrder,
    ChangeAddress,
    ChangeCustomerAddress,
    ChangeItems,
    ChangePayment,
    ExchangeItems,
    ReturnItems,
    Write,
)

WRITES: Final[Mapping[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Write)}


class BadGold(ValueError):
    """A gold write that is none. The message names the write and the rule."""


def own_write(name: str, args: Mapping[str, Any]) -> Write:
    """A write by the name of its record, such as ``CancelOrder``, with the record's fields.

    Raises:
        BadGold: an unknown name, or fields that do not fit.
    """
    kind = WRITES.get(name)
    if kind is None:
        raise BadGold(f"gold_writes: unknown write; known: {', '.join(sorted(WRITES))}")
    if unknown := set(args) - set(kind.__dataclass_fields__):
        raise BadGold(f"gold_writes: {name} has {', '.join(kind.__dataclass_fields__)}; {len(unknown)} other field(s)")
    try:
        write: Write = adapter(kind).validate_python(dict(args))
    except ValidationError as error:
        raise BadGold(f"gold_writes: {name}: {reason_of(error)}") from None
    return write


def tau2_write(tool: str, args: Mapping[str, Any]) -> Write:
    """A write for a call of one of tau2's seven writing tools.

    Raises:
        BadGold: another tool, or arguments are missing.
    """
    make = _TOOLS.get(tool)
    if make is None:
        raise BadGold(f"gold_writes: unknown tool; known: {', '.join(sorted(_TOOLS))}")
    try:
        return make(args)
    except KeyError as error:
        raise BadGold(f"gold_writes: {tool} without {error.args[0]}") from None
    except ValueError:
        raise BadGold(f"gold_writes: {tool}: expected as many new_item_ids as item_ids") from None


def _order(args: Mapping[str, Any]) -> OrderId:
    return OrderId(str(args["order_id"]))


def _address(args: Mapping[str, Any]) -> Address:
    return Address(*(str(args[key]) for key in ("address1", "address2", "city", "state", "zip", "country")))


def _swaps(args: Mapping[str, Any]) -> tuple[Swap, ...]:
    return tuple(Swap(old, new) for old, new in zip(args["item_ids"], args["new_item_ids"], strict=True))


_TOOLS: Final[Mapping[str, Callable[[Mapping[str, Any]], Write]]] = {
    "cancel_pending_order": lambda args: CancelOrder(_order(args), args["reason"]),
    "modify_pending_order_address": lambda args: ChangeAddress(_order(args), _address(args)),
    "modify_pending_order_items": lambda args: ChangeItems(_order(args), _swaps(args), args["payment_method_id"]),
    "modify_pending_order_payment": lambda args: ChangePayment(_order(args), args["payment_method_id"]),
    "modify_user_address": lambda args: ChangeCustomerAddress(_address(args)),
    "return_delivered_order_items": lambda args: ReturnItems(
        _order(args), tuple(args["item_ids"]), args["payment_method_id"]
    ),
    "exchange_delivered_order_items": lambda args: ExchangeItems(_order(args), _swaps(args), args["payment_method_id"]),
}
