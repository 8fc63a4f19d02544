"""Values for the slots of an utterance or a reply: orders, products, wants, prices, made-up people.

Everything is drawn from the ``random.Random`` that is passed in. It knows nobody: names are made up,
numbers are random.
"""

import random
import re
from functools import cache
from typing import Final

from finetune.corpus import goods
from finetune.corpus.notation import Lang, words

_SLOT: Final = re.compile(r"\{([a-z_]+?)(\d?)\}")
_HANDLE: Final = re.compile(r"<([A-Z]+)_(\d)>")
_LISTS: Final = {"want": "wants", "goods": "goods", "name": "names", "colour": "colours"}
_PRICES: Final = (15, 20, 30, 50, 60, 80, 99, 100, 120, 150, 199, 200, 250, 300, 400, 500, 800, 1000)


@cache
def _list(lang: Lang, name: str) -> tuple[str, ...]:
    return tuple(words(lang, name))


def _digits(rng: random.Random, n: int) -> str:
    return str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(n - 1))


def order_id(rng: random.Random) -> str:
    """An order number as shops write them; most like the demo shop's."""
    roll = rng.random()
    if roll < 0.55:
        return rng.choice(["TF"] * 9 + ["tf"]) + _digits(rng, 8)
    if roll < 0.7:
        return "#W" + _digits(rng, 7)
    if roll < 0.82:
        return _digits(rng, rng.randint(12, 18))
    if roll < 0.9:
        return rng.choice(["ORD-", "SO", "A-", "PO-", "DD", "JX"]) + _digits(rng, rng.randint(5, 9))
    return "#" + _digits(rng, rng.randint(4, 6))


def tracking_id(rng: random.Random) -> str:
    """A courier's parcel number."""
    prefix, n = rng.choice([("SF", 13), ("YT", 13), ("JDV", 12), ("ZT", 12), ("1Z", 10), ("EM", 11)])
    return prefix + _digits(rng, n)


def postal_code(rng: random.Random, lang: Lang) -> str:
    """A postal code typed openly: five or six digits, or a British one."""
    if lang == "zh":
        return _digits(rng, 6)
    if rng.random() < 0.3:
        area, unit = rng.choice(("M", "LS", "BS", "N")), rng.choice(("AB", "QT", "LW"))
        return f"{area}{rng.randint(1, 19)} {rng.randint(1, 9)}{unit}"
    return _digits(rng, 5)


class Filling:
    """Slot values of one case, each made once: ``{order}`` and ``{order}`` agree, ``{order2}`` is another."""

    def __init__(self, rng: random.Random, lang: Lang) -> None:
        self._rng = rng
        self._lang = lang
        self._values: dict[str, str] = {}
        self._renumber = {1: 1, 2: 2, 3: 3}
        if rng.random() < 0.3:
            shift = rng.randint(1, 4)
            self._renumber = {n: n + shift for n in (1, 2, 3)}

    def set(self, slot: str, value: str) -> None:
        """Fixes a slot's value."""
        self._values[slot] = value

    def get(self, slot: str) -> str:
        """The value of a slot, made on first use."""
        if slot not in self._values:
            self._values[slot] = self._make(slot.rstrip("0123456789"))
        return self._values[slot]

    def fill(self, template: str) -> str:
        """The template with all slots and renumbered handles."""
        text = _SLOT.sub(lambda match: self.get(match[1] + match[2]), template)
        return _HANDLE.sub(lambda match: f"<{match[1]}_{self._renumber[int(match[2])]}>", text)

    def _make(self, kind: str) -> str:
        rng, lang = self._rng, self._lang
        match kind:
            case "order":
                return order_id(rng)
            case "product" | "offer":
                return rng.choice(goods.names(lang))
            case "price":
                return str(rng.choice(_PRICES))
            case "postcode":
                return postal_code(rng, lang)
            case "tracking":
                return tracking_id(rng)
            case _ if kind in _LISTS:
                return rng.choice(_list(lang, _LISTS[kind]))
        raise ValueError(f"expected a slot that the corpus knows, got {kind!r}")
