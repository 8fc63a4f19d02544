"""A shop that writes down who wrote what in which turn, whatever the bot says it has done."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.session import CustomerId
from bot.shop.store import SqliteShop
from bot.shop.writes import Receipt, Refused, Write


@dataclass(frozen=True, slots=True)
class Recorded:
    """A write that changed the shop. ``turn`` counts from 1."""

    turn: int
    customer_id: CustomerId
    write: Write


class RecordingShop(SqliteShop):
    """One task's own copy of a shop. ``turn`` is set by whoever plays."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.turn = 0
        self.recorded: list[Recorded] = []

    def apply(self, customer_id: CustomerId, write: Write, key: str, now: datetime | None = None) -> Receipt | Refused:
        """As the shop; what has changed something is written down."""
        outcome = super().apply(customer_id, write, key, now)
        if isinstance(outcome, Receipt) and not outcome.repeated:
            self.recorded.append(Recorded(self.turn, customer_id, write))
        return outcome
