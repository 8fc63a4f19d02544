"""The native API: sessions, messages, feedback, handoff, deletion."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.session import SessionId
from serving.app import Parts
from serving.http.sessions import SessionStore
from serving.http.tokens import Tokens
from tests.serving.web_fakes import KEY, FakeBot, FakeGuard, make_parts, opened, served


def frames(body: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for block in body.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "event" in fields:
            found.append((fields["event"], {**json.loads(fields["data"]), "_id": int(fields["id"])}))
    return found


async def test_a_session_opens_with_a_token_a_language_and_the_notice_that_a_machine_answers(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/api/v1/sessions", json={}, headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert answer.status_code == 201
    body = answer.json()
    assert body["lang"] == "zh"
    assert "AI 助手" in body["notice"] and "橘里" in body["notice"] and body["ai_mark"] == "AI生成"
    english = (await client.post("/api/v1/sessions", json={"lang": "en", "widget_id": "demo"})).json()
    assert "AI assistant of Tangerine Lane, not a person" in english["notice"]


@pytest.mark.parametrize(("text", "want"), [("recommend a lamp", "Harbour desk lamp"), ("推荐台灯", "海湾台灯")])
async def test_a_message_is_answered_as_json_with_products(client: httpx.AsyncClient, text: str, want: str) -> None:
    path, headers = await opened(client)
    answer = await client.post(f"{path}/messages", json={"text": text}, headers=headers)
    body = answer.json()
    assert answer.status_code == 200 and want in body["text"]
    assert body["products"][0]["name"] == want and body["finish_reason"] == "stop" and body["grounded"] is True


async def test_a_message_is_answered_as_events_with_growing_ids(client: httpx.AsyncClient) -> None:
    path, headers = await opened(client)
    headers["Accept"] = "text/event-stream"
    answer = await client.post(f"{path}/messages", json={"text": "call 13800138000 about a return"}, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = frames(answer.text)
    names = [name for name, _ in events]
    assert names[:2] == ["message.start", "guard.notice"] and names[-2:] == ["message.citation", "message.done"]
    assert [data["_id"] for _, data in events] == list(range(1, len(events) + 1))
    assert events[1][1]["entity_counts"] == {"PHONE_NUMBER": 1}
    text = "".join(data["text"] for name, data in events if name == "message.delta")
    assert text == "You can return unused goods within 30 days."
    assert events[-1][1]["hidden"] == {"PHONE_NUMBER": 1}


async def test_the_stream_field_asks_for_events_too(client: httpx.AsyncClient) -> None:
    path, headers = await opened(client)
    answer = await client.post(f"{path}/messages", json={"text": "hello", "stream": True}, headers=headers)
    assert frames(answer.text)[-1][0] == "message.done"


async def test_a_handoff_is_told_and_ends_the_turn_as_one(client: httpx.AsyncClient) -> None:
    path, headers = await opened(client)
    body = (await client.post(f"{path}/messages", json={"text": "转人工"}, headers=headers)).json()
    assert body["handoff"] == {"state": "requested", "reason": "asked"} and body["finish_reason"] == "handoff"


async def test_what_is_stored_is_concealed_and_what_is_read_back_is_the_customers_own(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    path, headers = await opened(client)
    await client.post(f"{path}/messages", json={"text": "my phone is 13800138000"}, headers=headers)
    listed = (await client.get(f"{path}/messages", headers=headers)).json()
    assert [m["role"] for m in listed["data"]] == ["user", "assistant"]
    assert listed["data"][0]["text"] == "my phone is 13800138000"
    assert "13800138000" in listed["data"][1]["text"]
    stored = sqlite3.connect(tmp_path / "sessions.db").execute("SELECT content FROM message").fetchall()
    assert all("13800138000" not in row[0] for row in stored) and "<PHONE_1>" in stored[0][0]
    assert not any(b"13800138000" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


async def test_messages_come_in_pages(client: httpx.AsyncClient) -> None:
    path, headers = await opened(client)
    for text in ("one", "two", "three"):
        await client.post(f"{path}/messages", json={"text": text}, headers=headers)
    first = (await client.get(f"{path}/messages?limit=4", headers=headers)).json()
    assert first["has_more"] is True and first["last_id"] == 4
    rest = (await client.get(f"{path}/messages?after=4", headers=headers)).json()
    assert [m["text"] for m in rest["data"]] == ["three", "Turn 3: you said three"] and rest["has_more"] is False


async def test_two_messages_at_once_are_answered_one_after_the_other(client: httpx.AsyncClient, parts: Parts) -> None:
    path, headers = await opened(client)
    send = [client.post(f"{path}/messages", json={"text": f"message {n}"}, headers=headers) for n in (1, 2)]
    answers = [answer.json()["text"] for answer in await asyncio.gather(*send)]
    assert sorted(text.split(":")[0] for text in answers) == ["Turn 1", "Turn 2"]
    assert len((await client.get(f"{path}/messages", headers=headers)).json()["data"]) == 4


async def test_a_session_and_its_dialogue_survive_a_restart(tmp_path: Path) -> None:
    first = make_parts(tmp_path)
    async with served(first) as client:
        path, headers = await opened(client)
        reply = (await client.post(f"{path}/messages", json={"text": "hello"}, headers=headers)).json()
        thumb = {"message_id": reply["message_id"], "value": "up"}
        assert (await client.post(f"{path}/feedback", json=thumb, headers=headers)).json() == {"status": "recorded"}
    first.sessions.close()
    async with served(make_parts(tmp_path)) as client:
        listed = (await client.get(f"{path}/messages", headers=headers)).json()["data"]
    assert [m["text"] for m in listed] == ["hello", "Turn 1: you said hello"] and listed[1]["feedback"] == "up"


async def test_deleting_a_session_destroys_its_values_and_its_transcript(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    path, headers = await opened(client)
    await client.post(f"{path}/messages", json={"text": "my phone is 13800138000"}, headers=headers)
    parts.transcripts.flush()
    folder = parts.transcripts.folder
    assert folder and len(list(folder.iterdir())) == 1
    assert (await client.delete(path, headers=headers)).json() == {"status": "deleted"}
    assert isinstance(parts.guardrails, FakeGuard) and parts.guardrails.erased == [f"visitor:{path.split('/')[-1]}"]
    assert list(folder.iterdir()) == []
    assert (await client.get(f"{path}/messages", headers=headers)).json()["code"] == "session_not_found"


async def test_feedback_and_handoff_notes_are_kept_concealed(client: httpx.AsyncClient, parts: Parts) -> None:
    path, headers = await opened(client)
    reply = (await client.post(f"{path}/messages", json={"text": "hello"}, headers=headers)).json()
    thumb = {"message_id": reply["message_id"], "value": "down", "reason": "wrong", "comment": "call me: 13800138000"}
    assert (await client.post(f"{path}/feedback", json=thumb, headers=headers)).status_code == 200
    note = {"reason": "unhappy", "note": "我的电话 13800138000"}
    assert (await client.post(f"{path}/handoff", json=note, headers=headers)).status_code == 200
    day = parts.sessions.days(0.0)[0]
    (dialogue,) = parts.sessions.dialogues(day)
    assert [event["type"] for event in dialogue.events] == ["feedback", "handoff"]
    assert "13800138000" not in json.dumps(dialogue.events) and dialogue.events[0]["comment"] == "call me: <PHONE_1>"
    unknown = await client.post(f"{path}/feedback", json={"message_id": "msg_0", "value": "up"}, headers=headers)
    assert unknown.json()["code"] == "message_not_found"


async def test_a_customer_who_leaves_in_the_middle_finds_the_whole_answer_later(tmp_path: Path) -> None:
    parts = make_parts(tmp_path)
    assert isinstance(parts.bot, FakeBot)
    parts.bot.pause_s = 0.02
    async with served(parts) as client:
        path, headers = await opened(client)
        send = asyncio.create_task(
            client.post(f"{path}/messages", json={"text": "a lamp", "stream": True}, headers=headers)
        )
        await asyncio.sleep(0.1)
        send.cancel()
        await asyncio.sleep(0.5)
        listed = (await client.get(f"{path}/messages", headers=headers)).json()["data"]
    assert listed[1]["text"].endswith("¥129.00.") and listed[1]["products"][0]["product_id"] == "P-1"


def test_a_token_says_when_half_its_life_is_over_and_when_it_has_ended() -> None:
    now = [1000.0]
    tokens = Tokens(KEY, 60, lambda: now[0])
    token = tokens.issue(SessionId("ses_1"))
    assert tokens.read(token) == ("ses_1", False)
    now[0] += 31
    assert tokens.read(token) == ("ses_1", True)
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Tokens(b"short")
    assert "key" not in repr(tokens)


def test_a_session_nobody_uses_is_over_and_later_gone(tmp_path: Path) -> None:
    now = [1000.0]
    store = SessionStore(tmp_path / "s.db", idle_s=60, clock=lambda: now[0])
    session = store.create("widget", "zh")
    assert store.get(session.id) == session
    now[0] += 61
    assert store.get(session.id) is None
    assert store.prune(keep_s=30) == [session.id] and store.prune(keep_s=30) == []


async def test_a_broken_turn_ends_the_stream_with_a_problem(tmp_path: Path) -> None:
    parts = make_parts(tmp_path)
    assert isinstance(parts.bot, FakeBot)
    parts.bot.fault = RuntimeError("13800138000 said something")
    async with served(parts) as client:
        path, headers = await opened(client)
        answer = await client.post(f"{path}/messages", json={"text": "hello", "stream": True}, headers=headers)
        assert frames(answer.text)[-1][0] == "error" and frames(answer.text)[-1][1]["code"] == "internal_error"
        plain = await client.post(f"{path}/messages", json={"text": "hello"}, headers=headers)
    assert plain.status_code == 500 and "13800138000" not in answer.text + plain.text
