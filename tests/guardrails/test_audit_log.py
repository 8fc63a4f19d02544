"""The chain holds, whoever touches it is found, and no text gets in."""

import json
import multiprocessing
import threading
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.audit_chain import START, AuditKeys, files_of, verify
from guardrails.audit_log import AuditLog, AuditUnavailable

KEY, OTHER = b"k" * 32, b"o" * 32
KEYS = AuditKeys.of(KEY)
EVENTS = 6


def written(path: Path, key: bytes = KEY) -> list[str]:
    log = AuditLog(path, key)
    for n in range(EVENTS):
        log.append("purge", {"values": n}) if n % 2 else log.append(
            "block", session=log.session(f"s{n}"), reason="abuse"
        )
    return path.read_text().splitlines(keepends=True)


with TemporaryDirectory() as _folder:
    LINES = written(Path(_folder) / "audit.jsonl")
LAST = json.loads(LINES[-1])["hash"]


@pytest.fixture(scope="module")
def audit_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "audit.jsonl"


def test_a_log_that_nobody_touched_is_whole_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    written(path)
    assert verify(path, KEYS).whole and verify(path, KEYS).lines == EVENTS
    noted = verify(path, KEYS).last_hash
    AuditLog(path, KEY).append("erase", actor="officer", scope="customer")
    assert verify(path, KEYS, noted).whole and verify(path, KEYS, noted).expected
    assert verify(path, KEYS).lines == EVENTS + 1


def test_a_missing_file_is_an_empty_chain(tmp_path: Path) -> None:
    assert verify(tmp_path / "none.jsonl", KEYS).whole
    assert not verify(tmp_path / "none.jsonl", KEYS, LAST).whole


@given(at=st.integers(0, EVENTS - 1), data=st.data())
def test_any_change_of_one_character_is_found(audit_path: Path, at: int, data: st.DataObject) -> None:
    line = LINES[at][:-1]
    place = data.draw(st.integers(0, len(line)))
    cut = data.draw(st.integers(0, 1))
    put = data.draw(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=2))
    changed = line[:place] + put + line[place + cut :]
    audit_path.write_text("".join([*LINES[:at], changed + "\n", *LINES[at + 1 :]]), newline="\n")
    found = verify(audit_path, KEYS)
    assert found.whole if changed == line else (found.broken_line == at + 1 and found.lines == at)


@given(at=st.integers(0, EVENTS - 1), to=st.integers(0, EVENTS - 1), what=st.sampled_from(["out", "twice", "swap"]))
def test_a_line_left_out_put_in_or_moved_is_found(audit_path: Path, at: int, to: int, what: str) -> None:
    lines = list(LINES)
    match what:
        case "out":
            del lines[at]
        case "twice":
            lines.insert(to, LINES[at])
        case _:
            lines[at], lines[to] = lines[to], lines[at]
    audit_path.write_text("".join(lines), newline="\n")
    assert verify(audit_path, KEYS, LAST).whole == (lines == LINES)


@given(kept=st.integers(0, sum(map(len, LINES)) - 1))
def test_a_cut_off_end_is_found_by_who_knows_the_last_hash(audit_path: Path, kept: int) -> None:
    text = "".join(LINES)
    audit_path.write_text(text[:kept], newline="\n")
    cut_at_a_line = text[:kept].endswith("\n") or not kept or text[kept] == "\n"
    assert verify(audit_path, KEYS).whole == cut_at_a_line
    assert verify(audit_path, KEYS, LAST).whole == (kept == len(text) - 1)


def test_without_the_key_nobody_can_write_a_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    written(path)
    AuditLog(path, OTHER).append("purge")
    assert not verify(path, AuditKeys.of(OTHER)).whole
    found = verify(path, KEYS)
    assert (found.broken_line, found.fault, found.lines) == (EVENTS + 1, "changed", EVENTS)


