"""What a customer wants instead of a thing: read from words, and the variants of the product that fit.

What is named must be so; what is preferred ranks; what is not mentioned stays as it was bought, unless it does not
matter to the customer or a price decides ("the cheapest").
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.catalogue.words import normalise
from bot.service.values import Hit, Options, hits, named
from bot.service.wording import (
    CHEAPEST,
    DEAREST,
    ELSE,
    FREE,
    GREATER,
    HINTS,
    INSTEAD_OF,
    LESS_EXPENSIVE,
    OR_ABOVE,
    PREFER,
    SAME_THING,
    SCALES,
    SMALLER,
    STEP,
    TOO,
)
from bot.session import Lang
from bot.shop.records import Product, Variant

_PART: Final = re.compile(r"[;,，；。]|\.(?!\d)|\s(?:and|but|yet)\s|但|而且")
_KEEP: Final = re.compile(r"\b(?:same|keep|stay|unchanged|without\schanging)\b|不变|一样|保留|照旧")
_REST: Final = re.compile(r"\b(?:other|rest|everything\selse|anything\selse)\b|其他|其它|其余|别的")
_EITHER: Final = re.compile(r"\s(?:or|over|then)\s|或者?|/")
_MOST: Final = re.compile(
    r"\b(?:maximum|max|biggest|largest|longest|tallest|brightest|highest|heaviest|most)\b(?!\sexpensive)|最(?:大|长|高|亮|重|多)"
)
_LEAST: Final = re.compile(
    r"\b(?:minimum|min|smallest|shortest|lowest|lightest|dimmest|fewest|least|easiest)\b(?!\sexpensive)|最(?:小|短|低|暗|轻|少|简单)"
)
_LEVEL: Final = re.compile(r"easi|hard(?:est|er)|difficult|难|简单")
_AMOUNT: Final = re.compile(
    r"(\d+(?:\.\d+)?)\s?(?:more|less|fewer|\w+\s(?:more|less|fewer)|[^\W\d]{1,6}(?:更多|更少))|(?:more|less|大|小|多|少)\s?(\d+)"
)
_PRICED: Final = re.compile(
    r"\bupgrad\w*\b(?=[^.;]*\bexpensive\b)|\b(?:most|more|least|less)\sexpensive\b|\b(?:lowest|highest)[-\s]priced?\b"
)
_CONDITION: Final = re.compile(r"\b(?:only\s)?(?:if|as\slong\sas|unless)\b[^.;,]*|(?:如果|要是|只要)[^。；，,]*")
_MOVES: Final = re.compile(r"\b(?:preferably|ideally)\b|最好(?:是)?")


@dataclass(frozen=True, slots=True)
class Wants:
    """What must, may and need not be so, by option."""

    hard: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    never: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    soft: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values in order of preference."""
    keep: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    any_other: bool = False
    moves: tuple["Move", ...] = ()
    price: int = 0
    """-1 the cheapest, 1 the most expensive."""
    skus: tuple[str, ...] = ()
    same: bool = False
    cheaper: bool = False
    """For less money than now."""

    def __bool__(self) -> bool:
        return bool(
            self.hard or self.soft or self.moves or self.price or self.skus or self.same or self.never or self.cheaper
        )


@dataclass(frozen=True, slots=True)
class Move:
    """More or less of an option: ``by`` a number, one ``step``, as far as it goes (``most``), else the nearest."""

    option: str
    up: bool
    by: float | None = None
    step: bool = False
    most: bool = False


@dataclass(frozen=True, slots=True)
class Fits:
    """Variants that fit, best first; ``loose`` ones would change something that was not mentioned."""

    exact: tuple[Variant, ...]
    loose: tuple[Variant, ...] = ()


