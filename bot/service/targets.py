"""Which orders and pieces a job is about, read from its words beside the customer's records. No rule of the shop here.

A piece is one thing in one order. What cannot be told apart is left open (``unsure``), and asked about.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from bot.service.case import Job
from bot.service.counts import ALL, count_before, count_said
from bot.service.goods import Mention
from bot.service.owned import (
    Named,
    Piece,
    Records,
    Targets,
    mentions_place,
    named_orders,
    pieces_of,
)
from bot.service.values import hits
from bot.service.wording import (
    ALSO,
    EVERY_ADDRESS,
    EVERY_ORDER,
    EXCEPT,
    KEPT,
    KEPT_AFTER,
    LESS_EXPENSIVE,
    MORE_EXPENSIVE,
    ONLY,
    TARGET,
    WHOLE,
)
from bot.shop.records import Order

_WITH: Final = re.compile(r"\b(?:with|together\swith|along\swith|as|than)\s(?:the\s|my\s|a\s)?$|(?:和|跟|与|同)$")


_CAME: Final = re.compile(r"\b(?:order(?:ed|s)?|received|bought|came|got|placed|sent)\b|订单|一起|同")


_MANY: Final = re.compile(
    r"\b(?:all|both|every|each)\s(?:of\s)?(?:the\s|my\s|these\s)?(?:\w+\s){0,2}$|(?:所有|全部|都)"
)


_SAME_ORDER: Final = re.compile(r"\b(?:that|this|the\ssame|it)\b|那个?订单|这个?订单|同一")


_OTHER_ORDER: Final = re.compile(r"\b(?:other|another|different)\sorder|另(?:外|一)个?订单|别的订单")


_DESCRIBED: Final = re.compile(r"^\s*[(（][^)）]*[)）]")


_ANOTHER: Final = re.compile(r"\banother\s$|另一?[个件]$")


def read_targets(job: Job, text: str, records: Records, allowed: Callable[[Order], bool]) -> Targets:
    """The orders and pieces of a job; ``text`` are its words with what the tool may open opened.

    ``allowed`` are the orders on which the operation can work at all; others count only when nothing else fits, so
    that the refusal can name them.
    """
    ids, missing = named_orders(text, records)
    if ids and (other := _other_things(job, records, ids)):
        job, ids, missing = replace(job, layers=(("ask", other),)), (), False
    if missing and not ids:
        return Targets(missing=True)
    pool = _pool(job, text, records, ids, allowed)
    return _items(job, text, records, pool, allowed, bool(ids))


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
    before = [o for o in records.orders if o.order_id in job.orders]
    if before and _OTHER_ORDER.search(text):
        return tuple(o for o in records.orders if o not in before)
    every = EVERY_ORDER.search(text) or EVERY_ADDRESS.search(text)
    if before and not every and _SAME_ORDER.search(text) and not records.names.find(job.said("ask").lower()):
        return tuple(before)
    placed = [o for o in records.orders if o.address and mentions_place(text, o.address)]
    if placed and any(map(allowed, placed)):
        return tuple(placed)
    return records.orders


def _items(
    job: Job, text: str, records: Records, pool: tuple[Order, ...], allowed: Callable[[Order], bool], ids: bool
) -> Targets:
    fit = tuple(order for order in pool if allowed(order))
    base, only = _base(job)
    named = _named(base, records, pool, allowed)
    if only is not None:
        kept = {p for n in named for p in n.mention.products}
        again = _named(only, records, pool, allowed)
        named = (
            [replace(n, after=f"{n.after}. {only}") for n in named]
            if not again
            else [n for n in named if set(n.mention.products) & {p for a in again for p in a.mention.products}]
            + [a for a in again if not set(a.mention.products) & kept]
        )
    if (
        job.op in ("return", "exchange")
        and named
        and any(k == "fix" and WHOLE.search(w.lower()) for k, w in job.layers)
    ):
        meant = _settled(named, pool, allowed)
        orders = meant.orders if job.op == "return" else tuple(o for o in meant.orders if allowed(o))
        return replace(meant, orders=orders, pieces=tuple(pieces_of(orders)), unsure=(), whole=True)
    if EXCEPT.search(text) and (WHOLE.search(text) or EVERY_ORDER.search(text)):
        cut = EXCEPT.search(text)
        assert cut is not None  # noqa: S101 (just searched)
        spared = {p for m in records.names.find(text[cut.end() :]) for p in m.products}
        kept_pieces = [piece for piece in pieces_of(fit) if piece.item.product_id not in spared]
        with_spared = {o.order_id for o in fit if any(i.product_id in spared for i in o.items)}
        chosen = [p for p in kept_pieces if p.order_id in with_spared] or kept_pieces
        return Targets(_orders_of(chosen, pool), tuple(chosen), named=True)
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
    return _settled(named, pool, allowed)


def _all_before(text: str, first: Named) -> bool:
    """“upgrade all items ...; the shoes must stay the same size”: everything is meant, a thing is told more of."""
    whole = WHOLE.search(text)
    return bool(
        whole and whole.end() < first.mention.start and re.search(r"[;.]", text[whole.end() : first.mention.start])
    )


def _base(job: Job) -> tuple[str, str | None]:
    """The words that name things, and those of the last correction that names the only ones."""
    base: list[str] = []
    only: str | None = None
    for kind, layer in job.layers:
        if kind in ("reason", "payment", "address", "options"):
            continue
        words = layer.lower()
        if kind == "fix" and ONLY.search(words) and not ALSO.search(words):
            only = words
        elif only is not None:
            only = f"{only}. {words}"
        else:
            base.append(words)
    return ". ".join(base), only


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


def _settled(named: list[Named], pool: tuple[Order, ...], allowed: Callable[[Order], bool]) -> Targets:
    """One piece for each thing that is named, from as few orders as can be."""
    fit = {order.order_id for order in pool if allowed(order)}
    beside = [n for n in named if _WITH.search(n.before) and _CAME.search(n.before)]
    wanted = [n for n in named if n not in beside and not n.kept] or [n for n in named if not n.kept]
    if not wanted:  # only what shall stay is named
        return Targets(pool, kept=True)
    context = [{p.order_id for p in n.pieces} for n in beside if n not in wanted]
    chosen: list[Piece] = []
    words: dict[tuple[str, str, int], str] = {}
    options: list[tuple[Named, list[Piece]]] = []
    seen: dict[tuple[str, ...], int] = {}
    for one in wanted:
        usable = [p for p in one.pieces if p.order_id in fit] or list(one.pieces)
        for orders in context:
            usable = [p for p in usable if p.order_id in orders] or usable
        usable = _described(one, usable)
        again = seen.get(one.mention.products)
        separate = again is not None and (
            bool(_ANOTHER.search(one.before)) or not {p.sku for p in usable} & {p.sku for p in options[again][1]}
        )
        if again is not None and not separate:
            options[again] = (_merged(options[again][0], one), _both(options[again][1], usable))
            continue
        seen[one.mention.products] = len(options)
        options.append((one, usable))
    shared = _fewest([{p.order_id for p in usable} for _, usable in options])
    for one, usable in options:
        near = [p for p in usable if p.order_id in shared] or usable
        if one.many:
            near = usable
        picked = near if one.many else _some_of(near, chosen, one.count)
        if picked is None:
            return Targets(_orders_of(near, pool), tuple(chosen), tuple(near), words=words, named=True)
        for piece in picked:
            chosen.append(piece)
            words[(piece.order_id, piece.sku, piece.number)] = _about(one)
    kept = any(n.kept for n in named)
    return Targets(_orders_of(chosen, pool), tuple(chosen), words=words, named=True, kept=kept)


def _some_of(near: Sequence[Piece], taken: Sequence[Piece], count: int) -> list[Piece] | None:
    """So many pieces; ``None`` where different ones could be meant. Equal ones of one order are alike."""
    left = [p for p in near if p not in taken]
    if len({(p.order_id, p.sku) for p in left}) == 1 or len(left) == count:
        return left[:count]
    return None if left else []


def _described(one: Named, pieces: list[Piece]) -> list[Piece]:
    """Narrowed by options and prices that are said of the thing as it is."""
    target = TARGET.search(one.after)
    before = re.split(r"[,;.()（），；。]|\band\b|和", one.before)[-1]
    said = f"{before} {one.after[: target.start()] if target else one.after}"
    for piece_options in _said_options(said, pieces):
        narrowed = [p for p in pieces if piece_options(p)]
        pieces = narrowed or pieces
    words = f"{one.before} {one.after}"
    if len({p.item.price_minor for p in pieces}) > 1:
        more = max((m.start() for m in MORE_EXPENSIVE.finditer(words)), default=-1)
        less = max((m.start() for m in LESS_EXPENSIVE.finditer(words)), default=-1)
        if more != less:  # the last word counts
            price = (max if more > less else min)(p.item.price_minor for p in pieces)
            return [p for p in pieces if p.item.price_minor == price]
    return pieces


def _said_options(said: str, pieces: Sequence[Piece]) -> list[Callable[[Piece], bool]]:
    options: dict[str, dict[str, None]] = {}
    for piece in pieces:
        for name, value in {**piece.item.options, **piece.item.options_zh}.items():
            options.setdefault(name, {})[value] = None
    found = hits(said, {name: tuple(values) for name, values in options.items()})

    def fits(option: str, value: str, negated: bool) -> Callable[[Piece], bool]:
        return lambda p: ({**p.item.options, **p.item.options_zh}.get(option) == value) is not negated

    return [fits(hit.option, hit.value, hit.negated) for hit in found]


def _about(one: Named) -> str:
    """What was said of a thing as it shall be: after "for" or "to"; without such a word all that follows it."""
    after = _DESCRIBED.sub("", one.after)
    target = TARGET.search(after)
    return after[target.end() :] if target else after


def _merged(first: Named, more: Named) -> Named:
    extra = _about(more)
    return Named(
        first.mention,
        first.pieces,
        first.before,
        f"{first.after}. {extra}",
        first.many or more.many,
        count=max(first.count, more.count),
    )


def _both(first: list[Piece], more: list[Piece]) -> list[Piece]:
    return [p for p in first if p in more] or first


def _fewest(candidates: Sequence[set[str]]) -> set[str]:
    """The orders that hold most of what is named: all things from one order where that is possible."""
    counts: dict[str, int] = {}
    for orders in candidates:
        for order in orders:
            counts[order] = counts.get(order, 0) + 1
    most = max(counts.values(), default=0)
    return {order for order, count in counts.items() if count == most} if len(candidates) > 1 else set(counts)


def _orders_of(pieces: Iterable[Piece], pool: Sequence[Order]) -> tuple[Order, ...]:
    ids = {piece.order_id for piece in pieces}
    return tuple(order for order in pool if order.order_id in ids)


def _before(job: Job, orders: Sequence[Order]) -> tuple[Order, ...]:
    return tuple(order for order in orders if order.order_id in job.orders)
