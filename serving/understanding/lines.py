"""JSON lines with messages → the same lines with commands. No file names, no options: bytes in, bytes out.

| line | becomes |
|---|---|
| an object with ``text`` | the object with ``commands``, ``intent``, ``understood_by``, ``confidence``, ``in_scope`` |
| white space | an empty line |
| anything else | ``{"error": reason, "line": number}`` |
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from bot.session import Lang
from bot.understand import Understanding
from guardrails.errors import GuardError, TextTooLong
from serving.evaluation.turns import intent_of
from serving.understanding.reader import BadContext, Message, Reader, context_of

ERRORS: Final = ("not_json", "not_an_object", "no_text", "bad_context", "too_long", "guard_failed")
AT_ONCE: Final = 8
"""Messages that are asked of the model together."""
_BESIDE: Final = frozenset(("greet", "thanks", "goodbye", "give"))
"""Said beside a request: courtesies, and details that prove who asks."""


class BadLine(ValueError):
    """A line that cannot be understood; ``code`` is one of ``ERRORS``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Tally:
    """What was understood, in numbers."""

    lines: int = 0
    by: Counter[str] = field(default_factory=Counter)
    intents: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


def main_intent(understanding: Understanding) -> str:
    """The label of the first command that asks for something; of a courtesy where there is nothing else."""
    labels = [intent_of(command.to_json()) for command in understanding.commands]
    return next((label for label in labels if label not in _BESIDE), labels[0])


def fields_of(understanding: Understanding) -> dict[str, Any]:
    """What is added to a line."""
    shares = {"confidence": understanding.confidence, "in_scope": understanding.in_scope}
    return {
        "commands": [command.to_json() for command in understanding.commands],
        "intent": main_intent(understanding),
        "understood_by": understanding.by,
        **{key: None if share is None else round(share, 4) for key, share in shares.items()},
    }


async def understood(lines: Iterable[bytes], reader: Reader, tally: Tally) -> AsyncIterator[bytes]:
    """Every line with its commands, in order; ``tally`` counts along."""
    numbered = iter(enumerate(lines, 1))
    while batch := list(islice(numbered, AT_ONCE)):
        for line in await asyncio.gather(*(_line(raw, number, reader, tally) for number, raw in batch)):
            yield line


async def _line(raw: bytes, number: int, reader: Reader, tally: Tally) -> bytes:
    if not raw.strip():
        return b"\n"
    tally.lines += 1
    try:
        record = _read(raw)
        found = await reader.read(_message(record), number)
    except BadLine as error:
        return _refused(error.code, number, tally)
    except BadContext:
        return _refused("bad_context", number, tally)
    except TextTooLong:
        return _refused("too_long", number, tally)
    except GuardError:
        return _refused("guard_failed", number, tally)
    tally.by[found.by] += 1
    tally.intents[main_intent(found)] += 1
    return _written(record | fields_of(found))


def _refused(code: str, number: int, tally: Tally) -> bytes:
    tally.errors[code] += 1
    return _written({"error": code, "line": number})


def _written(record: dict[str, Any]) -> bytes:
    # A lone surrogate cannot be UTF-8: such a line is written with escapes, as it came.
    try:
        return json.dumps(record, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(record).encode() + b"\n"


def _read(raw: bytes) -> dict[str, Any]:
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadLine("not_json") from None
    if not isinstance(record, dict):
        raise BadLine("not_an_object")
    return record


def _message(record: dict[str, Any]) -> Message:
    text = record.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadLine("no_text")
    return Message(text, _lang(record.get("lang")), context_of(record.get("context")))


def _lang(value: object) -> Lang | None:
    word = str(value or "")[:2].casefold()
    return "en" if word == "en" else "zh" if word == "zh" else None