def options_of(product: Product, lang: Lang) -> Options:
    """The options of a product and all their values, sold out or not."""
    found: dict[str, dict[str, None]] = {}
    for variant in product.variants:
        for name, value in variant.options_in(lang).items():
            found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def read_wants(text: str, product: Product, lang: Lang) -> Wants:  # noqa: C901 (a table in code)
    """The wants in ``text``, which speaks of ``product`` only."""
    options = options_of(product, lang)
    hard: dict[str, list[str]] = {}
    never: dict[str, list[str]] = {}
    soft: dict[str, list[str]] = {}
    keep: set[str] = set()
    free: set[str] = set()
    moves: list[Move] = []
    any_other = False
    for part in filter(None, (p.strip() for p in _PART.split(text))):
        found = _without_refused(hits(part, options), part, never)
        about = [option for option in options if named(option, part)]
        if FREE.search(part) and not (found and not _named_only(found, part)):
            any_other = any_other or bool(_REST.search(part)) or not about
            free |= set(about)
            continue
        if ELSE.search(part):
            for hit in found:
                soft.setdefault(hit.option, [*hard.pop(hit.option, [])]).append(hit.value)
            continue
        if PREFER.search(part) or _MOVES.search(part) or re.search(r"\sover\s|优先于", part):
            for hit in found:
                soft.setdefault(hit.option, []).append(hit.value)
            continue
        if _KEEP.search(part):
            keep |= set(about) if not _REST.search(part) else set()
        moved = _moves(part, options, about)
        moves += moved
        for hit in found:
            if hit.negated or TOO.search(part[hit.end :]):
                never.setdefault(hit.option, []).append(hit.value)
            elif not any(move.option == hit.option and move.by is not None for move in moved):
                known = hard.setdefault(hit.option, [])
                if known and not _EITHER.search(part):
                    known.clear()
                known += _or_above(hit, options) if OR_ABOVE.search(part[hit.end :]) else [hit.value]
    whole = normalise(text)
    return Wants(
        hard={k: tuple(v) for k, v in hard.items()},
        never={k: tuple(v) for k, v in never.items()},
        soft={k: tuple(v) for k, v in soft.items() if k not in hard},
        keep=frozenset(keep - hard.keys()),
        free=frozenset(free - hard.keys()),
        any_other=any_other,
        moves=tuple(m for m in moves if m.option not in hard),
        price=-1 if CHEAPEST.search(whole) else 1 if DEAREST.search(whole) else 0,
        skus=tuple(v.sku for v in product.variants if v.sku.lower() in whole),
        same=bool(SAME_THING.search(whole)) and not hard and not moves,
        cheaper=bool(LESS_EXPENSIVE.search(_CONDITION.sub(" ", whole))),
    )


def fitting(product: Product, old: Mapping[str, str], old_sku: str, wants: Wants, lang: Lang) -> Fits:
    """The variants in stock that fit ``wants``, for a thing that was bought with the options ``old``."""
    if wants.skus:
        return Fits(tuple(v for v in product.variants if v.sku in wants.skus and v.stock and v.sku != old_sku))
    options = options_of(product, lang)
    now = next((v.price_minor for v in product.variants if v.sku == old_sku), None)
    free = bool(wants.any_other or wants.price or wants.cheaper)
    exact: list[tuple[tuple[float, ...], Variant]] = []
    loose: list[tuple[tuple[float, ...], Variant]] = []
    for variant in product.variants:
        if not variant.stock or (variant.sku == old_sku and not wants.same):
            continue
        if wants.cheaper and now is not None and variant.price_minor >= now:
            continue
        new = variant.options_in(lang)
        distance = _distance(new, old, wants, options)
        if distance is None:
            continue
        touched = (
            wants.hard.keys() | wants.soft.keys() | wants.never.keys() | {m.option for m in wants.moves} | wants.free
        )
        changed = [o for o in new if new[o] != old.get(o) and o not in touched]
        rank = [_rank(values, new.get(option, "")) for option, values in wants.soft.items()]
        price = wants.price and -wants.price * variant.price_minor
        key = (*rank, float(price), distance, float(len(changed)), float(variant.price_minor))
        if any(option in wants.keep for option in changed):
            continue
        (loose if changed and not free else exact).append((key, variant))
    return Fits(*(tuple(v for _, v in sorted(found, key=lambda pair: pair[0])) for found in (exact, loose)))


def changes(wants: Wants, old: Mapping[str, str]) -> bool:
    """Whether what is wanted is anything but what was bought with the options ``old``."""
    other: object = any(old.get(option) not in values for option, values in wants.hard.items())
    other = other or any(old.get(option) in values for option, values in wants.never.items())
    return bool(
        other
        or wants.soft
        or wants.moves
        or wants.price
        or wants.skus
        or wants.same
        or wants.any_other
        or wants.cheaper
    )


def fulfils(old: Mapping[str, str], wants: Wants, product: Product, lang: Lang) -> bool:
    """Whether what was bought is already as wanted, but for its price."""
    return _distance(old, old, replace(wants, moves=()), options_of(product, lang)) is not None


