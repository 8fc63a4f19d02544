"""How fast a running server answers: first word and whole turn, one customer and many at once, both languages.

Plays ``script.py``'s talks over server-sent events and measures at the customer's end. A turn that brings
no whole answer is counted as dropped and its time is left out. ``bench_start`` measures from the start of
the server's own process. It measures time, not answers; run it on an otherwise idle machine.
"""

import asyncio
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from bot.session import Lang
from serving.bench.machine import figure, report
from serving.bench.memory import PeakMemory, listeners, memory_mib
from serving.bench.script import Talk, talks
from serving.evaluation.client import Answer, Customer, SessionRefused
from serving.evaluation.turns import seconds

LANGS: Final[tuple[Lang, ...]] = ("en", "zh")
CROWD: Final = 16
QUESTIONS: Final[Mapping[Lang, str]] = {"en": "How long do I have to return something?", "zh": "多久之内可以退货？"}
_GUARD: Final = re.compile(r"^tactful_guard_seconds_(sum|count)(?:\{[^}]*\})? ([0-9.e+-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """One turn as its customer met it."""

    lang: Lang
    customers: int
    answer: Answer


class ServerNotReady(Exception):
    """The server did not answer in time."""


def bench_serve(
    base_url: str,
    shop: Path,
    *,
    runs: int = 1,
    crowd: int = CROWD,
    pids: Sequence[int] = (),
    timeout_s: float = 120.0,
    seed: int = 1,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Measures the server at ``base_url`` that serves the shop folder ``shop``.

    Each run plays, per language, one customer alone and then ``crowd`` at once. Memory is that of the process
    trees of ``pids``, or of whatever listens on the server's port here.

    Raises:
        UsageError: the folder holds no shop.
        ServerNotReady: ``/readyz`` does not say ready.
    """
    everyone = {(lang, count): talks(shop, lang, count * runs, seed + count) for lang in LANGS for count in (1, crowd)}
    check_ready(base_url)
    pids = pids or listeners(httpx.URL(base_url).port or 80)
    samples: list[Sample] = []
    guard_before = _guard_seconds(base_url)
    with PeakMemory(pids) as memory:
        for run in range(runs):
            for (lang, count), group in everyone.items():
                if progress:
                    progress(f"run {run + 1} of {runs}: {lang}, {count} at once")
                talking = group[run * count : (run + 1) * count]
                samples += asyncio.run(_play(base_url, talking, count, timeout_s))
    figures = _figures(samples)
    if (guard := _guard_ms(samples, guard_before, _guard_seconds(base_url))) is not None:
        figures["guard, a turn"] = guard
    if pids:
        figures["peak memory of server and engine"] = figure([memory.peak_mib], "MiB")
    return report(
        runs,
        figures,
        _ratios(figures, crowd),
        dropped=sum(not sample.answer.complete for sample in samples),
        turns=len(samples),
        problems=dict(Counter(s.answer.problem or "turn_failed" for s in samples if not s.answer.complete)),
        understood_by=dict(Counter(str(s.answer.done.get("understood_by")) for s in samples if s.answer.complete)),
        fallbacks=sum(s.answer.done.get("fallback") is True for s in samples),
    )


def check_ready(base_url: str) -> None:
    """One look at ``/readyz``.

    Raises:
        ServerNotReady: nobody is there, or something is missing.
    """
    try:
        status = httpx.get(f"{base_url}/readyz", timeout=10).status_code
    except httpx.HTTPError as error:
        raise ServerNotReady(f"expected a server at {base_url}, got {type(error).__name__}: start it first") from None
    if status != 200:
        raise ServerNotReady(f"expected {base_url}/readyz to say 200, got {status}: wait until the model is up")


async def _play(base_url: str, group: Sequence[Talk], count: int, timeout_s: float) -> list[Sample]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=base_url, timeout=timeout_s, limits=limits) as http:

        async def one(talk: Talk) -> list[Sample]:
            try:
                customer = await Customer.open(http, talk.lang)
            except SessionRefused:
                return [Sample(talk.lang, count, Answer(problem="no_session")) for _ in talk.lines]
            return [Sample(talk.lang, count, await customer.say(line)) for line in talk.lines]

        return [sample for talk in await asyncio.gather(*map(one, group)) for sample in talk]


def _figures(samples: Sequence[Sample]) -> dict[str, dict[str, Any]]:
    figures: dict[str, dict[str, Any]] = {}
    groups = {(s.customers, s.lang): None for s in samples}
    for customers, lang in sorted(groups):
        group = [s.answer for s in samples if (s.customers, s.lang) == (customers, lang) and s.answer.complete]
        _add_times(figures, f"{lang}, {customers} customer{'s' if customers > 1 else ''}", group)
    alone = [s.answer for s in samples if s.customers == 1 and s.answer.complete]
    for by in sorted({str(a.done.get("understood_by")) for a in alone}):
        _add_times(figures, f"understood by {by}, 1 customer", [a for a in alone if a.done.get("understood_by") == by])
    return figures


