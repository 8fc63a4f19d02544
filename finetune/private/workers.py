"""Processes that conceal: each has its own guard over a vault in memory, which is gone with the process.

Tasks hold places in the file, results concealed cases: no open text passes between processes. Results come in the order
of the tasks, whatever the number of processes.
"""

import multiprocessing
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from finetune.private import transcripts
from finetune.private.conceal import DialogueConcealer
from finetune.private.draw import Drawn
from finetune.private.transcripts import Place
from guardrails.errors import GuardError
from guardrails.guard import GuardSettings, build
from guardrails.readable import Readable

_CHUNK: Final = 50
_SETTINGS: Final = GuardSettings(timeout_s=20)
"""Concealing for training may wait for a busy machine."""

Case = dict[str, Any]
Progress = Callable[[int, int], None]
Task = tuple[str, list[Drawn]]
"""A customer's opaque name and what was drawn of them."""
Result = tuple[str, list[Case] | None, int]
"""The name, the cases (``None``: the customer is left out), and how many examples were unusable."""
Claim = tuple[int, list[str]]
"""Number of a line that claims to be concealed and is not, and the kinds that were found."""
_Item = TypeVar("_Item")
_Out = TypeVar("_Out")


@dataclass
class Worker:
    """What one process does. ``concealed`` says that every dialogue claims to be concealed already."""

    path: Path
    readable: Readable
    concealed: bool
    _concealer: DialogueConcealer | None = field(default=None, repr=False)

    @property
    def concealer(self) -> DialogueConcealer:
        """The concealer, built on first use: a guard cannot be sent to another process."""
        if self._concealer is None:
            key = secrets.token_bytes(32)
            self._concealer = DialogueConcealer(build("sqlite://", key, self.readable, _SETTINGS))
        return self._concealer

    def close(self) -> None:
        """Closes the vault, if there is one; a vault in memory is gone with that."""
        if self._concealer is not None:
            self._concealer.close()
            self._concealer = None

    def conceal(self, tasks: list[Task]) -> list[Result]:
        """Cases of each customer, ``None`` for one who is left out, and how many examples were unusable."""
        return [(name, *self._customer(name, dialogues)) for name, dialogues in tasks]

    def claims(self, places: list[Place]) -> list[Claim]:
        """Lines of dialogues that claim to be concealed and are not, with the kinds that were found."""
        found = []
        for place in places:
            dialogue = transcripts.read_at(self.path, place.offset, place.line)
            try:
                kinds = self.concealer.personal(dialogue)
            except GuardError:
                kinds = ["unreadable"]
            if kinds:
                found.append((place.line, kinds))
        return found

    def _customer(self, name: str, dialogues: list[Drawn]) -> tuple[list[Case] | None, int]:
        cases: list[Case] = []
        unusable = 0
        for drawn in dialogues:
            dialogue = transcripts.read_at(self.path, drawn.place.offset, drawn.place.line)
            concealed = self.concealed or drawn.place.concealed
            try:
                made, lost = self.concealer.cases(dialogue, drawn.messages, concealed=concealed)
            except GuardError:
                return None, 0
            unusable += lost
            cases += [{"task": c["task"], "lang": c["lang"], "customer": name, **c} for c in made]
        return cases, unusable


class Crew:
    """Runs a worker's methods over many items, in chunks; with one process, in this one."""

    def __init__(self, worker: Worker, processes: int) -> None:
        self._worker = worker
        self._processes = processes

    def close(self) -> None:
        """Ends what this process holds; those of the pool end with their run."""
        self._worker.close()

    def conceal(self, tasks: Sequence[Task], progress: Progress | None = None) -> Iterator[Result]:
        """``Worker.conceal`` of all tasks."""
        return self._run(self._worker.conceal, _conceal, tasks, progress)

    def claims(self, places: Sequence[Place]) -> Iterator[Claim]:
        """``Worker.claims`` of all places."""
        return self._run(self._worker.claims, _claims, places, None)

    def _run(
        self,
        here: Callable[[list[_Item]], list[_Out]],
        there: Callable[[list[_Item]], list[_Out]],
        items: Sequence[_Item],
        progress: Progress | None,
    ) -> Iterator[_Out]:
        chunks = [list(items[at : at + _CHUNK]) for at in range(0, len(items), _CHUNK)]
        if self._processes == 1 or len(chunks) < 2:
            yield from _reported(map(here, chunks), chunks, progress)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self._processes, context, _start, (self._worker,)) as pool:
            yield from _reported(pool.map(there, chunks), chunks, progress)


_workers: list[Worker] = []
"""The one worker of a process of the pool."""


def _start(worker: Worker) -> None:
    _workers[:] = [worker]


def _conceal(tasks: list[Task]) -> list[Result]:
    return _workers[0].conceal(tasks)


def _claims(places: list[Place]) -> list[Claim]:
    return _workers[0].claims(places)


def _reported(results: Iterator[list[_Out]], chunks: list[list[_Item]], progress: Progress | None) -> Iterator[_Out]:
    done, total = 0, sum(map(len, chunks))
    for chunk, out in zip(chunks, results, strict=True):
        yield from out
        done += len(chunk)
        if progress is not None:
            progress(done, total)