def _without_refused(found: list[Hit], part: str, never: dict[str, list[str]]) -> list[Hit]:
    """“A instead of B” wants A and not B."""
    match = INSTEAD_OF.search(part)
    if match is None or not match.group().strip().startswith(("instead", "rather", "而不是")):
        return found
    bracket = re.search(r"[(（]", part[match.end() :])
    end = match.end() + bracket.start() if bracket else len(part)
    for hit in found:
        if match.end() <= hit.start < end:
            never.setdefault(hit.option, []).append(hit.value)
    return [hit for hit in found if hit.start < match.start() or hit.start >= end]


def _named_only(found: Sequence[Hit], part: str) -> bool:
    """Whether what looks like a value is but the option's name: "whether they are waterproof"."""
    return all(hit.value in ("yes", "no") for hit in found)


def _or_above(hit: Hit, options: Options) -> list[str]:
    """The value and all above it: "i7 or above"."""
    order = scale(options[hit.option])
    return [v for v, n in order.items() if n >= order[hit.value]] if order else [hit.value]


def _moves(part: str, options: Options, about: Sequence[str]) -> list[Move]:
    starts = sorted(m.start() for pattern in (_MOST, _LEAST) for m in pattern.finditer(part))
    if len(starts) > 1:  # "the easiest one with the fewest pieces": each with the words up to the next
        pieces = [part[a:b] for a, b in zip(starts, [*starts[1:], len(part)], strict=True)]
        return [m for piece in pieces for m in _moves(piece, options, [o for o in options if named(o, piece)])]
    if _PRICED.search(part):  # "upgrade it to the most expensive one" asks for no larger size
        part = _PRICED.sub(" ", part)
    most, least = _MOST.search(part), _LEAST.search(part)
    up, down = GREATER.search(part), SMALLER.search(part)
    if not (most or least or up or down):
        return []
    ordered = [option for option, values in options.items() if scale(values)]
    word = next(match.group() for match in (most, least, up, down) if match)
    hinted = [o for o in ordered for words, names in HINTS if words.search(word) and names.search(normalise(o))]
    if _LEVEL.search(part):
        hinted += [o for o in ordered if re.search(r"difficult|level|难", normalise(o))]
    chosen = [o for o in about if o in ordered] or hinted
    if not chosen and len(ordered) == 1:
        chosen = ordered
    if least and down is None and "fewest" in word:
        hinted = []
    amount = _AMOUNT.search(part)
    by = float(next(filter(None, amount.groups()))) if amount else None
    rising = bool(most or (up and not (down and down.group() == "less"))) and not least
    if down and up is None and not most:
        rising = False
    return [Move(o, rising, by, bool(STEP.search(part)), bool(most or least)) for o in dict.fromkeys(chosen)]


def scale(values: Sequence[str]) -> dict[str, float] | None:
    """The values of an option as numbers that can be compared, where they can."""
    plain = [normalise(value) for value in values]
    for known in SCALES:
        if len(plain) > 1 and all(value in known for value in plain):
            return {value: float(known.index(text)) for value, text in zip(values, plain, strict=True)}
    numbers = [re.search(r"\d+(?:\.\d+)?", text) for text in plain]
    units = {re.sub(r"[\d.\s-]+", "", text) for text in plain}
    if len(plain) > 1 and all(numbers) and len(units) == 1:
        return {value: float(n.group()) for value, n in zip(values, numbers, strict=True) if n}
    return None


def _distance(new: Mapping[str, str], old: Mapping[str, str], wants: Wants, options: Options) -> float | None:
    """How far the wanted moves go; ``None`` where the variant breaks a want."""
    for option, values in wants.hard.items():
        if new.get(option) not in values:
            return None
    for option, values in wants.never.items():
        if new.get(option) in values:
            return None
    total = 0.0
    for move in wants.moves:
        order = scale(options[move.option]) or {}
        here, there = order.get(old.get(move.option, ""), 0.0), order.get(new.get(move.option, ""), 0.0)
        gone = there - here if move.up else here - there
        if move.most:
            total -= gone
            continue
        if gone <= 0 or (move.by is not None and gone != move.by):
            return None
        if move.step and gone != min(
            (abs(n - here) for n in order.values() if (n > here) == move.up and n != here), default=0.0
        ):
            return None
        total += gone
    return total


def _rank(values: Sequence[str], value: str) -> float:
    return float(values.index(value)) if value in values else float(len(values))
