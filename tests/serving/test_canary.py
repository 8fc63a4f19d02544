"""The canary check can fail: every detector finds a planted leak, and finds nothing where there is none."""

import gzip
import json
import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.bench.canary import Evidence, PlaceResult, bench_canary, search, summarize, table
from serving.bench.finder import Finder, file_blobs
from serving.bench.plants import Plant, PlantedTurn, turns
from serving.bench.recorder import Recorder, in_thread
from serving.bench.serve import ServerNotReady
from tests.serving.talking_server import LEAKS, model_app

PLACE_OF = {
    "model": "model requests", "state": "dialogue state", "transcripts": "transcripts", "logs": "logs",
    "metrics": "metrics", "errors": "error bodies", "vault": "vault file", "other": "other files",
}  # fmt: skip


def plant(value: str, *needles: str) -> Plant:
    return Plant("en-000-PHONE_NUMBER", "PHONE_NUMBER", value, (value, *needles))


def test_two_hundred_messages_a_hundred_a_language_with_no_value_twice() -> None:
    planted = turns(1)
    assert [turn.lang for turn in planted] == ["en"] * 100 + ["zh"] * 100
    values = [p.value for turn in planted for p in turn.plants]
    assert len(values) == len(set(values))
    assert {p.kind for turn in planted for p in turn.plants} >= {
        "PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "ID_CARD", "CREDIT_CARD", "ADDRESS", "POSTAL_CODE", "SOCIAL_ACCOUNT",
    }  # fmt: skip
    for turn in planted:
        assert [turn.text[start:end] for _, start, end in turn.spans] == [p.value for p in turn.plants]
        assert all(f.search(turn.text.encode()) for f in (Finder([p]) for p in turn.plants))


def test_the_same_seed_plants_the_same_and_another_seed_others() -> None:
    assert turns(1, 10) == turns(1, 10) != turns(2, 10)


@pytest.mark.parametrize(("value", "text"), [
    ("13800131234", "phone 13800131234."), ("13800131234", "１３８００１３１２３４"), ("138 0013 1234", "13800131234"),
    ("13800131234", "138-0013-1234"), ("quillfern1@example.com", "QuillFern1@Example.com"),
    ("欧阳晓岚", "客户欧阳 晓岚，"), ("欧阳晓岚", json.dumps("客户欧阳晓岚")), ("欧阳晓岚", quote("客户欧阳晓岚")),
    ("62704", "zip 62704."), ("62704", '{"zip":"62704"}'), ("BS8 4QZ", "at bs8 4qz"), ("310013", "邮编310013，"),
    ("Thessaly Brankovic", "THESSALY  BRANKOVIC"), ("4127 Marlowe Quay Lane", "4127 marlowe quay\nlane"),
])  # fmt: skip
def test_a_value_is_found_in_every_spelling(value: str, text: str) -> None:
    assert Finder([plant(value)]).search(text.encode()) == {"en-000-PHONE_NUMBER"}


@pytest.mark.parametrize(("value", "text"), [
    ("62704", "1062704"), ("62704", "6270412"), ("62704", "0.62704"), ("62704", "deadbe62704f"),
    ("13800131234", "13800131235"),
    ("欧阳晓岚", "欧阳先生"), ("abc", "abc"), ("Thessaly Brankovic", "<PERSON_1>"),
])  # fmt: skip
def test_what_is_not_the_value_is_not_found(value: str, text: str) -> None:
    assert Finder([plant(value)]).search(text.encode()) == set()


def test_a_part_that_gives_the_value_away_is_found_too() -> None:
    assert Finder([plant("brassowl77@example.com", "brassowl77")]).search(b"hello brassowl77")


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_value_is_found_amid_any_bytes(before: bytes, after: bytes) -> None:
    data = before + b"\n4000123412341234\n" + after
    assert Finder([plant("4000123412341234")]).search(data)


def test_a_value_across_the_edge_of_a_block_and_in_a_compressed_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"x" * (4 * 2**20 - 5) + b" 13800131234 " + b"x" * 100
    finder = Finder([plant("13800131234")])
    assert finder.search(data) and finder.search(gzip.compress(data))


