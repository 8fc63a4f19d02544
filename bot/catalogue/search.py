"""Product search: words, meaning and attributes in one order, in English, Chinese, or both in one query.

Relevant products are found first; wishes of the query (see ``wishes``) then narrow them, each as long as something
is left. What had to be given up stands in ``Hit.missed``; ``Hit.why`` names only what holds. Sold-out products come
last. It knows no customer: the same query gives everybody the same products.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from bot.catalogue.encoder import Encoder
from bot.catalogue.names import Names
from bot.catalogue.ranking import MAX_QUERY_CHARS, Dense, Lexical, Scores, by_rank, fuse
from bot.catalogue.vectors import encode_cached
from bot.catalogue.wishes import SOFT, Reading, Wish, Wishes
from bot.catalogue.words import normalise, words
from bot.session import Lang
from bot.shop.records import Product, Variant

# How far below the best cosine a product is still an answer, and still near enough for a wish to be decided by it.
# A product that holds this share of the best one's word score is near, too. Chosen on the demo shop (README.md).
ANSWER_MARGIN: Final = 0.05
NEAR_MARGIN: Final = 0.03
NEAR_LEXICAL_SHARE: Final = 0.6
SOFT_BONUS: Final = 0.15
_NAME_WEIGHT: Final = 3
_CATEGORY_WEIGHT: Final = 2
_DENSE_TEXT_CHARS: Final = 180  # the encoder's time grows with length; a page says first what the thing is


@dataclass(frozen=True, slots=True)
class Hit:
    """A product found. ``score`` in [0, 1] orders hits of one query and says nothing across queries.

    ``why`` names the wishes it fulfils and ``missed`` those it does not, in the language asked for; ``variants``
    are the ones that fulfil ``why`` together (all of them where nothing was asked).
    """

    product: Product
    score: float
    why: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()


_Left = dict[int, frozenset[int]]


class Catalogue:
    """A shop's products, ready to be searched. Built once, then read by any number of threads."""

    def __init__(self, products: Sequence[Product], lexical: Lexical, dense: Dense, currency: str) -> None:
        self._products = tuple(products)
        self.lexical = lexical
        self.dense = dense
        self._wishes = Wishes(self._products, currency)
        self._named = Names(self._products)
        self._place_in_category = _places(self._products)
        self.names: frozenset[str] = frozenset(
            name
            for product in self._products
            for name in (product.name_en, product.name_zh, product.brand)
            if name.strip()
        )

    @classmethod
    def build(cls, products: Sequence[Product], encoder: Encoder, cache: Path | None, currency: str = "CNY") -> Self:
        """Indexes ``products``. Vectors are kept in the folder ``cache``, where there is one."""
        texts: list[str] = []
        owners: list[int] = []
        for number, product in enumerate(products):
            for text in _dense_texts(product):
                texts.append(text)
                owners.append(number)
        rows = encode_cached(texts, encoder, cache / "products.npz" if cache else None)
        lexical = Lexical([_lexical_words(product) for product in products])
        return cls(products, lexical, Dense(rows, owners, len(products), encoder), currency)

    def search(self, query: str, lang: Lang, limit: int = 3) -> list[Hit]:
        """The best ``limit`` products for ``query``, none twice; none at all where the query holds no word."""
        asked = query[:MAX_QUERY_CHARS]
        if not self._products or not any(character.isalnum() for character in normalise(asked)):
            return []
        reading = self._wishes.read(asked)
        ranked = self._rank(reading)
        left, kept, missed = _narrow(ranked, self._products, [wish for wish in reading.wishes if wish.kind not in SOFT])
        found = [
            self._found(number, variants, float(ranked.scores[number]), reading.wishes)
            for number, variants in left.items()
        ]
        if reading.cheap:
            found = _cheap_first(found)
        found.sort(key=lambda one: (*one.shortage, -one.score))
        why, not_met = _labels(kept, lang), _labels(missed, lang)
        return [
            Hit(one.product, min(one.score, 1.0), (*why, *_labels(one.extra, lang)), not_met, one.variants)
            for one in found[:limit]
        ]

    def lookup(self, query: str, lang: Lang) -> Product | None:
        """The product that ``query`` names, in either language; ``None`` where it names none or several."""
        return self._named.find(query[:MAX_QUERY_CHARS])

    def _rank(self, reading: Reading) -> "_Ranked":
        if not words(reading.rest):  # only wishes: everything may do, one of each category first
            everything = np.ones(len(self._products), dtype=bool)
            return _Ranked(1.0 / (1.0 + self._place_in_category), everything, everything)
        lexical, dense = self.lexical.scores(reading.rest), self.dense.scores(reading.rest)
        by_words = (lexical > 0) & (lexical >= NEAR_LEXICAL_SHARE * lexical.max())
        near = (dense >= dense.max() - NEAR_MARGIN) | by_words
        return _Ranked(fuse(lexical, dense), (dense >= dense.max() - ANSWER_MARGIN) | by_words, near)

    def _found(self, number: int, variants: frozenset[int], score: float, wishes: Sequence[Wish]) -> "_Found":
        """A product with what it fulfils beyond the wishes that all have."""
        extra: list[Wish] = []
        for wish in wishes:
            both = variants & wish.fulfilled.get(number, frozenset())
            if wish.kind in SOFT and both:
                variants = both
                extra.append(wish)
        product = self._products[number]
        chosen = tuple(product.variants[at] for at in sorted(variants))
        bonus = SOFT_BONUS * sum(1 for wish in extra if not wish.avoid)
        return _Found(product, chosen, score + bonus, tuple(extra))


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A score per product, whether it is an answer at all, and whether it is near the best one."""

    scores: Scores
    answers: NDArray[np.bool_]
    near: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Found:
    product: Product
    variants: tuple[Variant, ...]
    score: float
    extra: tuple[Wish, ...]

    @property
    def shortage(self) -> tuple[bool, bool]:
        """Sold out altogether; sold out in what was asked for."""
        return self.product.stock == 0, all(variant.stock == 0 for variant in self.variants)

    @property
    def price_minor(self) -> int:
        """Of the cheapest variant that was asked for; products without variants come last."""
        return min((variant.price_minor for variant in self.variants), default=sys.maxsize)


def _cheap_first(found: Sequence[_Found]) -> list[_Found]:
    """Half the score by relevance, half by a low price."""
    prices = by_rank(np.array([-one.price_minor for one in found], dtype=np.float64))
    return [replace(one, score=(one.score + float(price)) / 2) for one, price in zip(found, prices, strict=True)]


def _labels(wishes: Sequence[Wish], lang: Lang) -> tuple[str, ...]:
    """In words; a category explains nothing, and that something is absent is not known."""
    return tuple(wish.label(lang) for wish in wishes if not wish.avoid and wish.kind != "category")


def _narrow(
    ranked: _Ranked, products: Sequence[Product], wishes: Sequence[Wish]
) -> tuple[_Left, list[Wish], list[Wish]]:
    """What the wishes leave of the answers, the wishes that hold for it, and those given up.

    A wish is given up when it would leave nothing near the best answer: "red laptop" is no reason to offer a red
    dress. A price is stronger: it holds as long as any answer meets it.
    """
    answers = [int(number) for number in np.flatnonzero(ranked.answers)]
    left: _Left = {number: frozenset(range(len(products[number].variants))) for number in answers}
    kept: list[Wish] = []
    missed: list[Wish] = []
    for wish in wishes:
        narrower = {
            number: both
            for number, variants in left.items()
            if (both := variants & wish.fulfilled.get(number, frozenset()))
        }
        if narrower and (wish.kind == "price" or any(ranked.near[number] for number in narrower)):
            left = narrower
            kept.append(wish)
        else:
            missed.append(wish)
    return left, kept, missed


def _places(products: Sequence[Product]) -> Scores:
    """How many products of the same category come before, counting those with stock first."""
    seen: dict[str, int] = {}
    places = np.zeros(len(products), dtype=np.float32)
    for number in sorted(range(len(products)), key=lambda n: (products[n].stock == 0, n)):
        category = products[number].category or products[number].category_zh
        places[number] = seen.get(category, 0)
        seen[category] = seen.get(category, 0) + 1
    return places


def _lexical_words(product: Product) -> list[str]:
    """Every word of the product page; the name and the category count more."""
    fields = [
        (f"{product.name_en} {product.name_zh}", _NAME_WEIGHT),
        (f"{product.category} {product.category_zh} {' '.join(product.tags)}", _CATEGORY_WEIGHT),
        (product.brand, 1),
        (f"{product.text_en} {product.text_zh}", 1),
        (_values(product.attributes_en, product.attributes_zh), 1),
        (_values(*(options for v in product.variants for options in (v.options, v.options_zh))), 1),
    ]
    return [word for text, weight in fields for word in words(text) * weight]


def _values(*fields: Mapping[str, str]) -> str:
    return " ".join(dict.fromkeys(value for field in fields for value in field.values()))


def _dense_texts(product: Product) -> list[str]:
    """What the encoder reads of a product, in each language it has: the page's beginning, and what the thing is."""
    tags = ", ".join(product.tags)
    english = (product.name_en, product.category, product.text_en, tags)
    chinese = (product.name_zh, product.category_zh, product.text_zh, "")
    texts = []
    for (name, category, text, kinds), stop, comma in ((english, ". ", ", "), (chinese, "。", "，")):
        if name or text:
            texts.append(stop.join(filter(None, (name, category, text)))[:_DENSE_TEXT_CHARS])
            texts.append(comma.join(filter(None, (name, category, kinds))))
    return texts
