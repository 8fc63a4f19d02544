"""A shop behind its own HTTP API, as the tools see it. ``README.md`` beside this file is the contract.

Products, rules and pages are kept for a minute and shown for a while when the API is away; customers and orders are
asked for each time and kept nowhere. Who a customer is, is decided here from what the API offers, by the same keys as
for an imported shop. Knows nothing of dialogue; HTTP itself is in ``api``, checking in ``answers``.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.session import CustomerId, Lang
from bot.shop import answers
from bot.shop.answers import About
from bot.shop.api import Api, Ask, Limits
from bot.shop.errors import ShopUnavailable
from bot.shop.kept import Kept, Version, in_background
from bot.shop.keys import email_key, name_key, order_key, postal_key
from bot.shop.records import Customer, Order, Policy, Product, ShopInfo, Variant
from bot.shop.rules import ShopRules
from bot.shop.writes import Receipt, Refused, Write, args_of

MAX_PAGES: Final = 1000
_CUSTOMER: Final = "/customers/{customer_id}"
_FIND: Final = "/customers/find"
_ORDERS: Final = f"{_CUSTOMER}/orders"
_WRITES: Final = f"{_CUSTOMER}/writes"


@dataclass(frozen=True, slots=True)
class _Catalogue:
    products: tuple[Product, ...]
    by_id: dict[str, Product]
    by_sku: dict[str, tuple[Product, Variant]]


class RestShop:
    """A shop's API. Thread-safe; close it when done.

    Raises:
        ShopUnavailable: at construction: the API does not say what shop it is.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.monotonic,
        run: Callable[[Callable[[], None]], None] = in_background,
    ) -> None:
        self._api = Api(url, token, limits, clock)
        self._max_bytes = limits.max_bytes
        self._about = Kept(self._load_about, limits.fresh_s, limits.stale_s, clock, run)
        self._catalogue = Kept(self._load_products, limits.fresh_s, limits.stale_s, clock, run)
        try:
            self._about.get()
        except ShopUnavailable:
            self.close()
            raise

    @property
    def info(self) -> ShopInfo:
        """The shop itself."""
        return self._about.get().info

    @property
    def rules(self) -> ShopRules:
        """What the shop allows, for showing; the API decides."""
        return self._about.get().rules

    def policies(self, lang: Lang | None = None) -> tuple[Policy, ...]:
        """The pages in ``lang``, or in all languages."""
        return tuple(page for page in self._about.get().policies if lang in (None, page.lang))

    def products(self) -> tuple[Product, ...]:
        """The catalogue in the shop's order; the same objects while it has not changed."""
        return self._catalogue.get().products

    def product(self, product_id: str) -> Product | None:
        """One product by its id."""
        return self._catalogue.get().by_id.get(product_id)

    def product_of_sku(self, sku: str) -> tuple[Product, Variant] | None:
        """What is sold under a SKU, and the product it is a variant of."""
        return self._catalogue.get().by_sku.get(sku)

    def customer(self, customer_id: CustomerId) -> Customer | None:
        """One customer by id."""
        if not _askable(customer_id):
            return None
        answer = self._api.ask(Ask("GET", _CUSTOMER, {"customer_id": customer_id}))
        if answer.status != 200:
            return None
        return answers.customer_of(answers.read(Customer, answer.body, _CUSTOMER), customer_id, _CUSTOMER)

    def find_customer(
        self, email: str | None = None, name: str | None = None, postal_code: str | None = None
    ) -> CustomerId | None:
        """The customer an e-mail alone, or a name and a postal code together, prove.

        With both proofs given both must point to the same customer. Several matches are no match.
        """
        proofs: list[Callable[[Customer], bool]] = []
        said: dict[str, str] = {}
        if email and (mail := email_key(email)):
            proofs.append(lambda one: email_key(one.email) == mail)
            said["email"] = email
        if name and postal_code and (who := name_key(name)) and (where := postal_key(postal_code)):
            proofs.append(lambda one: who in {name_key(one.name), name_key(one.latin_name)} and where == _postal(one))
            said |= {"name": name, "postal_code": postal_code}
        if not proofs:
            return None
        answer = self._api.ask(Ask("POST", _FIND, body=said))
        if answer.status != 200:
            return None
        found = answers.read(answers.Customers, answer.body, _FIND).items
        ids = [{answers.customer_of(one, None, _FIND).customer_id for one in found if fits(one)} for fits in proofs]
        matches = set.intersection(*ids)
        return matches.pop() if len(matches) == 1 else None

    def order(self, customer_id: CustomerId, order_id: str) -> Order | None:
        """An order of this customer. ``None`` for a missing one and for somebody else's alike."""
        key = order_key(order_id)
        found = self._orders(customer_id, {"order_id": order_id}) if key else ()
        return next((order for order in found if order_key(order.order_id) == key), None)

    def orders(self, customer_id: CustomerId, limit: int = 5) -> tuple[Order, ...]:
        """This customer's orders, newest first, at most ``limit``."""
        return self._orders(customer_id, {"limit": str(limit)})[:limit] if limit > 0 else ()

    def preview(self, customer_id: CustomerId, write: Write, now: datetime | None = None) -> Receipt | Refused:
        """What ``apply`` would answer; writes nothing. ``now`` is the API's own and not sent."""
        return self._write(customer_id, write, "", preview=True)

    def apply(self, customer_id: CustomerId, write: Write, key: str, now: datetime | None = None) -> Receipt | Refused:
        """Does the write, once per ``key``, however often it has to be sent. ``now`` is the API's own and not sent.

        Raises:
            ShopUnavailable: it is not known whether it was done; the same key again tells.
            ValueError: there is no key.
        """
        if not key:
            raise ValueError("expected a key, got none")
        try:
            outcome = self._write(customer_id, write, key, preview=False)
        finally:
            self._catalogue.expire()  # stock may have changed
        return outcome

    def close(self) -> None:
        """Closes the connections."""
        self._api.close()

    def _orders(self, customer_id: CustomerId, params: dict[str, str]) -> tuple[Order, ...]:
        if not _askable(customer_id):
            return ()
        answer = self._api.ask(Ask("GET", _ORDERS, {"customer_id": customer_id}, params))
        if answer.status != 200:
            return ()
        return answers.orders_of(answers.read(answers.Orders, answer.body, _ORDERS).items, customer_id, _ORDERS)

    def _write(self, customer_id: CustomerId, write: Write, key: str, preview: bool) -> Receipt | Refused:
        if not _askable(customer_id):
            return Refused("not_found")
        body = {"kind": type(write).__name__, "args": args_of(write), "preview": preview}
        answer = self._api.ask(Ask("POST", _WRITES, {"customer_id": customer_id}, body=body, key=key))
        if answer.status != 200:
            return Refused("not_found")
        return answers.outcome_of(answer.body, customer_id, write, _WRITES)

    def _load_about(self, known: Version[About] | None) -> Version[About]:
        answer = self._api.ask(Ask("GET", "/shop", tag=known.tag if known else ""))
        if answer.status == 304 and known:
            return known
        if answer.status != 200:
            raise ShopUnavailable("/shop: expected status 200, got 404; is shop.api_url right?")
        return Version(answers.about(answer.body), answer.tag)

    def _load_products(self, known: Version[_Catalogue] | None) -> Version[_Catalogue]:
        products: list[Product] = []
        tag, after, size = "", "", 0
        for page in range(MAX_PAGES):
            asked = Ask(
                "GET",
                "/products",
                params={"after": after} if after else {},
                tag=known.tag if known and not page else "",
            )
            answer = self._api.ask(asked)
            if answer.status == 304 and known:
                return known
            if answer.status != 200:
                raise ShopUnavailable("/products: expected status 200, got 404")
            read = answers.read(answers.Products, answer.body, "/products")
            products += read.items
            size += len(answer.body)
            if size > self._max_bytes or read.next == after:
                raise ShopUnavailable("/products: the pages do not end, or are too many")
            tag = tag if page else answer.tag
            if read.next is None:
                return Version(_catalogue(answers.whole(tuple(products))), tag)
            after = read.next
        raise ShopUnavailable(f"/products: expected at most {MAX_PAGES} pages, got more")


def _catalogue(products: tuple[Product, ...]) -> _Catalogue:
    by_sku = {variant.sku: (product, variant) for product in products for variant in product.variants}
    return _Catalogue(products, {product.product_id: product for product in products}, by_sku)


def _postal(customer: Customer) -> str:
    return postal_key(customer.address.postal_code) if customer.address else ""


def _askable(customer_id: str) -> bool:
    """Whether an id can be a part of a path: dots alone would lead elsewhere."""
    return bool(customer_id.strip(". "))
