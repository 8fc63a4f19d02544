"""The shop as the tools read it: one SQLite file, opened read-only, one connection per thread.

Orders are found through their customer: there is no way to ask for an order alone, so somebody
else's order and a missing one give the same answer. A store keeps showing the file it opened, also
when ``import_folder`` puts a new one in its place. It writes nothing and knows nothing of dialogue.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from bot.session import CustomerId, Lang
from bot.shop.errors import ShopFolderError, ShopStoreError
from bot.shop.folder import Contents, adapter, read_folder
from bot.shop.keys import email_key, name_key, order_key, postal_key
from bot.shop.records import Customer, Order, Policy, Product, ShopInfo, Variant
from bot.shop.report import ImportReport
from bot.shop.rules import ShopRules
from bot.shop.writes import Receipt, Refused, Write

DATABASE = "shop.sqlite"
SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE products (product_id TEXT PRIMARY KEY, place INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE customers (customer_id TEXT PRIMARY KEY, email_key TEXT NOT NULL, postal_key TEXT NOT NULL,
                        body TEXT NOT NULL);
CREATE TABLE customer_names (name_key TEXT NOT NULL, customer_id TEXT NOT NULL REFERENCES customers);
CREATE TABLE orders (order_key TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers,
                     placed_at TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE policies (topic TEXT NOT NULL, lang TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (topic, lang));
CREATE INDEX customers_by_email ON customers (email_key);
CREATE INDEX names_by_key ON customer_names (name_key);
CREATE INDEX orders_by_customer ON orders (customer_id, placed_at DESC);
"""


class ShopStore(Protocol):
    """What the tools need of a shop. Another back end (a shop system's API) implements this."""

    @property
    def info(self) -> ShopInfo:
        """The shop itself."""

    def products(self) -> tuple[Product, ...]:
        """The catalogue in the shop's order."""

    def product(self, product_id: str) -> Product | None:
        """One product."""

    def policies(self, lang: Lang | None = None) -> tuple[Policy, ...]:
        """The pages in ``lang``, or in all languages."""

    def order(self, customer_id: CustomerId, order_id: str) -> Order | None:
        """An order of this customer; somebody else's is missing. Case, width and ``#`` do not matter."""

    def orders(self, customer_id: CustomerId, limit: int = 5) -> tuple[Order, ...]:
        """This customer's orders, newest first."""

    def customer(self, customer_id: CustomerId) -> Customer | None:
        """One customer."""

    def find_customer(
        self, email: str | None = None, name: str | None = None, postal_code: str | None = None
    ) -> CustomerId | None:
        """The one customer that an e-mail, or a name and a postal code, belong to."""

    @property
    def rules(self) -> ShopRules:
        """What the shop allows."""

    def product_of_sku(self, sku: str) -> tuple[Product, Variant] | None:
        """What is sold under a SKU, and the product it is a variant of."""

    def preview(self, customer_id: CustomerId, write: Write, now: datetime | None = None) -> Receipt | Refused:
        """What ``apply`` would answer at this moment; writes nothing."""

    def apply(self, customer_id: CustomerId, write: Write, key: str, now: datetime | None = None) -> Receipt | Refused:
        """Does the write, once per ``key``: the same key again gives the same receipt, ``repeated``."""


class SqliteShop:
    """A shop in a file made by ``import_folder``. Thread-safe; close it when done.

    Raises:
        ShopStoreError: the file is missing, damaged or of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        if not path.is_file():
            raise ShopStoreError(f"expected an imported shop at {path}, found none; `tactful shop import` makes one")
        try:
            meta = {key: value for key, value in self._rows("SELECT key, value FROM meta")}
            if meta.get("version") != str(SCHEMA_VERSION):
                raise ShopStoreError(f"{path}: expected version {SCHEMA_VERSION}; delete the file to import again")
            self.info: ShopInfo = adapter(ShopInfo).validate_json(meta["info"])
            self.fingerprint = meta["fingerprint"]
            bodies = self._rows("SELECT body FROM products ORDER BY place")
            self._products: tuple[Product, ...] = tuple(adapter(Product).validate_json(body) for (body,) in bodies)
        except (sqlite3.Error, KeyError) as error:
            self.close()
            kind = type(error).__name__
            raise ShopStoreError(f"{path}: not a shop file ({kind}); delete it to import again") from error
        self._by_id: dict[str, Product] = {product.product_id: product for product in self._products}

    def products(self) -> tuple[Product, ...]:
        """The catalogue in the shop's order; the same objects each time."""
        return self._products

    def product(self, product_id: str) -> Product | None:
        """One product by its id."""
        return self._by_id.get(product_id)

    def policies(self, lang: Lang | None = None) -> tuple[Policy, ...]:
        """The pages in ``lang`` by topic; without ``lang`` all of them."""
        rows = self._rows("SELECT body FROM policies WHERE ?1 IS NULL OR lang = ?1 ORDER BY topic, lang", lang)
        return tuple(adapter(Policy).validate_json(body) for (body,) in rows)

    def order(self, customer_id: CustomerId, order_id: str) -> Order | None:
        """An order of this customer. ``None`` for a missing one and for somebody else's alike."""
        key = order_key(order_id)
        rows = self._rows("SELECT body FROM orders WHERE order_key = ? AND customer_id = ?", key, customer_id)
        return adapter(Order).validate_json(rows[0][0]) if rows else None

    def orders(self, customer_id: CustomerId, limit: int = 5) -> tuple[Order, ...]:
        """This customer's orders, newest first, at most ``limit``."""
        query = "SELECT body FROM orders WHERE customer_id = ? ORDER BY placed_at DESC, order_key LIMIT ?"
        return tuple(adapter(Order).validate_json(body) for (body,) in self._rows(query, customer_id, max(0, limit)))

    def customer(self, customer_id: CustomerId) -> Customer | None:
        """One customer by id."""
        rows = self._rows("SELECT body FROM customers WHERE customer_id = ?", customer_id)
        return adapter(Customer).validate_json(rows[0][0]) if rows else None

    def find_customer(
        self, email: str | None = None, name: str | None = None, postal_code: str | None = None
    ) -> CustomerId | None:
        """The customer an e-mail alone, or a name and a postal code together, prove.

        With both proofs given both must point to the same customer. Several matches are no match.
        """
        found: list[set[str]] = []
        if email and (key := email_key(email)):
            found.append({row[0] for row in self._rows("SELECT customer_id FROM customers WHERE email_key = ?", key)})
        if name and postal_code and (key := name_key(name)) and (postal := postal_key(postal_code)):
            query = (
                "SELECT customer_id FROM customers JOIN customer_names USING (customer_id)"
                " WHERE name_key = ? AND postal_key = ?"
            )
            found.append({row[0] for row in self._rows(query, key, postal)})
        matches = set.intersection(*found) if found else set()
        return CustomerId(matches.pop()) if len(matches) == 1 else None

    def contents(self) -> Contents:
        """Everything, for export: customers and orders too, in the order they were imported."""
        customers = self._rows("SELECT body FROM customers ORDER BY rowid")
        orders = self._rows("SELECT body FROM orders ORDER BY rowid")
        return Contents(
            self.info,
            self._products,
            tuple(adapter(Customer).validate_json(body) for (body,) in customers),
            tuple(adapter(Order).validate_json(body) for (body,) in orders),
            self.policies(),
        )

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            while self._open:
                self._open.pop().close()
            self._local = threading.local()

    def _rows(self, query: str, *values: object) -> list[tuple[str, ...]]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        return list(connection.execute(query, values))


