"""An upstream's reply as the caller may see it, whole or chunk by chunk: own values restored, foreign ones hidden.

Sans-IO. Built anew from the fields that are known here: log probabilities, token ids and whatever else an upstream
adds are left out. Every text of every choice has a stream of its own, arguments of tool calls (and content that must
be JSON) one that writes JSON. What a stream still holds goes out with the choice's last chunk.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeAlias

_TEXTS: Final = ("content", "refusal", "reasoning_content", "reasoning")
_CODE: Final = re.compile(r"[\w.:/+-]{1,200}", re.ASCII)
_ROLES: Final = frozenset({"assistant", "tool", "system", "user"})
Key: TypeAlias = tuple[Literal["text", "name", "arguments"], str | int]
_CALL: Final = -1
"""The place of the old ``function_call`` among tool calls."""


class TextStream(Protocol):
    """A text under way."""

    def feed(self, delta: str) -> str:
        """What may go out now."""

    def finish(self) -> str:
        """The rest."""


class Restorer(Protocol):
    """What gives back values of one owner."""

    def text(self) -> TextStream:
        """Begins a text."""

    def json(self) -> TextStream:
        """Begins JSON."""


class Reply:
    """One reply. ``model`` is the name that the caller used, ``tools`` those that the request defines."""

    def __init__(self, restore: Restorer, model: str, tools: frozenset[str], *, json_content: bool) -> None:
        self._make: Callable[[], _Choice] = lambda: _Choice(restore, tools, json_content)
        self._model = model
        self._choices: dict[int, _Choice] = {}
        self._base: dict[str, Any] = {}

    def whole(self, completion: Mapping[str, Any]) -> dict[str, Any]:
        """A completion that is not streamed.

        Raises:
            GuardError: nothing of it may be shown.
        """
        choices = []
        for given in _dicts(completion.get("choices")):
            choice = self._make()
            message = _joined(choice.delta(given.get("message") or {}), choice.rest())
            for call in message.get("tool_calls", ()):
                call.pop("index")
            message = {"role": "assistant", "content": None, "refusal": None, **message}
            finish = _code(given.get("finish_reason"))
            choices.append(
                {"index": _int(given.get("index")), "message": message, "logprobs": None, "finish_reason": finish}
            )
        out = {**self._head(completion, "chat.completion"), "choices": choices}
        return {**out, "usage": _numbers(completion["usage"])} if completion.get("usage") else out

    def chunk(self, chunk: Mapping[str, Any]) -> dict[str, Any] | None:
        """A chunk of a stream; ``None`` where nothing may go out yet.

        Raises:
            GuardError: nothing more may be shown.
        """
        self._base = self._base or self._head(chunk, "chat.completion.chunk")
        choices = []
        for given in _dicts(chunk.get("choices")):
            at = _int(given.get("index"))
            first = at not in self._choices
            choice = self._choices.setdefault(at, self._make())
            delta, finish = choice.delta(given.get("delta") or {}), _code(given.get("finish_reason"))
            if finish:
                delta = _joined(delta, choice.rest())
            if delta or finish or first:
                choices.append(_framed(at, delta, finish))
        usage = {"usage": _numbers(chunk["usage"])} if chunk.get("usage") else {}
        return {**self._base, "choices": choices, **usage} if choices or usage else None

    def chunks(self, chunks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Several chunks that arrived together."""
        return [shown for chunk in chunks if (shown := self.chunk(chunk)) is not None]

    def ended(self, finish: str | None = None, **delta: Any) -> dict[str, Any] | None:
        """The last chunk: of each choice that has not ended what is held back, or ``delta`` where ``finish`` is given.

        Raises:
            GuardError: nothing more may be shown. Not with ``finish``: then nothing held is looked at.
        """
        running = {at: choice for at, choice in self._choices.items() if not choice.ended}
        deltas = {at: dict(delta) if finish else choice.rest() for at, choice in running.items()}
        choices = [_framed(at, each, finish) for at, each in deltas.items() if each or finish]
        return {**self._base, "choices": choices} if choices else None

    def _head(self, given: Mapping[str, Any], kind: str) -> dict[str, Any]:
        head = {"id": _code(given.get("id")) or "chatcmpl-0", "object": kind, "created": _int(given.get("created"))}
        head["model"] = self._model
        codes = {key: _code(given.get(key)) for key in ("system_fingerprint", "service_tier")}
        return {**head, **{key: code for key, code in codes.items() if code}}


