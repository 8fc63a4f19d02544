"""A shop folder as files: read into records with every broken row listed, and written back.

    shop.toml            ShopInfo                  rules.toml       ShopRules
    products.jsonl       one Product a line        customers.jsonl   one Customer a line
    orders.jsonl         one Order a line          policies/<topic>.<lang>.md   front matter lang, title

A row is taken whole or rejected whole; the reason names field and rule, never a value. Files that are
not there are empty tables, except ``shop.toml``. Item SKUs of orders need not be in the catalogue:
shops stop selling things.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.session import Lang
from bot.shop.checked import adapter, reason_of
from bot.shop.errors import ShopFolderError
from bot.shop.keys import order_key
from bot.shop.records import Customer, Order, Policy, Product, ShopInfo
from bot.shop.rules import RULES, ShopRules, read_rules, rules_text
from bot.shop.toml import toml

__all__ = [
    "TABLES",
    "Contents",
    "Gate",
    "Rejected",
    "adapter",
    "read_folder",
    "read_info",
    "read_table",
    "reason_of",
    "write_folder",
]
TABLES = ("products", "customers", "orders")
_FRONT = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n(.*)\Z", re.DOTALL)
_POLICY_NAME = re.compile(r"([a-z][a-z0-9_-]*)\.(en|zh)\.md")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was left out. ``row`` counts from 1 as an editor does; ``reason`` holds no value of the row."""

    table: str
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything a folder or another source holds, good rows only, and the rejected ones beside."""

    info: ShopInfo
    products: tuple[Product, ...] = ()
    customers: tuple[Customer, ...] = ()
    orders: tuple[Order, ...] = ()
    policies: tuple[Policy, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    rules: ShopRules = ShopRules()  # noqa: RUF009 - frozen


def product_fault(product: Product) -> str | None:
    """What keeps a well-formed product from being sold, or ``None``."""
    if not (product.name_en or product.name_zh):
        return "expected name_en or name_zh, both are empty"
    if not product.variants:
        return "expected at least one variant"
    skus = [variant.sku for variant in product.variants]
    return "the same sku twice in variants" if len(set(skus)) < len(skus) else None


def customer_fault(customer: Customer) -> str | None:
    """What keeps a customer from being recognised, or from telling ways to pay apart, or ``None``."""
    if not (customer.email or customer.name):
        return "expected email or name, both are empty"
    methods = [method.method_id for method in customer.payment_methods]
    return "the same method_id twice in payment_methods" if len(set(methods)) < len(methods) else None


def order_fault(order: Order) -> str | None:
    """What makes an order unanswerable, or ``None``."""
    if not order.items:
        return "expected at least one item"
    times = [order.placed_at, order.delivered_at, *(event.at for event in order.events)]
    if any(time is not None and time.tzinfo is None for time in times):
        return "expected times with a zone, such as 2026-11-20T09:30:00+08:00"
    return None


class Gate:
    """Lets rows in that are whole, new and belong to something known; keeps the list of the others."""

    def __init__(self) -> None:
        self.rejected: list[Rejected] = []
        self.products: list[Product] = []
        self.customers: list[Customer] = []
        self.orders: list[Order] = []
        self._seen: dict[str, set[str]] = {"product": set(), "sku": set(), "customer": set(), "order": set()}

    def reject(self, table: str, row: int, reason: str) -> None:
        """Notes a row that stays out."""
        self.rejected.append(Rejected(table, row, reason))

    def product(self, row: int, product: Product) -> None:
        """Takes a product unless its id or one of its SKUs is taken."""
        skus = {variant.sku for variant in product.variants}
        if fault := product_fault(product):
            self.reject("products", row, fault)
        elif product.product_id in self._seen["product"]:
            self.reject("products", row, "product_id is used by an earlier row")
        elif skus & self._seen["sku"]:
            self.reject("products", row, "a sku is used by an earlier row")
        else:
            self._seen["product"].add(product.product_id)
            self._seen["sku"] |= skus
            self.products.append(product)

    def customer(self, row: int, customer: Customer) -> None:
        """Takes a customer unless the id is taken."""
        if fault := customer_fault(customer):
            self.reject("customers", row, fault)
        elif customer.customer_id in self._seen["customer"]:
            self.reject("customers", row, "customer_id is used by an earlier row")
        else:
            self._seen["customer"].add(customer.customer_id)
            self.customers.append(customer)

    def order(self, row: int, order: Order) -> None:
        """Takes an order unless its id is taken or its customer is not there. Customers come first."""
        key = order_key(order.order_id)
        if fault := order_fault(order):
            self.reject("orders", row, fault)
        elif order.customer_id not in self._seen["customer"]:
            self.reject("orders", row, "customer_id is not among the imported customers")
        elif key in self._seen["order"]:
            self.reject("orders", row, "order_id is used by an earlier row")
        else:
            self._seen["order"].add(key)
            self.orders.append(order)

    def contents(self, info: ShopInfo, policies: tuple[Policy, ...] = (), rules: ShopRules | None = None) -> Contents:
        """What came through."""
        rows = (tuple(self.products), tuple(self.customers), tuple(self.orders))
        return Contents(info, *rows, policies, tuple(self.rejected), rules or ShopRules())


def read_table(path: Path, table: str, gate: Gate) -> None:
    """Reads one JSONL file (BOM and blank lines allowed, every line decoded by itself) through the gate."""
    kinds: dict[str, tuple[type[Any], Callable[[int, Any], None]]] = {
        "products": (Product, gate.product),
        "customers": (Customer, gate.customer),
        "orders": (Order, gate.order),
    }
    kind, take = kinds[table]
    for row, line in _lines(path):
        try:
            record = adapter(kind).validate_json(line, strict=True)
        except ValidationError as error:
            gate.reject(table, row, reason_of(error))
        else:
            take(row, record)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for row, line in enumerate(file, start=1):
            line = line.removeprefix(b"\xef\xbb\xbf") if row == 1 else line
            if line.strip():
                yield row, line


def read_info(folder: Path) -> ShopInfo:
    """``shop.toml`` of a folder.

    Raises:
        ShopFolderError: it is missing, is not TOML, has unknown fields, or a pattern is no regular expression.
    """
    path = folder / "shop.toml"
    try:
        info: ShopInfo = adapter(ShopInfo).validate_python(tomllib.loads(path.read_text("utf-8-sig")))
        for pattern in (info.order_pattern, info.sku_pattern, info.tracking_pattern):
            re.compile(pattern)
    except FileNotFoundError:
        raise ShopFolderError(f"expected shop.toml in {folder}, found none; `tactful shop import` writes one") from None
    except ValidationError as error:
        raise ShopFolderError(f"{path}: {reason_of(error)}") from None
    except (ValueError, re.error) as error:
        raise ShopFolderError(f"{path}: expected TOML with patterns that are regular expressions: {error}") from error
    return info


def read_policies(folder: Path, gate: Gate) -> tuple[Policy, ...]:
    """Every ``policies/*.md``; a page without a usable name, front matter or body is rejected as row 1 of its file."""
    policies = []
    for path in sorted((folder / "policies").glob("*.md")):
        try:
            policies.append(_policy(folder, path))
        except (ValueError, OSError) as error:
            fault = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            gate.reject(f"policies/{path.name}", 1, fault)
    return tuple(policies)


def _policy(folder: Path, path: Path) -> Policy:
    name = _POLICY_NAME.fullmatch(path.name)
    if name is None:
        raise ValueError("expected a file name <topic>.en.md or <topic>.zh.md")
    front = _FRONT.match(path.read_text("utf-8-sig"))
    if front is None:
        raise ValueError("expected front matter between two lines ---")
    fields = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in front[1].splitlines())}
    if fields.get("lang") != name[2]:
        raise ValueError(f"expected `lang: {name[2]}` in the front matter, as in the file name")
    if not fields.get("title") or not front[2].strip():
        raise ValueError("expected a title in the front matter and a text under it")
    lang: Lang = "zh" if name[2] == "zh" else "en"
    return Policy(name[1], lang, fields["title"], path.relative_to(folder).as_posix(), front[2].strip() + "\n")


def read_folder(folder: Path) -> Contents:
    """The whole folder; broken rows are in ``rejected``.

    Raises:
        ShopFolderError: no folder, no usable ``shop.toml``, or a file cannot be read.
    """
    info, rules = read_info(folder), read_rules(folder)
    gate = Gate()
    try:
        for table in TABLES:
            read_table(folder / f"{table}.jsonl", table, gate)
        policies = read_policies(folder, gate)
    except OSError as error:
        raise ShopFolderError(f"{error.filename}: cannot be read: {error.strerror}") from error
    return gate.contents(info, policies, rules)


def write_folder(contents: Contents, folder: Path, keep: bool = False) -> None:
    """Writes records as a shop folder: UTF-8, one row a line, the same bytes for the same records.

    Each file is replaced whole or not at all. Policy pages that the records do not have are left alone;
    with ``keep`` so are a ``shop.toml`` and ``rules.toml`` that are there and tables that the records have no row of.

    Raises:
        ShopFolderError: the folder cannot be written.
    """
    try:
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        if not (keep and (folder / "shop.toml").exists()):
            _write(folder / "shop.toml", toml(asdict(contents.info)))
        if not (keep and (folder / RULES).exists()):
            _write(folder / RULES, rules_text(contents.rules))
        for table, kind in zip(TABLES, (Product, Customer, Order), strict=True):
            rows = [adapter(kind).dump_json(row).decode() + "\n" for row in getattr(contents, table)]
            path = folder / f"{table}.jsonl"
            if rows or not (keep and path.exists()):
                _write(path, "".join(rows))
        for policy in contents.policies:
            front = f"---\nlang: {policy.lang}\ntitle: {policy.title}\n---\n\n"
            _write(folder / "policies" / f"{policy.topic}.{policy.lang}.md", front + policy.text)
    except OSError as error:
        raise ShopFolderError(f"{error.filename}: cannot be written: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(text.encode())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
