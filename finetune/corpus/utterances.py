"""Understanding cases: a hand-written line, its slots filled, its spelling roughened → text and commands.

Files are weighted (``WEIGHTS``), the lines of a file are dealt like cards so that every line is used
before one comes again. Labels are never touched by the roughening. It does not know prompts.
"""
# ruff: noqa: SIM905 - names of files read better than a list of strings

import random
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from finetune.corpus import augment
from finetune.corpus.filling import Filling, order_id
from finetune.corpus.notation import Label, Lang, Line, understand_files

Case = dict[str, Any]

# Share of each file among the cases; a file that is not named counts 1.
WEIGHTS: Final = {
    "find_product": 16,
    "find_openers": 6,
    "ask_product": 12,
    "track_order": 11,
    "service": 17,
    "ask_policy": 12,
    "give": 9,
    "choose": 5,
    "affirm_deny": 6,
    "multi": 10,
    "small_talk": 5,
    "human": 3,
    "out_of_scope": 4,
    "unclear": 3,
    "list_orders": 3,
    # natural wording, over all intents
    "stories": 30,
    "indirect": 20,
    "several": 24,
    "complaints": 12,
    "answers": 20,
    "corrections": 16,
    "shopping": 22,
    "policies": 14,
    "elsewhere": 12,
    "general": 12,
    # the same by other hands: short, offbeat, many of them pairs that differ in a word
    "natural_aftersales": 26,
    "natural_answers": 20,
    "natural_goods": 26,
    "natural_long_goods": 14,
    "natural_long_orders": 12,
    "natural_longer": 18,
    "natural_numbers": 12,
    "natural_orders": 20,
    "natural_policies": 28,
    "natural_service": 28,
    "natural_service_goods": 22,
    "natural_service_orders": 30,
    "natural_several": 14,
    "natural_talk": 24,
    "natural_turns": 10,
}
# Turns whose meaning depends on the context, or that people type bare: no greeting before, no courtesy after.
_BARE: Final = frozenset(
    """
    give choose affirm_deny small_talk unclear answers corrections complaints elsewhere natural_answers natural_talk
    natural_turns
    """.split()
)
_NATURAL: Final = frozenset(
    """
    stories indirect several complaints shopping policies elsewhere natural_aftersales natural_goods
    natural_long_goods natural_long_orders natural_longer natural_numbers natural_orders natural_policies
    natural_service natural_service_goods natural_service_orders natural_several
    """.split()
)
# An order or a product asked for in the context would change what these mean.
_ABOUT_ORDERS: Final = _NATURAL | {"track_order", "service", "multi", "answers", "corrections"}
_SEARCHES: Final = _NATURAL | {"find_product", "find_openers", "answers", "corrections"}
_PIECE: Final = re.compile(r"(\[[^\]]*\]|\{[a-z_]+\d?\}|<[A-Z]+_\d>)")
MAX_QUERY: Final = 80
_AWAITING: Final = ("order", "identity", "confirm_handoff", "product")
_DOING: Final = ("track_order", "find_product", "ask_product", "ask_policy", "service", "list_orders")


def _no_context() -> dict[str, Any]:
    return {"awaiting": None, "doing": None, "offered": [], "topic": None}


def _free_context(rng: random.Random, filling: Filling, stem: str) -> dict[str, Any]:
    """A context that does not change what the text means: empty, or left over from another subject."""
    context = _no_context()
    if rng.random() < 0.55:
        return context
    context["doing"] = rng.choice(_DOING)
    match rng.randrange(4):
        case 0:
            context["topic"] = filling.get("product8")
        case 1 if stem not in _ABOUT_ORDERS:
            context["topic"] = filling.get("order8")
        case 2:
            context["doing"] = "find_product"
            context["offered"] = [filling.get(f"offer{n}") for n in range(7, 10)][: rng.randint(1, 3)]
            context["awaiting"] = rng.choice([None, "choice"])
        case _:
            # A bare thing after "which order?" or "which product?" is an answer, not a search.
            searches = stem in _SEARCHES
            awaiting = rng.choice(["identity", "confirm_handoff"] if searches else [*_AWAITING])
            context["awaiting"] = awaiting
            context["doing"] = {
                "order": rng.choice(["track_order", "service"]),
                "identity": rng.choice(["track_order", "list_orders", "service"]),
                "confirm_handoff": "service",
                "product": "ask_product",
            }[awaiting]
    return context


