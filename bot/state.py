"""What a dialogue remembers between turns: concealed text, handles and ids only.

Plain data: ``to_json`` and ``from_json`` are what the checkpoints hold. A state of another
``STATE_VERSION`` is read where its fields still mean the same and starts afresh otherwise.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, Self

from bot.commands import Command
from bot.service.case import Case
from bot.session import CustomerId, Lang

STATE_VERSION: Final = 1
MAX_STACK: Final = 3

Awaiting = Literal["order", "identity", "product", "choice", "confirm_handoff", "service"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A product or order that was talked about or offered. ``name`` is public or an order id."""

    type: Literal["product", "order"]
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class DialogueState:
    """The dialogue so far. ``doing`` is a stack: the last one is being worked on."""

    lang: Lang = "en"
    customer_id: CustomerId | None = None
    doing: tuple[Command, ...] = ()
    awaiting: Awaiting | None = None
    email: str | None = None
    name: str | None = None
    postal_code: str | None = None
    offered: tuple[Mention, ...] = ()
    topic: Mention | None = None
    failures: int = 0
    handed_off: bool = False
    case: Case | None = None
    """What is being done to orders."""
    held: str = ""
    """A question that waits until it is known who asks: concealed."""
    last_reply: str = ""
    version: int = field(default=STATE_VERSION)

    def push(self, command: Command, awaiting: Awaiting) -> Self:
        """Start ``command`` and wait for what it lacks."""
        stack = tuple(c for c in self.doing if c.name != command.name)[-(MAX_STACK - 1) :]
        return replace(self, doing=(*stack, command), awaiting=awaiting)

    def done(self) -> Self:
        """What was being done is finished; what it interrupted is dropped too, since nothing waits for it."""
        return replace(self, doing=self.doing[:-1], awaiting=None)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data, for the checkpoint."""
        data = {f.name: getattr(self, f.name) for f in fields(self)}
        data["doing"] = [c.to_json() for c in self.doing]
        data["offered"] = [[m.type, m.id, m.name] for m in self.offered]
        data["case"] = self.case.to_json() if self.case else None
        data["topic"] = [self.topic.type, self.topic.id, self.topic.name] if self.topic else None
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> Self:
        """The state in ``data``; a fresh one where there is none or it is of a version this code does not read."""
        if not data or data.get("version") != STATE_VERSION:
            return cls(lang=data.get("lang", "en")) if data else cls()
        known = {f.name for f in fields(cls)}
        plain = {k: v for k, v in data.items() if k in known}
        plain["doing"] = tuple(Command(**c) for c in data["doing"])
        plain["offered"] = tuple(Mention(*m) for m in data["offered"])
        plain["case"] = Case.from_json(data.get("case"))
        plain["topic"] = Mention(*data["topic"]) if data["topic"] else None
        return cls(**plain)
