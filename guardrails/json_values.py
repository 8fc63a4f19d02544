"""Personal values inside JSON: tool-call arguments, tool results, extra fields. Strings, keys and numbers.

A string is read with the name of its field before it (``customerPhone`` → ``customer Phone: ``), so that what a field
says of itself counts. A number that is personal becomes a string: its handle and ``NUMBER_MARK``, by which
``reveal`` knows that a number stood there. Concealing and revealing give back exactly what came in.
It does not know text, vault or policy: both directions are handed in. Values of other types than JSON's are refused.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from guardrails import handles
from guardrails.errors import GuardError
from guardrails.findings import Kind

Json: TypeAlias = Any
NUMBER_MARK: Final = "\u2063"
"""An invisible character behind the handle of what was a number."""
MAX_NUMBER_CHARS: Final = 64
NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_NUMBER_BEGINS: Final = frozenset("-0123456789<")
_WORD_ENDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.\s]+")
_LONE_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ConcealedJson:
    """A value without personal data, and how many of each kind were found in it."""

    value: Json
    hidden: Mapping[Kind, int]


def cue(key: str) -> str:
    """What is read before the values of a field.

    >>> cue("customerPhone"), cue("e-mail"), cue("")
    ('customer Phone: ', 'e mail: ', '')
    """
    words = _WORD_ENDS.sub(" ", key).strip()
    return f"{words}: " if words else ""


def document(text: str) -> Json | None:
    """The JSON object or array that the text is; ``None`` where it is anything else."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def plain(value: Any) -> Json:
    """The value as JSON has it.

    Raises:
        TypeError: it has something that JSON has not.
    """
    try:
        return json.loads(json.dumps(value))
    except (ValueError, RecursionError):
        raise TypeError("not JSON") from None


def dumps(value: Json) -> str:
    """JSON text that can be encoded as UTF-8."""
    return _LONE_SURROGATE.sub(_escaped, json.dumps(value, ensure_ascii=False))


def escape(text: str) -> str:
    """The text as it stands between the quotes of a JSON string."""
    return dumps(text)[1:-1]


def may_be_number(text: str) -> bool:
    """Whether a string that begins with ``text`` may turn out to stand for a number."""
    return len(text) <= MAX_NUMBER_CHARS and text[:1] in _NUMBER_BEGINS


def as_number(text: str, reveal: Callable[[str], str]) -> str | None:
    """The number that stood where the concealed string ``text`` stands; ``None`` where it was a string."""
    if not (text.endswith(NUMBER_MARK) and may_be_number(text) and handles.named(text)):
        return None
    number = reveal(text[:-1])
    return number if NUMBER.fullmatch(number) else None


def conceal(value: Json, text: Callable[[str, str], str], literal: Callable[[str], str], context: str = "") -> Json:
    """``value`` with every string, key and number concealed.

    Args:
        value: what ``json.loads`` gives.
        text: conceals a string, given what is read before it.
        literal: the handle of a string as a whole.
        context: what is read before ``value``.

    Raises:
        GuardError: something is not JSON, or two keys became one.
    """
    match value:
        case dict():
            return _conceal_object(value, text, literal)
        case list() | tuple():
            return [conceal(item, text, literal, context) for item in value]
        case str():
            concealed = text(value, context)
            stood_for_number = concealed.endswith(NUMBER_MARK) and may_be_number(concealed)
            return literal(value) if stood_for_number and handles.named(concealed) else concealed
        case None | bool():
            return value
        case int() | float():
            written = json.dumps(value)
            concealed = text(written, context)
            if concealed == written:
                return value
            marked = concealed + NUMBER_MARK
            return marked if may_be_number(marked) else literal(written) + NUMBER_MARK
        case _:
            raise GuardError(f"expected JSON, got a value of type {type(value).__name__}")


def _conceal_object(value: Mapping[Any, Json], text: Callable[[str, str], str], literal: Callable[[str], str]) -> Json:
    concealed = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise GuardError(f"expected a string as key, got {type(key).__name__}")
        shown = text(key, "")
        concealed[shown] = conceal(item, text, literal, cue(shown))
    if len(concealed) != len(value):
        raise GuardError(f"{len(value)} keys became {len(concealed)}")
    return concealed


def reveal(value: Json, text: Callable[[str, str], str], context: str = "") -> Json:
    """``value`` with every string, key and number as its audience may read it.

    Args:
        value: what ``json.loads`` gives.
        text: reveals a string, given what is read before it.
        context: what is read before ``value``.

    Raises:
        GuardError: something is not JSON.
    """
    match value:
        case dict():
            return {text(key, ""): reveal(item, text, cue(key)) for key, item in value.items()}
        case list() | tuple():
            return [reveal(item, text, context) for item in value]
        case str():
            number = as_number(value, lambda written: text(written, context))
            return text(value, context) if number is None else json.loads(number)
        case None | bool():
            return value
        case int() | float():
            written = json.dumps(value)
            shown = text(written, context)
            if shown == written:
                return value
            return json.loads(shown) if NUMBER.fullmatch(shown) else shown
        case _:
            raise GuardError(f"expected JSON, got a value of type {type(value).__name__}")


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