def _written_context(rng: random.Random, filling: Filling, fields: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    context = _no_context()
    for key, value in fields:
        if key == "offered" and value.isdigit():
            context[key] = [filling.get(f"offer{n}") for n in range(1, int(value) + 1)]
        elif key == "offered":
            context[key] = [filling.fill(name.strip()) for name in value.split(";")]
            for n, name in enumerate(context[key], start=1):
                filling.set(f"offer{n}", name)
        elif key == "topic":
            context[key] = filling.fill(value)
        else:
            choice = rng.choice(value.split(","))
            context[key] = None if choice == "none" else choice
    return context


def _open_value(
    rng: random.Random, filling: Filling, text: str, labels: tuple[Label, ...]
) -> tuple[str, tuple[Label, ...]]:
    """Now and then a name or a postal code that the guard did not find and that stands in the text openly."""
    if not any(label.name == "give" for label in labels) or rng.random() > 0.2:
        return text, labels
    changed = []
    for label in labels:
        argument = label.argument
        if argument in ("<PERSON_1>", "<POSTCODE_1>"):
            slot = "{name}" if argument == "<PERSON_1>" else "{postcode}"
            text, argument = text.replace(argument, slot), slot
        changed.append(Label(label.name, label.qualifier, argument))
    return text, tuple(changed)


def _roughen(rng: random.Random, lang: Lang, pieces: list[str]) -> list[str]:
    """Damage to the literal pieces (even places) of a split text."""
    literal = [n for n in range(0, len(pieces), 2) if len(pieces[n].strip()) > 3]
    if not literal:
        return pieces
    at = max(literal, key=lambda n: len(pieces[n]))
    if rng.random() < 0.12:
        pieces[at] = augment.abbreviate(rng, lang, pieces[at])
    if rng.random() < 0.15:
        pieces[at] = augment.typo(rng, pieces[at])
    if rng.random() < 0.2:
        for n in literal:
            pieces[n] = augment.punctuate(rng, lang, pieces[n])
    return pieces


def _query(label: Label, marked: list[str], filling: Filling, lower: bool) -> str:
    query = filling.fill(label.argument) if label.argument is not None else " ".join(marked)
    query = query.lower() if lower else query
    if not query:
        raise ValueError(f"expected marked words or an argument for {label.name}")
    return re.sub(r"\s+", " ", query).strip(" ,.?!，。？！")[:MAX_QUERY].strip()


def _command(label: Label, marked: list[str], filling: Filling, lower: bool) -> dict[str, Any]:
    command: dict[str, Any] = {"name": label.name}
    qualifier, argument = label.slots
    if argument == "order" and label.argument:
        command["order"] = filling.fill(label.argument)
    if qualifier and label.qualifier:
        command[qualifier] = int(label.qualifier) if qualifier == "n" else label.qualifier
    if argument == "query":
        command["query"] = _query(label, marked, filling, lower)
    if argument == "value" and label.argument:
        value = filling.fill(label.argument)
        command["value"] = value.lower() if lower and label.qualifier == "product" else value
    return command


def make_case(rng: random.Random, lang: Lang, stem: str, line: Line, rough: bool = True) -> Case:
    """One case from one hand-written line; ``rough`` allows misspellings, greetings and emoji around it."""
    filling = Filling(rng, lang)
    if line.context is None:
        context = _free_context(rng, filling, stem)
    else:
        context = _written_context(rng, filling, line.context)
    template, labels = _open_value(rng, filling, line.text, line.labels)
    pieces = _PIECE.split(template)
    in_context = "product" in str(line.context) or "offer" in str(line.context)
    lower = rough and lang == "en" and not in_context and rng.random() < 0.3
    if rough:
        pieces = _roughen(rng, lang, pieces)
    marked = [filling.fill(piece[1:-1]) for piece in pieces[1::2] if piece.startswith("[")]
    filled = [filling.fill(piece[1:-1] if piece.startswith("[") else piece) for piece in pieces]
    if lower:
        filled = [part if _keeps_case(piece) else part.lower() for part, piece in zip(filled, pieces, strict=True)]
    text = re.sub(r"\s+", " ", "".join(filled)).strip()
    if rough and stem not in _BARE:
        if rng.random() < 0.12:
            text = augment.opening(rng, lang) + text
        if rng.random() < 0.12:
            text = text + augment.ending(rng, lang)
    commands = [_command(label, marked, filling, lower) for label in labels]
    return {"task": "understand", "lang": lang, "context": context, "text": text, "commands": commands}


def _keeps_case(piece: str) -> bool:
    return piece.startswith(("<", "{order", "{name", "{postcode", "{tracking"))


def _deal(rng: random.Random, lines: list[Line]) -> Iterator[Line]:
    while True:
        deck = list(lines)
        rng.shuffle(deck)
        yield from deck


def understand_cases(
    rng: random.Random, lang: Lang, wanted: Callable[[str], bool] = lambda line: True
) -> Iterator[Case]:
    """Cases without end, of the written lines that are wanted; the caller takes as many as it wants."""
    written = {stem: [line for line in lines if wanted(line.text)] for stem, lines in understand_files(lang).items()}
    files = {stem: lines for stem, lines in written.items() if lines}
    decks = {stem: _deal(rng, lines) for stem, lines in files.items()}
    stems = list(files)
    weights = [WEIGHTS.get(stem, 1) for stem in stems]
    while True:
        stem = rng.choices(stems, weights)[0]
        yield make_case(rng, lang, stem, next(decks[stem]))


__all__ = ["WEIGHTS", "Case", "make_case", "order_id", "understand_cases"]
