"""Which of a customer's things a text speaks of: names of products as people shorten them, in both languages.

"the keyboard" is the Mechanical Keyboard when the customer has one; "the kettle" is either of two. A word that is an
option of some product ("wireless") or stands in many names ("set") names nothing alone.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from bot.catalogue.words import STOP_WORDS, normalise, stem
from bot.shop.records import Product

TOKEN: Final = re.compile(r"[a-z0-9](?:[a-z0-9%/+]|[-'.](?=[a-z0-9]))*")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_VAGUE: Final = frozenset(
    {"set", "kit", "machine", "maker", "cleaner", "pack", "system", "pair", "item", "order", "new", "one", "size",
     "case", "box", "bed", "card", "color", "colour", "support", "light", "high", "low", "home", "free", "account",
     "address", "gift", "store", "and", "with", "for", "of", "the", "in", "to"}
)  # fmt: skip
_HEADS: Final = frozenset({"set", "kit", "machine", "maker", "cleaner", "case", "box", "bed", "light"})
_DETERMINERS: Final = frozenset({"my", "the", "that", "this", "a", "an", "whole", "other", "another", "same", "your"})
_COMPOUND: Final = 5
_ALIKE_ZH: Final = {"毛衣": "毛衫", "毛衫": "毛衣", "耳麦": "耳机"}
"""Everyday words for a thing whose name has another one."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text names a thing. ``products`` are the ids it fits equally well; ``strength`` counts words."""

    start: int
    end: int
    products: tuple[str, ...]
    strength: int


@dataclass(frozen=True, slots=True)
class _Name:
    product_id: str
    words: tuple[str, ...]
    zh: str


class Names:
    """The names of some products; ``catalogue`` tells which words of them are telling."""

    def __init__(self, products: Iterable[Product], catalogue: Sequence[Product]) -> None:
        self._names = [_Name(p.product_id, _words(p.name_en), normalise(p.name_zh)) for p in products]
        self._counts = Counter(word for p in catalogue for word in set(_words(p.name_en)))
        self._codes: dict[str, str] = {p.product_id: p.product_id for p in catalogue}
        self._owned: dict[str, str] = {}
        self._option_names = {
            " ".join(_words(option)[:2]) for p in catalogue for v in p.variants for option in v.options
        }
        self._option_words = {word for p in catalogue for v in p.variants for o in v.options for word in _words(o)}
        self._options = {
            word for p in catalogue for v in p.variants for value in v.options.values() for word in _words(value)
        }

    def find(self, text: str) -> list[Mention]:
        """The mentions in ``text`` (tidy and in lower case), in order, none within another."""
        return _apart([*self._codes_in(text), *self._english(text), *self._chinese(text)])

    def owning(self, skus: Mapping[str, str]) -> Self:
        """With the SKUs that the customer bought: SKU → product id. They and product ids name a thing, too."""
        self._owned = dict(skus)
        return self

    def _codes_in(self, text: str) -> list[Mention]:
        ids = {name.product_id for name in self._names}
        found = []
        for match in TOKEN.finditer(text):
            code = match.group().upper()
            product_id = self._owned.get(code) or self._codes.get(code)
            if product_id in ids and product_id is not None:
                found.append(Mention(match.start(), match.end(), (product_id,), 9))
        return found

    def _english(self, text: str) -> list[Mention]:
        tokens = [(m.start(), m.end(), fold(m.group())) for m in TOKEN.finditer(text)]
        found: list[Mention] = []
        for at in range(len(tokens)):
            best: dict[str, int] = {}
            for name in self._names:
                length = _run(tokens, at, name.words)
                said = [word for _, _, word in tokens[at : at + length]]
                if length and (self._telling(name, said) or self._only_head(name, said, tokens, at)):
                    best[name.product_id] = length
            if best:
                most = max(best.values())
                fits = tuple(product_id for product_id, length in best.items() if length == most)
                found.append(Mention(tokens[at][0], tokens[at + most - 1][1], fits, most))
        return found

    def _telling(self, name: _Name, said: list[str]) -> bool:
        if len(said) >= 2:
            return True
        word = said[0]
        if word in _VAGUE or word in STOP_WORDS or len(word) < 3:
            return False
        if word == name.words[-1] or (_same(word, name.words[-1]) and word not in self._options):
            return True
        rare = self._counts[word] <= 1 or name.words[-1] in _VAGUE
        return rare and word not in self._options and word not in self._option_words and not word.isdigit()

    def _only_head(self, name: _Name, said: list[str], tokens: Sequence[tuple[int, int, str]], at: int) -> bool:
        """“the coffee machine” of somebody who bought one machine only."""
        heads = [n for n in self._names if n.words and n.words[-1] == said[0]]
        before = tokens[at - 1][2] if at else ""
        after = tokens[at + 1][2] if at + 1 < len(tokens) else ""
        if f"{said[0]} {after}" in self._option_names:
            return False
        told = before and before not in STOP_WORDS and before not in _VAGUE and before not in _DETERMINERS
        return bool(said[0] in _HEADS and heads == [name] and told)

    def _chinese(self, text: str) -> list[Mention]:
        found: list[Mention] = []
        for at in range(len(text) - 1):
            if not _HAN.match(text[at]):
                mixed = (
                    text[at].isalnum()
                    and _HAN.match(text[at + 1])
                    and not (at and text[at - 1].isalnum() and text[at - 1].isascii())
                )
                if not mixed:  # "t恤"
                    continue
            elif text[at + 1] == "子" and (
                fits := tuple(n.product_id for n in self._names if _head_zh(n.zh) == text[at])
            ):
                found.append(Mention(at, at + 2, fits, 2))  # 裙子 of a 吊带裙
                continue
            elif (other := _ALIKE_ZH.get(text[at : at + 2])) and (
                fits := tuple(n.product_id for n in self._names if other in n.zh)
            ):
                found.append(Mention(at, at + 2, fits, 2))
                continue
            best = {name.product_id: _shared(text, at, name.zh) for name in self._names if name.zh}
            most = max(best.values(), default=0)
            fits = tuple(product_id for product_id, length in best.items() if length == most)
            if most >= 2 and text[at : at + most] not in STOP_WORDS:
                found.append(Mention(at, at + most, fits, most))
        return found