def test_the_chain_goes_on_over_files_and_months(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    now = [datetime(2026, 1, 30, tzinfo=UTC)]
    log = AuditLog(path, KEY, max_bytes=900, clock=lambda: now[0])
    for _ in range(9):
        log.append("purge", {"values": 1})
    now[0] = datetime(2026, 2, 1, tzinfo=UTC)
    log.append("purge", {"values": 2})
    files = files_of(path)
    assert [file.name for file in files] == [*(f"audit-{n:06}.jsonl" for n in range(1, len(files))), "audit.jsonl"]
    assert len(files) > 2 and verify(path, KEYS) == verify(path, KEYS, None) and verify(path, KEYS).lines == 10
    assert len(path.read_text().splitlines()) == 1
    files[1].unlink()
    found = verify(path, KEYS)
    assert (found.broken_file, found.broken_line, found.fault) == (files[2].name, 1, "out_of_order")


def test_an_old_file_is_found_where_the_current_one_has_gone(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path, KEY, max_bytes=1)
    for _ in range(3):
        log.append("purge")
    last = verify(path, KEYS).last_hash
    path.unlink()
    assert not verify(path, KEYS, last).whole


def test_after_a_key_rotation_old_and_new_lines_are_checkable_with_the_new_key_alone(tmp_path: Path) -> None:
    path, third = tmp_path / "audit.jsonl", b"3" * 32
    log = AuditLog(path, KEY)
    log.append("purge")
    for key in (OTHER, third):
        log.rotate_key(key)
        log.append("purge")
    assert verify(path, AuditKeys.of(third)).lines == 5 and verify(path, AuditKeys.of(third)).whole
    assert not verify(path, AuditKeys.of(OTHER)).whole
    lines = path.read_text().splitlines(keepends=True)
    for at in range(5):
        path.write_text("".join([*lines[:at], lines[at].replace("2", "3", 1), *lines[at + 1 :]]))
        assert not verify(path, AuditKeys.of(third)).whole
    assert KEY.hex() not in "".join(lines)


def test_a_half_written_line_is_cut_off_and_told(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    written(path)
    with path.open("a") as file:
        file.write('{"at": "2026')
    assert verify(path, KEYS).fault == "unreadable"
    AuditLog(path, KEY).append("purge")
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert verify(path, KEYS).whole and [e["event"] for e in events[-2:]] == ["mended", "purge"]
    assert events[-2]["counts"] == {"bytes": 12}


TEXTS = ("Yusuf Rossi", "mei@example.com", "我叫王小明", "x" * 100, "13800138000", "<PHONE_1>", "Yusuf", "", "a b")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    ("event", "name"),
    [("erase", "customer"), ("block", "session"), ("erase", "actor"), ("erase", "scope"), ("start", "version"),
     ("start", "redaction"), ("start", "passport"), ("block", "reason"), ("block", "detail"), ("purge", "reason")],
)  # fmt: skip
def test_no_field_takes_text(tmp_path: Path, event: str, name: str, text: str) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", KEY)
    with pytest.raises(ValueError) as caught:
        log.append(event, **{name: text})  # type: ignore[arg-type]
    assert not text or text not in str(caught.value)
    with pytest.raises(ValueError):
        log.append("purge", {text: 1})
    with pytest.raises(ValueError):
        log.append("purge", {"values": text})  # type: ignore[dict-item]
    with pytest.raises(ValueError):
        log.append(text)  # type: ignore[arg-type]
    assert not (tmp_path / "audit.jsonl").exists()


@given(text=st.text(min_size=1, max_size=40))
def test_ids_are_digests_that_fit_their_fields(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    log = AuditLog(tmp_path_factory.getbasetemp() / "ids" / "audit.jsonl", KEY)
    assert log.customer(text) == log.customer(text) != log.session(text).replace("ses", "cus")
    assert AuditLog(Path("x"), OTHER).customer(text) != log.customer(text)
    log.append("erase", customer=log.customer(text), session=log.session(text), scope="customer", actor="customer")


def test_threads_keep_one_chain(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", KEY)
    threads = [threading.Thread(target=lambda: [log.append("purge") for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(tmp_path / "audit.jsonl", KEYS).lines == 20


def _append_many(path: str, many: int) -> None:
    log = AuditLog(Path(path), KEY, max_bytes=2000)
    for _ in range(many):
        log.append("purge")


def test_processes_keep_one_chain_over_files(tmp_path: Path) -> None:
    path, spawn = tmp_path / "audit.jsonl", multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_append_many, args=(str(path), 25)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert verify(path, KEYS).whole and verify(path, KEYS).lines == 75 and len(files_of(path)) > 3


def test_a_log_that_cannot_be_written_says_so_and_nothing_is_half_written(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    folder.write_text("a file where the folder should be")
    log = AuditLog(folder / "audit.jsonl", KEY)
    with pytest.raises(AuditUnavailable, match="disk full or read-only"):
        log.append("purge")
    with pytest.raises(AuditUnavailable):
        log.check()
    folder.unlink()
    log.append("purge")
    assert verify(folder / "audit.jsonl", KEYS).lines == 1 and verify(folder / "audit.jsonl", KEYS, START).expected
