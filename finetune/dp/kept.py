"""Results of runs that are kept in files, each with what it is a result of.

A comparison that was stopped goes on where it was; asked for other settings, data or tests in the same folder it
refuses, because rows of different questions would stand in one table.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finetune.errors import CannotResume


def digest(value: object) -> str:
    """A short name of ``value`` by its ``repr``, the same in every process.

    >>> digest((1, "a")) == digest((1, "a")) != digest((1, "b"))
    True
    """
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def kept(file: Path, of: Mapping[str, Any]) -> dict[str, Any] | None:
    """What ``file`` holds, without what it is of; nothing where there is no file.

    Raises:
        CannotResume: it is the result of something else, or cannot be read.
    """
    if not file.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        was = found.pop("of", {})
        differs = [name for name in sorted({*was, *of}) if was.get(name) != json.loads(json.dumps(of.get(name)))]
    except (ValueError, AttributeError) as error:
        raise CannotResume(f"{file} cannot be read: remove it to make that run again") from error
    if differs:
        raise CannotResume(
            f"{file.parent} holds a run that differs in {', '.join(differs)}: take another folder, or remove that one"
        )
    return found


def keep(file: Path, of: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """Writes ``result`` with what it is of."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.tmp")
    part.write_text(json.dumps({"of": of, **result}, indent=1) + "\n", "utf-8")
    part.replace(file)