def _add_times(figures: dict[str, dict[str, Any]], name: str, answers: Sequence[Answer]) -> None:
    first = [a.first_word_s for a in answers if a.first_word_s is not None]
    whole = [a.turn_s for a in answers if a.turn_s is not None]
    if first:
        figures[f"first word: {name}"] = figure(first, "s")
    if whole:
        figures[f"whole turn: {name}"] = figure(whole, "s")


def _ratios(figures: Mapping[str, Mapping[str, Any]], crowd: int) -> dict[str, float]:
    """How much slower the median turn gets when ``crowd`` talk at once."""
    ratios = {}
    for lang in LANGS:
        one, many = (figures.get(f"whole turn: {lang}, {n}") for n in ("1 customer", f"{crowd} customers"))
        if one and many and one["median"]:
            ratios[f"whole turn {lang}: {crowd} customers / 1"] = round(many["median"] / one["median"], 2)
    return ratios


def _guard_seconds(base_url: str) -> tuple[float, float]:
    """(seconds, turns) that the server's metrics have counted in its guards so far; zeros where they do not tell."""
    try:
        text = httpx.get(f"{base_url}/metrics", timeout=10).text
    except httpx.HTTPError:
        return 0.0, 0.0
    found = {kind: float(value) for kind, value in _GUARD.findall(text)}
    return found.get("sum", 0.0), found.get("count", 0.0)


def _guard_ms(
    samples: Sequence[Sample], before: tuple[float, float], after: tuple[float, float]
) -> dict[str, Any] | None:
    """From each turn's own timings where they are sent, else the mean from the server's metrics."""
    told = [seconds(t, "guard") for s in samples if isinstance(t := s.answer.done.get("timings"), dict)]
    if known := [value * 1000 for value in told if value is not None]:
        return figure(known, "ms")
    turns = after[1] - before[1]
    if turns <= 0:
        return None
    return figure([(after[0] - before[0]) / turns * 1000], "ms (mean)") | {"n": int(turns)}


def bench_start(
    command: Sequence[str],
    base_url: str,
    *,
    runs: int = 1,
    lang: Lang = "en",
    timeout_s: float = 900.0,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> dict[str, Any]:
    """Starts the server with ``command``, waits until it is ready, asks one question, and ends it; ``runs`` times.

    Figures: seconds from the process's start until it is alive, ready, and has said its first word and its last.

    Raises:
        ServerNotReady: it ended, or was not ready within ``timeout_s``.
    """
    series: dict[str, list[float]] = {
        "until alive": [],
        "until ready": [],
        "until first word": [],
        "until answered": [],
    }
    memory: list[float] = []
    for _ in range(runs):
        began = time.monotonic()
        with (log or Path(os.devnull)).open("ab") as sink:
            server = subprocess.Popen(command, stdout=sink, stderr=sink, env=env and dict(env), start_new_session=True)
        try:
            series["until alive"].append(_wait(server, f"{base_url}/livez", began, timeout_s))
            series["until ready"].append(_wait(server, f"{base_url}/readyz", began, timeout_s))
            asked = time.monotonic() - began
            answer = asyncio.run(_ask(base_url, lang))
            if answer.first_word_s is None or answer.turn_s is None or not answer.complete:
                raise ServerNotReady(f"expected an answer after the start, got {answer.problem}")
            series["until first word"].append(asked + answer.first_word_s)
            series["until answered"].append(asked + answer.turn_s)
            memory.append(memory_mib([server.pid]))
        finally:
            stop(server)
    figures = {name: figure(values, "s") for name, values in series.items()}
    return report(runs, {**figures, "memory after the first answer": figure(memory, "MiB")}, {})


async def _ask(base_url: str, lang: Lang) -> Answer:
    async with httpx.AsyncClient(base_url=base_url, timeout=120) as http:
        try:
            return await (await Customer.open(http, lang)).say(QUESTIONS[lang])
        except SessionRefused:
            return Answer(problem="no_session")


def _wait(server: "subprocess.Popen[bytes]", address: str, began: float, timeout_s: float) -> float:
    while time.monotonic() - began < timeout_s:
        if server.poll() is not None:
            raise ServerNotReady(f"expected a server, the process ended with exit code {server.returncode}")
        with suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5).status_code == 200:
                return time.monotonic() - began
        time.sleep(0.1)
    raise ServerNotReady(f"expected {address} to say 200 within {timeout_s:.0f} s")


def stop(server: "subprocess.Popen[bytes]", patience_s: float = 60.0) -> None:
    """Ends a server started in a session of its own, as Ctrl-C would; kills what is left of it after ``patience_s``."""
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            server.wait(patience_s)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
