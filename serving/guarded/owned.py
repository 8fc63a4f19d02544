"""The guard for one request: hides the values that come with it, and gives back these only.

The owner's vault may hold more, from earlier requests under the same session: whoever gets a model to write another
handle gets ``[hidden]``.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from guardrails import handles
from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails
from guardrails.handles import Named
from serving.guarded.reply import TextStream


@dataclass(slots=True)
class Owned:
    """The guard for one request: what it conceals, and what it may give back."""

    guard: Guardrails
    owner: VaultOwner
    hidden: Counter[str] = field(default_factory=Counter)
    seen: set[Named] = field(default_factory=set)

    def text(self, text: str) -> str:
        """A text of any length; JSON stays JSON."""
        concealed = self.guard.conceal_document(self.owner, text)
        self.hidden.update(concealed.hidden)
        self.seen |= handles.named(concealed.value)
        return str(concealed.value)

    def json(self, value: Any) -> Any:
        """A JSON value."""
        concealed = self.guard.conceal_json(self.owner, value)
        self.hidden.update(concealed.hidden)
        self.seen |= handles.named(json.dumps(concealed.value, ensure_ascii=False))
        return concealed.value

    def name(self, name: str) -> str:
        """The name of somebody."""
        handle = self.guard.conceal_value(self.owner, "PERSON", name, origin="customer").text
        self.seen |= handles.named(handle)
        return handle


@dataclass(frozen=True, slots=True)
class Restorer:
    """Gives back what came with the request, and nothing else of the owner's."""

    owned: Owned

    def text(self) -> TextStream:
        """Begins a text."""
        return self.owned.guard.stream(self.owned.owner, only=self.owned.seen)

    def json(self) -> TextStream:
        """Begins JSON."""
        return self.owned.guard.stream_arguments(self.owned.owner, only=self.owned.seen)
