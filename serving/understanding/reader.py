"""Reads messages as the assistant would: concealed first, then understood, by the language model or without one.

Values live in a vault in a temporary folder and go with it; commands hold handles (``<EMAIL_1>``), as in a dialogue.
It decides nothing about files and nothing about what is right.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NoReturn

from bot.language import language_of
from bot.model_client import Model, ModelUnavailable
from bot.prompts import MAX_OFFERED, Context, Prompting
from bot.session import Lang
from bot.understand import Understander, Understanding
from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails, GuardSettings
from guardrails.guard import build as build_guard
from guardrails.readable import Readable

ORDER_PATTERN: Final = r"(?<![\w<])(?:(?:#[A-Z]{0,4}|[A-Z]{1,4})-?\d[\dA-Z-]{3,23}|\d[\dA-Z-]{4,23})\b"
"""Order numbers of shops in general, for a file that belongs to no shop in particular; four bare digits are a year."""
PATIENCE_S: Final = 60.0
"""Of the guard, per message: nobody waits at a file."""
_KEY_BYTES: Final = 32


class BadContext(ValueError):
    """The context of a line is not an object of the known form."""


class NoModel:
    """Stands for the language model where there is none: every question goes to the degraded mode."""

    async def complete(self, *_: Any, **__: Any) -> NoReturn:
        """Never answers."""
        raise ModelUnavailable("no model endpoint was given")

    def stream(self, *_: Any, **__: Any) -> NoReturn:
        """Never answers."""
        raise ModelUnavailable("no model endpoint was given")


@dataclass(frozen=True, slots=True)
class Message:
    """A text to be understood, with the language and the context of its line where there are any."""

    text: str = field(repr=False)
    lang: Lang | None = None
    context: Context = field(default_factory=Context, repr=False)


@dataclass(frozen=True, slots=True)
class Reader:
    """Understands single messages. Each one is a visitor of its own to the guard."""

    guard: Guardrails
    understander: Understander

    async def read(self, message: Message, number: int) -> Understanding:
        """The commands of a message.

        Raises:
            GuardError: the text must not be passed on: too long, or the guard failed.
        """
        owner = VaultOwner(f"visitor:line-{number}")
        text = self.guard.conceal(owner, message.text, lang=message.lang).text
        context = message.context
        if context.topic or context.offered:
            topic = self._hidden(owner, context.topic) if context.topic else None
            offered = tuple(self._hidden(owner, name) for name in context.offered)
            context = Context(context.awaiting, context.doing, offered, topic)
        return await self.understander.understand(text, context, language_of(message.text, message.lang or "en"))

    def _hidden(self, owner: VaultOwner, said: str) -> str:
        return self.guard.conceal(owner, said).text.text


def context_of(value: object) -> Context:
    """The context as the corpus and the assistant write it; other keys are passed over.

    Raises:
        BadContext: not an object, or a field of another type.
    """
    if value is None:
        return Context()
    if not isinstance(value, Mapping):
        raise BadContext("context")
    words = {key: value.get(key) for key in ("awaiting", "doing", "topic")}
    offered = value.get("offered") or []
    if not all(word is None or isinstance(word, str) for word in words.values()):
        raise BadContext("context")
    if not isinstance(offered, list) or not all(isinstance(name, str) for name in offered):
        raise BadContext("context")
    return Context(**words, offered=tuple(offered[:MAX_OFFERED]))


@contextmanager
def reader_over(
    intents: Any,
    *,
    model: Model | None = None,
    prompting: Prompting = "tuned",
    readable: Readable | None = None,
    order_pattern: str = ORDER_PATTERN,
) -> Iterator[Reader]:
    """A reader with a vault of its own, which is gone when the block ends. Without ``model``: the degraded mode."""
    readable = readable or Readable((order_pattern,))
    with TemporaryDirectory(prefix="tactful-understand-") as folder:
        vault = f"sqlite:///{Path(folder) / 'vault.sqlite'}"
        guard = build_guard(vault, secrets.token_bytes(_KEY_BYTES), readable, GuardSettings(timeout_s=PATIENCE_S))
        try:
            yield Reader(guard, Understander(model or NoModel(), intents, prompting, order_pattern))
        finally:
            guard.close()
