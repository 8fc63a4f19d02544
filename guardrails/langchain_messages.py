"""LangChain messages without personal values, and back: content, tool calls, tool results, and what hangs on them.

A message that was concealed carries a mark, since handles in it are ours; in a person's own words they are not. A
forged mark gains nothing: what is found is concealed all the same. Left as they are: ids, names of tools and agents,
token counts. Left out: log probabilities, artifacts that are no JSON. Images, sound and files cannot be read: refused.
Needs ``langchain-core``; nothing else of this package imports it.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, RemoveMessage, ToolMessage
from pydantic import BaseModel

from guardrails import handles, json_values
from guardrails.errors import GuardError
from guardrails.findings import Audience, Kind, Origin, VaultOwner
from guardrails.guard import Guardrails
from guardrails.json_stream import TextStream
from guardrails.stream import MARK

AnyMessage = TypeVar("AnyMessage", bound=BaseMessage)
_CONCEALED: Final = "tactful_concealed"
_KEPT: Final = frozenset({"type", "id", "index", "tool_call_id", "signature", "mime_type"})
_MEDIA: Final = frozenset({"image", "image_url", "audio", "input_audio", "video", "video_url", "file", "document"})


@dataclasses.dataclass(frozen=True, slots=True)
class Messages:
    """The guard over messages of one owner. ``pass_media`` lets images, sound and files through unread."""

    guard: Guardrails
    owner: VaultOwner
    pass_media: bool = False

    def conceal(self, messages: Sequence[AnyMessage], ai: Origin = "record") -> list[AnyMessage]:
        """The messages with handles. ``ai``: where values in an assistant's message come from.

        Raises:
            GuardError: one of them must not be passed on.
        """
        return [self._conceal(message, ai) for message in messages]

    def reveal(self, message: AnyMessage, audience: Audience = "customer") -> AnyMessage:
        """The message as its audience may read it.

        Raises:
            GuardError: it must not be shown.
        """
        json = self._reveal_json(audience)
        update: dict[str, Any] = {
            "content": self._content(message.content, self._reveal_text(audience), json),
            "response_metadata": {k: v for k, v in message.response_metadata.items() if k != _CONCEALED},
        }
        if isinstance(message, AIMessage):
            update["tool_calls"] = [{**call, "args": json(call["args"])} for call in message.tool_calls]
            update["additional_kwargs"] = {}
        return message.model_copy(update=update)

    def reveal_any(self, value: Any, audience: Audience = "customer") -> Any:
        """Strings of a structured answer as its audience may read them; its types stay as they are."""
        return map_text(value, lambda text: self.guard.reveal(self.owner, text, audience))

    def conceal_any(self, value: Any, origin: Origin) -> Any:
        """Strings of a structured answer with handles."""
        return map_text(value, lambda text: str(self._document(origin)(text)))

    def open_arguments(self, arguments: Any, kinds: frozenset[Kind]) -> Any:
        """Arguments for a tool that may know values of ``kinds``; others stay handles, as do values nobody gave."""

        def opened(text: str, _context: str) -> str:
            out, at = [], 0
            for start, end, handle in handles.find(text):
                shown = self.guard.reveal(self.owner, str(handle), "tool") if handle.kind in kinds else ""
                out += [text[at:start], str(handle) if shown in ("", *MARK.values()) else shown]
                at = end
            return "".join(out) + text[at:]

        return json_values.reveal(arguments, opened)

    def _conceal(self, message: AnyMessage, ai: Origin) -> AnyMessage:
        if isinstance(message, RemoveMessage):
            return message
        origin = self._origin(message, ai)
        text, json = self._document(origin), self._json(origin)
        update: dict[str, Any] = {
            "content": self._content(message.content, text, json),
            "additional_kwargs": self._extras(message, json),
            "response_metadata": {**_without_tokens(message.response_metadata, json), _CONCEALED: True},
        }
        if isinstance(message, HumanMessage) and message.name and not is_concealed(message):
            update["name"] = self.guard.conceal_value(self.owner, "PERSON", message.name, origin=origin).text.strip(
                "<>"
            )
        if isinstance(message, AIMessage):
            update |= _concealed_calls(message, text, json)
        if isinstance(message, ToolMessage):
            update["artifact"] = _or_none(json, message.artifact)
        return message.model_copy(update=update)

    def _origin(self, message: BaseMessage, ai: Origin) -> Origin:
        if is_concealed(message):
            return "model"
        if isinstance(message, HumanMessage):
            return "customer"
        return ai if isinstance(message, AIMessage) else "record"

    def _content(self, content: Any, text: Callable[[str], str], json: Callable[[Any], Any]) -> Any:
        if isinstance(content, str):
            return text(content)
        return [text(block) if isinstance(block, str) else self._block(block, text, json) for block in content]

    def _block(
        self, block: Mapping[str, Any], text: Callable[[str], str], json: Callable[[Any], Any]
    ) -> dict[str, Any]:
        if block.get("type") in _MEDIA:
            if not self.pass_media:
                raise GuardError(f"expected text, got a part of type {block['type']}: it cannot be read")
            return dict(block)
        return {
            key: value if key in _KEPT else text(value) if isinstance(value, str) else json(value)
            for key, value in block.items()
        }

    def _extras(self, message: BaseMessage, json: Callable[[Any], Any]) -> dict[str, Any]:
        """What providers add. Tool calls stand in it once more: left out."""
        extras = {
            k: v for k, v in message.additional_kwargs.items() if k not in ("tool_calls", "function_call", "audio")
        }
        return _or_none(json, extras) or {}

    def _document(self, origin: Origin) -> Callable[[str], str]:
        return lambda text: cast(str, self.guard.conceal_document(self.owner, text, origin=origin).value)

    def _json(self, origin: Origin) -> Callable[[Any], Any]:
        return lambda value: self.guard.conceal_json(self.owner, value, origin=origin).value

    def _reveal_text(self, audience: Audience) -> Callable[[str], str]:
        def reveal(text: str) -> str:
            stream = ReplyStream(self.guard, self.owner, audience)
            return stream.feed(text) + stream.finish()

        return reveal

    def _reveal_json(self, audience: Audience) -> Callable[[Any], Any]:
        return lambda value: self.guard.reveal_json(self.owner, value, audience)


class ReplyStream:
    """A model's text under way; written as JSON where it begins like JSON."""

    def __init__(self, guard: Guardrails, owner: VaultOwner, audience: Audience) -> None:
        self._guard, self._owner, self._audience = guard, owner, audience
        self._begun = ""
        self._stream: TextStream | None = None

    def feed(self, delta: str) -> str:
        """What may go out now."""
        if self._stream is None:
            self._begun += delta
            if not self._begun.strip():
                return ""
            as_json = self._begun.lstrip()[0] in "{["
            open_stream = self._guard.stream_arguments if as_json else self._guard.stream
            self._stream, delta = open_stream(self._owner, self._audience), self._begun
        return self._stream.feed(delta)

    def finish(self) -> str:
        """The rest."""
        return self._begun if self._stream is None else self._stream.finish()


