"""What differs between two states of one shop: all customers and all orders, field by field, as plain data.

Products are left out: their stock follows from the writes. Lines of an order are compared without regard to their
order; a row that is there on one side only differs in one field with the name ``""``. Values are people's data:
compare them, count them, do not log them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.shop.checked import adapter
from bot.shop.folder import Contents

Plain = Any


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one row, by its ``name``. The values are JSON; ``None`` for a row that is not there."""

    table: str
    row_id: str
    name: str
    before: Plain = field(repr=False)
    after: Plain = field(repr=False)


def changes(before: Contents, after: Contents) -> list[Change]:
    """Every difference, by table, id and field; equal states have none.

    Two runs from the same state ended alike if ``changes(end_of_one, end_of_other) == []``.
    """
    found = _rows("customers", "customer_id", before.customers, after.customers)
    return found + _rows("orders", "order_id", before.orders, after.orders)


def _rows(table: str, key: str, before: Sequence[object], after: Sequence[object]) -> list[Change]:
    olds, news = ({getattr(row, key): _plain(row) for row in rows} for rows in (before, after))
    found = []
    for row_id in sorted(olds.keys() | news.keys()):
        old, new = olds.get(row_id), news.get(row_id)
        if old is None or new is None:
            found.append(Change(table, row_id, "", old, new))
        else:
            found += _fields(table, row_id, old, new)
    return found


def _fields(table: str, row_id: str, old: Mapping[str, Plain], new: Mapping[str, Plain]) -> list[Change]:
    return [Change(table, row_id, name, old[name], new[name]) for name in sorted(old) if old[name] != new[name]]


def _plain(row: object) -> dict[str, Plain]:
    fields: dict[str, Plain] = adapter(type(row)).dump_python(row, mode="json")
    if "items" in fields:
        fields["items"].sort(key=lambda item: (item["sku"], item["price_minor"], item["quantity"]))
    return fields
