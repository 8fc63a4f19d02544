"""Plays tasks: each on its own copy of the shop, in a fresh session, with a bot over that copy; then judges it.

Knows nothing of settings and models: whoever calls it says how a bot over a shop is made. Copies are closed and
deleted with their task. The time
of a run is the shop's own (its rules may hold a day at which it stands still).
"""

import asyncio
import secrets
import sqlite3
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from bot.events import Delta, Products, TurnEvent
from bot.scratch import TurnInput
from bot.session import CustomerId, Session, SessionId
from bot.shop.folder import Contents
from bot.shop.store import SqliteShop
from serving.scenarios.acts import act_of, told_act
from serving.scenarios.customer import answer, begin
from serving.scenarios.judge import Gold, Played, PlayedTurn, Verdict, judge, owner_of, reach_gold
from serving.scenarios.leaks import PersonalValues
from serving.scenarios.recorder import RecordingShop
from serving.scenarios.tasks import Task

MAX_TURNS: Final = 40


class Assistant(Protocol):
    """What is played against: ``bot.Bot``."""

    def turn(self, turn: TurnInput) -> AsyncGenerator[TurnEvent, None]:
        """The events of a turn."""

    async def history(self, session: Session) -> list[dict[str, Any]]:
        """The dialogue, concealed."""

    async def forget(self, session: Session) -> None:
        """Deletes the dialogue."""


MakeBot = Callable[[SqliteShop], Assistant]


@dataclass(frozen=True, slots=True)
class Result:
    """A task and what came of it. ``messages`` are concealed, as the bot keeps them."""

    task: Task
    verdict: Verdict
    seconds: tuple[float, ...]
    messages: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def turns(self) -> int:
        """How often the customer spoke."""
        return len(self.seconds)


async def play_all(
    tasks: Sequence[Task],
    shop_file: Path,
    make_bot: MakeBot,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Result]:
    """Plays every task, ``workers`` at once; results in the order of the tasks. ``shop_file`` is only read."""
    room = asyncio.Semaphore(max(1, workers))
    finished = 0
    with tempfile.TemporaryDirectory(prefix="scenarios-") as folder:
        table = _Table(Path(folder), shop_file, make_bot)
        await asyncio.to_thread(table.lay)

        async def one(task: Task) -> Result:
            nonlocal finished
            async with room:
                result = await table.play(task)
            finished += 1
            if progress:
                progress(finished, len(tasks))
            return result

        return list(await asyncio.gather(*(one(task) for task in tasks)))


class _Table:
    """Where tasks are played: the folder of the copies, and what all tasks share."""

    def __init__(self, folder: Path, shop_file: Path, make_bot: MakeBot) -> None:
        self._folder = folder
        self._shop_file = shop_file
        self._make_bot = make_bot
        self._before: Contents | None = None
        self._values = PersonalValues({}, {})

    def lay(self) -> None:
        """Reads the shop as it is before every task, and whose values are whose."""
        with closing(SqliteShop(self._shop_file)) as shop:
            self._before = shop.contents()
        self._values = PersonalValues.of(self._before)

    async def play(self, task: Task) -> Result:
        """One task from its opening to its verdict."""
        name = secrets.token_hex(8)
        ours, golden = self._folder / f"{name}.sqlite", self._folder / f"{name}.gold.sqlite"
        await asyncio.to_thread(copy_of, self._shop_file, ours)
        await asyncio.to_thread(copy_of, self._shop_file, golden)
        try:
            with closing(RecordingShop(ours)) as shop:
                owner = owner_of(task.identity, shop)
                gold, right = await asyncio.to_thread(self._gold, task, golden, owner)
                bot = self._make_bot(shop)
                session = Session(SessionId(f"scenario-{name}"), task.signed_in, task.lang)
                turns = await play(task, bot, session, shop)
                messages = await bot.history(session)
                await bot.forget(session)
                came = await asyncio.to_thread(shop.contents)
                played = Played(turns, tuple(shop.recorded))
        finally:
            for path in self._folder.glob(f"{name}.*"):
                path.unlink(missing_ok=True)
        verdict = judge(task, played, owner, came=came, right=right, values=self._values, gold=gold)
        return Result(task, verdict, tuple(turn.seconds for turn in turns), tuple(messages))

    def _gold(self, task: Task, path: Path, owner: CustomerId | None) -> tuple[Gold, Contents]:
        with closing(SqliteShop(path)) as shop:
            gold = reach_gold(task, shop, owner)
            return gold, shop.contents() if gold.done or not self._before else self._before


async def play(task: Task, bot: Assistant, session: Session, shop: RecordingShop) -> tuple[PlayedTurn, ...]:
    """The dialogue, at most ``MAX_TURNS`` turns of it."""
    turns: list[PlayedTurn] = []
    progress, line = begin(task.script)
    for number in range(1, MAX_TURNS + 1):
        shop.turn = number
        began = time.perf_counter()
        events = [event async for event in bot.turn(TurnInput(session, line.text, f"{session.id}-{number}"))]
        seconds = time.perf_counter() - began
        reply = "".join(event.text for event in events if isinstance(event, Delta))
        act = told_act(events) or act_of(reply)
        turns.append(PlayedTurn(line, reply, _shown(reply, events), act, seconds))
        progress, following = answer(task.script, progress, act)
        if following is None:
            break
        line = following
    return tuple(turns)


def _shown(reply: str, events: Sequence[TurnEvent]) -> str:
    cards = (card for event in events if isinstance(event, Products) for card in event.cards)
    return "\n".join((reply, *(" ".join(str(value) for value in astuple(card)) for card in cards)))


def copy_of(source: Path, target: Path) -> None:
    """A whole copy, also of a shop that another process has open."""
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
