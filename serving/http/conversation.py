"""A customer's message and its answer, the same for every way in.

``Conversations`` checks the text, runs the turn, counts it and keeps what the bot says may be kept. Restored values
pass through on their way to the customer and are stored nowhere. It knows nothing of HTTP's dialects.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Any, Final

import structlog

from bot.events import Delta, Done, Handoff, Hidden, Products, Sources, TurnEvent
from bot.scratch import TurnInput
from bot.session import Session, SessionId
from guardrails.audit_log import AuditUnavailable
from guardrails.errors import GuardError
from guardrails.findings import Concealed
from serving.http.parts import Parts
from serving.http.problems import Problem
from serving.http.sessions import StorageUnavailable, StoredMessage
from serving.logging import places

_log = structlog.get_logger("tactful.http")
Settle = Callable[[str | None], Awaitable[None]]
_LATE_S: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


def new_message_id() -> str:
    """An id for a reply."""
    return "msg_" + secrets.token_hex(12)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, as JSON clients get it. ``text`` holds restored values."""

    message_id: str
    text: str
    done: dict[str, Any]
    hidden: dict[str, int]
    products: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    handoff: dict[str, str] | None


class Conversations:
    """Turns of this server's sessions."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tasks: set[asyncio.Task[None]] = set()

    def check(self, text: str) -> str:
        """The text, if it can be answered.

        Raises:
            Problem: ``empty_message`` or ``message_too_long``.
        """
        limit = self._parts.settings.max_chars
        if len(text) > limit:
            raise Problem("message_too_long", values={"max_chars": limit, "chars": len(text)}, param="text")
        if not any(char.isprintable() and not char.isspace() for char in text):
            raise Problem("empty_message", param="text")
        return text

    async def say(
        self,
        session: Session,
        text: str,
        *,
        way: str,
        message_id: str | None = None,
        finish: bool = False,
        settle: Settle | None = None,
    ) -> AsyncGenerator[TurnEvent, None]:
        """The events of one turn, ``Done`` last; by then it is kept.

        With ``finish`` the turn is answered and kept also when the listener leaves; otherwise leaving ends it.
        ``settle`` is told the reply's id once it is kept, or ``None`` when there is no answer.
        """
        turn = TurnInput(session, text, message_id or new_message_id())
        if not finish:
            async with aclosing(self._run(turn, way, settle)) as events:
                async for event in events:
                    yield event
            return
        queue: asyncio.Queue[TurnEvent | Problem | None] = asyncio.Queue()
        self.spawn(self._pump(turn, way, settle, queue))
        while (told := await queue.get()) is not None:
            if isinstance(told, Problem):
                raise told
            yield told

    async def end(self, session: Session) -> None:
        """Delete the dialogue: the values' key, the bot's state, the messages. A customer's own key stays.

        Raises:
            Problem: it cannot be written down that this was asked for, so it is not done.
        """
        audit, values = self._parts.audit, 0
        try:
            await asyncio.to_thread(audit.asked, "erase", session)
        except AuditUnavailable:
            raise Problem("storage_unavailable") from None
        if session.customer_id is None:
            values = await asyncio.to_thread(self._parts.guardrails.erase, session.owner)
        await self._parts.bot.forget(session)
        for day in await asyncio.to_thread(self._parts.sessions.days, 0.0):
            self._parts.transcripts.forget(day)
        await asyncio.to_thread(self._parts.sessions.delete, session.id)
        await asyncio.to_thread(self._parts.transcripts.flush)
        await asyncio.to_thread(audit.done, "erased", session, {"values": values, "dialogues": 1})

    async def shown(self, session: Session, message: StoredMessage) -> str:
        """A kept message as its customer may read it."""
        try:
            return await asyncio.to_thread(self._parts.guardrails.reveal, session.owner, message.content, "customer")
        except GuardError:
            raise Problem("guard_unavailable") from None

    async def again(self, session: Session, message_id: str) -> Answer | None:
        """A kept reply as an answer, its values restored anew; ``None`` when it was not kept."""
        reply = await asyncio.to_thread(self._parts.sessions.reply, session.id, message_id)
        if reply is None:
            return None
        meta = dict(reply.extras.get("meta", {}))
        shown = await self.shown(session, reply)
        cards, links = (list(reply.extras.get(key, [])) for key in ("cards", "links"))
        return Answer(message_id, shown, meta, meta.get("hidden", {}), cards, links, reply.extras.get("handoff"))

    async def _run(self, turn: TurnInput, way: str, settle: Settle | None) -> AsyncGenerator[TurnEvent, None]:
        metrics, audit, seen = self._parts.metrics, self._parts.audit, list[TurnEvent]()
        metrics.streams.inc()
        try:
            async with aclosing(self._parts.bot.turn(turn)) as events:
                async for event in events:
                    metrics.event(event, way)
                    if audit.tells(event):
                        await asyncio.to_thread(audit.turn, turn.session, event)
                    if not isinstance(event, Delta):
                        seen.append(event)
                    if isinstance(event, Done):
                        await self._keep(turn, seen)
                        if settle:
                            await settle(turn.message_id)
                    yield event
        finally:
            metrics.streams.dec()
            if not (seen and isinstance(seen[-1], Done)):
                metrics.left(way)
                self.spawn(self._keep_late(turn, seen))
                if settle:
                    await settle(None)

    async def _pump(
        self, turn: TurnInput, way: str, settle: Settle | None, queue: "asyncio.Queue[TurnEvent | Problem | None]"
    ) -> None:
        try:
            async for event in self._run(turn, way, settle):
                queue.put_nowait(event)
        except Exception as error:  # its message may quote the customer: type and place are told, nothing else
            _log.error("turn_crashed", error=type(error).__name__, place=places(error), session=turn.session.id)
            queue.put_nowait(Problem("internal_error"))
        finally:
            queue.put_nowait(None)

    async def _keep(self, turn: TurnInput, seen: list[TurnEvent]) -> bool:
        """Store what the bot kept of the dialogue. A store that fails must not take the answer with it."""
        try:
            history = await self._parts.bot.history(turn.session)
            messages = [_with_shown(m, seen) if m["id"] == turn.message_id else m for m in history]
            await asyncio.to_thread(self._parts.sessions.record, turn.session.id, messages)
            kept = any(message["id"] == turn.message_id for message in messages)
            for event in seen:
                if kept and isinstance(event, Handoff):
                    data: dict[str, str | int | Concealed] = {"reason": event.reason, "summary": event.summary}
                    await asyncio.to_thread(
                        self._parts.sessions.add_event, turn.session.id, "handoff", turn.message_id, data
                    )
        except Exception as error:  # a full disk, a locked file, a bot whose store is away
            _log.error("message_not_kept", error=type(error).__name__, session=turn.session.id)
            self._parts.metrics.storage_failure("sessions")
            return False
        return kept

    async def _keep_late(self, turn: TurnInput, seen: list[TurnEvent]) -> None:
        """The customer left: the bot saves what was said by then in its own time."""
        for pause_s in _LATE_S:
            await asyncio.sleep(pause_s)
            if await self._keep(turn, seen):
                return

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let ``work`` run on its own, until ``close``."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what still runs."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def whole(events: AsyncIterator[TurnEvent]) -> Answer:
    """A turn's events as one answer."""
    texts, seen, done = list[str](), list[TurnEvent](), None
    async for event in events:
        if isinstance(event, Delta):
            texts.append(event.text)
        elif isinstance(event, Done):
            done = event
        else:
            seen.append(event)
    if done is None:
        raise Problem("internal_error")
    shown = shown_of(seen)
    return Answer(
        done.message_id,
        "".join(texts),
        done_meta(done),
        next((dict(e.counts) for e in seen if isinstance(e, Hidden)), {}),
        shown["cards"],
        shown["links"],
        shown["handoff"],
    )


