"""Steps that make one variant of another: before delivery a change of the order, after it an exchange."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot.service.case import Job
from bot.service.conditions import unmet
from bot.service.decide import (
    Ask,
    Propose,
    Refuse,
    Shop,
    Step,
    allows,
    goods,
    method_of,
    proposed,
    text_of,
    which,
)
from bot.service.owned import Piece, Targets, pieces_of, said_before, said_of
from bot.service.rules import allows as rule_allows
from bot.service.values import hits, named
from bot.service.wants import Wants, changes, fitting, fulfils, options_of, read_wants
from bot.service.wording import OPEN, RECEIVED, SAME_AS, TARGET, WHOLE
from bot.session import Lang
from bot.shop.records import Product, Swap, Variant
from bot.shop.writes import (
    ChangeItems,
    ExchangeItems,
    Refused,
    Write,
)

_OTHER_STAYS: Final = re.compile(
    r"[^.;,]*\b(?:the|that)\s(?:\w+\s){0,3}one\s(?:should\s|shall\s|can\s|will\s)?(?:stays?|remains?|(?:is|are)\s(?:fine|ok(?:ay)?|good))\b[^.;,]*"
    r"|[^。；，]*那(?:个|件|双|款)(?:就)?(?:不动|不变|不用换|保留|留着)[^。；，]*"
)
"""Of two alike things, what is said of the one that stays."""
MAX_CHOICES: Final = 6
_WHICH_ARE_THERE: Final = re.compile(
    r"\b(?:what|which)\b[^.?]*\b(?:options?|versions?|variants?|choices?|prices?|models?|available|have)\b|有哪些|有什么|都有什么|什么价"
)


def exchange_step(job: Job, shop: Shop) -> Step:
    """What becomes of what, by order."""
    can = allows(shop, *_kinds_of_exchange(text_of(job, shop, "ask").lower()))
    found = goods(job, shop, can, "exchange")
    if not isinstance(found, Targets):
        return found
    if not found.pieces:
        only = found.orders[0] if len(found.orders) == 1 and can(found.orders[0]) else None
        if only is None or len(pieces_of([only])) > 1:
            return which(found, job, "exchange", can)
        found = replace(found, pieces=tuple(pieces_of([only])))
    swaps: dict[str, list[Swap]] = {}
    for piece in found.pieces:
        swap = _swap(piece, found, job, shop)
        if isinstance(swap, Ask | Refuse):
            return swap
        if swap is not None:
            swaps.setdefault(piece.order_id, []).append(swap)
    return _proposed(found, swaps, job, shop)


def _proposed(found: Targets, swaps: Mapping[str, Sequence[Swap]], job: Job, shop: Shop) -> Step:
    """The swaps as writes, one for each order; with what else there is, where that was asked."""
    writes: list[Write] = []
    for order in found.orders:
        if order.order_id not in swaps:
            continue
        kind = ChangeItems if rule_allows(shop.rules, ChangeItems, order.status) else ExchangeItems
        method = method_of(job, shop, order, kind)
        if not isinstance(method, str):
            return method
        writes.append(kind(order.order_id, tuple(swaps[order.order_id]), method))
    step = proposed(writes, shop, "exchange") if writes else None
    if isinstance(step, Propose) and _WHICH_ARE_THERE.search(text_of(job, shop, "ask").lower()):
        return replace(step, choices=_choices(found, job, shop))
    return step or Refuse(Refused("same_item"), "exchange", found.orders)


def _choices(found: Targets, job: Job, shop: Shop) -> tuple[tuple[Product, tuple[Variant, ...]], ...]:
    """What there is of each thing beside what was chosen: all that fits but for its price and what is only liked."""
    lang, there = shop.records.lang, []
    for piece in found.pieces:
        product = shop.records.product(piece.item.product_id)
        if product is None:
            continue
        old = piece.item.options_zh if lang == "zh" and piece.item.options_zh else piece.item.options
        wants = replace(read_wants(_wished(piece, found, job, shop), product, lang), price=0, soft={})
        fits = fitting(product, old, piece.sku, wants, lang)
        by_price = sorted((*fits.exact, *fits.loose), key=lambda variant: variant.price_minor)
        there.append((product, tuple(by_price[:MAX_CHOICES])))
    return tuple(there)


def _kinds_of_exchange(text: str) -> tuple[type[Write], ...]:
    """Before delivery an exchange is a change of the order; the words may say which one is meant."""
    target = TARGET.search(text)
    before = text[: target.start()] if target else text
    received, still_open = bool(RECEIVED.search(before)), bool(OPEN.search(before))
    if received != still_open:
        return (ExchangeItems,) if received else (ChangeItems,)
    return (ExchangeItems, ChangeItems)


def _swap(piece: Piece, found: Targets, job: Job, shop: Shop) -> Swap | Ask | Refuse | None:
    """What a piece becomes; ``None`` where it is already what was wanted."""
    product = shop.records.product(piece.item.product_id)
    if product is None:
        return Refuse("product_gone", "exchange", found.orders)
    lang = shop.records.lang
    wants = read_wants(_wished(piece, found, job, shop), product, lang)
    if not wants and len(found.pieces) == 1:
        wants = read_wants(_after_target(_undescribed(text_of(job, shop, "ask", "fix").lower())), product, lang)
    if same := _same_as(piece, job, shop, product):
        wants = same
    old = piece.item.options_zh if lang == "zh" and piece.item.options_zh else piece.item.options
    wants = _with_lead(wants, read_wants(said_before(found, piece), product, lang), old)
    if wants and not changes(wants, old):
        wants = Wants()  # what it is already: what shall be different was not understood
    if not wants and job.asked.count("options") > 1:
        return Refuse("unclear_options", "exchange", found.orders[:1], product)
    if not wants:
        return Ask("options", pieces=(piece,), product=product, orders=found.orders[:1])
    fits = fitting(product, old, piece.sku, wants, lang)
    if wants.price and fulfils(old, wants, product, lang) and _already(piece, wants, fits.exact):
        return None
    near = _unsaid(fits.loose, old, text_of(job, shop, "ask", "fix").lower(), product, lang)
    if not fits.exact and near and not job.otherwise and not wants.same:
        return _unless(near[0], piece, found, job, shop)  # the nearest: the customer sees it, and may decline
    if not fits.exact:
        return Refuse("not_available", "exchange", found.orders[:1], product, fits.loose[:3])
    return _unless(fits.exact[0], piece, found, job, shop)


def _unless(variant: Variant, piece: Piece, found: Targets, job: Job, shop: Shop) -> Swap | Refuse:
    """The swap, unless its price is not what it depends on."""
    if unmet(text_of(job, shop, "ask", "fix").lower(), piece.item.price_minor, variant.price_minor):
        product = shop.records.product(piece.item.product_id)
        return Refuse("price", "exchange", found.orders[:1], product, (variant,))
    return Swap(piece.sku, variant.sku)


def _with_lead(wants: Wants, lead: Wants, old: Mapping[str, str]) -> Wants:
    """With what stands before the thing's name, where it is not so yet: of a blue mug "get me the red mug"."""
    other = {option: values for option, values in lead.hard.items() if old.get(option) not in values}
    if not other or wants.moves or wants.price or wants.skus:
        return wants
    return replace(wants, hard={**lead.hard, **wants.hard}, same=False)


