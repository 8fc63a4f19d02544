"""Cuts a dialogue into turns: what the customer said, what came back, and what the server noted about it.

A turn begins with a message of the customer and holds everything up to the next one. It judges nothing.

Keys of ``meta`` read here (on the reply, or on the customer's message): ``commands``, ``finish_reason``,
``understood_by``, ``grounded``, ``fallback``, ``timings``, ``error``. All optional: a metric whose key
is missing has no say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bot.session import Lang
from serving.evaluation.language import language_of
from serving.evaluation.transcripts import Dialogue, Message

SOCIAL: Final = frozenset({"greet", "thanks", "goodbye", "affirm", "deny", "repeat", "choose", "give", "stop"})
"""Intents that say nothing about what a dialogue is about."""
_HANDOFF_TOOLS: Final = ("handoff", "transfer_to_human")


class Intents(Protocol):
    """``bot.intents.IntentModel``: labels with probabilities, best first."""

    def predict(self, text: str, lang: Lang) -> Sequence[tuple[str, float]]:
        """What a customer's text asks for."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One customer message with what followed. Times in seconds; ``None`` where nothing was noted."""

    question: str
    reply: str
    lang: Lang | None
    reply_lang: Lang | None
    intents: tuple[str, ...]
    meta: Mapping[str, Any]
    tool_names: tuple[str, ...]
    first_word_s: float | None
    turn_s: float | None
    guard_s: float | None

    @property
    def finish_reason(self) -> str | None:
        """Why the reply ended, as the server noted it."""
        reason = self.meta.get("finish_reason")
        return reason if isinstance(reason, str) else None

    @property
    def handed_off(self) -> bool:
        """A person was called in: by the server's note or by a tool's name."""
        return self.finish_reason == "handoff" or any(part in n for n in self.tool_names for part in _HANDOFF_TOOLS)


def turns_of(dialogue: Dialogue, intents: Intents | None = None) -> tuple[Turn, ...]:
    """The dialogue's turns in order; what comes before the first customer message is left out."""
    groups: list[list[Message]] = []
    for message in dialogue.messages:
        if message.role == "user":
            groups.append([message])
        elif groups:
            groups[-1].append(message)
    turns: list[Turn] = []
    lang = dialogue.lang
    for group in groups:
        lang = language_of(group[0].content) or lang
        turns.append(_turn(group, lang, intents))
    return tuple(turns)


def _turn(group: Sequence[Message], lang: Lang | None, model: Intents | None) -> Turn:
    question, replies = group[0], [m for m in group[1:] if m.role == "assistant"]
    reply = "\n".join(m.content for m in replies if m.content.strip())
    meta: dict[str, Any] = dict(question.meta)
    for message in replies:
        meta |= message.meta
    noted = meta.get("timings")
    timings: Mapping[str, Any] = noted if isinstance(noted, dict) else {}
    return Turn(
        question=question.content,
        reply=reply,
        lang=lang,
        reply_lang=language_of(reply),
        intents=_intents(meta, question.content, lang, model),
        meta=meta,
        tool_names=tuple(name for m in replies for name in m.tool_names),
        first_word_s=seconds(timings, "first_word", "first_delta", "first"),
        turn_s=seconds(timings, "turn", "total", "whole"),
        guard_s=seconds(timings, "guard"),
    )


def _intents(meta: Mapping[str, Any], text: str, lang: Lang | None, model: Intents | None) -> tuple[str, ...]:
    commands = meta.get("commands")
    if isinstance(commands, list) and commands:
        return tuple(dict.fromkeys(intent_of(command) for command in commands))
    if model is None or not text.strip():
        return ()
    best = model.predict(text, lang or "en")
    return (best[0][0],) if best else ()


def intent_of(command: object) -> str:
    """The intent of a command as stored: its name, with kind or topic where it has one.

    >>> intent_of({"name": "service", "kind": "return"}), intent_of({"name": "greet"})
    ('service:return', 'greet')
    """
    if not isinstance(command, dict):
        return str(command)
    detail = command.get("kind") or command.get("topic")
    return f"{command.get('name', '?')}:{detail}" if detail else str(command.get("name", "?"))


def seconds(timings: Mapping[str, Any], *names: str) -> float | None:
    """The first of ``names`` that is noted, as ``name`` or ``name_s`` (seconds) or ``name_ms``."""
    for name in names:
        for key, scale in ((name, 1.0), (f"{name}_s", 1.0), (f"{name}_ms", 0.001)):
            value = timings.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value) * scale
    return None


def main_intent(turns: Sequence[Turn]) -> str | None:
    """What a dialogue is about: its first intent that is not merely social."""
    every = [intent for turn in turns for intent in turn.intents]
    return next((i for i in every if i not in SOCIAL), every[0] if every else None)