def is_concealed(message: BaseMessage) -> bool:
    """Whether the message has been here before."""
    return message.response_metadata.get(_CONCEALED) is True


def map_text(value: Any, change: Callable[[str], str]) -> Any:
    """The same structure with changed strings; pydantic models and dataclasses are not validated again."""
    match value:
        case str():
            return change(value)
        case dict():
            return {key: map_text(item, change) for key, item in value.items()}
        case list():
            return [map_text(item, change) for item in value]
        case tuple():
            return tuple(map_text(item, change) for item in value)
        case BaseModel():
            fields = type(value).model_fields
            return value.model_copy(update={name: map_text(getattr(value, name), change) for name in fields})
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value) if field.init]
            return dataclasses.replace(value, **{name: map_text(getattr(value, name), change) for name in names})
        case _:
            return value


def _concealed_calls(message: AIMessage, text: Callable[[str], str], json: Callable[[Any], Any]) -> dict[str, Any]:
    update: dict[str, Any] = {
        "tool_calls": [{**call, "args": json(call["args"])} for call in message.tool_calls],
        "invalid_tool_calls": [
            {**call, "args": text(call["args"] or ""), "error": text(call["error"] or "")}
            for call in message.invalid_tool_calls
        ],
    }
    if hasattr(message, "tool_call_chunks"):
        update["tool_call_chunks"] = []  # the calls once more, as they came
    return update


def _without_tokens(metadata: Mapping[str, Any], json: Callable[[Any], Any]) -> dict[str, Any]:
    return _or_none(json, {key: value for key, value in metadata.items() if key not in ("logprobs", _CONCEALED)}) or {}


def _or_none(json: Callable[[Any], Any], value: Any) -> Any:
    """The value concealed; ``None`` where it is no JSON and cannot be read."""
    try:
        return json(json_values.plain(value))
    except TypeError:
        return None
