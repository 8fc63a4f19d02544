"""The chain holds, and whoever touches it is found."""

import json
import threading
from pathlib import Path

import pytest

from guardrails.audit_log import AuditLog, verify


def written(path: Path) -> list[str]:
    log = AuditLog(path)
    for n in range(4):
        log.append("conceal", {"PHONE_NUMBER": n}, session="s-1")
    return path.read_text().splitlines()


def test_a_log_that_nobody_touched_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    lines = written(path)
    assert verify(path).whole and verify(path).lines == 4
    AuditLog(path).append("erase")
    assert verify(path).lines == 5
    assert verify(path).last_hash == json.loads(path.read_text().splitlines()[-1])["hash"]
    assert len(lines) == 4


@pytest.mark.parametrize("broken_line", [1, 2, 3])
def test_a_changed_missing_or_moved_line_is_found(tmp_path: Path, broken_line: int) -> None:
    path = tmp_path / "audit.jsonl"
    lines = written(path)
    at = broken_line - 1
    for changed in (
        [*lines[:at], lines[at].replace('"conceal"', '"reveal"'), *lines[at + 1 :]],
        [*lines[:at], *lines[at + 1 :]],
        [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
        [*lines[:at], "not json", *lines[at + 1 :]],
        [*lines[:at], "[]", *lines[at + 1 :]],
    ):
        path.write_text("\n".join(changed) + "\n")
        assert verify(path).broken_line == broken_line


def test_with_a_key_nobody_else_can_write_a_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    AuditLog(path, b"secret").append("conceal")
    assert verify(path, b"secret").whole
    assert not verify(path, b"other").whole
    AuditLog(path, b"other").append("erase")
    assert verify(path, b"secret").broken_line == 2


def test_it_takes_no_text(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    for text in ("Yusuf Rossi", "mei@example.com", "我叫王小明", "x" * 100):
        with pytest.raises(ValueError) as caught:
            log.append("conceal", detail=text)
        assert text not in str(caught.value)


def test_threads_keep_one_chain(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    threads = [threading.Thread(target=lambda: [log.append("conceal") for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(tmp_path / "audit.jsonl").lines == 20


def test_a_missing_file_is_an_empty_chain(tmp_path: Path) -> None:
    assert verify(tmp_path / "none.jsonl").whole
