"""Who is talking: what the transport knows about a dialogue. Never filled from model output."""

from dataclasses import dataclass
from typing import Literal, NewType

from guardrails.findings import VaultOwner

SessionId = NewType("SessionId", str)
CustomerId = NewType("CustomerId", str)
Lang = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Session:
    """One dialogue.

    ``customer_id`` is set when the shop signed the customer in; a customer who verifies inside the
    dialogue is kept in the dialogue state instead.
    """

    id: SessionId
    customer_id: CustomerId | None = None
    lang: Lang | None = None

    @property
    def owner(self) -> VaultOwner:
        """Whose vault this dialogue's values go to. Fixed for the dialogue's life."""
        return VaultOwner(self.customer_id or f"visitor:{self.id}")
