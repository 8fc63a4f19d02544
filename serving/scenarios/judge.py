"""What came of a played task, against what should have: the end state, the words, the writes on the way.

Judged on what the shop holds and on what was shown, never on what the bot says that it did. Results name records,
fields and codes, not values.

A write counts as confirmed when the turn before asked for a confirmation, in words that hold a question, and the
customer's answer to it was a yes. What is asked is not compared with what is then written.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from bot.session import CustomerId
from bot.shop.compare import changes
from bot.shop.folder import Contents
from bot.shop.keys import order_key
from bot.shop.store import SqliteShop
from bot.shop.writes import Refused, Write
from serving.scenarios.acts import Act, asks
from serving.scenarios.customer import Line
from serving.scenarios.leaks import PersonalValues
from serving.scenarios.recorder import Recorded
from serving.scenarios.tasks import Identity, Task
from serving.scenarios.words import plain, says

_YES: Final = re.compile(
    r"(?:yes|yeah|yep|sure|ok(?:ay)?|go ahead|please do|correct|right|confirm)\b|是|好|对|可以|行|确认|没错"
)


@dataclass(frozen=True, slots=True)
class PlayedTurn:
    """A customer's line and the bot's answer to it. ``shown``: the reply with the cards under it."""

    line: Line
    reply: str = field(repr=False)
    shown: str = field(repr=False)
    act: Act
    seconds: float


@dataclass(frozen=True, slots=True)
class Played:
    """A whole dialogue, with the writes that reached the shop."""

    turns: tuple[PlayedTurn, ...]
    recorded: tuple[Recorded, ...]


@dataclass(frozen=True, slots=True)
class JudgedWrite:
    """A write that reached the shop: when, which, whether the customer had agreed and the gold holds it."""

    turn: int
    write: str
    confirmed: bool
    wanted: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a task. ``unsaid`` and ``forbidden`` are places in the task's own lists."""

    wrong: tuple[str, ...]
    """Records and fields that are not as they should be: ``orders #W1: status, payments``."""
    unsaid: tuple[int, ...]
    forbidden: tuple[int, ...]
    writes: tuple[JudgedWrite, ...]
    missing_writes: int
    leaks: int
    gold_refused: tuple[str, ...] = ()
    """Codes of gold writes that our store refuses: a fault of the task or of the rules, not of the bot."""

    @property
    def end_state(self) -> bool:
        """Every record of the shop is as it should be."""
        return not self.wrong

    @property
    def unwanted_writes(self) -> int:
        """Writes that the gold does not hold."""
        return sum(not write.wanted for write in self.writes)

    @property
    def unconfirmed_writes(self) -> int:
        """Writes that the customer had not agreed to just before."""
        return sum(not write.confirmed for write in self.writes)

    @property
    def success(self) -> bool:
        """The right end, by no wrong way, and everything said that must be."""
        told = not self.unsaid and not self.forbidden
        return self.end_state and told and not self.unwanted_writes and not self.gold_refused


def owner_of(identity: Identity, shop: SqliteShop) -> CustomerId | None:
    """The customer's id in this shop; ``None`` for a visitor and for one whom the shop does not know."""
    if identity.customer_id:
        return identity.customer_id if shop.customer(identity.customer_id) else None
    return shop.find_customer(identity.email, identity.name, identity.postal_code)


@dataclass(frozen=True, slots=True)
class Gold:
    """What should be done in our store. ``idle`` writes would change nothing there: they may be left undone."""

    done: tuple[Write, ...] = field(default=(), repr=False)
    idle: tuple[Write, ...] = field(default=(), repr=False)
    refused: tuple[str, ...] = ()


def reach_gold(task: Task, shop: SqliteShop, owner: CustomerId | None) -> Gold:
    """Carries the gold writes out in ``shop``. Refusals count where the task expects none."""
    if owner is None:
        return Gold(refused=("not_found",) if task.gold else ())
    done: list[Write] = []
    idle: list[Write] = []
    refused: list[str] = []
    for place, write in enumerate(task.gold):
        order_id = getattr(write, "order_id", None)
        before = (shop.order(owner, order_id) if order_id else None, shop.customer(owner))
        outcome = shop.apply(owner, write, f"gold-{place}")
        if isinstance(outcome, Refused):
            refused.append(outcome.code)
        elif (outcome.order, outcome.customer) == before:
            idle.append(write)
        else:
            done.append(write)
    return Gold(tuple(done), tuple(idle), () if task.may_fail else tuple(refused))


def judge(
    task: Task,
    played: Played,
    owner: CustomerId | None,
    *,
    came: Contents,
    right: Contents,
    values: PersonalValues,
    gold: Gold,
) -> Verdict:
    """The verdict over a dialogue. ``came``: the shop after it; ``right``: after the gold writes."""
    shown = "\n".join(turn.shown for turn in played.turns)
    writes, missing = _writes(gold, played, owner)
    return Verdict(
        differences(right, came),
        tuple(place for place, wanted in enumerate(task.must_say) if not says(shown, wanted)),
        tuple(place for place, unwanted in enumerate(task.must_not_say) if says(shown, unwanted)),
        writes,
        missing,
        _leaks(played.turns, owner, values),
        gold.refused,
    )


def differences(right: Contents, came: Contents) -> tuple[str, ...]:
    """Customers and orders that are not as they should be, with the names of the fields."""
    if (right.customers, right.orders) == (came.customers, came.orders):
        return ()  # ten times as fast as the comparison of every field
    found: dict[tuple[str, str], list[str]] = {}
    for change in changes(right, came):
        found.setdefault((change.table, change.row_id), []).append(change.name or "the whole row")
    return tuple(f"{table} {row}: {', '.join(names)}" for (table, row), names in found.items())


def _writes(gold: Gold, played: Played, owner: CustomerId | None) -> tuple[tuple[JudgedWrite, ...], int]:
    due, idle = Counter(map(_key, gold.done)), Counter(map(_key, gold.idle))
    judged = []
    for record in played.recorded:
        key = _key(record.write)
        left = next((each for each in (due, idle) if record.customer_id == owner and each[key] > 0), None)
        if left is not None:
            left[key] -= 1
        confirmed = _confirmed(played.turns, record.turn)
        judged.append(JudgedWrite(record.turn, type(record.write).__name__, confirmed, left is not None))
    return tuple(judged), due.total()


def _key(write: Write) -> str:
    """A write's meaning: the order of pieces and the spelling of ids and addresses do not matter."""
    return f"{type(write).__name__} {json.dumps(_plainly(asdict(write)), sort_keys=True)}"


def _plainly(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: order_key(each) if key == "order_id" else _plainly(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return sorted((_plainly(each) for each in value), key=str)
    return plain(value) if isinstance(value, str) else value


def _confirmed(turns: Sequence[PlayedTurn], turn: int) -> bool:
    if turn < 2:
        return False
    asked, line = turns[turn - 2], turns[turn - 1].line
    if asked.act != "confirm" or not asks(asked.reply):
        return False
    return line.source == "yes" or (line.source == "changed_mind" and bool(_YES.match(plain(line.text))))


def _leaks(turns: Sequence[PlayedTurn], owner: CustomerId | None, values: PersonalValues) -> int:
    return sum(
        values.shown(turn.shown, owner, "\n".join(earlier.line.text for earlier in turns[: place + 1]))
        for place, turn in enumerate(turns)
    )
