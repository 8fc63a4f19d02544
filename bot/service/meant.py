"""Which of his orders a customer speaks of: by number, state, town or thing; else the one that was spoken of before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.service.owned import Piece, Records, mentions_place, named_orders, pieces_of
from bot.shop.records import Order

RETURNING: Final = frozenset({"return_requested", "returned", "exchange_requested", "exchanged"})
_STATUSES: Final[tuple[tuple[re.Pattern[str], frozenset[str]], ...]] = (
    (re.compile(r"\bcancell?ed\b|已?取消的"), frozenset({"cancelled"})),
    (
        re.compile(r"\bdelivered\b|\breceived\b|收到的|签收"),
        frozenset({"delivered", "return_requested", "exchange_requested"}),
    ),
    (re.compile(r"\bpending\b|\bopen\b|未发货|待发货"), frozenset({"pending", "paid"})),
)


@dataclass(frozen=True, slots=True)
class Meant:
    """Orders, the pieces of them that are named, and whether the words name them at all."""

    orders: tuple[Order, ...]
    pieces: tuple[Piece, ...] = ()
    named: bool = True


def meant(words: str, records: Records, before: Sequence[str] = (), pool: Sequence[Order] | None = None) -> Meant:
    """What ``words`` (tidy, lower case) speak of; ``before``: orders spoken of; ``pool``: those that come first."""
    ids, _ = named_orders(words, records)
    found = ids or tuple(pool or records.orders)
    every = len(found)
    for pattern, statuses in _STATUSES:
        if not ids and pattern.search(words):
            found = tuple(o for o in found if o.status in statuses) or found
    if placed := tuple(o for o in found if o.address and mentions_place(words, o.address)):
        found = placed
    products = {p for m in records.names.find(words) for p in m.products}
    pieces = tuple(p for p in pieces_of(found) if p.item.product_id in products)
    if pieces:
        held = {p.order_id for p in pieces}
        return Meant(tuple(o for o in found if o.order_id in held), pieces)
    if ids or len(found) < every:
        return Meant(found)
    known = tuple(o for o in found if o.order_id in before)
    return Meant(known or found[:1], named=bool(known))
