"""A hand-written line → one message of a simulated customer: text with open values, context and commands.

Handles of the notation (``<EMAIL_1>``) become the customer's own made-up values, typed openly; ``conceal.py`` makes
handles of them again. Labels follow the conventions of the public corpus.
"""

import random
import re
from typing import Any, Final

from finetune.corpus.notation import Label, Line
from finetune.private import lists
from finetune.private.shoppers import Shopper

Message = dict[str, Any]
MAX_QUERY_CHARS: Final = 80
_SLOT: Final = re.compile(r"\{([a-z_]+?)(\d?)\}|<([A-Z]+)_(\d)>")
_PIECE: Final = re.compile(r"(\[[^\]]*\]|\{[a-z_]+\d?\}|<[A-Z]+_\d>)")
_PRICES: Final = (20, 35, 50, 80, 99, 120, 150, 200, 299, 300, 400, 600)
_LISTS: Final = {"want": "wants", "goods": "goods", "colour": "colours"}
_DOING: Final = ("track_order", "find_product", "ask_product", "ask_policy", "service", "list_orders")
_BARE: Final = frozenset({"give", "choose", "affirm_deny", "small_talk", "unclear"})
_NO_ORDER: Final = frozenset({"track_order", "service", "multi"})


class Slots:
    """The values of one dialogue, each made once: the same order and product through all of its messages."""

    def __init__(self, rng: random.Random, shopper: Shopper) -> None:
        self._rng = rng
        self._shopper = shopper
        self._values: dict[str, str] = {}

    def set(self, slot: str, value: str) -> None:
        """Fixes a slot's value."""
        self._values[slot] = value

    def fill(self, template: str) -> str:
        """The template with slots and handles filled."""
        return _SLOT.sub(self._value, template)

    def get(self, slot: str) -> str:
        """The value of a slot, made on first use."""
        if slot not in self._values:
            self._values[slot] = self._make(slot.rstrip("0123456789"))
        return self._values[slot]

    def _value(self, match: re.Match[str]) -> str:
        if match[1]:
            return self.get(match[1] + match[2])
        person = self._shopper.person
        if match[3] == "PERSON":
            return person.name if match[4] == "1" else person.other
        own = {"EMAIL": person.email, "PHONE": person.phone, "ADDRESS": person.address, "POSTCODE": person.postcode}
        return own[match[3]]

    def _make(self, kind: str) -> str:
        rng, shopper = self._rng, self._shopper
        match kind:
            case "order":
                return shopper.order(rng)
            case "product" | "offer":
                return self._product()
            case "price":
                return str(rng.choice(_PRICES))
            case "name":
                return shopper.person.name
            case "postcode":
                return shopper.person.postcode
            case "tracking":
                return f"SF{rng.randint(10**12, 10**13 - 1)}"
            case _ if kind in _LISTS:
                return rng.choice(lists.words(shopper.lang, _LISTS[kind]))
        raise ValueError(f"expected a slot that the corpus knows, got {kind!r}")

    def _product(self) -> str:
        """A favourite or any product, none twice in a dialogue."""
        liked = self._rng.random() < 0.5
        taken = set(self._values.values())
        some = [name for name in self._shopper.favourites if name not in taken] if liked else []
        return self._rng.choice(some or [name for name in lists.products(self._shopper.lang) if name not in taken])


def write(rng: random.Random, shopper: Shopper, slots: Slots, stem: str, line: Line) -> Message:
    """One message of a dialogue: ``{"role", "content", "context", "commands"}``."""
    context = _context(rng, slots, stem, line)
    pieces = _PIECE.split(line.text)
    parts = [_part(rng, shopper, slots, piece) for piece in pieces]
    marked = [part for piece, part in zip(pieces, parts, strict=True) if piece.startswith("[")]
    text = "".join(parts)
    commands = [_command(label, marked, slots, shopper.lower, line.text) for label in line.labels]
    if stem not in _BARE:
        text = (shopper.greeting if rng.random() < 0.5 else "") + text + (shopper.ending if rng.random() < 0.5 else "")
    text = re.sub(r"\s+", " ", text).strip()
    return {"role": "user", "content": text, "context": context, "commands": commands}


def _part(rng: random.Random, shopper: Shopper, slots: Slots, piece: str) -> str:
    if piece.startswith("["):
        words = slots.fill(piece[1:-1])
        return words.lower() if shopper.lower else words
    if piece.startswith(("{product", "{offer", "{want", "{goods", "{colour")):
        return slots.fill(piece).lower() if shopper.lower else slots.fill(piece)
    if piece.startswith(("{", "<")):
        return slots.fill(piece)
    return shopper.typed(rng, piece)


def _context(rng: random.Random, slots: Slots, stem: str, line: Line) -> dict[str, Any]:
    context: dict[str, Any] = {"awaiting": None, "doing": None, "offered": [], "topic": None}
    if line.context is None:
        return _free(rng, slots, stem, context)
    for key, value in line.context:
        if key == "offered":
            context[key] = _offered(slots, value)
        elif key == "topic":
            context[key] = slots.fill(value)
        else:
            choice = rng.choice(value.split(","))
            context[key] = None if choice == "none" else choice
    return context


def _offered(slots: Slots, value: str) -> list[str]:
    if value.isdigit():
        names = [slots.get(f"offer{n}") for n in range(1, int(value) + 1)]
    else:
        names = [slots.fill(name.strip()) for name in value.split(";")]
    for n, name in enumerate(names, start=1):
        slots.set(f"offer{n}", name)
    return names


def _free(rng: random.Random, slots: Slots, stem: str, context: dict[str, Any]) -> dict[str, Any]:
    """A context that does not change what the text means: empty, or left over from another subject."""
    if rng.random() < 0.6:
        return context
    context["doing"] = rng.choice(_DOING)
    match rng.randrange(3):
        case 0:
            context["topic"] = slots.get("product8")
        case 1 if stem not in _NO_ORDER:
            context["topic"] = slots.get("order8")
        case 2:
            context["doing"] = "find_product"
            context["offered"] = [slots.get(f"offer{n}") for n in range(7, 10)][: rng.randint(1, 3)]
    return context


def _command(label: Label, marked: list[str], slots: Slots, lower: bool, template: str) -> dict[str, Any]:
    command: dict[str, Any] = {"name": label.name}
    qualifier, argument = label.slots
    if qualifier and label.qualifier:
        command[qualifier] = int(label.qualifier) if qualifier == "n" else label.qualifier
    if argument == "query":
        command["query"] = _query(label, marked, slots, lower, template)
    elif argument and label.argument:
        value = slots.fill(label.argument)
        typed = label.qualifier == "product" and label.argument in template
        command[argument] = value.lower() if lower and typed else value
    return command


def _query(label: Label, marked: list[str], slots: Slots, lower: bool, template: str) -> str:
    """In the customer's letters where the customer typed it; names that the context or a nickname gives keep theirs."""
    if label.argument is None:
        query = " ".join(marked)
    else:
        query = slots.fill(label.argument)
        used = {match[0] for match in _SLOT.finditer(label.argument)}
        if lower and used and all(slot in template for slot in used):
            query = query.lower()
    return re.sub(r"\s+", " ", query).strip(" ,.?!，。？！")[:MAX_QUERY_CHARS].strip()
