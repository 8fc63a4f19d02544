"""Which pieces of a customer's orders are meant by the things that are named, from as few orders as can be.

Narrowed by what is said of them as they are; what cannot be told apart is left open (``unsure``). No rule of the shop.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.service.owned import Named, Piece, Targets, mentions_place
from bot.service.values import hits
from bot.service.wording import LESS_EXPENSIVE, MORE_EXPENSIVE, TARGET
from bot.shop.records import Order

_WITH: Final = re.compile(r"\b(?:with|together\swith|along\swith|as|than)\s(?:the\s|my\s|a\s)?$|(?:和|跟|与|同)$")

_CAME: Final = re.compile(r"\b(?:order(?:ed|s)?|received|bought|came|got|placed|sent)\b|订单|一起|同")

_SPLIT: Final = re.compile(r"[,;.()（），；。]|\band\b|和")
_LISTS: Final = re.compile(r"\s?(?:,|and|,\sand|、|和|以及)\s?(?:(?:the|my|a)\s?)?(?:\w+\s){0,2}")
_DESCRIBED: Final = re.compile(r"^\s*[(（][^)）]*[)）]")

_ANOTHER: Final = re.compile(r"\banother\s$|另一?[个件]$")


@dataclass(frozen=True, slots=True)
class Hints:
    """What else tells pieces apart: orders that other words speak of, what was answered, orders proposed before."""

    context: Collection[str] = ()
    answers: str = ""
    before: Collection[str] = ()


def settled(
    named: list[Named], pool: tuple[Order, ...], allowed: Callable[[Order], bool], hints: Hints | None = None
) -> Targets:
    """One piece for each thing that is named, from as few orders as can be."""
    hints = hints or Hints()
    fit = {order.order_id for order in pool if allowed(order)}
    beside = [n for n in named if _WITH.search(n.before) and _CAME.search(n.before)]
    wanted = [n for n in named if n not in beside and not n.kept] or [n for n in named if not n.kept]
    wanted = _listed(wanted)
    if not wanted:  # only what shall stay is named
        return Targets(pool, kept=True)
    held = [{p.order_id for p in n.pieces} for n in beside if n not in wanted] + [set(hints.context)]
    chosen: list[Piece] = []
    words: dict[tuple[str, str, int], str] = {}
    leads: dict[tuple[str, str, int], str] = {}
    options: list[tuple[Named, list[Piece]]] = []
    seen: dict[tuple[str, ...], int] = {}
    for one in wanted:
        usable = [p for p in one.pieces if p.order_id in fit] or list(one.pieces)
        for orders in held:
            usable = [p for p in usable if p.order_id in orders] or usable
        usable = _narrowed(hints.answers, _described(one, _of_its_order(one, usable, pool)))
        again = seen.get(one.mention.products)
        separate = again is not None and (
            bool(_ANOTHER.search(one.before)) or not {p.sku for p in usable} & {p.sku for p in options[again][1]}
        )
        if again is not None and not separate:
            options[again] = (merged(options[again][0], one), _both(options[again][1], usable))
            continue
        seen[one.mention.products] = len(options)
        options.append((one, usable))
    shared = _fewest([{p.order_id for p in usable} for _, usable in options])
    for one, usable in options:
        near = [p for p in usable if p.order_id in shared] or usable
        if one.many:
            near = usable
        picked = near if one.many else _some_of(near, chosen, one.count)
        if picked is None and (same := [p for p in near if p.order_id in hints.before]):
            picked = _some_of(same, chosen, one.count)
        if picked is None:
            return Targets(orders_of(near, pool), tuple(chosen), tuple(near), words=words, named=True)
        for piece in picked:
            chosen.append(piece)
            words[(piece.order_id, piece.sku, piece.number)] = _about(one)
            leads[(piece.order_id, piece.sku, piece.number)] = _lead(one)
    kept = any(n.kept for n in named)
    return Targets(orders_of(chosen, pool), tuple(chosen), words=words, leads=leads, named=True, kept=kept)


def _some_of(near: Sequence[Piece], taken: Sequence[Piece], count: int) -> list[Piece] | None:
    """So many pieces; ``None`` where different ones could be meant. Equal ones of one order are alike."""
    left = [p for p in near if p not in taken]
    if len({(p.order_id, p.sku) for p in left}) == 1 or len(left) == count:
        return left[:count]
    return None if left else []


def _described(one: Named, pieces: list[Piece]) -> list[Piece]:
    """Narrowed by options and prices that are said of the thing as it is."""
    target = TARGET.search(one.after)
    before = _SPLIT.split(one.before)[-1]
    said = f"{before} {one.after[: target.start()] if target else one.after}"
    pieces = _narrowed(said, pieces)
    words = f"{one.before} {one.after}"
    if len({p.item.price_minor for p in pieces}) > 1:
        more = max((m.start() for m in MORE_EXPENSIVE.finditer(words)), default=-1)
        less = max((m.start() for m in LESS_EXPENSIVE.finditer(words)), default=-1)
        if more != less:  # the last word counts
            price = (max if more > less else min)(p.item.price_minor for p in pieces)
            return [p for p in pieces if p.item.price_minor == price]
    return pieces


def _of_its_order(one: Named, pieces: list[Piece], pool: Sequence[Order]) -> list[Piece]:
    """Those of the order that is named with the thing, by number or town: "the kettle from my Boston order and ..."."""
    named = [o.order_id for o in pool if o.order_id.lower() in one.after]
    named = named or [o.order_id for o in pool if o.address and mentions_place(one.after, o.address)]
    return [p for p in pieces if p.order_id in named] or pieces


def _narrowed(said: str, pieces: list[Piece]) -> list[Piece]:
    """Those with the options that are said, as far as one of them has them."""
    for fits in _said_options(said, pieces):
        pieces = [p for p in pieces if fits(p)] or pieces
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


def _listed(named: Sequence[Named]) -> list[Named]:
    """“exchange A and B for the cheapest ones”: what is said of the last thing of a list is said of each."""
    shared: list[Named] = []
    for one in reversed(named):
        again = bool(shared) and _LISTS.fullmatch(one.after) is not None
        shared.append(replace(one, after=shared[-1].after) if again else one)
    return shared[::-1]


def _lead(one: Named) -> str:
    """What stands right before a thing's name, where nothing after it says what it shall be: "get me the red mug"."""
    if one.lead is not None:
        return one.lead
    return "" if TARGET.search(one.after) else _SPLIT.split(one.before)[-1]


def _about(one: Named) -> str:
    """What was said of a thing as it shall be: after "for" or "to"; without such a word all that follows it."""
    lead = _SPLIT.split(one.before)[-1]
    if wish := TARGET.search(lead):  # "change mine to the glass kettle for gas"
        return f"{lead[wish.end() :]} {one.after}"
    after = _DESCRIBED.sub("", one.after)
    target = TARGET.search(after)
    return after[target.end() :] if target else after


def merged(first: Named, more: Named) -> Named:
    """A thing with what is said where it is named again."""
    extra = _about(more)
    return Named(
        first.mention,
        first.pieces,
        first.before,
        f"{first.after}. → {extra}",
        first.many or more.many,
        count=max(first.count, more.count),
        lead=f"{_lead(first)}. {_lead(more)}",
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


def orders_of(pieces: Iterable[Piece], pool: Sequence[Order]) -> tuple[Order, ...]:
    """The orders of ``pool`` that hold one of ``pieces``."""
    ids = {piece.order_id for piece in pieces}
    return tuple(order for order in pool if order.order_id in ids)
