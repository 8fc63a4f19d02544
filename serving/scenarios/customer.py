"""The scripted customer: what the bot asks for → what is said next. Pure: a script and a state in, a line out.

The customer sees an act (what the bot waits for), never the bot's inside. It answers at most three times with the
same words to the same request, then goes on to the next one, and hangs up after the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, assert_never

from bot.session import Lang
from serving.scenarios.acts import Act

PATIENCE: Final = 3
"""How often the same words are said again for one request."""
FactKey = Literal["identity", "order_id", "items", "options", "payment", "reason", "address"]
Facts = Mapping[FactKey, tuple[str, ...]]
"""What is said when asked: in turn, the last one again and again. Empty: the request is restated."""
Source = Literal["request", "fact", "yes", "changed_mind", "objection", "again", "unknown"]
_FACT_OF: Final[dict[Act, FactKey]] = {
    "ask_identity": "identity",
    "ask_order": "order_id",
    "ask_items": "items",
    "ask_options": "options",
    "ask_payment": "payment",
    "ask_reason": "reason",
    "ask_address": "address",
}
YES: Final[dict[Lang, str]] = {"en": "Yes", "zh": "是的"}
UNKNOWN: Final[dict[Lang, str]] = {"en": "I don't remember.", "zh": "我不记得了。"}


@dataclass(frozen=True, slots=True)
class Script:
    """What a customer wants and knows. ``facts``: one for all requests, or one for each of ``queue``."""

    lang: Lang
    queue: tuple[str, ...] = field(repr=False)
    facts: tuple[Facts, ...] = field(repr=False)
    on_confirm: tuple[str, ...] = field(default=(), repr=False)
    on_refusal: tuple[str, ...] = field(default=(), repr=False)

    def facts_of(self, request: int) -> Facts:
        """What the customer knows for a request."""
        return self.facts[min(request, len(self.facts) - 1)] if self.facts else {}


@dataclass(frozen=True, slots=True)
class Line:
    """What the customer says and where it comes from."""

    text: str = field(repr=False)
    source: Source


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the customer is. ``current`` is what is wanted now.

    ``again`` counts what was said within a request; ``told`` the facts used, within what one set of facts is for.
    """

    request: int = 0
    current: str = field(default="", repr=False)
    confirmations: int = 0
    refusals: int = 0
    told: Mapping[FactKey, int] = field(default_factory=dict)
    again: Mapping[str, int] = field(default_factory=dict, repr=False)


def begin(script: Script) -> tuple[Progress, Line]:
    """The opening."""
    return Progress(current=script.queue[0]), Line(script.queue[0], "request")


def answer(script: Script, progress: Progress, act: Act) -> tuple[Progress, Line | None]:
    """What the customer says to the bot's turn; ``None``: nothing more, the dialogue is over."""
    match act:
        case "confirm":
            return _confirm(script, progress)
        case "refuse":
            return _object(script, progress)
        case "done" | "handoff":
            return _next(script, progress)
        case "other":
            return _repeat(script, progress, Line(progress.current, "again"))
        case "ask_identity" | "ask_order" | "ask_items" | "ask_options" | "ask_payment" | "ask_reason" | "ask_address":
            return _tell(script, progress, _FACT_OF[act])
        case _:
            assert_never(act)


def _confirm(script: Script, progress: Progress) -> tuple[Progress, Line]:
    seen = progress.confirmations
    after = replace(progress, confirmations=seen + 1)
    if seen >= len(script.on_confirm):
        return after, Line(YES[script.lang], "yes")
    text = script.on_confirm[seen]
    return replace(after, current=text, again={}), Line(text, "changed_mind")


def _object(script: Script, progress: Progress) -> tuple[Progress, Line | None]:
    seen = progress.refusals
    if seen >= len(script.on_refusal):
        return _next(script, progress)
    text = script.on_refusal[seen]
    return replace(progress, refusals=seen + 1, current=text, again={}), Line(text, "objection")


def _tell(script: Script, progress: Progress, key: FactKey) -> tuple[Progress, Line | None]:
    known = script.facts_of(progress.request).get(key)
    if known is None:
        return _repeat(script, progress, Line(UNKNOWN[script.lang], "unknown"))
    if not known:
        return _repeat(script, progress, Line(progress.current, "again"))
    told = progress.told.get(key, 0)
    line = Line(known[min(told, len(known) - 1)], "fact")
    return _repeat(script, replace(progress, told={**progress.told, key: told + 1}), line)


def _repeat(script: Script, progress: Progress, line: Line) -> tuple[Progress, Line | None]:
    said = progress.again.get(line.text, 0)
    if said >= PATIENCE:
        return _next(script, progress)
    return replace(progress, again={**progress.again, line.text: said + 1}), line


def _next(script: Script, progress: Progress) -> tuple[Progress, Line | None]:
    request = progress.request + 1
    if request >= len(script.queue):
        return progress, None
    text = script.queue[request]
    told = progress.told if len(script.facts) == 1 else {}
    fresh = replace(progress, request=request, current=text, told=told, again={})
    return fresh, Line(text, "request")
