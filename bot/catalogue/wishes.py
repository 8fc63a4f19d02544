"""What a query asks of a product beyond its words, as far as the catalogue knows it: the attribute search.

A ``Wish`` names the products, and of each the variants, that fulfil it. ``Wishes`` is built once from the catalogue
and reads queries by code: brand, category, material, colour, size, other option values, yes-or-no attributes, price,
stock, each also negated ("without wool", "不要红色"). It knows nothing of ranking.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.catalogue import properties
from bot.catalogue.prices import Money, PriceBound, read_price
from bot.catalogue.terms import (
    HAN,
    LONGEST_ZH,
    TOKEN,
    Fulfilled,
    Term,
    WishKind,
    catalogue_sizes,
    catalogue_terms,
    lookup_key,
    of_variants,
)
from bot.catalogue.words import STOP_WORDS, normalise, words
from bot.session import Lang
from bot.shop.records import Product, Variant

# First what the thing is, last what customers give up most easily. Price is given up last of what limits it.
SOFT: Final[frozenset[WishKind]] = frozenset({"feature", "option"})
"""Wishes that move a product up where it fulfils them, and take nothing away from the others."""
ORDER: Final[tuple[WishKind, ...]] = (
    "category", "price", "brand", "material", "colour", "feature", "size", "option", "stock",
)  # fmt: skip
_NEGATION: Final = re.compile(
    r"(?:\b(?:no|not|non|without|except|avoid|don't want|anything but))[\s-]+(?:any |in |made (?:of|from) |the )*$"
    r"|(?:不要|不想要|不是|不含|不带|除了|别要|别是|非)\s*$"
)
_IN_STOCK: Final = re.compile(r"\b(?:in stock|available(?: now)?|ready to ship)\b|有货的?|现货|有库存的?")


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing asked for. ``label`` says it in both languages; empty for a thing avoided (absence is not known)."""

    kind: WishKind
    label_en: str
    label_zh: str
    fulfilled: Fulfilled
    avoid: bool = False

    def label(self, lang: Lang) -> str:
        """The wish in words for the customer."""
        return self.label_zh if lang == "zh" else self.label_en


@dataclass(frozen=True, slots=True)
class Reading:
    """A query taken apart: wishes by importance, whether low prices are wanted, and the words that are left."""

    wishes: tuple[Wish, ...]
    cheap: bool
    rest: str