def done_meta(done: Done) -> dict[str, Any]:
    """What clients learn of a turn's end; commands stay inside."""
    return {
        "finish_reason": done.finish_reason,
        "lang": done.lang,
        "understood_by": done.understood_by,
        "grounded": done.grounded,
        "fallback": done.fallback,
    }


def shown_of(seen: list[TurnEvent]) -> dict[str, Any]:
    """Cards, links and handoff of a turn as JSON: the shop's public data and concealed text."""
    handoff = next((e for e in seen if isinstance(e, Handoff)), None)
    return {
        "cards": [asdict(card) for e in seen if isinstance(e, Products) for card in e.cards],
        "links": [asdict(source) for e in seen if isinstance(e, Sources) for source in e.sources],
        "handoff": {"state": "requested", "reason": handoff.reason} if handoff else None,
    }


def _with_shown(message: dict[str, Any], seen: list[TurnEvent]) -> dict[str, Any]:
    return {**message, **{key: value for key, value in shown_of(seen).items() if value}}


def session_or_problem(parts: Parts, session_id: SessionId) -> Session:
    """The session of that id.

    Raises:
        Problem: ``session_not_found`` or ``storage_unavailable``.
    """
    try:
        session = parts.sessions.get(session_id)
    except StorageUnavailable:
        raise Problem("storage_unavailable") from None
    if session is None:
        raise Problem("session_not_found")
    return session
