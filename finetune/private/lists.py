"""The demo shop's goods and the word lists of its regulars; what the guard must leave readable of them.

The names of products and brands are those of the demo shop, kept here because this package may not know the assistant;
a test compares them. A list that a language does not have of its own is taken from the public corpus.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from finetune.corpus import notation
from finetune.corpus.notation import LANGS, Lang, Line
from finetune.private.transcripts import BadTranscripts
from guardrails.readable import Readable

ROOT: Final = Path(__file__).parent
PATTERNS: Final = (r"TF\d{8}", r"[A-Z]{2}-\d{3}(?:-\d{2})?", r"SF\d{13}|YT\d{13}|ZTO\d{12}|DHL\d{10}")
"""Order, article and parcel numbers of the demo shop."""


@cache
def utterances(lang: Lang) -> dict[str, tuple[Line, ...]]:
    """The hand-written lines of a language by file (intent), in the order of the file names."""
    paths = sorted((ROOT / "words" / lang).glob("*.txt"))
    return {path.stem: tuple(notation.read_lines(path)) for path in paths}


@cache
def words(lang: Lang, name: str) -> tuple[str, ...]:
    """A word list: ours, or the public corpus' where there is none."""
    path = ROOT / "lists" / lang / f"{name}.txt"
    return _rows(path) if path.is_file() else tuple(notation.words(lang, name))


@cache
def products(lang: Lang) -> tuple[str, ...]:
    """All products of the demo shop in a language."""
    return _column("products", lang)


@cache
def demo_readable() -> Readable:
    """What the demo shop wants left readable."""
    names = (name for lang in LANGS for kind in ("products", "brands") for name in _column(kind, lang))
    return Readable(PATTERNS, frozenset(names))


def read_readable(path: Path) -> Readable:
    """What a shop wants left readable, from ``{"patterns": ["#W[0-9]{7}"], "names": ["Aurora Lamp"]}``.

    Raises:
        BadTranscripts: the file is no such object, or a pattern cannot be read.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Readable(tuple(data.get("patterns", ())), frozenset(data.get("names", ())))
    except (ValueError, TypeError, AttributeError, re.error) as error:
        raise BadTranscripts(f"expected {path} to hold patterns and names as lists: {type(error).__name__}") from None


def _column(kind: str, lang: Lang) -> tuple[str, ...]:
    return tuple(row.split("\t")[LANGS.index(lang)] for row in _rows(ROOT / "lists" / f"{kind}.tsv"))


def _rows(path: Path) -> tuple[str, ...]:
    rows = path.read_text(encoding="utf-8").splitlines()
    return tuple(row.strip() for row in rows if row.strip() and not row.startswith("#"))