class Wishes:
    """The properties of one catalogue, ready to be found in queries."""

    def __init__(self, products: Sequence[Product], currency: str = "CNY") -> None:
        self._products = products
        self._money = Money(currency)
        self._sizes = catalogue_sizes(products)
        self._terms: dict[str, Term] = {}
        for phrases, term in catalogue_terms(products):
            for phrase in phrases:
                key = lookup_key(phrase)
                if key and key not in STOP_WORDS and term.fulfilled:
                    self._terms.setdefault(key, term)
        self._longest = max((len(key.split()) for key in self._terms if key.isascii()), default=1)

    def read(self, query: str) -> Reading:
        """Takes ``query`` apart. A wish other than a price or an avoidance is fulfilled by some product."""
        price = read_price(normalise(query))
        text, wishes = price.rest, []
        if price.bound:
            wishes.append(self._price(price.bound))
        if _IN_STOCK.search(text):
            text = _IN_STOCK.sub(" ", text)
            wishes.append(Wish("stock", "in stock", "有货", self._where(lambda variant: variant.stock > 0)))
        size, text = self._size(text)
        wishes.extend(size)
        named, kept, bare = self._named(text)
        # A category's name is a wish only where nothing else is asked for: text finds "coffee grinder" better.
        browsing = any(wish.kind == "category" for wish in named) and not words(bare)
        wishes.extend(wish for wish in named if browsing or wish.kind != "category")
        wishes.sort(key=lambda wish: ORDER.index(wish.kind))
        return Reading(tuple(wishes), price.cheap, " ".join((bare if browsing else kept).split()))

    def _where(self, fits: Callable[[Variant], bool]) -> Fulfilled:
        return of_variants(self._products, lambda _product, variant: fits(variant))

    def _price(self, bound: PriceBound) -> Wish:
        low = self._money.minor(bound.low) if bound.low is not None else 0
        high = self._money.minor(bound.high) if bound.high is not None else None
        label_en, label_zh = self._money.range(bound)
        fits = self._where(lambda variant: variant.price_minor >= low and (high is None or variant.price_minor <= high))
        return Wish("price", label_en, label_zh, fits)

    def _size(self, text: str) -> tuple[list[Wish], str]:
        for pattern in properties.SIZE_ASKED:
            match = pattern.search(text)
            if match and (name := properties.size_name(match[1])) in self._sizes:
                label = name.upper()
                wish = Wish("size", f"size {label}", f"{label}码", self._sizes[name])
                return [wish], f"{text[: match.start()]} {text[match.end() :]}"
        return [], text

    def _named(self, text: str) -> tuple[list[Wish], str, str]:
        """Catalogue words in ``text``, the longest first, each character used once.

        Also the text that is left to be searched for, and the same without names of categories.
        """
        wishes: list[Wish] = []
        used, gone, category = ([False] * len(text) for _ in range(3))
        seen: set[int] = set()
        for start, end, term in self._longest_first(text):
            if any(used[start:end]):
                continue
            negation = _NEGATION.search(text[:start])
            if negation and term.kind == "category":
                continue
            used[start:end] = [True] * (end - start)
            if term.kind == "category":
                category[start:end] = used[start:end]
            first = negation.start() if negation else start
            if negation or not term.keep:
                gone[first:end] = [True] * (end - first)
            if id(term) not in seen:
                seen.add(id(term))
                wishes.append(self._avoided(term) if negation else _wish(term))
        bare = [out or of_category for out, of_category in zip(gone, category, strict=True)]
        return wishes, _without(text, gone), _without(text, bare)

    def _longest_first(self, text: str) -> list[tuple[int, int, Term]]:
        banned = [match.span() for match in properties.NOT_COLOURS.finditer(text)]
        found = [
            (start, end, term)
            for start, end, term in self._found(text)
            if not (term.kind == "colour" and any(a <= start < b for a, b in banned))
        ]
        return sorted(found, key=lambda piece: piece[0] - piece[1])

    def _found(self, text: str) -> Iterator[tuple[int, int, Term]]:
        tokens = [(match[0], match.start(), match.end()) for match in TOKEN.finditer(text)]
        for first in range(len(tokens)):
            for last in range(first, min(first + self._longest, len(tokens))):
                term = self._terms.get(lookup_key(" ".join(token[0] for token in tokens[first : last + 1])))
                if term:
                    yield tokens[first][1], tokens[last][2], term
        for run in HAN.finditer(text):
            for start in range(run.start(), run.end()):
                for end in range(start + 2, min(start + LONGEST_ZH, run.end()) + 1):
                    if (term := self._terms.get(text[start:end])) and _whole(text, start, end):
                        yield start, end, term

    def _avoided(self, term: Term) -> Wish:
        other: dict[int, frozenset[int]] = {}
        for number, product in enumerate(self._products):
            left = frozenset(range(len(product.variants))) - term.fulfilled.get(number, frozenset())
            if left:
                other[number] = left
        return Wish(term.kind, "", "", other, avoid=True)


def _whole(text: str, start: int, end: int) -> bool:
    """Whether no Latin word or number is cut, and the piece is not Latin alone (tokens have been looked at)."""
    piece = text[start:end]
    cut_before = start > 0 and _latin(text[start - 1]) and _latin(piece[0])
    cut_after = end < len(text) and _latin(text[end]) and _latin(piece[-1])
    return not (piece.isascii() or cut_before or cut_after)


def _without(text: str, gone: Sequence[bool]) -> str:
    return "".join(" " if out else character for character, out in zip(text, gone, strict=True))


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _wish(term: Term) -> Wish:
    return Wish(term.kind, term.label_en, term.label_zh, term.fulfilled)
