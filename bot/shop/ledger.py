"""Writes to the file of a shop: each whole or not at all, and once per key.

One transaction reads the records, asks what comes of the write, and stores the records and the receipt. SQLite lets
one writer in at a time, in this process and in others. A receipt is found by customer and key: nobody sees another's.
"""

import json
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bot.session import CustomerId
from bot.shop.checked import adapter
from bot.shop.database import body, connect, identity, postal_of
from bot.shop.errors import ShopStoreError
from bot.shop.keys import order_key
from bot.shop.records import Customer, Order, Product
from bot.shop.writes import ChangeCustomerAddress, Receipt, Refused, Settled, Write, args_of

MAX_KEY_CHARS = 200
R = TypeVar("R", Order, Customer)
Decide = Callable[[Order | None, Customer], Settled | Refused]


class Ledger:
    """The writing side of one shop file. Thread-safe; nothing is opened before the first write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = identity(path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def write(
        self, customer_id: CustomerId, write: Write, key: str, now: datetime, decide: Decide
    ) -> Receipt | Refused:
        """Does what ``decide`` makes of the records, or gives the receipt the key has already.

        Raises:
            ShopStoreError: the file cannot be written or was replaced; nothing has changed and the key is free. Also
                when the key was used for another write.
        """
        if not 0 < len(key) <= MAX_KEY_CHARS:
            raise ValueError(f"expected a key of 1 to {MAX_KEY_CHARS} characters, got {len(key)}")
        with self._lock:
            try:
                connection = self._connection = self._connection or connect(self._path, "rw")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    outcome = self._within(connection, customer_id, write, key, now, decide)
                    connection.execute("COMMIT" if isinstance(outcome, Receipt) else "ROLLBACK")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, OSError) as error:
                kind = getattr(error, "sqlite_errorname", type(error).__name__)
                raise ShopStoreError(f"{self._path}: the write was not done ({kind}); try again") from error
        return outcome

    def close(self) -> None:
        """Closes the connection; a later write opens one again."""
        with self._lock:
            if self._connection:
                self._connection.close()
                self._connection = None

    def _within(
        self,
        connection: sqlite3.Connection,
        customer_id: CustomerId,
        write: Write,
        key: str,
        now: datetime,
        decide: Decide,
    ) -> Receipt | Refused:
        if identity(self._path) != self._file:
            raise ShopStoreError(f"{self._path}: was imported again since it was opened; open the shop anew")
        if known := _known(connection, customer_id, write, key):
            return known
        customer = _one(connection, Customer, "SELECT body FROM customers WHERE customer_id = ?", customer_id)
        if customer is None:
            return Refused("not_found")
        outcome = decide(_order(connection, customer_id, write), customer)
        if isinstance(outcome, Refused):
            return outcome
        _store(connection, outcome)
        connection.execute(
            "INSERT INTO writes (customer_id, key, at, kind, args, receipt) VALUES (?, ?, ?, ?, ?, ?)",
            (customer_id, key, now.isoformat(), type(write).__name__, _args(write), _packed(outcome.receipt)),
        )
        return outcome.receipt


def _order(connection: sqlite3.Connection, customer_id: CustomerId, write: Write) -> Order | None:
    if isinstance(write, ChangeCustomerAddress):
        return None
    query = "SELECT body FROM orders WHERE order_key = ? AND customer_id = ?"
    return _one(connection, Order, query, order_key(write.order_id), customer_id)


def _one(connection: sqlite3.Connection, kind: type[R], query: str, *values: object) -> R | None:
    row = connection.execute(query, values).fetchone()
    if row is None:
        return None
    record: R = adapter(kind).validate_json(row[0])
    return record


def _store(connection: sqlite3.Connection, settled: Settled) -> None:
    customer, order = settled.customer, settled.order
    connection.execute(
        "UPDATE customers SET body = ?, postal_key = ? WHERE customer_id = ?",
        (body(customer), postal_of(customer), customer.customer_id),
    )
    if order:
        connection.execute("UPDATE orders SET body = ? WHERE order_key = ?", (body(order), order_key(order.order_id)))
    if settled.stock:
        _count(connection, dict(settled.stock))


def _count(connection: sqlite3.Connection, stock: dict[str, int]) -> None:
    """Changes the stock of products; a SKU that is not sold any more is left out."""
    (change,) = connection.execute("SELECT coalesce(max(changed), 0) + 1 FROM products").fetchone()
    rows = connection.execute(
        "SELECT DISTINCT products.body FROM products, json_each(products.body, '$.variants') AS variant"
        " WHERE json_extract(variant.value, '$.sku') IN (SELECT value FROM json_each(?))",
        (json.dumps(list(stock)),),
    ).fetchall()
    for (text,) in rows:
        product: Product = adapter(Product).validate_json(text)
        connection.execute(
            "UPDATE products SET body = ?, changed = ? WHERE product_id = ?",
            (body(product.restocked(stock)), change, product.product_id),
        )


def _known(connection: sqlite3.Connection, customer_id: CustomerId, write: Write, key: str) -> Receipt | None:
    query = "SELECT kind, args, receipt FROM writes WHERE customer_id = ? AND key = ?"
    row = connection.execute(query, (customer_id, key)).fetchone()
    if row is None:
        return None
    if (row[0], row[1]) != (type(write).__name__, _args(write)):
        raise ShopStoreError("the key was used for another write; expected a new key for each write")
    return _unpacked(write, row[2])


def _args(write: Write) -> str:
    return json.dumps(args_of(write), ensure_ascii=False, sort_keys=True)


def _packed(receipt: Receipt) -> str:
    fields = {name: getattr(receipt, name) for name in ("refund_minor", "charge_minor", "method_id", "fee_minor")}
    records = {
        "order": receipt.order and json.loads(body(receipt.order)),
        "customer": json.loads(body(receipt.customer)),
    }
    return json.dumps(fields | records, ensure_ascii=False)


def _unpacked(write: Write, text: str) -> Receipt:
    fields = json.loads(text)
    order, customer = fields.pop("order"), fields.pop("customer")
    return Receipt(
        write,
        adapter(Order).validate_python(order) if order else None,
        adapter(Customer).validate_python(customer),
        repeated=True,
        **fields,
    )
