"""Whole files redacted: order, several processes, and runs that were cut off and go on."""

import io
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import psutil
import pytest

from guardrails.readable import Readable
from serving.redaction.fields import parse
from serving.redaction.lines import Options
from serving.redaction.part import Part, PartBusy
from serving.redaction.run import InputChanged, Job, StoppedAtLine, Summary, to_file, to_stream
from serving.redaction.source import CHUNK_LINES, MAX_LINE_BYTES, Source

OPTIONS = Options((parse("text"),))
LINES = 5 * CHUNK_LINES + 7
DRIVER = Path(__file__).with_name("redact_driver.py")
ROOT = Path(__file__).parents[2]


def content(lines: int = LINES) -> bytes:
    rows = []
    for number in range(lines):
        match number % 50:
            case 13:
                rows.append(b"")
            case 29:
                rows.append(b'{"id": 5, "call": "13800138000"')
            case _:
                text = f"Line {number}: call 1380013{number % 10_000:04d}, 我叫王小明"
                rows.append(json.dumps({"id": number, "text": text}, ensure_ascii=False).encode())
    return b"\xef\xbb\xbf" + b"\n".join(rows)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_bytes(content())
    return path


@pytest.fixture(scope="module")
def expected() -> bytes:
    """The whole output of a run that nothing interrupts, as a stream gets it."""
    out = io.BytesIO()
    to_stream(io.BytesIO(content()), out, job())
    return out.getvalue()


class Cut(Exception):
    """Stands for whatever ends a run."""


def job(options: Options = OPTIONS, *, cut_after: int | None = None, strict: bool = False, workers: int = 1) -> Job:
    def progress(done: int, lines: int) -> None:
        if cut_after is not None and lines >= cut_after:
            raise Cut

    return Job(options, Readable(), workers, strict, progress, save_every_s=0)


def run(source: Path, target: Path, work: Job) -> Summary:
    with source.open("rb") as stream:
        return to_file(stream, target, work)


def test_lines_keep_their_place_and_every_line_is_accounted_for(expected: bytes) -> None:
    rows = expected.splitlines()
    assert len(rows) == LINES
    for number, row in enumerate(rows):
        line = json.loads(row) if row else None
        match number % 50:
            case 13:
                assert line is None
            case 29:
                assert line == {"error": "not_json", "line": number + 1}
            case _:
                assert line["id"] == number and line["redacted"].startswith(
                    f"Line {number}: call <PHONE_NUMBER>, 我叫<"
                )


def test_several_processes_write_the_same_bytes_and_counts_as_one(
    source: Path, tmp_path: Path, expected: bytes
) -> None:
    one = run(source, tmp_path / "one.jsonl", job())
    two = run(source, tmp_path / "two.jsonl", job(workers=2))
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes() == expected
    assert {**one.to_json(), "seconds": 0} == {**two.to_json(), "seconds": 0}
    bad, blank = len(range(29, LINES, 50)), len(range(13, LINES, 50))
    good = LINES - bad - blank
    assert one.to_json()["lines"] == LINES - blank and one.to_json()["errors"] == {"not_json": bad}
    assert one.to_json()["findings"] == {"PERSON": good, "PHONE_NUMBER": good}


@pytest.mark.parametrize("cut_after", [1, CHUNK_LINES * 2, CHUNK_LINES * 4])
def test_a_run_that_was_cut_off_goes_on_and_ends_with_the_same_bytes(
    source: Path, tmp_path: Path, expected: bytes, cut_after: int
) -> None:
    target = tmp_path / "out.jsonl"
    with pytest.raises(Cut):
        run(source, target, job(cut_after=cut_after))
    assert not target.exists(), "the output is there only when it is whole"
    with (tmp_path / "out.jsonl.part").open("ab") as part:
        part.write(b'{"id": 12, "text": "torn')
    result = run(source, target, job())
    assert target.read_bytes() == expected and result.resumed_at >= cut_after
    assert result.to_json()["lines"] == LINES - len(range(13, LINES, 50)), "the summary counts both runs"
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_an_input_that_has_grown_is_gone_on_with(source: Path, tmp_path: Path, expected: bytes) -> None:
    target = tmp_path / "out.jsonl"
    with pytest.raises(Cut):
        run(source, target, job(cut_after=CHUNK_LINES))
    source.write_bytes(content() + b'\n{"text": "more"}\n')
    assert run(source, target, job()).resumed_at == CHUNK_LINES
    assert target.read_bytes() == expected + b'{"text": "more", "findings": [], "redacted": "more"}\n'


def _other_input(source: Path, target: Path) -> Job:
    source.write_bytes(source.read_bytes().replace(b"Line 3:", b"Line X:"))
    return job()


def _shorter_input(source: Path, target: Path) -> Job:
    source.write_bytes(source.read_bytes()[:2000])
    return job()


def _other_options(source: Path, target: Path) -> Job:
    return job(Options((parse("text"),), replace=True))


def _other_part(source: Path, target: Path) -> Job:
    part = target.with_name(target.name + ".part")
    part.write_bytes(part.read_bytes().replace(b"Line 3:", b"Line X:"))
    return job()


def _no_state(source: Path, target: Path) -> Job:
    target.with_name(target.name + ".part.json").write_text('{"settings"')
    return job()