def fingerprint(folder: Path) -> str:
    """Hash of everything a shop folder is imported from."""
    digest = hashlib.sha256()
    names = ("shop.toml", "products.jsonl", "customers.jsonl", "orders.jsonl")
    for path in [*(folder / name for name in names), *sorted((folder / "policies").glob("*.md"))]:
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def open_shop(folder: Path) -> SqliteShop:
    """The shop of a folder; imported first when that was not done yet or the files have changed since.

    Raises:
        ShopFolderError: the folder is no shop folder.
        ShopStoreError: ``shop.sqlite`` cannot be read or made.
    """
    path = folder / DATABASE
    if not (folder / "shop.toml").exists() and not path.is_file():
        raise ShopFolderError(f"expected a shop folder with shop.toml at {folder}; `tactful shop import` makes one")
    if not path.is_file():
        import_folder(folder)
        return SqliteShop(path)
    shop = SqliteShop(path)
    if not (folder / "shop.toml").exists() or shop.fingerprint == fingerprint(folder):
        return shop
    shop.close()
    import_folder(folder)
    return SqliteShop(path)


def import_folder(folder: Path) -> ImportReport:
    """Builds ``shop.sqlite`` of a shop folder: a new file beside, then put in place in one step.

    Raises:
        ShopFolderError: the folder is no shop folder.
        ShopStoreError: the file cannot be written; the former one is still there.
    """
    mark = fingerprint(folder)
    contents = read_folder(folder)
    write_store(contents, folder / DATABASE, mark)
    return ImportReport.of(contents)


def write_store(contents: Contents, path: Path, mark: str) -> None:
    """Writes ``path`` atomically from records that are known to be whole.

    Raises:
        ShopStoreError: disk full, no rights; the former file is untouched.
    """
    fresh = path.with_name(f"{path.name}.{threading.get_native_id()}.new")
    try:
        fresh.unlink(missing_ok=True)
        connection = sqlite3.connect(fresh)
        try:
            connection.executescript(_SCHEMA)
            with connection:
                _fill(connection, contents, mark)
        finally:
            connection.close()
        fresh.replace(path)
    except (sqlite3.Error, OSError) as error:
        fresh.unlink(missing_ok=True)
        raise ShopStoreError(f"{path}: cannot be written ({type(error).__name__}); check space and rights") from error


def _fill(connection: sqlite3.Connection, contents: Contents, mark: str) -> None:
    def put(table: str, rows: Iterable[Sequence[object]], width: int) -> None:
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", rows)  # noqa: S608 - our own names

    def body(record: Any) -> str:
        return adapter(type(record)).dump_json(record).decode()

    put("meta", [("version", SCHEMA_VERSION), ("fingerprint", mark), ("info", body(contents.info))], 2)
    put("products", ((p.product_id, place, body(p)) for place, p in enumerate(contents.products)), 3)
    put("customers", ((c.customer_id, email_key(c.email), _postal(c), body(c)) for c in contents.customers), 4)
    names = ((name_key(n), c.customer_id) for c in contents.customers for n in {c.name, c.latin_name} if name_key(n))
    put("customer_names", names, 2)
    put("orders", ((order_key(o.order_id), o.customer_id, _when(o), body(o)) for o in contents.orders), 4)
    put("policies", ((p.topic, p.lang, body(p)) for p in contents.policies), 3)


def _postal(customer: Customer) -> str:
    return postal_key(customer.address.postal_code) if customer.address else ""


def _when(order: Order) -> str:
    return order.placed_at.astimezone(UTC).isoformat() if order.placed_at else ""
