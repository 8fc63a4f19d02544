"""Reads the hand-written utterance files: labels and contexts in a notation that is quick to type.

A file is read from top to bottom. ``#`` starts a comment line, ``= label`` sets the label and
``@ context`` the context of the lines that follow; a bare ``@`` lets the generator choose a harmless
context, ``@ none`` forbids one. ``text => label`` overrides the label for one line, ``text | aspect``
makes the query of ``ask`` out of the product talked about and the aspect. ``[words]`` in a text are
the words that make up a query. README.md has examples. It does not know how slots are filled.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Lang = Literal["en", "zh"]
LANGS: Final[tuple[Lang, ...]] = ("en", "zh")
ROOT: Final = Path(__file__).parent

# What the notation calls a command whose name is typed often.
_SHORT: Final = {"find": "find_product", "ask": "ask_product", "policy": "ask_policy", "track": "track_order"}
_ARGUMENT: Final = {
    "track_order": "order",
    "service": "order",
    "find_product": "query",
    "ask_product": "query",
    "give": "value",
}
_QUALIFIER: Final = {"service": "kind", "ask_policy": "topic", "give": "slot", "choose": "n"}
_CONTEXT: Final = re.compile(r"(awaiting|doing|offered|topic)=(.*?)(?=\s+(?:awaiting|doing|offered|topic)=|$)")


class NotationError(ValueError):
    """A corpus file that cannot be read: file, line number and what was expected."""


@dataclass(frozen=True, slots=True)
class Label:
    """One command before filling: ``argument`` may hold ``{slots}``; ``None`` for a query means the marked words."""

    name: str
    qualifier: str | None = None
    argument: str | None = None

    @property
    def slots(self) -> tuple[str | None, str | None]:
        """Names of the slots that the qualifier and the argument fill."""
        return _QUALIFIER.get(self.name), _ARGUMENT.get(self.name)


@dataclass(frozen=True, slots=True)
class Line:
    """One hand-written utterance. ``context`` is ``None`` where any harmless context will do."""

    text: str
    labels: tuple[Label, ...]
    context: tuple[tuple[str, str], ...] | None
    source: str


def parse_label(text: str) -> tuple[Label, ...]:
    """Labels from ``name[:qualifier] [argument]`` joined by `` + ``."""
    labels = []
    for part in re.split(r"\s\+\s", text.strip()):
        head, _, argument = part.strip().partition(" ")
        name, _, qualifier = head.partition(":")
        labels.append(Label(_SHORT.get(name, name), qualifier or None, argument.strip() or None))
    return tuple(labels)


def parse_context(text: str) -> tuple[tuple[str, str], ...] | None:
    """The fields of a context line; ``()`` for ``none``, ``None`` for an empty line."""
    if not text:
        return None
    if text == "none":
        return ()
    fields = tuple((match[1], match[2].strip()) for match in _CONTEXT.finditer(text))
    if not fields:
        raise NotationError(f"expected awaiting=, doing=, offered= or topic=, got {text!r}")
    return fields


def _line(raw: str, label: tuple[Label, ...], context: tuple[tuple[str, str], ...] | None, source: str) -> Line:
    text, arrow, own = raw.partition(" => ")
    if arrow:
        label = parse_label(own)
    text, bar, aspect = text.partition(" | ")
    if bar:
        about = "{product} " + aspect.strip()
        label = tuple(Label(item.name, item.qualifier, about) if item.name == "ask_product" else item for item in label)
    if not label:
        raise NotationError(f"{source}: expected '= label' before the first text")
    return Line(text.strip(), label, context, source)


def read_lines(path: Path) -> list[Line]:
    """All utterances of one file.

    Raises:
        NotationError: a text before the first label, or a context that cannot be read.
    """
    label: tuple[Label, ...] = ()
    context: tuple[tuple[str, str], ...] | None = None
    lines = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        row = raw.strip()
        if not row or row.startswith("# ") or row == "#":
            continue
        if row.startswith("= "):
            label = parse_label(row[2:])
        elif row[0] == "@":
            context = parse_context(row[1:].strip())
        else:
            lines.append(_line(row, label, context, f"{path.name}:{number}"))
    return lines


def understand_files(lang: Lang) -> dict[str, list[Line]]:
    """The utterances of a language by file (intent), in the order of the file names."""
    return {path.stem: read_lines(path) for path in sorted((ROOT / "understand" / lang).glob("*.txt"))}


def words(lang: Lang, name: str) -> list[str]:
    """A word list: one entry a line, ``#`` comments."""
    rows = (ROOT / "words" / lang / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [row.strip() for row in rows if row.strip() and not row.startswith("#")]
