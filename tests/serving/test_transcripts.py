"""Transcripts: concealed dialogues as JSONL."""

import io
import json
import os
from pathlib import Path

import httpx
import pytest

from bot.session import CustomerId
from serving.app import Parts
from serving.evaluation.transcripts import read as read_transcripts
from serving.http.sessions import SessionStore
from serving.transcripts import TranscriptWriter
from tests.serving.web_fakes import KEY, make_parts, opened


async def dialogue(client: httpx.AsyncClient, *texts: str) -> str:
    path, headers = await opened(client)
    for text in texts:
        await client.post(f"{path}/messages", json={"text": text}, headers=headers)
    return path.split("/")[-1]


async def test_a_dialogue_is_one_concealed_line_in_the_contracts_format(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    session_id = await dialogue(client, "我的电话 13800138000", "推荐台灯")
    assert parts.transcripts.flush() and parts.transcripts.folder
    (file,) = parts.transcripts.folder.iterdir()
    (line,) = file.read_text("utf-8").splitlines()
    row = json.loads(line)
    assert row["id"] == session_id and row["lang"] == "zh" and row["customer"].startswith("cus_")
    assert [m["role"] for m in row["messages"]] == ["user", "assistant"] * 2
    assert row["messages"][0]["content"] == "我的电话 <PHONE_1>" and "13800138000" not in line
    assert row["messages"][1]["meta"]["understood_by"] == "rule" and row["started_at"].endswith("Z")


async def test_a_dialogue_that_goes_on_stays_one_line(client: httpx.AsyncClient, parts: Parts) -> None:
    path, headers = await opened(client)
    for text in ("one", "two"):
        await client.post(f"{path}/messages", json={"text": text}, headers=headers)
        parts.transcripts.flush()
    out = io.StringIO()
    assert parts.transcripts.export(out) == 1
    assert len(json.loads(out.getvalue())["messages"]) == 4


async def test_the_evaluation_reads_what_is_written(client: httpx.AsyncClient, parts: Parts) -> None:
    await dialogue(client, "hello")
    await dialogue(client, "你好")
    parts.transcripts.flush()
    assert parts.transcripts.folder
    items = list(read_transcripts([parts.transcripts.folder]))
    assert sorted(item.lang for item in items) == ["en", "zh"]  # type: ignore[union-attr]


async def test_feedback_and_handoffs_are_events_of_the_line(client: httpx.AsyncClient, parts: Parts) -> None:
    path, headers = await opened(client)
    reply = (await client.post(f"{path}/messages", json={"text": "a person"}, headers=headers)).json()
    thumb = {"message_id": reply["message_id"], "value": "up"}
    await client.post(f"{path}/feedback", json=thumb, headers=headers)
    out = io.StringIO()
    parts.transcripts.export(out)
    assert [event["type"] for event in json.loads(out.getvalue())["events"]] == ["handoff", "feedback"]


def test_the_customer_is_the_same_over_dialogues_and_is_no_name(tmp_path: Path) -> None:
    sessions = SessionStore(tmp_path / "s.db")
    for _ in range(2):
        session = sessions.create("widget", "en", CustomerId("yusuf_example_1"))
        message = {"id": "msg_1", "role": "assistant", "content": "hello"}
        sessions.record(session.id, [message])
    out = io.StringIO()
    TranscriptWriter(None, sessions, KEY).export(out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len({row["customer"] for row in rows}) == 1 and "yusuf" not in out.getvalue()


async def test_a_full_disk_costs_no_answer_and_the_line_is_written_later(tmp_path: Path) -> None:
    from tests.serving.web_fakes import served

    parts = make_parts(tmp_path)
    folder = tmp_path / "transcripts"
    folder.write_text("a file where the folder should be")
    async with served(parts) as client:
        await dialogue(client, "hello")
        assert parts.transcripts.flush() is False
        assert (await client.get("/readyz")).json()["missing"] == ["transcripts"]
    folder.unlink()
    assert parts.transcripts.flush() is True and len(list(folder.iterdir())) == 1


async def test_without_leave_nothing_is_written(tmp_path: Path) -> None:
    from tests.serving.web_fakes import served

    parts = make_parts(tmp_path, transcripts=False)
    async with served(parts) as client:
        await dialogue(client, "hello")
    assert parts.transcripts.flush() and not (tmp_path / "transcripts").exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX file names")
def test_old_files_are_deleted_and_new_ones_stay(tmp_path: Path) -> None:
    writer = TranscriptWriter(tmp_path, SessionStore(":memory:"), KEY)
    for name in ("2020-01-01.jsonl", "2999-01-01.jsonl", "notes.txt"):
        (tmp_path / name).write_text("{}\n")
    assert writer.prune(keep_days=30) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2999-01-01.jsonl", "notes.txt"]