def test_a_database_is_searched_by_bytes_and_by_rows(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (b BLOB)")
    long = b"y" * 4000 + "欧阳晓岚".encode() + b"y" * 9000  # longer than a page: cut in the file
    db.execute("INSERT INTO t VALUES (?)", (long,))
    db.commit()
    finder = Finder([plant("欧阳晓岚")])
    assert any(finder.search(blob) for blob in file_blobs(path))  # the row is in the log, not in the file yet
    wal = tmp_path / "state.db-wal"
    assert wal.exists() and any(finder.search(blob) for blob in file_blobs(wal))
    db.close()
    assert any(finder.search(blob) for blob in list(file_blobs(path))[1:])


def command(leak: str) -> "Sequence[str]":
    return [sys.executable, "-m", "tests.serving.talking_server", "{port}", "{url}", leak]


def run(tmp_path: Path, leak: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("PYTHONPATH", os.getcwd())

    def start(port: int, url: str) -> Sequence[str]:
        return [part.format(port=port, url=url) for part in command(leak)]

    with in_thread(model_app()) as model:
        return bench_canary(f"{model}/v1", tmp_path / "data", command=start, per_language=10, timeout_s=60)


def test_a_server_that_keeps_nothing_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(tmp_path, "none", monkeypatch)
    assert {name: place["leaked"] for name, place in result["places"].items()} == dict.fromkeys(PLACE_OF.values(), 0)
    assert result["passed"] is True and result["exit_code"] == 0
    assert result["answered"] == result["turns"] == result["model_requests"] == 20
    assert "| model requests |" in table(result)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_in_any_one_place_is_found_there_and_told_without_the_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leak: str
) -> None:
    result = run(tmp_path, leak, monkeypatch)
    places = result["places"]
    assert places[PLACE_OF[leak]]["leaked"] > 0 and not places[PLACE_OF[leak]]["passed"]
    assert result["exit_code"] == 100
    assert {name for name, place in places.items() if place["leaked"]} == {PLACE_OF[leak]}
    told = json.dumps(result, ensure_ascii=False) + table(result)
    assert not Finder(p for turn in turns(1, 10) for p in turn.plants).search(told.encode())


def test_a_place_in_which_nothing_was_written_fails_the_check(tmp_path: Path) -> None:
    planted = [PlantedTurn("en", "x", (plant("13800131234"),), ())]
    places = search(planted, Evidence(), tmp_path)
    assert not any(place.passed for name, place in places.items() if name != "other files")
    assert summarize(planted, places, Evidence(answered=1))["exit_code"] == 100


def test_too_few_answers_fail_the_check_even_where_nothing_leaked() -> None:
    planted = [PlantedTurn("en", "x", (plant("13800131234"),), ())] * 20
    places = {"logs": PlaceResult(10, frozenset())}
    assert summarize(planted, places, Evidence(answered=19))["exit_code"] == 0
    assert summarize(planted, places, Evidence(answered=18))["exit_code"] == 100


def test_a_folder_with_files_is_refused_and_a_dead_server_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "keep").write_text("mine")
    with pytest.raises(ValueError, match="empty"):
        bench_canary("http://127.0.0.1:9/v1", tmp_path / "data")
    (tmp_path / "data" / "keep").unlink()
    with pytest.raises(ServerNotReady, match="ended with 3"):
        run(tmp_path, "dead", monkeypatch)


def test_the_recorder_passes_streams_on_and_keeps_what_was_asked() -> None:
    with in_thread(model_app()) as model:
        recorder = Recorder(model)
        with in_thread(recorder.app) as proxy:
            answer = httpx.post(f"{proxy}/v1/chat/completions?x=1", json={"text": "hello"})
    assert answer.text == "data: yes\n\ndata: [DONE]\n\n"
    assert recorder.bodies == [b'POST /v1/chat/completions?x=1\n{"text":"hello"}']


def test_the_recorder_says_when_the_model_is_away() -> None:
    with in_thread(Recorder("http://127.0.0.1:9").app) as proxy:
        assert httpx.get(f"{proxy}/v1/models").status_code == 502
