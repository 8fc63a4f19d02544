"""One turn of a dialogue, as a LangGraph graph: conceal → understand → dialogue → tool → reply → guard.

``Bot.turn`` is the one door. The raw message travels in ``Scratch``, the working memory of one turn,
which no checkpoint sees; the graph's state (``GraphState``) holds concealed text, handles and ids only.
Values are restored outside the graph, on the way to the customer.
"""

import asyncio
import operator
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any, TypedDict

import structlog
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from bot.events import Delta, Handoff, Products, Sources, TurnEvent
from bot.nodes import BotParts, Nodes
from bot.scratch import Scratch, TurnInput, done_of, messages_of
from bot.session import Lang, Session
from bot.state import DialogueState
from bot.wording import Key, say
from guardrails.errors import GuardError
from guardrails.findings import Concealed

__all__ = ["Bot", "BotParts", "TurnInput"]

_log = structlog.get_logger("tactful.turn")


class GraphState(TypedDict, total=False):
    """What the checkpoints hold. ``messages`` grows by what a node returns."""

    dialogue: dict[str, Any]
    messages: Annotated[list[dict[str, Any]], operator.add]


class Bot:
    """The assistant of one shop. Turns of one session wait for each other; sessions do not."""

    def __init__(self, parts: BotParts, checkpointer: Any) -> None:
        self._parts = parts
        self._graph = _graph(parts, checkpointer)
        self._checkpointer = checkpointer
        self._locks: dict[str, asyncio.Lock] = {}
        self._unsaved: dict[str, GraphState] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def turn(self, turn: TurnInput) -> AsyncGenerator[TurnEvent, None]:
        """The events of a turn, ``Done`` last. Never raises for what a customer types or a part that fails.

        Whoever stops listening ends the model's answer; what was said by then is kept.
        """
        queue: asyncio.Queue[TurnEvent | Concealed | None] = asyncio.Queue()
        scratch = Scratch(turn, queue.put_nowait, state=DialogueState(lang=turn.session.lang or "en"))
        task = asyncio.create_task(self._run(scratch, queue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            async for event in self._revealed(scratch, queue):
                yield event
        finally:
            scratch.stopped = True

    async def history(self, session: Session) -> list[dict[str, Any]]:
        """The dialogue so far: concealed messages, oldest first."""
        snapshot = await self._graph.aget_state(_config(session))
        kept: list[dict[str, Any]] = list(snapshot.values.get("messages", []))
        return kept + list(self._unsaved.get(session.id, {}).get("messages", []))

    async def forget(self, session: Session) -> None:
        """Delete the dialogue's checkpoints."""
        self._unsaved.pop(session.id, None)
        await self._checkpointer.adelete_thread(session.id)

    async def _run(self, scratch: Scratch, queue: asyncio.Queue[TurnEvent | Concealed | None]) -> None:
        session = scratch.turn.session
        lock = self._locks.setdefault(session.id, asyncio.Lock())
        try:
            async with lock:
                scratch.began = time.perf_counter()
                await self._invoke(scratch)
        except Exception as error:  # the last line of defence: whatever it was, its text may quote the customer
            _log.error("turn_failed", error=type(error).__name__, session=session.id)
            scratch.finish = "error"
            if not scratch.said:
                scratch.say(self._fixed("guard_failed", scratch.state.lang))
        finally:
            queue.put_nowait(None)
            if not lock.locked():
                self._locks.pop(session.id, None)

    async def _invoke(self, scratch: Scratch) -> None:
        """Run the graph; a dialogue that cannot be saved is kept in memory and goes into the next turn."""
        session_id = scratch.turn.session.id
        carried = self._unsaved.get(session_id, {})
        start: GraphState = {"messages": [], **carried}
        try:
            await self._graph.ainvoke(start, _config(scratch.turn.session), context=scratch, durability="exit")
        except OSError as error:
            self._keep(scratch, carried, error)
        except Exception as error:
            if not _is_database_fault(error):
                raise
            self._keep(scratch, carried, error)
        else:
            self._unsaved.pop(session_id, None)

    def _keep(self, scratch: Scratch, carried: GraphState, error: Exception) -> None:
        if not scratch.said:
            raise error
        _log.error("state_not_saved", error=type(error).__name__, session=scratch.turn.session.id)
        earlier = list(carried.get("messages", []))
        self._unsaved[scratch.turn.session.id] = {
            "dialogue": scratch.state.to_json(),
            "messages": [*earlier, *messages_of(scratch)],
        }

    async def _revealed(
        self, scratch: Scratch, queue: asyncio.Queue[TurnEvent | Concealed | None]
    ) -> AsyncIterator[TurnEvent]:
        stream = self._parts.guard.stream(scratch.turn.session.owner, "customer")
        after: list[TurnEvent] = []  # what belongs under the text, whose last words are held back
        try:
            while (event := await queue.get()) is not None:
                if isinstance(event, Products | Sources | Handoff):
                    after.append(event)
                elif not isinstance(event, Concealed):
                    yield event
                elif shown := await asyncio.to_thread(stream.feed, event.text):
                    yield Delta(shown)
            if rest := await asyncio.to_thread(stream.finish):
                yield Delta(rest)
        except GuardError as error:
            _log.error("reveal_failed", reason=error.reason, session=scratch.turn.session.id)
            scratch.finish, scratch.refused = "error", error.reason
            yield Delta(self._fixed("guard_failed", scratch.state.lang).text)
        for event in after:
            yield event
        scratch.timings["turn"] = time.perf_counter() - scratch.began
        yield done_of(scratch)

    def _fixed(self, key: Key, lang: Lang) -> Concealed:
        return Concealed.fixed(say(key, lang, **self._parts.words[lang]))


def _config(session: Session) -> RunnableConfig:
    return {"configurable": {"thread_id": session.id}, "callbacks": []}


def _is_database_fault(error: Exception) -> bool:
    return type(error).__module__.split(".")[0] in ("sqlite3", "psycopg", "sqlalchemy", "aiosqlite")


def _graph(parts: BotParts, checkpointer: Any) -> Any:
    nodes = Nodes(parts)
    builder: StateGraph[GraphState, Scratch] = StateGraph(GraphState, context_schema=Scratch)
    for name in ("conceal", "understand", "dialogue", "tool", "reply", "guard"):
        builder.add_node(name, getattr(nodes, name))
    builder.add_edge(START, "conceal")
    builder.add_conditional_edges("conceal", _may_go_on, {True: "understand", False: "reply"})
    for one, next_one in (("understand", "dialogue"), ("dialogue", "tool"), ("tool", "reply"), ("reply", "guard")):
        builder.add_edge(one, next_one)
    builder.add_edge("guard", END)
    return builder.compile(checkpointer=checkpointer)


def _may_go_on(state: GraphState, runtime: Runtime[Scratch]) -> bool:
    return runtime.context.finish == "stop" and not runtime.context.pieces