def _unsaid(
    loose: Sequence[Variant], old: Mapping[str, str], text: str, product: Product, lang: Lang
) -> tuple[Variant, ...]:
    """Those that change nothing that was named as it is: of "the black one in XL" the colour stays."""
    options = options_of(product, lang)
    said = {hit.option for hit in hits(text, options) if old.get(hit.option) == hit.value}
    wished = {hit.option for hit in hits(_after_target(text), options) if old.get(hit.option) != hit.value}
    return tuple(v for v in loose if all(v.options_in(lang).get(o) == old.get(o) for o in said - wished))


def _same_as(piece: Piece, job: Job, shop: Shop, product: Product) -> Wants | None:
    """“the same type as the one I received”: what another piece of the same product is, or is in the options named."""
    text = text_of(job, shop, "ask", "fix", "options").lower()
    match = SAME_AS.search(text)
    others = [
        p for p in pieces_of(shop.records.orders) if p.item.product_id == product.product_id and p.sku != piece.sku
    ]
    if match is None or not others:
        return None
    lang = shop.records.lang
    options = others[0].item.options_zh if lang == "zh" and others[0].item.options_zh else others[0].item.options
    told = [name for name in options if name != "type" and named(name, match.group())]
    return Wants(hard={name: (value,) for name, value in options.items() if not told or name in told})


def _wished(piece: Piece, found: Targets, job: Job, shop: Shop) -> str:
    """All that was said of what the piece shall be, the latest last."""
    text = _about(piece, text_of(job, shop, "ask", "fix").lower(), shop)
    said = said_of(found, piece)
    parts = [said]
    if not said.strip(" .,") or WHOLE.search(text):
        parts.append(_after_target(text))
    answers = text_of(job, shop, "options").lower()
    mentions = shop.records.names.find(answers)
    if answers and not mentions:
        parts.append(answers)
    fixes = [shop.reveal(words).lower() for kind, words in job.layers if kind == "fix"]
    parts += [words for words in fixes if not shop.records.names.find(words)]
    parts = [_OTHER_STAYS.sub(" ", part) for part in parts]
    for n, mention in enumerate(mentions):
        if piece.item.product_id in mention.products:
            end = mentions[n + 1].start if n + 1 < len(mentions) else len(answers)
            parts.append(answers[mention.end : end])
    return ". ".join(parts)


def _about(piece: Piece, text: str, shop: Shop) -> str:
    """Without the sentences that speak of other things only."""

    def other(part: str) -> bool:
        named_there = [m.products for m in shop.records.names.find(part)]
        return bool(named_there) and not any(piece.item.product_id in products for products in named_there)

    return ". ".join(part for part in re.split(r"[;.](?!\d)", text) if not other(part))


def _undescribed(text: str) -> str:
    """Without what stands in brackets before it is said into what: that is how the thing is now."""
    target = TARGET.search(text)
    end = target.start() if target else len(text)
    return re.sub(r"[(（][^)）]*[)）]", " ", text[:end]) + text[end:]


def _after_target(text: str) -> str:
    target = TARGET.search(text)
    return text[target.end() :] if target else text


def _already(piece: Piece, wants: Wants, exact: Sequence[Variant]) -> bool:
    if not exact:
        return True
    best, now = exact[0].price_minor, piece.item.price_minor
    return best >= now if wants.price < 0 else best <= now
