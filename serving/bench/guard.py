"""What the guard costs: milliseconds a message, beside stock Presidio in the same run on the same messages.

The messages are generated (``plants.py``), with 0 to 3 values each, in both languages; where the values stand
is known, so how many of them each system covers is told beside its time. A share on made messages says
nothing about natural ones: ``python -m guardrails.benchmark`` measures those. Presidio runs as it comes, with
its small English spaCy model for both languages: it is the plain way to do it, not a tuned rival.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bot.session import Lang
from guardrails.benchmark import Find, presidio
from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails, Readable, build
from serving.bench.machine import figure, report
from serving.bench.plants import PlantedTurn, turns
from serving.bench.script import TALKS

LANGS: Final[tuple[Lang, ...]] = ("en", "zh")
COVERED: Final = 0.9  # share of a value's characters from which it counts as found
_WARM_UP: Final = 20


def bench_guard(
    *,
    messages: int = 200,
    runs: int = 3,
    seed: int = 1,
    guard: Guardrails | None = None,
    peer: Callable[[], Find] | None = presidio,
) -> dict[str, Any]:
    """Times concealing (find, store encrypted, replace) and finding alone, and the peer's finding.

    Args:
        messages: in each language; half of them hold values.
        runs: each message is timed so often; order changes with every run.
        seed: of the messages.
        guard: the guards to measure; by default those of a shop without patterns of its own, in a new vault.
        peer: makes the other system; ``None`` for none.
    """
    made = _messages(messages, seed)
    with TemporaryDirectory() as folder:
        ours = guard or build(f"sqlite:///{Path(folder) / 'vault.db'}", b"\x07" * 32, Readable())
        try:
            return _measure(made, ours, peer() if peer else None, runs, seed)
        finally:
            if guard is None:
                ours.close()


def _messages(count: int, seed: int) -> list[PlantedTurn]:
    planted = turns(seed, (count + 1) // 2)
    chance = random.Random(seed)
    plain = [PlantedTurn(lang, chance.choice(TALKS[lang]), (), ()) for lang in LANGS for _ in range(count // 2)]
    return [*planted, *plain]


def _measure(made: Sequence[PlantedTurn], guard: Guardrails, peer: Find | None, runs: int, seed: int) -> dict[str, Any]:
    owner = VaultOwner("visitor:bench")
    tasks: dict[str, Callable[[PlantedTurn], object]] = {
        "conceal": lambda turn: guard.conceal(owner, turn.text),
        "find": lambda turn: guard.analyze(turn.text, turn.lang),
    }
    if peer:
        tasks["presidio finds"] = lambda turn: peer(turn.text, turn.lang)
    for turn in made[:_WARM_UP]:
        for task in tasks.values():
            task(turn)
    took: dict[tuple[str, Lang], list[float]] = {}
    chance = random.Random(seed)
    for _ in range(runs):
        for turn in chance.sample(made, len(made)):
            for name, task in tasks.items():  # side by side, so that a busy moment hits all of them
                began = time.perf_counter()
                task(turn)
                took.setdefault((name, turn.lang), []).append((time.perf_counter() - began) * 1000)
    figures = {f"{name}, {lang}": figure(values, "ms") for (name, lang), values in sorted(took.items())}
    ratios = {}
    if peer:
        for lang in LANGS:
            ours = figures[f"find, {lang}"]["median"]
            ratios[f"presidio / ours, {lang}"] = round(figures[f"presidio finds, {lang}"]["median"] / ours, 2)
    finds: dict[str, Find] = {"tactful": lambda text, lang: [(f.start, f.end) for f in guard.analyze(text)]}
    if peer:
        finds["presidio"] = peer
    return report(runs, figures, ratios, messages=len(made), found=_found(made, finds))


def _found(made: Sequence[PlantedTurn], finds: dict[str, Find]) -> dict[str, dict[str, dict[str, int]]]:
    """How many planted values each system covers, per language: counts, never values."""
    told: dict[str, dict[str, dict[str, int]]] = {}
    for name, find in finds.items():
        for lang in LANGS:
            covered = planted = 0
            for turn in (turn for turn in made if turn.lang == lang and turn.spans):
                spans = find(turn.text, lang)
                planted += len(turn.spans)
                covered += sum(_covers(spans, start, end) for _, start, end in turn.spans)
            told.setdefault(name, {})[lang] = {"found": covered, "planted": planted}
    return told


def _covers(spans: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    hit = {place for s, e in spans for place in range(max(s, start), min(e, end))}
    return len(hit) >= COVERED * (end - start)
