"""Transcripts → concealed cases by customer, training and evaluation apart, in a few processes.

The order of the cases is that of the customers' opaque names, which tells nothing of the file. Both files are written
whole or not at all, readable by their owner only. A customer of whom a message cannot be concealed is left out.
"""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from finetune.private import draw, transcripts
from finetune.private.transcripts import BadTranscripts, Index
from finetune.private.workers import Crew, Progress, Result, Worker
from guardrails.readable import Readable

PER_CUSTOMER: Final = 4
PROCESSES: Final = 2
_MAX_SHOWN: Final = 10


@dataclass
class Summary:
    """What became of the file: counts only. They describe private data and are not published."""

    dialogues: int
    without_consent: int
    repeated: int
    customers: int
    left_out: int = 0
    unusable: int = 0
    training_customers: int = 0
    training_examples: int = 0
    evaluation_customers: int = 0
    evaluation_examples: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The counts as JSON carries them."""
        return asdict(self) | {"seconds": round(self.seconds, 1)}


def conceal(
    source: Path,
    training: Path,
    evaluation: Path,
    work: Path,
    readable: Readable,
    *,
    per_customer: int = PER_CUSTOMER,
    concealed: bool = False,
    processes: int = PROCESSES,
    progress: Progress | None = None,
) -> Summary:
    """Writes the cases of training and of evaluation customers; ``work`` keeps the key of names and draws.

    Raises:
        BadTranscripts: the source is malformed, or claims to be concealed and is not.
        GuardError: the guard cannot be built.
    """
    started = time.monotonic()
    if per_customer < 1:
        raise BadTranscripts(f"expected at least one example for each customer, got {per_customer}")
    found = transcripts.index(source)
    draws = draw.open_draw(work)
    summary = Summary(found.dialogues, found.without_consent, found.repeated, len(found.customers))
    tasks = sorted(
        (draws.name(customer), draws.examples(customer, places, per_customer))
        for customer, places in found.customers.items()
    )  # fmt: skip
    held_out = {draws.name(customer) for customer in found.customers if draws.evaluates(customer)}
    with closing(Crew(Worker(source, readable, concealed), processes)) as crew:
        _check_claims(crew, found, concealed)
        results = crew.conceal([task for task in tasks if task[1]], progress)
        _write(results, training, evaluation, held_out, summary)
    summary.seconds = time.monotonic() - started
    return summary


def _check_claims(crew: Crew, found: Index, concealed: bool) -> None:
    places = [place for places in found.customers.values() for place in places if concealed or place.concealed]
    if not places:
        return
    wrong = sorted(crew.claims(sorted(places, key=lambda place: place.line)))
    if wrong:
        shown = "; ".join(f"line {line}: {', '.join(kinds)}" for line, kinds in wrong[:_MAX_SHOWN])
        raise BadTranscripts(
            f"expected concealed dialogues, the guard finds personal values in {len(wrong)} ({shown}): "
            "conceal them, or leave the claim away"
        )


def _write(
    results: Iterable[Result],
    training: Path,
    evaluation: Path,
    held_out: set[str],
    summary: Summary,
) -> None:
    with _whole(training) as train, _whole(evaluation) as evaluate:
        for name, cases, unusable in results:
            summary.unusable += unusable
            if cases is None:
                summary.left_out += 1
                continue
            text = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
            if name in held_out:
                evaluate.write(text)
                summary.evaluation_customers += bool(cases)
                summary.evaluation_examples += len(cases)
            else:
                train.write(text)
                summary.training_customers += bool(cases)
                summary.training_examples += len(cases)


@contextmanager
def _whole(path: Path) -> Iterator[Any]:
    """A text file that takes its name when all of it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
