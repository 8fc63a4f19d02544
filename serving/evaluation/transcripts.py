"""Reads transcripts: one dialogue a line, three shapes, told apart line by line.

=========  ==========================================================================
tactful    ``{"id","customer","started_at","lang","messages":[…],"labels"?,"events"?}``
openai     fine-tuning lines ``{"messages":[{"role","content",…}],"metadata"?}``
tau2       ``{"id","turns":[{"role":"user|assistant|tool_call|tool",…}]}``
=========  ==========================================================================

A line that cannot be read becomes a ``BadLine`` and the next one is read: nothing stops at the first
fault and nothing is dropped silently. Messages of faults hold places, types and lengths, never the
text. It does not check that a transcript is concealed: metrics.py does.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from bot.session import Lang

Role = Literal["system", "user", "assistant", "tool"]
Format = Literal["auto", "tactful", "openai", "tau2"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
_ROLES: Final[dict[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


class EvaluationError(Exception):
    """Root of this package's errors.

    EvaluationError
    ├── UsageError          a path, format, metric or threshold that cannot be used (exit 2)
    └── NothingToEvaluate   no line could be read (exit 1)
    """


class UsageError(EvaluationError):
    """A path, format, metric or threshold that cannot be used."""


class NothingToEvaluate(EvaluationError):
    """No line could be read."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``meta`` is what the server noted about it (README.md lists the keys read here)."""

    role: Role
    content: str
    name: str | None = None
    tool_names: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue and where it was read. ``line`` counts from 1."""

    id: str
    messages: tuple[Message, ...]
    source: str
    line: int
    format: Format
    lang: Lang | None = None
    started_at: str | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read, and why; the why holds no text of the line."""

    source: str
    line: int
    problem: str


class _Fault(ValueError):
    """Why one line cannot be read."""


def files(paths: Iterable[Path]) -> list[Path]:
    """The ``*.jsonl`` files named or found in the folders named, sorted within a folder.

    Raises:
        UsageError: a path does not exist, or a folder holds no ``*.jsonl``.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.jsonl"))
            if not inside:
                raise UsageError(f"expected transcripts (*.jsonl) in {path}, found none")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(f"expected a transcript file or folder, {path} does not exist")
    if not found:
        raise UsageError("expected at least one transcript file or folder, got none")
    return found


def read(paths: Iterable[Path], fmt: Format = "auto") -> Iterator[Dialogue | BadLine]:
    """Every line of every file, in order, as a dialogue or as a fault. Empty lines are skipped.

    Raises:
        UsageError: as ``files``, or an unknown ``fmt``.
    """
    if fmt not in FORMATS:
        raise UsageError(f"expected a format of {', '.join(FORMATS)}, got {fmt!r}")
    for path in files(paths):
        with path.open("rb") as lines:
            for number, raw in enumerate(lines, start=1):
                if raw.strip():
                    yield _read_line(raw, path.name, number, fmt)


def _read_line(raw: bytes, source: str, number: int, fmt: Format) -> Dialogue | BadLine:
    try:
        data = _json_object(raw)
        shape = _shape(data, fmt)
        return _READERS[shape](data, source, number)
    except _Fault as fault:
        return BadLine(source, number, str(fault))


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Fault(f"expected UTF-8, byte {error.start + 1} of the line is not") from None
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = f"character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else "too deeply nested"
        raise _Fault(f"expected one JSON object, the line of {len(text)} characters is not JSON ({where})") from None
    if isinstance(data, list):
        raise _Fault("expected one JSON object a line, got an array: write one dialogue a line")
    if not isinstance(data, dict):
        raise _Fault(f"expected a JSON object, got {type(data).__name__}")
    return data


def _shape(data: Mapping[str, Any], fmt: Format) -> Format:
    if fmt != "auto":
        return fmt
    if "turns" in data:
        return "tau2"
    if "messages" in data:
        return "tactful" if "id" in data else "openai"
    raise _Fault("expected 'messages' (or 'turns'), the object has neither")


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if not isinstance(value, list) or not value:
        raise _Fault(f"expected {key!r} to be a list with at least one message, got {_kind(value)}")
    return value


def _kind(value: object) -> str:
    return f"an empty {type(value).__name__}" if value in ([], "", {}) else type(value).__name__


def _text(value: object, where: str) -> str:
    """A string, or the text parts of OpenAI's content list; ``null`` is empty (a message of tool calls only)."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = [part.get("text") for part in value if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    raise _Fault(f"expected {where} to be text, got {_kind(value)}")


