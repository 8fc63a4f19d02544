"""The working memory of one turn: what its steps hand to each other. Lives as long as the turn.

It holds the customer's raw message, so it is never stored, logged or printed; what is stored of a
turn is ``messages_of``: concealed text only.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.commands import Command
from bot.dialogue import Action, Echo, Say, Tell
from bot.events import Done, FinishReason, TurnEvent
from bot.facts import Facts, ProductCard, Source
from bot.reply import Spoken
from bot.session import Session
from bot.state import DialogueState
from bot.tools.toolbox import Act
from bot.understand import UnderstoodBy
from guardrails.findings import Concealed


@dataclass(frozen=True, slots=True)
class TurnInput:
    """A customer's message in a session."""

    session: Session
    text: str = field(repr=False)
    message_id: str


@dataclass(slots=True)
class Scratch:
    """The working memory of one turn. Holds the raw message: never stored, never logged."""

    turn: TurnInput
    emit: Callable[[TurnEvent | Concealed], None] = field(repr=False)
    state: DialogueState = field(default_factory=DialogueState)
    text: Concealed = field(default_factory=lambda: Concealed.fixed(""))
    commands: tuple[Command, ...] = ()
    by: UnderstoodBy | None = None
    actions: deque[Action] = field(default_factory=deque)
    pieces: list[Say | Echo | Tell | Facts] = field(default_factory=list)
    said: list[Concealed] = field(default_factory=list)
    spoken: Spoken = field(default_factory=Spoken)
    hidden: Mapping[str, int] = field(default_factory=dict)
    finish: FinishReason = "stop"
    refused: str | None = None
    """The code of the guard that refused the message or the reply."""
    cards: list[ProductCard] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)
    stopped: bool = False
    act: Act = "other"
    """What the turn does to the dialogue, for scripted customers and measurements."""

    def say(self, text: Concealed) -> None:
        """Send a piece of the reply on its way and remember it."""
        if text:
            self.timings.setdefault("first_word", time.perf_counter() - self.began)
            self.said.append(text)
            self.emit(text)

    def clock(self, name: str, since: float) -> None:
        """Add the seconds since ``since`` to a timing."""
        self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - since


def done_of(scratch: Scratch) -> Done:
    """The turn's last event."""
    return Done(
        message_id=scratch.turn.message_id,
        finish_reason=scratch.finish,
        lang=scratch.state.lang,
        understood_by=scratch.by,
        commands=scratch.commands,
        grounded=scratch.spoken.violations == 0,
        fallback=scratch.spoken.violations > 0 or scratch.spoken.model_failed,
        timings=dict(scratch.timings),
        reason=scratch.refused,
        act=scratch.act,
    )


def messages_of(scratch: Scratch) -> list[dict[str, Any]]:
    """The turn's two messages as they are stored: concealed."""
    done = done_of(scratch)
    meta = {
        "commands": [command.to_json() for command in done.commands],
        "understood_by": done.understood_by,
        "finish_reason": done.finish_reason,
        "grounded": done.grounded,
        "fallback": done.fallback,
        "lang": done.lang,
        "hidden": dict(scratch.hidden),
        "timings": {name: round(seconds, 4) for name, seconds in done.timings.items()},
    }
    reply = "".join(text.text for text in scratch.said)
    return [
        {"id": f"{done.message_id}:user", "role": "user", "content": scratch.text.text},
        {
            "id": done.message_id,
            "role": "assistant",
            "content": reply,
            "meta": meta,
            "products": [card.product_id for card in scratch.cards],
            "sources": [source.path for source in scratch.sources],
        },
    ]