class _Choice:
    """The streams of one choice."""

    def __init__(self, restore: Restorer, tools: frozenset[str], json_content: bool) -> None:
        self._restore = restore
        self._tools = tools
        self._json_content = json_content
        self._streams: dict[Key, TextStream] = {}
        self.ended = False

    def delta(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What of a delta (or a message) may go out now."""
        out: dict[str, Any] = {}
        if given.get("role") in _ROLES:
            out["role"] = given["role"]
        for field in _TEXTS:
            text = given.get(field)
            if isinstance(text, str):
                shown = self._feed(("text", field), text, json=self._json_content and field == "content")
                if shown or not text:
                    out[field] = shown
        calls = [self._call(call, at) for at, call in enumerate(_dicts(given.get("tool_calls")))]
        if kept := [call for call in calls if len(call) > 1]:
            out["tool_calls"] = kept
        if isinstance(given.get("function_call"), dict) and (call := self._function(given["function_call"], _CALL)):
            out["function_call"] = call
        return out

    def rest(self) -> dict[str, Any]:
        """What the streams still held, as a delta."""
        self.ended = True
        out: dict[str, Any] = {}
        for (kind, place), stream in self._streams.items():
            text = stream.finish()
            if not text:
                continue
            if kind == "text":
                out[str(place)] = text
            elif place == _CALL:
                out.setdefault("function_call", {})[kind] = text
            else:
                calls = out.setdefault("tool_calls", [])
                call = next((call for call in calls if call["index"] == place), None)
                if call is None:
                    calls.append(call := {"index": place, "function": {}})
                call["function"][kind] = text
        self._streams.clear()
        return out

    def _call(self, given: Mapping[str, Any], at: int) -> dict[str, Any]:
        place = given["index"] if isinstance(given.get("index"), int) else at
        out: dict[str, Any] = {"index": place}
        for key in ("id", "type"):
            if code := _code(given.get(key)):
                out[key] = code
        if isinstance(given.get("function"), dict) and (function := self._function(given["function"], place)):
            out["function"] = function
        return out

    def _function(self, given: Mapping[str, Any], place: int) -> dict[str, str]:
        out = {}
        name, arguments = given.get("name"), given.get("arguments")
        if isinstance(name, str):
            shown = name if name in self._tools else self._feed(("name", place), name)
            if shown:
                out["name"] = shown
        if isinstance(arguments, str):
            shown = self._feed(("arguments", place), arguments, json=True)
            if shown or not arguments:
                out["arguments"] = shown
        return out

    def _feed(self, key: Key, text: str, *, json: bool = False) -> str:
        if key not in self._streams:
            self._streams[key] = self._restore.json() if json else self._restore.text()
        return self._streams[key].feed(text)


def _joined(delta: dict[str, Any], rest: Mapping[str, Any]) -> dict[str, Any]:
    """``delta`` with the rest behind it."""
    out = dict(delta)
    for key, value in rest.items():
        if key == "tool_calls":
            out[key] = _joined_calls(out.get(key, []), value)
        elif key == "function_call":
            out[key] = _joined_texts(out.get(key, {}), value)
        else:
            out[key] = out.get(key, "") + value
    return out


def _joined_calls(calls: list[dict[str, Any]], rest: list[dict[str, Any]]) -> list[dict[str, Any]]:
    more = {call["index"]: call for call in rest}
    out = []
    for call in calls:
        extra = more.pop(call["index"], {"function": {}})["function"]
        out.append({**call, "function": _joined_texts(call.get("function", {}), extra)} if extra else call)
    return [*out, *more.values()]


def _joined_texts(texts: Mapping[str, str], rest: Mapping[str, str]) -> dict[str, str]:
    return {**texts, **{key: texts.get(key, "") + value for key, value in rest.items()}}


def _framed(at: int, delta: Mapping[str, Any], finish: str | None) -> dict[str, Any]:
    return {"index": at, "delta": delta, "logprobs": None, "finish_reason": finish}


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _code(value: Any) -> str | None:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _numbers(value: Any) -> dict[str, Any]:
    """The numbers of an object, one level of objects in it included."""
    out: dict[str, Any] = {}
    for key, item in value.items() if isinstance(value, dict) else ():
        if isinstance(item, dict):
            out[key] = {name: number for name, number in item.items() if isinstance(number, int | float)}
        elif isinstance(item, int | float):
            out[key] = item
    return out
