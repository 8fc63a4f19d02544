"""Which orders and pieces a job is about, read from its words beside the customer's records. No rule of the shop here.

A piece is one thing in one order. What cannot be told apart is left open (``unsure``), and asked about.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Final

from bot.service.case import Job
from bot.service.counts import ALL, count_before, count_said
from bot.service.goods import Mention
from bot.service.owned import (
    Named,
    Records,
    Targets,
    mentions_place,
    named_orders,
    pieces_of,
)
from bot.service.pieces import Hints, merged, orders_of, settled
from bot.service.requests import operations
from bot.service.wording import (
    ALSO,
    EVERY_ADDRESS,
    EVERY_ORDER,
    EXCEPT,
    KEPT,
    KEPT_AFTER,
    ONLY,
    TARGET,
    WHOLE,
)
from bot.shop.records import Order

_ORDER: Final = r"\s(?:\w+\s)?orders?\b"


_MANY: Final = re.compile(
    r"\b(?:all|both|every|each)\s(?:of\s)?(?:the\s|my\s|these\s)?(?:\w+\s){0,2}$|(?:所有|全部|都)"
)


_SAME_ORDER: Final = re.compile(r"\b(?:that|this|the\ssame|it)\b|那个?订单|这个?订单|同一")


_THAT_ORDER: Final = re.compile(r"\b(?:that|this|the\ssame)\sorder\b|[那这]个?订单|同一")


_OTHER_ORDER: Final = re.compile(r"\b(?:other|another|different)\sorder|另(?:外|一)个?订单|别的订单")


_ONE_OF: Final = re.compile(
    r"\b(?:old|new|earli|lat|recent)(?:er|est)?\s(?:one|order)\b|\bone\sof\s(?:them|these|those|my\sorders)\b|其中一个订单|[早晚新老旧]的那?(?:个|单)"
)
"""One of several orders that are named."""
_OLDER: Final = re.compile(r"\b(?:old|earli)(?:er|est)\b|[早老旧]的")
_NEWER: Final = re.compile(r"\b(?:new|lat)(?:er|est)\b|\bmost\srecent\b|[晚新]的")
_BACK_TO: Final = re.compile(
    r"\b(?:it|them|they|those|these|both|all|each|everything|that\sone|this\sone)\b|它|都|[这那](?:个|件|些|两|双|条)"
)
"""Words that speak of what was named in a sentence before."""
_STATED: Final[tuple[tuple[re.Pattern[str], frozenset[str]], ...]] = (
    (re.compile(rf"\b(?:pending|open|unshipped){_ORDER}"), frozenset({"pending", "paid"})),
    (re.compile(rf"\b(?:delivered|received){_ORDER}|已?(?:收到|签收)的订单"), frozenset({"delivered"})),
    (re.compile(r"(?:未|没|还没|待)发货的?(?:那个)?订单"), frozenset({"pending", "paid"})),
)
"""What is said of an order itself: "my pending order"."""


def read_targets(job: Job, text: str, records: Records, allowed: Callable[[Order], bool]) -> Targets:
    """The orders and pieces of a job; ``text`` are its words with what the tool may open opened.

    ``allowed`` are the orders on which the operation can work at all; others count only when nothing else fits, so
    that the refusal can name them.
    """
    every_but = EXCEPT.search(text) if EVERY_ORDER.search(text) else None
    ids, missing = named_orders(text[: every_but.start()] if every_but else text, records)
    ids = _latest(job, records) or ids
    if ids and (other := _other_things(job, records, ids)):
        job, ids, missing = replace(job, layers=(("ask", other),)), (), False
    if missing and not ids:
        return Targets(missing=True)
    if len(ids) > 1 and _ONE_OF.search(text) and not EVERY_ORDER.search(text):
        ids = _by_age(text, ids)
        if len(ids) > 1:
            return Targets(ids, tuple(pieces_of(ids)), unsure=tuple(pieces_of(ids)), named=True)
    pool = _pool(job, text, records, ids, allowed)
    return _items(job, text, records, pool, allowed, bool(ids))


def _latest(job: Job, records: Records) -> tuple[Order, ...]:
    """The orders that the last correction names, where they are some of those named before."""
    said = [words for kind, words in job.layers if kind in ("fix", "order") and not ALSO.search(words.lower())]
    found = next((found for words in reversed(said) if (found := named_orders(words, records)[0])), ())
    before = named_orders(job.said("ask"), records)[0]
    return found if len(found) < len(before) and all(order in before for order in found) else ()


def _by_age(text: str, orders: tuple[Order, ...]) -> tuple[Order, ...]:
    """The oldest or the newest of the orders where it is said, and their days are known; else all of them."""
    days = {order.placed_at for order in orders}
    older = bool(_OLDER.search(text))
    if None in days or len(days) < len(orders) or older == bool(_NEWER.search(text)):
        return orders
    pick = min if older else max
    return (pick(orders, key=lambda order: str(order.placed_at)),)


def _other_things(job: Job, records: Records, ids: tuple[Order, ...]) -> str | None:
    """The last correction, where it names things that the orders named before do not hold: "no, the one with ..."."""
    fixes = [words.lower() for kind, words in job.layers if kind == "fix"]
    mentioned = {p for m in records.names.find(fixes[-1]) for p in m.products} if fixes else set()
    held = {item.product_id for order in ids for item in order.items}
    return fixes[-1] if mentioned and not mentioned & held else None


def _pool(
    job: Job, text: str, records: Records, ids: tuple[Order, ...], allowed: Callable[[Order], bool]
) -> tuple[Order, ...]:
    if ids:
        return ids
    target = TARGET.search(text) if job.op == "exchange" else None
    stated = _stated(text[: target.start()] if target else text, records.orders)
    before = [o for o in stated or records.orders if o.order_id in job.orders]
    if before and not any(map(allowed, before)) and not _THAT_ORDER.search(text):
        before = []  # "it" is what can be done something with
    if before and _OTHER_ORDER.search(text):
        return tuple(o for o in records.orders if o not in before)
    every = EVERY_ORDER.search(text) or EVERY_ADDRESS.search(text)
    if before and not every and _SAME_ORDER.search(text) and not records.names.find(job.said("ask").lower()):
        return tuple(before)
    placed = [o for o in records.orders if o.address and mentions_place(text, o.address)]
    if placed and any(map(allowed, placed)):
        return tuple(placed)
    return stated or records.orders


def _stated(text: str, orders: Sequence[Order]) -> tuple[Order, ...]:
    """The orders of which the words say how far they are; none where they do not, or there are none."""
    wanted = {status for pattern, statuses in _STATED if pattern.search(text) for status in statuses}
    return tuple(order for order in orders if order.status in wanted)


def _items(
    job: Job, text: str, records: Records, pool: tuple[Order, ...], allowed: Callable[[Order], bool], ids: bool
) -> Targets:
    fit = tuple(order for order in pool if allowed(order))
    told, base, only = _base(job, records)
    named = _named(base, records, pool, allowed)
    if only is not None:
        named = _only(named, only, _named(only, records, pool, allowed))
    if (
        job.op in ("return", "exchange")
        and named
        and any(k == "fix" and WHOLE.search(w.lower()) for k, w in job.layers)
    ):
        meant = settled(named, pool, allowed)
        orders = meant.orders if job.op == "return" else tuple(o for o in meant.orders if allowed(o))
        return replace(meant, orders=orders, pieces=tuple(pieces_of(orders)), unsure=(), whole=True)
    if job.op in ("cancel", "address", "payment") and EXCEPT.search(text) and EVERY_ORDER.search(text):
        rest = _but(fit, text, records)
        return Targets(rest, whole=True, named=bool(rest))
    if EXCEPT.search(text) and (WHOLE.search(text) or EVERY_ORDER.search(text)):
        cut = EXCEPT.search(text)
        assert cut is not None  # noqa: S101 (just searched)
        spared = {p for m in records.names.find(text[cut.end() :]) for p in m.products}
        kept_pieces = [piece for piece in pieces_of(fit) if piece.item.product_id not in spared]
        with_spared = {o.order_id for o in fit if any(i.product_id in spared for i in o.items)}
        chosen = [p for p in kept_pieces if p.order_id in with_spared] or kept_pieces
        return Targets(orders_of(chosen, pool), tuple(chosen), named=True)
    if named and job.op in ("return", "exchange") and _all_before(base, named[0]):
        named = []
    if not named:
        everything = bool(WHOLE.search(text))
        if job.op in ("return", "exchange") and (everything or EVERY_ORDER.search(text)):
            orders = fit if EVERY_ORDER.search(text) or len(fit) == 1 or ids else ()
            if not orders and everything:
                orders = _before(job, fit) or ()
            return Targets(orders or fit, tuple(pieces_of(orders)), whole=True, named=bool(orders))
        every = bool(EVERY_ORDER.search(text))
        every = every or ("address" in (job.op, *job.ops) and bool(EVERY_ADDRESS.search(text)))
        return Targets(
            pool if ids else fit or pool, whole=every or everything or (ids and len(pool) > 1), named=every or ids
        )
    products = {p for m in records.names.find(told) for p in m.products}
    context = {p.order_id for p in pieces_of(pool) if p.item.product_id in products}
    hints = Hints(context, job.said("items", "order").lower(), job.meant if only is not None else ())
    return settled(named, pool, allowed, hints)


def _but(orders: tuple[Order, ...], text: str, records: Records) -> tuple[Order, ...]:
    """“all my orders except the one with the lamp”: without those that are excepted by a thing or a number."""
    said = EXCEPT.split(text)[-1]
    things = {p for m in records.names.find(said) for p in m.products}
    numbers = {order.order_id for order in named_orders(said, records)[0]}
    spared = {o.order_id for o in orders if o.order_id in numbers or any(i.product_id in things for i in o.items)}
    return tuple(order for order in orders if order.order_id not in spared) if things or numbers else ()


def _only(named: list[Named], only: str, again: list[Named]) -> list[Named]:
    """What is left of the things named when the words ``only`` name the only ones, or those that stay: ``again``."""
    if not again:
        return [replace(n, after=f"{n.after}. {only}") for n in named]
    before = {p for n in named for p in n.mention.products}
    stays = {p for a in again if a.kept for p in a.mention.products}
    meant = {p for a in again if not a.kept for p in a.mention.products} or before - stays
    left = []
    for n in named:
        same = [a for a in again if not a.kept and set(a.mention.products) & set(n.mention.products)]
        if set(n.mention.products) & meant - stays:
            left.append(reduce(merged, same, n))
    return left + [a for a in again if not a.kept and not set(a.mention.products) & before]


def _all_before(text: str, first: Named) -> bool:
    """“upgrade all items ...; the shoes must stay the same size”: everything is meant, a thing is told more of."""
    whole = WHOLE.search(text)
    return bool(
        whole and whole.end() < first.mention.start and re.search(r"[;.]", text[whole.end() : first.mention.start])
    )


def _base(job: Job, records: Records) -> tuple[str, str, str | None]:
    """What is only told, the words that name things, and those of the last correction that names the only ones."""
    told, base = "", list[str]()
    only: str | None = None
    for kind, layer in job.layers:
        if kind in ("reason", "payment", "address", "options"):
            continue
        words = layer.lower()
        if kind == "ask":
            told, words = _told(words, records)
        if kind in ("items", "order") and not records.names.find(words):
            base.insert(0, words)  # tells which one, not what it shall become
            continue
        if kind == "fix" and base and not ALSO.search(words) and _names_others(words, ". ".join(base), records):
            base, only = [words], None
        elif kind == "fix" and ONLY.search(words) and not ALSO.search(words):
            only = words
        elif only is not None:
            only = f"{only}. {words}"
        else:
            base.append(words)
    return told, ". ".join(base), only


def _told(words: str, records: Records) -> tuple[str, str]:
    """“I got a lamp and a chair. I want to return the chair”: what is told, and what is asked for by its own names."""
    sentences = [part for part in re.split(r"(?<=[.!?;。！？；])\s*(?!\d)", words) if part]
    first = next((n for n, part in enumerate(sentences) if operations(part)), 0)
    asking = "".join(f"{part} " for part in sentences[first:])
    if not first or _BACK_TO.search(asking) or not records.names.find(asking):
        return "", words
    return " ".join(sentences[:first]), asking


def _names_others(words: str, base: str, records: Records) -> bool:
    """Whether a correction asks for something by itself, and of other things than before."""
    things = {p for m in records.names.find(words) for p in m.products}
    return bool(operations(words) and things) and not things & {p for m in records.names.find(base) for p in m.products}


def _named(text: str, records: Records, pool: tuple[Order, ...], allowed: Callable[[Order], bool]) -> list[Named]:
    mentions = records.names.find(text)
    found: list[Named] = []
    every = pieces_of(pool)
    for at, mention in enumerate(mentions):
        start = mentions[at - 1].end if at else 0
        end = mentions[at + 1].start if at + 1 < len(mentions) else len(text)
        before, after = text[start : mention.start], text[mention.end : end]
        pieces = tuple(p for p in every if p.item.product_id in mention.products)
        if pieces:
            said = count_said(text) if len({m.products for m in mentions}) == 1 else None
            count = said or count_before(before[-32:]) or 1
            many = count == 1 and said is None and (bool(_MANY.search(before[-24:])) or _plural(text, mention))
            kept = bool(KEPT.search(before) or KEPT_AFTER.search(text[mention.end :]))
            found.append(Named(mention, pieces, before, after, many or count >= ALL, kept, count))
    return found


def _plural(text: str, mention: Mention) -> bool:
    word = text[mention.start : mention.end]
    return bool(
        re.search(r"\ball\b|\bboth\b|\btwo\b", text[max(0, mention.start - 30) : mention.start])
    ) and word.endswith("s")


def _before(job: Job, orders: Sequence[Order]) -> tuple[Order, ...]:
    return tuple(order for order in orders if order.order_id in job.orders)
