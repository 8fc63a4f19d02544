"""Templates: `[a|b]` is a choice, `{slot}` is filled and its place remembered.

Slots are lower-case names, so JSON braces stay as they are; a bracket without `|` is text. The same slot twice in
one message is the same value; `{name2}` is another one. Choices may be nested.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z_]+[0-9]*)\}")


@dataclass(frozen=True)
class Piece:
    """A part of a message; `slot` is empty for the template's own words."""

    text: str
    slot: str = ""


def choose(template: str, rng: Random) -> str:
    """The template with every choice made, innermost first."""
    while found := _CHOICE.search(template):
        template = template[: found.start()] + rng.choice(found[1].split("|")) + template[found.end() :]
    return template


def pieces(template: str, rng: Random, value: Callable[[str], str]) -> list[Piece]:
    """A filled template; `value` gives the text of a slot."""
    chosen = choose(template, rng)
    known: dict[str, str] = {}
    out: list[Piece] = []
    at = 0
    for slot in _SLOT.finditer(chosen):
        if slot[1] not in known:
            known[slot[1]] = value(slot[1])
        out += [Piece(chosen[at : slot.start()]), Piece(known[slot[1]], slot[1].rstrip("0123456789"))]
        at = slot.end()
    out.append(Piece(chosen[at:]))
    return [piece for piece in out if piece.text]


def spans(parts: list[Piece]) -> Iterator[tuple[int, int, str]]:
    """(start, end, slot) of every filled slot."""
    at = 0
    for part in parts:
        if part.slot:
            yield at, at + len(part.text), part.slot
        at += len(part.text)


def rounds(templates: tuple[str, ...], rng: Random, count: int) -> Iterator[str]:
    """`count` templates in a random order; none comes again before all have been."""
    left: list[str] = []
    for _ in range(count):
        left = left or rng.sample(templates, len(templates))
        yield left.pop()
