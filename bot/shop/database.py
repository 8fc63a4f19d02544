"""The file of an imported shop: its tables, how it is built whole, and how one with writes is kept from being replaced.

A new import takes the place of the old file in one step. A file that holds writes of customers is not replaced,
because the files of the folder do not have them.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

from bot.shop.checked import adapter
from bot.shop.errors import ShopStoreError
from bot.shop.folder import Contents
from bot.shop.keys import email_key, name_key, order_key, postal_key
from bot.shop.records import Customer, Order
from bot.shop.rules import RULES

DATABASE = "shop.sqlite"
SCHEMA_VERSION = 2
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE products (product_id TEXT PRIMARY KEY, place INTEGER NOT NULL, body TEXT NOT NULL,
                       changed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE customers (customer_id TEXT PRIMARY KEY, email_key TEXT NOT NULL, postal_key TEXT NOT NULL,
                        body TEXT NOT NULL);
CREATE TABLE customer_names (name_key TEXT NOT NULL, customer_id TEXT NOT NULL REFERENCES customers);
CREATE TABLE orders (order_key TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers,
                     placed_at TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE policies (topic TEXT NOT NULL, lang TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (topic, lang));
CREATE TABLE writes (number INTEGER PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, key TEXT NOT NULL,
                     at TEXT NOT NULL, kind TEXT NOT NULL, args TEXT NOT NULL, receipt TEXT NOT NULL,
                     UNIQUE (customer_id, key));
CREATE INDEX products_by_change ON products (changed);
CREATE INDEX customers_by_email ON customers (email_key);
CREATE INDEX names_by_key ON customer_names (name_key);
CREATE INDEX orders_by_customer ON orders (customer_id, placed_at DESC);
"""


_BUSY_S = 10.0


def fingerprint(folder: Path) -> str:
    """Hash of everything a shop folder is imported from."""
    digest = hashlib.sha256()
    names = ("shop.toml", RULES, "products.jsonl", "customers.jsonl", "orders.jsonl")
    for path in [*(folder / name for name in names), *sorted((folder / "policies").glob("*.md"))]:
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def body(record: Any) -> str:
    """A record as it is stored."""
    return adapter(type(record)).dump_json(record).decode()


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection in ``mode`` ``ro`` or ``rw``, without a file made; transactions are begun by hand."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)


def identity(path: Path) -> tuple[int, int]:
    """Which file is at ``path`` now: another one after it was replaced."""
    found = path.stat()
    return found.st_dev, found.st_ino


@contextmanager
def replaceable(path: Path, drop_writes: bool = False) -> Iterator[None]:
    """Keeps everybody from writing to the shop file at ``path``, if there is one, while it is replaced.

    Raises:
        ShopStoreError: it holds writes and ``drop_writes`` is not given, or it is being written to all the time.
    """
    if not path.is_file():
        yield
        return
    with closing(connect(path, "rw")) as connection:
        count = 0
        try:
            connection.execute("BEGIN IMMEDIATE")
            (count,) = connection.execute("SELECT count(*) FROM writes").fetchone()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
                raise ShopStoreError(f"{path}: is being written to; try again") from error
            # Damaged, or of a version that could not be written to: nothing to keep.
        if count and not drop_writes:
            raise ShopStoreError(
                f"{path} holds {count} changes by customers that the files do not have; `tactful shop export` writes"
                " them to another folder; move the file away to go without them"
            )
        yield


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
            connection.executescript(SCHEMA)
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

    about = {
        "version": str(SCHEMA_VERSION),
        "fingerprint": mark,
        "info": body(contents.info),
        "rules": body(contents.rules),
    }
    put("meta", about.items(), 2)
    put("products", ((p.product_id, place, body(p), 0) for place, p in enumerate(contents.products)), 4)
    put("customers", ((c.customer_id, email_key(c.email), postal_of(c), body(c)) for c in contents.customers), 4)
    names = ((name_key(n), c.customer_id) for c in contents.customers for n in {c.name, c.latin_name} if name_key(n))
    put("customer_names", names, 2)
    put("orders", ((order_key(o.order_id), o.customer_id, _when(o), body(o)) for o in contents.orders), 4)
    put("policies", ((p.topic, p.lang, body(p)) for p in contents.policies), 3)


def postal_of(customer: Customer) -> str:
    """The key of the customer's own postal code; empty without an address."""
    return postal_key(customer.address.postal_code) if customer.address else ""


def _when(order: Order) -> str:
    return order.placed_at.astimezone(UTC).isoformat() if order.placed_at else ""