def _message(item: object, where: str) -> Message:
    if not isinstance(item, dict):
        raise _Fault(f"expected {where} to be an object, got {_kind(item)}")
    role = _ROLES.get(item["role"]) if isinstance(item.get("role"), str) else None
    if role is None:
        raise _Fault(f"expected {where}.role to be one of {', '.join(_ROLES)}")
    meta = item.get("meta")
    return Message(
        role=role,
        content=_text(item.get("content"), f"{where}.content"),
        name=item["name"] if isinstance(item.get("name"), str) else None,
        tool_names=_tool_names(item.get("tool_calls"), where),
        meta=meta if isinstance(meta, dict) else {},
    )


def _tool_names(calls: object, where: str) -> tuple[str, ...]:
    if calls is None:
        return ()
    if not isinstance(calls, list):
        raise _Fault(f"expected {where}.tool_calls to be a list, got {_kind(calls)}")
    names = []
    for call in calls:
        function = call.get("function", call) if isinstance(call, dict) else {}
        name = function.get("name") if isinstance(function, dict) else None
        names.append(name if isinstance(name, str) else "?")
    return tuple(names)


def _messages(data: Mapping[str, Any], source: str, number: int, fmt: Format) -> Dialogue:
    messages = tuple(_message(item, f"messages[{i}]") for i, item in enumerate(_list(data, "messages")))
    labels, events = data.get("labels"), data.get("events")
    return _dialogue(
        data, messages, source, number, fmt,
        labels=labels if isinstance(labels, dict) else {},
        events=tuple(event for event in events if isinstance(event, dict)) if isinstance(events, list) else (),
    )  # fmt: skip


def _turns(data: Mapping[str, Any], source: str, number: int) -> Dialogue:
    messages = []
    for i, item in enumerate(_list(data, "turns")):
        if isinstance(item, dict) and item.get("role") == "tool_call":
            messages.append(Message("assistant", "", tool_names=_tool_names([item], f"turns[{i}]")))
        else:
            messages.append(_message(item, f"turns[{i}]"))
    return _dialogue(data, tuple(messages), source, number, "tau2")


def _dialogue(
    data: Mapping[str, Any],
    messages: tuple[Message, ...],
    source: str,
    number: int,
    fmt: Format,
    labels: Mapping[str, Any] | None = None,
    events: tuple[Mapping[str, Any], ...] = (),
) -> Dialogue:
    if not any(message.role == "user" for message in messages):
        raise _Fault("expected at least one message of the customer (role user), found none")
    given, lang = data.get("id"), data.get("lang")
    return Dialogue(
        id=str(given) if isinstance(given, str | int) and str(given) else f"{Path(source).stem}:{number}",
        messages=messages,
        source=source,
        line=number,
        format=fmt,
        lang=lang if lang in ("en", "zh") else None,
        started_at=data["started_at"] if isinstance(data.get("started_at"), str) else None,
        labels=labels or {},
        events=events,
    )


_READERS: Final[dict[Format, Callable[[Mapping[str, Any], str, int], Dialogue]]] = {
    "tactful": lambda data, source, number: _messages(data, source, number, "tactful"),
    "openai": lambda data, source, number: _messages(data, source, number, "openai"),
    "tau2": _turns,
}
