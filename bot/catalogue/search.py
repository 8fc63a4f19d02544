"""Product search: words, meaning and attributes in one order, in English, Chinese, or both in one query.

Relevant products are found first; wishes of the query (see ``wishes``) then narrow them, each as long as something
is left. What had to be given up stands in ``Hit.missed``; ``Hit.why`` names only what holds. Sold-out products come
last. It knows no customer: the same query gives everybody the same products.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from bot.catalogue.encoder import Encoder
from bot.catalogue.names import Names
from bot.catalogue.ranking import MAX_QUERY_CHARS, Dense, Lexical, Scores, fuse
from bot.catalogue.vectors import encode_cached
from bot.catalogue.wishes import Reading, Wish, Wishes
from bot.catalogue.words import normalise, words
from bot.session import Lang
from bot.shop.records import Product, Variant

# A product is relevant when it comes near the best one by words or by meaning. Chosen on the demo shop (README.md).
LEXICAL_SHARE: Final = 0.5
DENSE_MARGIN: Final = 0.02
_NAME_WEIGHT: Final = 3
_CATEGORY_WEIGHT: Final = 2
_DENSE_TEXT_CHARS: Final = 240  # the encoder's time grows with length; a page says first what the thing is


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
        self._lexical = lexical
        self._dense = dense
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
        scores, relevant = self._rank(reading)
        left, kept, missed = _narrow(relevant, self._products, reading.wishes)
        if reading.cheap:
            scores = self._prefer_cheap(scores, left)
        order = sorted(left, key=lambda number: (*self._shortage(number, left[number]), -scores[number], number))
        why = _labels(kept, lang)
        not_met = _labels(missed, lang)
        return [self._hit(number, float(scores[number]), left[number], why, not_met) for number in order[:limit]]

    def lookup(self, query: str, lang: Lang) -> Product | None:
        """The product that ``query`` names, in either language; ``None`` where it names none or several."""
        return self._named.find(query[:MAX_QUERY_CHARS])

    def _rank(self, reading: Reading) -> tuple[Scores, list[int]]:
        """A score per product, and the numbers of the relevant ones."""
        if not words(reading.rest):  # only wishes: everything may do, one of each category first
            return 1.0 / (1.0 + self._place_in_category), list(range(len(self._products)))
        lexical, dense = self._lexical.scores(reading.rest), self._dense.scores(reading.rest)
        near = dense >= dense.max() - DENSE_MARGIN
        if lexical.max() > 0:
            near |= lexical >= LEXICAL_SHARE * lexical.max()
        return fuse((lexical, dense), (0.0, -1.0)), [int(number) for number in np.flatnonzero(near)]

    def _prefer_cheap(self, scores: Scores, left: _Left) -> Scores:
        prices = np.full(len(self._products), np.inf, dtype=np.float32)
        for number, variants in left.items():
            prices[number] = min((self._products[number].variants[at].price_minor for at in variants), default=np.inf)
        return fuse((scores, -prices), (0.0, -np.inf))

    def _shortage(self, number: int, variants: frozenset[int]) -> tuple[bool, bool]:
        """Sold out altogether; sold out in what was asked for."""
        product = self._products[number]
        return product.stock == 0, all(product.variants[at].stock == 0 for at in variants)

    def _hit(
        self, number: int, score: float, variants: frozenset[int], why: tuple[str, ...], missed: tuple[str, ...]
    ) -> Hit:
        product = self._products[number]
        return Hit(product, score, why, missed, tuple(product.variants[at] for at in sorted(variants)))


def _labels(wishes: Sequence[Wish], lang: Lang) -> tuple[str, ...]:
    """In words; a category explains nothing, and that something is absent is not known."""
    return tuple(wish.label(lang) for wish in wishes if not wish.avoid and wish.kind != "category")


def _narrow(
    relevant: Sequence[int], products: Sequence[Product], wishes: Sequence[Wish]
) -> tuple[_Left, list[Wish], list[Wish]]:
    """What is left of the relevant products after the wishes, the wishes that hold for it, and those given up."""
    left: _Left = {number: frozenset(range(len(products[number].variants))) for number in relevant}
    kept: list[Wish] = []
    missed: list[Wish] = []
    for wish in wishes:
        narrower = {
            number: both
            for number, variants in left.items()
            if (both := variants & wish.fulfilled.get(number, frozenset()))
        }
        if narrower:
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
    """What the encoder reads of a product: one text a language."""
    english = (product.name_en, product.category, product.text_en)
    chinese = (product.name_zh, product.category_zh, product.text_zh)
    texts = []
    for (name, category, text), joint in ((english, ". "), (chinese, "。")):
        if name or text:
            texts.append(joint.join(part for part in (name, category, text) if part)[:_DENSE_TEXT_CHARS])
    return texts
