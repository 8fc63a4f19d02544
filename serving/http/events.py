"""Turn events as server-sent events of the native API.

message.start      {message_id, session_id}
guard.notice       {stage, action, entity_counts}
message.delta      {text}
products           {items: [card]}
message.citation   {title, path}
handoff            {state, reason}
message.done       {message_id, finish_reason, lang, understood_by, grounded, fallback, hidden}
error              a problem

Each has an ``id`` that grows by one; comment lines keep the connection open.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any, assert_never

from sse_starlette import ServerSentEvent

from bot.events import Delta, Done, Handoff, Hidden, Products, Sources, TurnEvent
from bot.session import Lang
from serving.http.conversation import Answer, done_meta
from serving.http.problems import Problem


class Numbered:
    """Makes events with growing ids."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self, name: str, data: dict[str, Any]) -> ServerSentEvent:
        """One event."""
        self._last += 1
        return ServerSentEvent(json.dumps(data, ensure_ascii=False), event=name, id=str(self._last))


async def streamed(
    events: AsyncIterator[TurnEvent], session_id: str, message_id: str, lang: Lang
) -> AsyncIterator[ServerSentEvent]:
    """A running turn as server-sent events. A failure in the middle becomes an ``error`` event, and the end."""
    number = Numbered()
    hidden: dict[str, int] = {}
    yield number("message.start", {"message_id": message_id, "session_id": session_id})
    try:
        async for event in events:
            if isinstance(event, Hidden):
                hidden = dict(event.counts)
            for name, data in _frames(event, hidden):
                yield number(name, data)
    except Exception as error:
        problem = error if isinstance(error, Problem) else Problem("internal_error")
        yield number("error", problem.body(lang))


async def replayed(answer: Answer, session_id: str) -> AsyncIterator[ServerSentEvent]:
    """A kept answer as the events it came in, the text in one piece."""
    number = Numbered()
    yield number("message.start", {"message_id": answer.message_id, "session_id": session_id})
    if answer.hidden:
        yield number("guard.notice", _notice(answer.hidden))
    yield number("message.delta", {"text": answer.text})
    if answer.products:
        yield number("products", {"items": answer.products})
    for source in answer.sources:
        yield number("message.citation", source)
    if answer.handoff:
        yield number("handoff", dict(answer.handoff))
    yield number("message.done", {"message_id": answer.message_id, **_meta(answer.done), "hidden": answer.hidden})


def _frames(event: TurnEvent, hidden: dict[str, int]) -> list[tuple[str, dict[str, Any]]]:
    match event:
        case Hidden(counts):
            return [("guard.notice", _notice(dict(counts)))]
        case Delta(text):
            return [("message.delta", {"text": text})]
        case Products(cards):
            return [("products", {"items": [asdict(card) for card in cards]})]
        case Sources(sources):
            return [("message.citation", asdict(source)) for source in sources]
        case Handoff(reason):
            return [("handoff", {"state": "requested", "reason": reason})]
        case Done():
            return [("message.done", {"message_id": event.message_id, **done_meta(event), "hidden": hidden})]
        case _:
            assert_never(event)


def _notice(counts: dict[str, int]) -> dict[str, Any]:
    return {"stage": "input", "action": "concealed", "entity_counts": counts}


def _meta(meta: dict[str, Any]) -> dict[str, Any]:
    keys = ("finish_reason", "lang", "understood_by", "grounded", "fallback")
    return {key: meta.get(key) for key in keys}
