"""What a turn tells whoever shows it, in order. ``Delta`` alone holds restored values: show it, never store it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.commands import Command
from bot.facts import ProductCard, Source
from bot.session import Lang
from bot.tools.toolbox import Act
from bot.understand import UnderstoodBy
from guardrails.findings import Concealed

FinishReason = Literal["stop", "content_filter", "handoff", "error"]


@dataclass(frozen=True, slots=True)
class Hidden:
    """How many values of each kind were concealed in the customer's message."""

    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of the reply, for the customer's eyes."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Products:
    """Products that the reply is about."""

    cards: tuple[ProductCard, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Policy pages that the reply is taken from."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Handoff:
    """A person must take over. ``summary`` is concealed."""

    reason: str
    summary: Concealed


@dataclass(frozen=True, slots=True)
class Done:
    """The end of the turn. ``timings`` in seconds: guard, understand, tools, reply, first_word, turn.

    ``reason`` is the code of the guard that refused the message or the reply, such as ``injection``.
    """

    message_id: str
    finish_reason: FinishReason
    lang: Lang
    understood_by: UnderstoodBy | None
    commands: tuple[Command, ...]
    grounded: bool
    fallback: bool
    timings: Mapping[str, float]
    reason: str | None = None
    act: Act = "other"
    """What the turn does to the dialogue: what it asks for, or how the request ended."""


TurnEvent = Hidden | Delta | Products | Sources | Handoff | Done
