"""Chunks of lines through the analyzer, in this process or in several, in their order either way.

Workers are started fresh (``spawn``), build their analyzer once, read nothing but what they are handed, and end by
themselves when this process dies. At most ``AHEAD`` chunks per worker are under way, which bounds the memory.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from guardrails.readable import Readable
from guardrails.redaction import Analyze
from serving.redaction.lines import Options, redact_line
from serving.redaction.source import Chunk

AHEAD: Final = 3


@dataclass(frozen=True, slots=True)
class Done:
    """A chunk as it is written, and what is counted of it."""

    data: bytes
    lines: int
    blank: int
    findings: Counter[str]
    errors: tuple[tuple[int, str], ...]


def in_order(
    chunks: Iterable[Chunk], options: Options, readable: Readable, workers: int
) -> Generator[tuple[Chunk, Done]]:
    """Every chunk with its result. Close the generator to end the workers.

    Raises:
        concurrent.futures.process.BrokenProcessPool: a worker died.
    """
    if workers == 1:
        analyze = _analyze_of(readable)
        for chunk in chunks:
            yield chunk, work(chunk, options, analyze)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(options, readable))
    under_way: deque[tuple[Chunk, Future[Done]]] = deque()
    try:
        for chunk in chunks:
            with _interrupts_held_back():
                under_way.append((chunk, pool.submit(_work, chunk)))
            if len(under_way) >= workers * AHEAD:
                first, result = under_way.popleft()
                yield first, result.result()
        while under_way:
            first, result = under_way.popleft()
            yield first, result.result()
    finally:
        pool.shutdown(cancel_futures=True)


def work(chunk: Chunk, options: Options, analyze: Analyze) -> Done:
    """One chunk redacted."""
    findings: Counter[str] = Counter()
    out, errors, blank = [], [], 0
    for number, raw in enumerate(chunk.lines, chunk.first):
        redacted = redact_line(raw, number, options, analyze)
        out.append(redacted.line)
        findings += redacted.findings
        blank += redacted.line == b"\n"
        if redacted.error:
            errors.append((number, redacted.error))
    return Done(b"".join(out), len(chunk.lines), blank, findings, tuple(errors))


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A worker that is started within never sees Ctrl-C, which goes to the whole group; this process sees it after."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_mine: tuple[Options, Analyze] | None = None  # a worker process's own


def _begin(options: Options, readable: Readable) -> None:
    """Makes a process a worker."""
    global _mine
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _mine = options, _analyze_of(readable)


def _analyze_of(readable: Readable) -> Analyze:
    from guardrails.standard import analyzer_of  # local: two seconds, and not where workers do the work

    return analyzer_of(readable).analyze


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(chunk: Chunk) -> Done:
    if _mine is None:
        raise RuntimeError("the worker was not begun")
    return work(chunk, *_mine)
