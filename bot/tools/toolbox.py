"""What a tool is: a declared access, the kinds of personal data it may open, and one function.

A tool gets the customer from the session or the dialogue's verification, never from the model.
Handles are opened by ``ToolContext.open`` and only for the kinds that the tool declares; what a tool
returns is concealed again. A tool without a declaration does not exist: ``Toolbox`` takes a tuple.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.commands import ServiceKind, Topic
from bot.facts import Facts
from bot.service.case import Case
from bot.session import CustomerId, Lang
from bot.shop.writes import Receipt
from bot.state import Awaiting, DialogueState, Mention
from bot.wording import Key
from guardrails import handles
from guardrails.findings import Concealed, Kind, Origin, VaultOwner
from guardrails.guard import ConcealResult

ToolName = Literal[
    "verify_customer", "track_order", "list_orders", "find_products", "show_product", "search_policy", "hand_off",
    "serve", "take_down", "tell_account",
]  # fmt: skip


Act = Literal[
    "ask_identity", "ask_order", "ask_items", "ask_options", "ask_reason", "ask_address", "ask_payment", "confirm",
    "refuse", "done", "handoff", "other",
]  # fmt: skip
"""What a turn of the assistant does to the dialogue: what it asks for, or how the request ended."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the dialogue manager decided. Personal slots are handles."""

    tool: ToolName
    order: str | None = None
    query: str | None = None
    product_id: str | None = None
    topic: Topic | None = None
    email: str | None = None
    name: str | None = None
    postal_code: str | None = None
    optional: bool = False
    """Nothing found is not worth a word."""
    reply: Literal["yes", "no", "words"] | None = None
    """What the message is to a proposal."""
    kind: ServiceKind | None = None
    """What is to be done, where only the model could tell."""
    resume: bool = False
    """Go on with the case as it is, without taking the message in."""


@dataclass(frozen=True, slots=True)
class Found:
    """Facts to tell, and what they mention. ``choose``: the customer must pick one of ``offered``."""

    facts: Facts
    offered: tuple[Mention, ...] = ()
    topic: Mention | None = None
    choose: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that is said as it is."""

    text: Concealed
    topic: Mention | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """Nothing to tell; the sentence that says so, and what to wait for."""

    key: Key
    awaiting: Awaiting | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """The customer is who he says."""

    customer_id: CustomerId


@dataclass(frozen=True, slots=True)
class HandedOff:
    """A person takes over; ``summary`` is concealed."""

    summary: Concealed


@dataclass(frozen=True, slots=True)
class Served:
    """Where a service case stands now, what the customer reads of it, and what it waits for (``act``)."""

    case: Case
    told: Concealed
    act: Act
    receipts: tuple[Receipt, ...] = ()
    offered: tuple[Mention, ...] = ()
    """Orders, or pieces by their SKU, that are listed to choose from."""


Outcome = Found | Told | Miss | Verified | HandedOff | Served


class Vault(Protocol):
    """The part of the guard that tools use."""

    def open(self, owner: VaultOwner, handle: str) -> str:
        """The value behind a handle."""
        ...

    def conceal_value(self, owner: VaultOwner, kind: Kind, value: str) -> Concealed:
        """The handle of a value from a record."""
        ...

    def conceal(self, owner: VaultOwner, text: str, *, origin: Origin) -> ConcealResult:
        """Text with handles for what is found in it."""
        ...


@dataclass(frozen=True, slots=True)
class ToolContext:
    """For whom a tool runs, and what it may open."""

    owner: VaultOwner
    customer_id: CustomerId | None
    lang: Lang
    text: Concealed
    state: DialogueState
    vault: Vault
    opens: frozenset[Kind] = frozenset()

    def open(self, handle: str | None) -> str | None:
        """The value behind a handle of a declared kind; text that is no handle as it is; ``None`` stays.

        Raises:
            PermissionError: the tool did not declare this kind.
        """
        parsed = handles.parse(handle) if handle else None
        if handle is None or parsed is None:
            return handle
        if parsed.kind not in self.opens:
            raise PermissionError(f"the tool may open {sorted(self.opens)}, not the kind of this handle")
        return self.vault.open(self.owner, handle)

    def conceal(self, text: str, known: Mapping[str, Kind]) -> Concealed:
        """Free text of a record: values ``known`` to be in it and whatever the guard finds leave as handles."""
        values = [value for value in sorted(known, key=len, reverse=True) if value.strip()]
        pieces = re.split(f"({'|'.join(map(re.escape, values))})", text) if values else [text]
        parts = [
            self.vault.conceal_value(self.owner, known[piece], piece)
            if piece in known
            else self.vault.conceal(self.owner, piece, origin="record").text
            for piece in pieces
            if piece
        ]
        return Concealed.join("", parts)


@dataclass(frozen=True, slots=True)
class Tool:
    """A declared tool."""

    name: ToolName
    access: Literal["READ", "WRITE"]
    run: Callable[[ToolContext, Call], Outcome]
    opens: frozenset[Kind] = frozenset()


class Toolbox:
    """The tools of one shop, by name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self.tools: dict[ToolName, Tool] = {tool.name: tool for tool in tools}

    def run(self, call: Call, context: ToolContext) -> Outcome:
        """Run the call with what its tool may open.

        Raises:
            KeyError: no such tool in this shop.
        """
        tool = self.tools[call.tool]
        allowed = ToolContext(
            context.owner, context.customer_id, context.lang, context.text, context.state, context.vault, tool.opens
        )
        return tool.run(allowed, call)
