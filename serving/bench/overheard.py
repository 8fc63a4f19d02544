"""A model whose wordings are noted, so that every reply with words of its own can be read by a person afterwards.

It does not know whether what was worded reached the customer: a sentence that a check stopped is noted, too.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.model_client import Completion, Model
from bot.prompts import Message


@dataclass(slots=True)
class Overheard:
    """Another model, and what it has worded since ``take`` was last called."""

    model: Model
    _said: list[str] = field(default_factory=list, repr=False)

    async def complete(self, messages: Sequence[Message], *, schema: dict[str, Any], max_tokens: int) -> Completion:
        """What the other model answers; commands are no wording."""
        return await self.model.complete(messages, schema=schema, max_tokens=max_tokens)

    async def stream(self, messages: Sequence[Message], *, max_tokens: int) -> AsyncIterator[str]:
        """What the other model words, piece by piece, noted."""
        async for piece in self.model.stream(messages, max_tokens=max_tokens):
            self._said.append(piece)
            yield piece

    def take(self) -> str:
        """All that was worded since the last time."""
        said = "".join(self._said)
        self._said.clear()
        return said
