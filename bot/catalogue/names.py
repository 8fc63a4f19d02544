"""Finds the product that a text names: by its name, a misspelt or shortened name, its id or a SKU.

A shortened name counts when it fits one product clearly better than every other; "the backpack" in a shop with
five of them names none.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from bot.catalogue.ranking import Spelling
from bot.catalogue.words import normalise, words
from bot.shop.records import Product

MIN_NAME_SHARE: Final = 0.45  # of a name's weight that the text must hold
MIN_LEAD: Final = 1.25  # over the second best
# Words of questions about a product, which name nothing.
_ASKING: Final = (
    "price cost much stock left size colour color material available availability ship shipping long big "
    "价格 多少钱 库存 尺寸 颜色 材质 质量 好不好 怎么卖 保修 发货 防水 多大 还有货 现货 什么 几个"
)


class Names:
    """The names of one catalogue."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._products = products
        self._exact: dict[str, set[int]] = {}
        self._codes: dict[str, int] = {}
        self._entries: list[tuple[int, frozenset[str]]] = []
        for number, product in enumerate(products):
            for code in (product.product_id, *(variant.sku for variant in product.variants)):
                self._codes.setdefault(normalise(code), number)
            for name in dict.fromkeys(filter(None, (product.name_en, product.name_zh))):
                self._exact.setdefault(normalise(name), set()).add(number)
                self._entries.append((number, frozenset(words(f"{product.brand} {name}"))))
        self._weights = _rarity(entry for _, entry in self._entries)
        self._asking = frozenset(words(_ASKING))
        self._spelling = Spelling(word for _, entry in self._entries for word in entry)

    def find(self, query: str) -> Product | None:
        """The one product that ``query`` names, ``None`` where it names none or more than one."""
        text = normalise(query)
        number = self._by_code(text)
        if number is None:
            number, certain = self._by_name(text)
            if number is None and not certain:
                number = self._by_words(query)
        return None if number is None else self._products[number]

    def _by_code(self, text: str) -> int | None:
        for token in text.replace("，", " ").replace(",", " ").split():
            if (number := self._codes.get(token.strip("?.!()。？！#"))) is not None:
                return number
        return None

    def _by_name(self, text: str) -> tuple[int | None, bool]:
        """The longest whole name in the text, and whether a whole name decided."""
        inside = [name for name in self._exact if name in text and _stands_alone(name, text)]
        if not inside:
            return None, False
        longest = max(inside, key=len)
        named = {n for name in inside if name not in longest or name == longest for n in self._exact[name]}
        return (next(iter(named)), True) if len(named) == 1 else (None, True)

    def _by_words(self, query: str) -> int | None:
        asked = {self._spelling.correct(word) or word for word in words(query)} - self._asking
        best: dict[int, float] = {}
        for number, entry in self._entries:
            shared = sum(self._weights[word] for word in asked & entry)
            share = shared / (sum(self._weights[word] for word in entry) or 1.0)
            if shared and share >= MIN_NAME_SHARE:
                best[number] = max(best.get(number, 0.0), shared * share)
        ranked = sorted(best.items(), key=lambda item: -item[1])
        if not ranked or (len(ranked) > 1 and ranked[0][1] < MIN_LEAD * ranked[1][1]):
            return None
        return ranked[0][0]


def _rarity(entries: Iterable[frozenset[str]]) -> dict[str, float]:
    """Inverse document frequency of the words of names."""
    counts = Counter(word for entry in entries for word in entry)
    total = sum(1 for _ in counts) or 1
    return {word: math.log(1 + total / count) for word, count in counts.items()}


def _stands_alone(name: str, text: str) -> bool:
    if not name.isascii():
        return True
    at = text.index(name)
    before, after = text[:at][-1:], text[at + len(name) :][:1]
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum() and after != "s")
