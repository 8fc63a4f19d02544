"""A mapping file: which column of a foreign file is which of our fields. TOML, every table optional::

    [shop]            # fields of shop.toml
    currency = "EUR"
    [files]           # of a folder; without it products.*, customers.*, orders.* (csv or jsonl)
    orders = "sales-2026.csv"
    [columns]         # products: our field = their column
    product_id = "Handle"
    [options]         # option name = column
    Size = "Option 1"
    [attributes]      # attribute name = column
    Material = "Fabric"
    [customers]       # customers: our field = their column
    email = "E-Mail"
    [orders]          # orders, one row an item: our field = their column
    order_id = "No."
    [statuses]        # their word = our status
    Versandt = "shipped"
    [times]
    zone = "+08:00"   # of times that are written without one

A file that belongs to a foreign system (Shopify, WooCommerce) names in ``[columns]`` that system's headers instead.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from bot.shop.errors import ShopFolderError
from bot.shop.folder import TABLES, adapter, reason_of
from bot.shop.records import ORDER_STATUSES, OrderStatus, ShopInfo
from bot.shop.sales import PLACE

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "columns": (
        "product_id", "sku", "name", "name_en", "name_zh", "category", "category_zh", "brand", "text", "text_en",
        "text_zh", "tags", "price", "stock",
    ),
    "customers": (
        "customer_id", "name", "first_name", "last_name", "latin_name", "email", "phone", "lang", "member_level",
        *PLACE,
    ),
    "orders": (
        "order_id", "customer_id", "email", "name", "phone", "status", "placed_at", "total", "sku", "item", "quantity",
        "price", "carrier", "tracking_id", "expected_on", "delivered_at", "payment_method", *PLACE,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping file read. ``currency`` says whether ``[shop]`` names one."""

    info: ShopInfo = field(default_factory=ShopInfo)
    currency: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    customers: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, OrderStatus] = field(default_factory=dict)
    zone: tzinfo | None = None


def read_mapping(path: Path, foreign: bool = False) -> MappingFile:
    """A mapping file, checked whole.

    Args:
        path: The file.
        foreign: ``[columns]`` names headers of another system, not our fields.

    Raises:
        ShopFolderError: it cannot be read, is not TOML, or names something that is not known.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
        shop = data.pop("shop", {})
        info: ShopInfo = adapter(ShopInfo).validate_python(shop)
    except OSError as error:
        raise ShopFolderError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ShopFolderError(f"{path}: [shop] {reason_of(error)}") from None
    except ValueError as error:
        raise ShopFolderError(f"{path}: expected TOML: {error}") from error
    names = ("files", "columns", "options", "attributes", "customers", "orders", "statuses", "times")
    parts = {name: _names(path, name, data.pop(name, {})) for name in names}
    if data:
        raise ShopFolderError(f"{path}: unknown names: {', '.join(data)}; the tables are shop, {', '.join(names)}")
    for part, known in FIELDS.items():
        _check(path, part, () if foreign and part == "columns" else parts[part], known)
    _check(path, "files", parts["files"], TABLES)
    zone = _zone(path, parts.pop("times"))
    statuses = {word.casefold(): _status(path, status) for word, status in parts.pop("statuses").items()}
    return MappingFile(info=info, currency="currency" in shop, statuses=statuses, zone=zone, **parts)


def _names(path: Path, part: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(column, str) for column in value.values()):
        raise ShopFolderError(f'{path}: expected lines such as name = "Column" in [{part}]')
    return value


def _check(path: Path, part: str, names: Iterable[str], known: Sequence[str]) -> None:
    if unknown := [name for name in names if name not in known]:
        raise ShopFolderError(f"{path}: unknown names: {', '.join(unknown)}; [{part}] knows {', '.join(known)}")


def _status(path: Path, status: str) -> OrderStatus:
    if status not in ORDER_STATUSES:
        raise ShopFolderError(f"{path}: [statuses] expected one of {', '.join(ORDER_STATUSES)}")
    return status


def _zone(path: Path, times: Mapping[str, str]) -> tzinfo | None:
    _check(path, "times", times, ("zone",))
    try:
        return datetime.fromisoformat(f"2026-01-01T00:00:00{times.get('zone', '')}").tzinfo
    except ValueError:
        raise ShopFolderError(f"{path}: [times] expected a zone such as +08:00") from None