def _head_zh(name: str) -> str:
    """The last character of a Chinese name that says what it is, without "a pair" and the like."""
    plain = re.sub(r"(?:一?[对双套]|[两三四五]?双装|套装|组合装?|[\d×a-z\s].*)+$", "", name)
    return plain[-1:]


def fold(word: str) -> str:
    """A word without plural ending.

    >>> [fold(w) for w in ("bookshelves", "t-shirts", "watches", "headphones")]
    ['bookshelf', 't-shirt', 'watch', 'headphone']
    """
    plain = word.removesuffix("'s").strip("'.")
    return plain[:-3] + "f" if plain.endswith("lves") else stem(plain)


def _words(name: str) -> tuple[str, ...]:
    return tuple(fold(token) for token in TOKEN.findall(normalise(name)))


def _same(said: str, word: str) -> bool:
    """“watch” is said of a wristwatch, "tee" not of a committee: only the end of a longer word counts."""
    return said == word or (len(said) >= _COMPOUND and word.endswith(said))


def _run(tokens: Sequence[tuple[int, int, str]], at: int, words: tuple[str, ...]) -> int:
    """How many tokens from ``at`` on are words of the name, each once, in its order."""
    length, left = 0, list(words)
    for _, _, word in tokens[at:]:
        place = next((n for n, other in enumerate(left) if _same(word, other)), None)
        if place is None:
            break
        left = left[place + 1 :]
        length += 1
    return length


def _shared(text: str, at: int, name: str) -> int:
    length = 0
    while at + length < len(text) and text[at : at + length + 1] in name:
        length += 1
    return length


def _apart(found: list[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda m: (m.start - m.end, m.start)):
        if all(mention.end <= other.start or mention.start >= other.end for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)