@pytest.mark.parametrize("change", [_other_input, _shorter_input, _other_options, _other_part, _no_state])
def test_a_part_that_does_not_fit_is_begun_anew(
    source: Path, tmp_path: Path, change: Callable[[Path, Path], Job]
) -> None:
    target = tmp_path / "out.jsonl"
    with pytest.raises(Cut):
        run(source, target, job(cut_after=2 * CHUNK_LINES))
    work = change(source, target)
    result = run(source, target, work)
    fresh = io.BytesIO()
    to_stream(io.BytesIO(source.read_bytes()), fresh, work)
    assert target.read_bytes() == fresh.getvalue() and result.began_anew and result.resumed_at == 0


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


def test_a_stream_can_be_gone_on_with_and_another_one_is_refused_once(tmp_path: Path, expected: bytes) -> None:
    target = tmp_path / "out.jsonl"
    with pytest.raises(Cut):
        to_file(Pipe(content()), target, job(cut_after=CHUNK_LINES))
    assert to_file(Pipe(content()), target, job()).resumed_at == CHUNK_LINES
    assert target.read_bytes() == expected
    with pytest.raises(Cut):
        to_file(Pipe(content()), target, job(cut_after=CHUNK_LINES))
    with pytest.raises(InputChanged):
        to_file(Pipe(b'{"text": "hi"}\n'), target, job())
    assert to_file(Pipe(b'{"text": "hi"}\n'), target, job()).lines == 1


def test_strict_stops_at_the_first_line_at_fault_and_goes_on_once_it_is_mended(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    with pytest.raises(StoppedAtLine) as stopped:
        run(source, target, job(strict=True))
    assert (stopped.value.line, stopped.value.code) == (30, "not_json") and not target.exists()
    source.write_bytes(content().replace(b'{"id": 5, "call": "13800138000"', b'{"text": "call 13800138000"}'))
    assert run(source, target, job(strict=True)).errors == {}


def _begin(source: Path, target: Path, workers: int) -> "subprocess.Popen[str]":
    command = [sys.executable, str(DRIVER), str(source), str(target), str(workers)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=-1, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("saved")
    return process


def test_a_killed_run_goes_on_and_its_workers_do_not_stay_behind(source: Path, tmp_path: Path, expected: bytes) -> None:
    target = tmp_path / "out.jsonl"
    process = _begin(source, target, workers=2)
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not target.exists()
    assert run(source, target, job()).resumed_at >= CHUNK_LINES
    assert target.read_bytes() == expected
    left = psutil.wait_procs(family, timeout=20)[1]
    assert not [one for one in left if one.status() != psutil.STATUS_ZOMBIE]


def test_an_output_that_another_run_writes_is_left_alone(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    with Part(target, "one", 0o600), pytest.raises(PartBusy):
        run(source, target, job())
    with Part(target, "one", 0o600) as late:
        late.finish()
    target.unlink()
    assert run(source, target, job()).lines


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_the_output_is_as_private_as_the_input(source: Path, tmp_path: Path, mode: int) -> None:
    source.chmod(mode)
    before = os.umask(0)
    try:
        with pytest.raises(Cut):
            run(source, tmp_path / "out.jsonl", job(cut_after=1))
        modes = [stat.S_IMODE((tmp_path / "out.jsonl.part").stat().st_mode)]
        run(source, tmp_path / "out.jsonl", job())
        modes.append(stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode))
    finally:
        os.umask(before)
    assert modes == [mode & 0o666] * 2


def test_the_state_beside_the_part_holds_no_text(source: Path, tmp_path: Path) -> None:
    with pytest.raises(Cut):
        run(source, tmp_path / "out.jsonl", job(cut_after=CHUNK_LINES))
    state = (tmp_path / "out.jsonl.part.json").read_text("utf-8")
    assert "1380013" not in state and "王小明" not in state and "Line" not in state


class Endless(io.RawIOBase):
    """``size`` bytes without a line end, made as they are read."""

    def __init__(self, size: int, tail: bytes) -> None:
        self._left, self._tail = size, tail

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = cast(memoryview, buffer)
        if self._left:
            size = min(len(view), self._left)
            view[:size] = b"a" * size
            self._left -= size
            return size
        size = min(len(view), len(self._tail))
        view[:size], self._tail = self._tail[:size], self._tail[size:]
        return size


def test_a_line_without_end_costs_no_more_memory_than_the_longest_one() -> None:
    stream = io.BufferedReader(Endless(3 * MAX_LINE_BYTES, b'\n{"text": "hi"}\n'))
    lines = [line for chunk in Source(cast(BinaryIO, stream)).chunks() for line in chunk.lines]
    assert lines == [None, b'{"text": "hi"}\n']


def test_results_are_handed_on_before_the_input_is_read_to_its_end(tmp_path: Path) -> None:
    class Counting(io.BytesIO):
        lines = 0

        def readline(self, *args: object) -> bytes:
            self.lines += 1
            return super().readline(*args)  # type: ignore[arg-type]

    stream, seen = Counting(content(CHUNK_LINES * 12)), []
    work = Job(OPTIONS, Readable(), 1, progress=lambda done, lines: seen.append(stream.lines - lines))
    to_file(stream, tmp_path / "out.jsonl", work)
    assert len(seen) == 12 and max(seen) <= 2 * CHUNK_LINES
