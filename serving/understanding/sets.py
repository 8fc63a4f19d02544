"""Labelled messages for evaluation, from the files that others publish and from our own, all under our labels.

| file | read as |
|---|---|
| ``.csv`` with ``utterance``, ``intent`` | Bitext: labels by the table ``[bitext.labels]`` |
| ``.json`` of splits of ``[text, label]`` | CLINC150: every split but training; labels by ``[clinc150]`` |
| ``.jsonl`` | ``text`` with ``commands``, ``intents`` or ``intent``; ``lang`` and ``context`` where they are there |

The tables stand in the artifact (``public.toml``), which was trained by them. A label that is already one of ours is
taken as it is; any other is an error, never a guess.
"""

import csv
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.commands import NAMES, SERVICE_KINDS, TOPICS
from bot.prompts import Context
from bot.session import Lang
from serving.evaluation.turns import intent_of
from serving.understanding.reader import context_of

OUT_OF_SCOPE: Final = "out_of_scope"
LABELS: Final[frozenset[str]] = (
    frozenset(NAMES) - {"service", "ask_policy"}
    | {f"service:{kind}" for kind in SERVICE_KINDS}
    | {f"ask_policy:{topic}" for topic in TOPICS}
)


class BadSet(ValueError):
    """A file of labelled messages cannot be read; the message names file and label, never a text."""


@dataclass(frozen=True, slots=True)
class Case:
    """A message and what is right about it."""

    text: str = field(repr=False)
    labels: tuple[str, ...]
    """Ours, in the order of the text; most messages have one."""
    lang: Lang = "en"
    context: Context = field(default_factory=Context, repr=False)
    commands: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    theirs: str = ""
    """The label as the file writes it."""


def read_set(path: Path, table: Path) -> list[Case]:
    """The cases of a file; ``table`` is the ``public.toml`` that says what foreign labels are.

    Raises:
        BadSet: not a file of a known form, or a label that is neither ours nor in the table.
    """
    try:
        tables = tomllib.loads(table.read_text("utf-8"))
        match path.suffix:
            case ".csv":
                return list(_csv(path, tables["bitext"]))
            case ".json":
                return list(_splits(path, tables["clinc150"]))
            case _:
                return list(_lines(path, tables["bitext"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, BadSet):
            raise
        raise BadSet(f"expected labelled messages in {path.name}, got {type(error).__name__}") from None


def label_of(theirs: str, table: dict[str, Any]) -> str | None:
    """Our label for one of theirs; ``None`` where the table leaves it out.

    Raises:
        BadSet: neither ours nor in the table.
    """
    if theirs in table.get("left_out", ()):
        return None
    label = table["labels"].get(theirs) or (theirs if theirs in LABELS else table.get("rest"))
    if theirs in ("oos", OUT_OF_SCOPE):
        label = OUT_OF_SCOPE
    if label is None:
        raise BadSet(f"expected a label of ours or of public.toml, got {theirs!r}")
    return str(label)


def _csv(path: Path, table: dict[str, Any]) -> Iterator[Case]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if label := label_of(row["intent"], table):
                yield Case(row[table["column"]], (label,), theirs=row["intent"])


def _splits(path: Path, table: dict[str, Any]) -> Iterator[Case]:
    for split, rows in json.loads(path.read_text("utf-8")).items():
        for text, theirs in rows if "train" not in split else ():
            if label := label_of(theirs, table):
                yield Case(text, (label,), theirs=theirs)


def _lines(path: Path, table: dict[str, Any]) -> Iterator[Case]:
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line) if line.strip() else {"task": "none"}
        if row.get("task", "understand") != "understand":
            continue
        commands = row.get("commands")
        written = [intent_of(c) for c in commands] if commands else row.get("intents") or [row["intent"]]
        labels = tuple(label for theirs in written if (label := label_of(theirs, table)))
        if labels:
            lang: Lang = "zh" if str(row.get("lang", "")).startswith("zh") else "en"
            context = context_of(row.get("context"))
            yield Case(
                row["text"],
                labels,
                lang,
                context,
                tuple(commands) if isinstance(commands, list | tuple) else (),
                str(written[0]),
            )
