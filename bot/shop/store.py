"""The shop as the tools read and change it: one SQLite file, read through read-only connections, one per thread.

Orders are found through their customer: there is no way to ask for an order alone, so somebody
else's order and a missing one give the same answer. A store keeps showing the file it opened, also
when ``import_folder`` puts a new one in its place, but does not write then. It knows nothing of dialogue.
"""

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from bot.session import CustomerId, Lang
from bot.shop.checked import adapter
from bot.shop.database import DATABASE, SCHEMA_VERSION, connect, fingerprint, replaceable, write_store
from bot.shop.errors import ShopFolderError, ShopStoreError, ShopVersionError
from bot.shop.folder import Contents, read_folder
from bot.shop.keys import email_key, name_key, order_key, postal_key
from bot.shop.ledger import Ledger
from bot.shop.records import Customer, Order, Policy, Product, ShopInfo, Variant
from bot.shop.report import ImportReport
from bot.shop.rules import ShopRules
from bot.shop.settling import settle
from bot.shop.writes import ChangeCustomerAddress, Receipt, Refused, Settled, Write

__all__ = [
    "DATABASE",
    "ShopStore",
    "SqliteShop",
    "fingerprint",
    "import_folder",
    "open_shop",
    "write_store",
]


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
                self.close()
                raise ShopVersionError(f"{path}: expected version {SCHEMA_VERSION}; delete the file to import again")
            self.info: ShopInfo = adapter(ShopInfo).validate_json(meta["info"])
            self.rules: ShopRules = adapter(ShopRules).validate_json(meta["rules"])
            self.fingerprint = meta["fingerprint"]
            bodies = self._rows("SELECT body FROM products ORDER BY place")
            self._products: tuple[Product, ...] = tuple(adapter(Product).validate_json(body) for (body,) in bodies)
        except (sqlite3.Error, KeyError) as error:
            self.close()
            kind = type(error).__name__
            raise ShopStoreError(f"{path}: not a shop file ({kind}); delete it to import again") from error
        self._place: dict[str, int] = {product.product_id: place for place, product in enumerate(self._products)}
        self._product_of = {v.sku: product.product_id for product in self._products for v in product.variants}
        self._counted = "0"  # the change of stock that was read last
        self._ledger = Ledger(path)

    def products(self) -> tuple[Product, ...]:
        """The catalogue in the shop's order, stock as it is now; the same objects unless it has changed."""
        changed = self._rows("SELECT body, changed FROM products WHERE changed > ? ORDER BY changed", self._counted)
        if changed:
            with self._lock:
                products = list(self._products)
                for body, _ in changed:
                    product: Product = adapter(Product).validate_json(body)
                    products[self._place[product.product_id]] = product
                self._products, self._counted = tuple(products), changed[-1][1]
        return self._products

    def product(self, product_id: str) -> Product | None:
        """One product by its id."""
        place = self._place.get(product_id)
        return None if place is None else self.products()[place]

    def product_of_sku(self, sku: str) -> tuple[Product, Variant] | None:
        """A variant by its SKU, exactly as the shop writes it, and its product."""
        product = self.product(self._product_of.get(sku, ""))
        variant = next((v for v in product.variants if v.sku == sku), None) if product else None
        return (product, variant) if product and variant else None

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

    def preview(self, customer_id: CustomerId, write: Write, now: datetime | None = None) -> Receipt | Refused:
        """What ``apply`` would answer at this moment; writes nothing."""
        customer = self.customer(customer_id)
        if customer is None:
            return Refused("not_found")
        order = None if isinstance(write, ChangeCustomerAddress) else self.order(customer_id, write.order_id)
        outcome = self._settle(write, order, customer, self._time(now))
        return outcome if isinstance(outcome, Refused) else outcome.receipt

    def apply(self, customer_id: CustomerId, write: Write, key: str, now: datetime | None = None) -> Receipt | Refused:
        """Does the write in one transaction, once per customer and key, whoever else writes.

        Args:
            customer_id: Whose session it is.
            write: What is to be done.
            key: Of this one wish; the same key again gives the receipt of the first time, ``repeated``.
            now: The time that days count from; without it the shop's own, or now.

        Raises:
            ShopStoreError: the file cannot be written or was replaced, or the key was used for another write.
        """
        at = self._time(now)
        return self._ledger.write(
            customer_id, write, key, at, lambda order, customer: self._settle(write, order, customer, at)
        )

    def contents(self) -> Contents:
        """Everything, for export, writes included: customers and orders in the order they were imported."""
        customers = self._rows("SELECT body FROM customers ORDER BY rowid")
        orders = self._rows("SELECT body FROM orders ORDER BY rowid")
        return Contents(
            self.info,
            self.products(),
            tuple(adapter(Customer).validate_json(body) for (body,) in customers),
            tuple(adapter(Order).validate_json(body) for (body,) in orders),
            self.policies(),
            rules=self.rules,
        )

    def writes(self) -> int:
        """How many writes of customers the file holds since it was imported."""
        return int(self._rows("SELECT count(*) FROM writes")[0][0])

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            while self._open:
                self._open.pop().close()
            self._local = threading.local()
        if ledger := getattr(self, "_ledger", None):
            ledger.close()

    def _time(self, now: datetime | None) -> datetime:
        return now or self.rules.stands_at or datetime.now(UTC)

    def _settle(self, write: Write, order: Order | None, customer: Customer, now: datetime) -> Settled | Refused:
        return settle(write, self.rules, order, customer, self.product_of_sku, now)

    def _rows(self, query: str, *values: object) -> list[tuple[str, ...]]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self.path, "ro")
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        return list(connection.execute(query, values))


def open_shop(folder: Path, as_it_is: bool = False) -> SqliteShop:
    """The shop of a folder; imported first when that was not done yet or the files have changed since.

    Args:
        folder: A shop folder, or one with ``shop.sqlite`` only.
        as_it_is: Files that have changed are left alone when the shop holds writes that they do not have.

    Raises:
        ShopFolderError: the folder is no shop folder.
        ShopStoreError: ``shop.sqlite`` cannot be read or made, or the files have changed and it holds writes.
    """
    path = folder / DATABASE
    files = (folder / "shop.toml").exists()
    if not files and not path.is_file():
        raise ShopFolderError(f"expected a shop folder with shop.toml at {folder}; `tactful shop import` makes one")
    if not path.is_file():
        import_folder(folder)
        return SqliteShop(path)
    try:
        shop = SqliteShop(path)
    except ShopVersionError:  # an older one holds nothing that the files do not have
        if not files:
            raise
    else:
        if not files or shop.fingerprint == fingerprint(folder) or (as_it_is and shop.writes()):
            return shop
        shop.close()
    import_folder(folder)
    return SqliteShop(path)


def import_folder(folder: Path, drop_writes: bool = False) -> ImportReport:
    """Builds ``shop.sqlite`` of a shop folder: a new file beside, then put in place in one step.

    Raises:
        ShopFolderError: the folder is no shop folder.
        ShopStoreError: the file cannot be written, or the former one holds writes and ``drop_writes`` is not given;
            the former one is still there.
    """
    mark = fingerprint(folder)
    contents = read_folder(folder)
    with replaceable(folder / DATABASE, drop_writes):
        write_store(contents, folder / DATABASE, mark)
    return ImportReport.of(contents)
