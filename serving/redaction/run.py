"""A file redacted from end to end: source, workers, part, summary.

An interrupted run goes on where it stopped when it is called again with the same input and options, and ends with the
same bytes as one that was not interrupted. It never goes on over a part of other options, another input or another
version of the rules: that part is begun anew.
"""

import contextlib
import hashlib
import json
import os
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

from guardrails.fingerprint import fingerprint
from guardrails.readable import Readable
from serving.redaction.lines import Options
from serving.redaction.part import EVERY_S, Part, Progress, permissions
from serving.redaction.pool import Done, in_order
from serving.redaction.source import Chunk, Source

SMALL_BYTES: Final = 2 * 1024 * 1024
"""Up to this size one process is done before several have started."""


class StoppedAtLine(Exception):
    """With ``strict``: the first line that could not be redacted."""

    def __init__(self, line: int, code: str) -> None:
        super().__init__(f"line {line}: {code}")
        self.line = line
        self.code = code


class InputChanged(Exception):
    """The input is not the one of the part, and it cannot be read from its beginning again."""


@dataclass
class Summary:
    """What came of a run, the lines of interrupted ones before it included. No values."""

    lines: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    resumed_at: int = 0
    began_anew: bool = False

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` reports it."""
        return {
            "lines": self.lines,
            "findings": dict(sorted(self.findings.items())),
            "errors": dict(sorted(self.errors.items())),
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True)
class Job:
    """How a run is done.

    Attributes:
        workers: processes; ``None``: as many as there are processors, one for a small input.
        strict: stop at the first line that cannot be redacted.
        progress: told the bytes of the input and the lines that are done.
        save_every_s: seconds of work that a crash may cost.
    """

    options: Options
    readable: Readable
    workers: int | None = None
    strict: bool = False
    progress: Callable[[int, int], None] = lambda done, lines: None
    save_every_s: float = EVERY_S


def to_stream(source: BinaryIO, target: BinaryIO, job: Job) -> Summary:
    """Redacts into a stream, which cannot be resumed.

    Raises:
        StoppedAtLine: with ``strict``.
        OSError: the streams.
    """
    began = time.monotonic()
    at = Progress("")
    with closing(_results(Source(source).chunks(), job)) as results:
        for chunk, done in results:
            _stop_if_strict(done, job)
            target.write(done.data)
            target.flush()
            _count(at, chunk, done)
            job.progress(at.input_bytes, at.lines)
    return _summary(at, began)


def to_file(source: BinaryIO, target: Path, job: Job) -> Summary:
    """Redacts into a file that is there only when it is whole; goes on with what an interrupted run left.

    Raises:
        PartBusy: another run writes it.
        InputChanged: a stream that is not the one of the part; the part is gone, another run will begin anew.
        StoppedAtLine: with ``strict``; once that line is mended, the run can go on.
        OSError: the files.
    """
    began = time.monotonic()
    mode = None
    with contextlib.suppress(OSError):
        mode = os.fstat(source.fileno()).st_mode
    with Part(target, _fingerprint(job), permissions(mode), job.save_every_s) as part:
        reader = Source(source)
        began_anew = _find_place(reader, part)
        resumed_at = part.progress.lines
        with closing(_results(reader.chunks(resumed_at + 1), job)) as results:
            for chunk, done in results:
                if job.strict and done.errors:
                    part.save(now=True)
                _stop_if_strict(done, job)
                part.write(done.data)
                _count(part.progress, chunk, done)
                part.save()
                job.progress(part.progress.input_bytes, part.progress.lines)
        part.finish()
        summary = _summary(part.progress, began)
    summary.resumed_at, summary.began_anew = resumed_at, began_anew
    return summary


def _find_place(reader: Source, part: Part) -> bool:
    """Brings the source to where the part ends; whether an earlier part had to be thrown away."""
    began_anew = part.found_other
    if not reader.skip(part.progress.input_bytes, part.progress.input_sha256):
        part.restart()
        part.save(now=True)
        if not reader.rewind():
            raise InputChanged
        began_anew = True
    return began_anew


def _results(chunks: Iterator[Chunk], job: Job) -> Generator[tuple[Chunk, Done]]:
    workers = job.workers
    if workers is None:
        early, size = [], 0
        for chunk in chunks:
            early.append(chunk)
            size += sum(len(line) for line in chunk.lines if line is not None)
            if size > SMALL_BYTES:
                break
        workers = (os.cpu_count() or 1) if size > SMALL_BYTES else 1
        chunks = chain(early, chunks)
    with closing(in_order(chunks, job.options, job.readable, workers)) as results:
        yield from results


def _stop_if_strict(done: Done, job: Job) -> None:
    if job.strict and done.errors:
        raise StoppedAtLine(*done.errors[0])


def _count(at: Progress, chunk: Chunk, done: Done) -> None:
    at.input_bytes, at.input_sha256 = chunk.end, chunk.digest
    at.lines += done.lines
    at.blank += done.blank
    at.findings += done.findings
    at.errors += Counter(code for _, code in done.errors)


def _summary(at: Progress, began: float) -> Summary:
    return Summary(at.lines - at.blank, at.findings, at.errors, time.monotonic() - began)


def _fingerprint(job: Job) -> str:
    """Changes when the same input might be written differently."""
    options = job.options
    said = [
        fingerprint(), sys.version_info[:2], unicodedata.unidata_version, [list(f.steps) for f in options.fields],
        options.replace, list(options.lang_field.steps) if options.lang_field else None, job.strict,
        list(job.readable.patterns), sorted(job.readable.names),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
