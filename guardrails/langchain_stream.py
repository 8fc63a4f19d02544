"""An agent's stream as its customer may read it: chunks of messages, states and updates, in every stream mode.

Sans-IO. For every way in which a model cuts its text the joined chunks are the same. Of chunks only known fields go
out. What a chunk still holds goes out with the message's last one, or when the agent's stream ends.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from langchain_core.messages import AIMessageChunk, BaseMessage

from guardrails.findings import Audience
from guardrails.json_stream import TextStream
from guardrails.langchain_messages import Messages, ReplyStream

_BLOCK_KEPT: Final = ("type", "index", "id", "name")
_BLOCK_TEXTS: Final = ("text", "thinking", "reasoning", "refusal")
_BLOCK_JSON: Final = ("partial_json", "input", "args", "arguments")


class StreamRestorer:
    """Restores what ``agent.stream`` gives. ``modes`` as it was called: one name, or several."""

    def __init__(self, messages: Messages, audience: Audience, modes: object, *, subgraphs: bool) -> None:
        self._messages = messages
        self._audience = audience
        self._one = modes if isinstance(modes, str) else None
        self._subgraphs = subgraphs
        self._replies: dict[str, _Reply] = {}

    def push(self, item: Any) -> Iterator[Any]:
        """What of ``item`` may go out, in its shape.

        Raises:
            GuardError: the rest of the stream must not be sent.
        """
        if isinstance(item, dict) and {"type", "ns", "data"} <= item.keys():  # version="v2"
            yield from self._data(item["type"], item["data"], lambda data: {**item, "data": data})
            return
        *before, data = item if self._subgraphs or self._one is None else (item,)
        mode = self._one or before[-1]
        wrap = (lambda data: (*before, data)) if before else (lambda data: data)
        yield from self._data(mode, data, wrap)

    def finish(self) -> Iterator[Any]:
        """What messages that did not end still hold."""
        for reply in self._replies.values():
            if (rest := reply.end()) is not None:
                yield reply.wrap((rest, reply.metadata))
        self._replies.clear()

    def _data(self, mode: str, data: Any, wrap: Any) -> Iterator[Any]:
        match mode:
            case "messages":
                message, metadata = data
                yield from self._message(message, metadata, wrap)
            case "values" | "updates":
                yield wrap(reveal_state(self._messages, data, self._audience))
            case _:  # custom data is the tools' own; tasks, checkpoints and debug show handles
                yield wrap(data)

    def _message(self, message: BaseMessage, metadata: Any, wrap: Any) -> Iterator[Any]:
        if not isinstance(message, AIMessageChunk):
            yield wrap((self._messages.reveal(message, self._audience), metadata))
            return
        key = message.id or ""
        reply = self._replies.setdefault(key, _Reply(self._messages, self._audience))
        reply.wrap, reply.metadata = wrap, metadata
        shown = reply.push(message)
        if message.chunk_position == "last":
            del self._replies[key]
        if shown is not None:
            yield wrap((shown, metadata))


class _Reply:
    """One message under way."""

    def __init__(self, messages: Messages, audience: Audience) -> None:
        self._messages = messages
        self._audience = audience
        self._streams: dict[tuple[str, object], TextStream] = {}
        self._blocks: dict[object, str] = {}
        self._id: str | None = None
        self.wrap: Any = None
        self.metadata: Any = None

    def push(self, chunk: AIMessageChunk) -> AIMessageChunk | None:
        self._id = chunk.id
        last = chunk.chunk_position == "last"
        content: Any = (
            self._feed(("content", None), chunk.content)
            if isinstance(chunk.content, str)
            else [shown for at, block in enumerate(chunk.content) if (shown := self._block(block, at))]
        )
        calls = [self._call(call, at) for at, call in enumerate(chunk.tool_call_chunks)]
        calls = [call for call in calls if call["name"] or call["args"] or call["id"]]
        out = self._chunk(content, calls, usage_metadata=chunk.usage_metadata)
        if last:
            rest = self.end()
            out = out if rest is None else out + rest
            return out.model_copy(update={"chunk_position": "last"})
        return out if content or calls or chunk.usage_metadata else None

    def end(self) -> AIMessageChunk | None:
        """What is held; ``None`` where nothing is."""
        texts, blocks, calls = "", list[Any](), list[Any]()
        for (kind, place), stream in self._streams.items():
            rest = stream.finish()
            if not rest:
                continue
            if kind == "content":
                texts += rest
            elif kind == "call":
                calls.append({"name": None, "args": rest, "id": None, "index": place, "type": "tool_call_chunk"})
            else:
                blocks.append({"type": self._blocks[place], kind: rest, "index": place})
        self._streams.clear()
        return self._chunk(blocks or texts, calls) if texts or blocks or calls else None

    def _chunk(self, content: Any, calls: list[Any], **more: Any) -> AIMessageChunk:
        return AIMessageChunk(content=content, tool_call_chunks=calls, id=self._id, **more)

    def _call(self, call: Mapping[str, Any], at: int) -> dict[str, Any]:
        place = at if call.get("index") is None else call["index"]
        shown = self._feed(("call", place), call.get("args") or "", json=True)
        return {
            "name": call.get("name"),
            "args": shown,
            "id": call.get("id"),
            "index": place,
            "type": "tool_call_chunk",
        }

    def _block(self, block: Any, at: int) -> Any:
        if isinstance(block, str):
            return self._feed(("content", None), block)
        place = block.get("index", at)
        self._blocks.setdefault(place, str(block.get("type", "text")))
        kept = {key: block[key] for key in _BLOCK_KEPT if key in block}
        shown = {
            key: text
            for key in (*_BLOCK_TEXTS, *_BLOCK_JSON)
            if isinstance(block.get(key), str)
            and (text := self._feed((key, place), block[key], json=key in _BLOCK_JSON))
        }
        return {**kept, **shown} if shown or "name" in kept else None

    def _feed(self, key: tuple[str, object], text: str, *, json: bool = False) -> str:
        if not text:
            return ""
        if key not in self._streams:
            guard, owner = self._messages.guard, self._messages.owner
            self._streams[key] = (
                guard.stream_arguments(owner, self._audience) if json else ReplyStream(guard, owner, self._audience)
            )
        return self._streams[key].feed(text)


def reveal_state(messages: Messages, value: Any, audience: Audience) -> Any:
    """A state or an update with its messages and structured answer as the audience may read them; the rest as it is."""
    match value:
        case BaseMessage():
            return messages.reveal(value, audience)
        case dict():
            return {
                key: messages.reveal_any(item, audience)
                if key == "structured_response"
                else reveal_state(messages, item, audience)
                for key, item in value.items()
            }
        case list():
            return [reveal_state(messages, item, audience) for item in value]
        case _:
            return value
