"""Public utterances under our labels: wording that the corpus lacks, where a folder with it is at hand.

What is read, and which of its labels is which of ours, stands in ``corpus/public.toml``. Training splits only. No file
of the folder comes into the project; the artifact notes what it saw, with the file's hash and licence.
"""

import csv
import hashlib
import json
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from finetune.errors import BadExamples

TABLE: Final = Path(__file__).parent / "corpus" / "public.toml"


@dataclass(frozen=True)
class Source:
    """One public collection, as it was read."""

    name: str
    title: str
    licence: str
    sha256: str
    rows: tuple[tuple[str, str], ...]
    """Text and our label."""

    def to_json(self) -> dict[str, Any]:
        """What the artifact notes."""
        return {
            "name": self.name,
            "title": self.title,
            "licence": self.licence,
            "sha256": self.sha256,
            "cases": len(self.rows),
        }


def read_public(folder: Path, seed: int = 1, table: Path = TABLE) -> list[Source]:
    """The collections of ``table`` that ``folder`` has; one that is not there is left out.

    Raises:
        BadExamples: a file is there and is not what the table says.
    """
    found = []
    for name, entry in tomllib.loads(table.read_text("utf-8")).items():
        path = folder / entry["file"]
        if not path.is_file():
            continue
        try:
            rows = [
                (text, label, theirs in entry.get("whole", ()))
                for text, theirs in _rows(path, entry)
                if (label := _ours(theirs, entry))
            ]
        except (KeyError, ValueError, TypeError) as error:
            raise BadExamples(f"expected {entry['title']} in {path.name}, got {type(error).__name__}") from None
        whole = [(text, label) for text, label, needed in rows if needed]
        rest = [(text, label) for text, label, needed in rows if not needed]
        limit = max(0, entry.get("sample", len(rows)) - len(whole))
        chosen = rest if len(rest) <= limit else random.Random(f"{seed}:{name}").sample(rest, limit)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found.append(Source(name, entry["title"], entry["licence"], digest, (*chosen, *whole)))
    return found


def _ours(theirs: str, entry: dict[str, Any]) -> str | None:
    """Our label of one of theirs; nothing where it is left out."""
    if theirs in entry.get("left_out", ()):
        return None
    label = entry["labels"].get(theirs, entry.get("rest"))
    if label is None:
        raise KeyError(theirs)
    return str(label)


def _rows(path: Path, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield row[entry["column"]], row["intent"]
        return
    splits = json.loads(path.read_text("utf-8"))
    for split in ("train", "oos_train"):
        yield from splits[split]
