"""Other customers' data in what the bot says: exact values of the shop's records, looked for in every reply.

Values: names, e-mails, phones, street lines, order and tracking numbers. Not counted are values that this customer
has said, that belong to this customer as well, or that the shop publishes (products, policies). Finds exact values
only, not a paraphrase or half a number; names of fewer than two words or three Chinese characters are left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.session import CustomerId
from bot.shop.folder import Contents
from bot.shop.records import Address, Customer, Order
from serving.scenarios.words import plain

_PHONE_DIGITS: Final = 7
_NOT_DIGITS: Final = re.compile(r"\D+")
_CHINESE: Final = re.compile(r"[一-鿿]")


@dataclass(frozen=True, slots=True)
class PersonalValues:
    """Whose a value is. Keys of ``texts`` are plain; keys of ``phones`` are digits."""

    texts: Mapping[str, frozenset[CustomerId]] = field(repr=False)
    phones: Mapping[str, frozenset[CustomerId]] = field(repr=False)

    @classmethod
    def of(cls, contents: Contents) -> "PersonalValues":
        """All customers' values, without what the shop publishes itself."""
        public = plain(" ".join(_published(contents)))
        texts: dict[str, set[CustomerId]] = {}
        phones: dict[str, set[CustomerId]] = {}
        for owner, value in _values(contents):
            if (key := plain(value)) and key not in public:
                texts.setdefault(key, set()).add(owner)
        for owner, phone in _phones(contents):
            if len(digits := _NOT_DIGITS.sub("", phone)) >= _PHONE_DIGITS:
                phones.setdefault(digits, set()).add(owner)
        return cls({k: frozenset(v) for k, v in texts.items()}, {k: frozenset(v) for k, v in phones.items()})

    def shown(self, reply: str, owner: CustomerId | None, said: str) -> int:
        """How many values of others ``reply`` shows to ``owner``, who has ``said`` all this before."""
        text, known = plain(reply), plain(said)
        digits, known_digits = _runs(text), _runs(known)
        found = (
            value
            for value, owners in self.texts.items()
            if owner not in owners and value in text and value not in known and _whole(value, text)
        )
        called = (
            phone
            for phone, owners in self.phones.items()
            if owner not in owners and any(phone in run for run in digits) and not any(phone in r for r in known_digits)
        )
        return sum(1 for _ in found) + sum(1 for _ in called)


def _whole(value: str, text: str) -> bool:
    left = r"(?<![a-z0-9])" if value[0].isascii() and value[0].isalnum() else ""
    right = r"(?![a-z0-9])" if value[-1].isascii() and value[-1].isalnum() else ""
    return bool(re.search(left + re.escape(value) + right, text))


def _runs(text: str) -> list[str]:
    """Runs of digits with the marks that people write within phone numbers taken out."""
    return [_NOT_DIGITS.sub("", run) for run in re.findall(r"\+?\d[\d ()./-]{5,}\d", text)]


def _published(contents: Contents) -> Iterator[str]:
    for product in contents.products:
        yield from (product.name_en, product.name_zh, product.brand, product.text_en, product.text_zh)
        yield from (*product.attributes_en.values(), *product.attributes_zh.values())
    for policy in contents.policies:
        yield policy.text


def _values(contents: Contents) -> Iterator[tuple[CustomerId, str]]:
    for customer in contents.customers:
        yield from ((customer.customer_id, value) for value in _of_customer(customer))
    for order in contents.orders:
        yield from ((order.customer_id, value) for value in _of_order(order))


def _of_customer(customer: Customer) -> Iterable[str]:
    return (customer.email, *_names(customer.name, customer.latin_name), *_streets(customer.address))


def _of_order(order: Order) -> Iterable[str]:
    tracking = (order.tracking_id or "").split(",")
    return (
        order.order_id.lstrip("#"),
        *(t.strip() for t in tracking),
        *_names(order.recipient),
        *_streets(order.address),
    )


def _names(*names: str) -> Iterator[str]:
    for name in names:
        if len(name.split()) >= 2 or len(_CHINESE.findall(name)) >= 3:
            yield name


def _streets(address: Address | None) -> Iterator[str]:
    if address:
        yield address.line1


def _phones(contents: Contents) -> Iterator[tuple[CustomerId, str]]:
    yield from ((customer.customer_id, customer.phone) for customer in contents.customers)
    yield from ((order.customer_id, order.phone) for order in contents.orders)
