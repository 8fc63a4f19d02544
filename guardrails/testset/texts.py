r"""The text files beside this module: plain lines, and lines under `# family: name` heads.

A line that starts with `# ` is a head or a comment. `\n` in a line stands for a line break.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

Lang = Literal["en", "zh"]
_HERE = Path(__file__).parent


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of a file that are neither empty nor heads."""
    return tuple(text for _, text in under_heads(name))


@cache
def under_heads(name: str) -> tuple[tuple[str, str], ...]:
    """(head, line) for each line of a file; the head is empty before the first one."""
    return tuple(_read((_HERE / name).read_text(encoding="utf-8")))


def _read(text: str) -> Iterator[tuple[str, str]]:
    head = ""
    for line in text.split("\n"):
        if line.startswith("# "):
            head = line.removeprefix("# ").removeprefix("family:").strip()
        elif line.strip():
            yield head, line.replace("\\n", "\n")


def attack_lines(lang: Lang) -> Iterator[tuple[str, str]]:
    """(family, text) of attempts to turn or to empty a shop's assistant."""
    yield from under_heads(f"attacks_{lang}.txt")


def harmless_lines(lang: Lang) -> Iterator[str]:
    """Ordinary turns and shop texts that no injection guard may block."""
    yield from lines(f"harmless_{lang}.txt")
