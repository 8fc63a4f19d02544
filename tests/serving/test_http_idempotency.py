"""A message sent twice with one key is answered once."""

import asyncio
from pathlib import Path

import httpx

from serving.app import Parts
from tests.serving.web_fakes import FakeBot, make_parts, opened, served


async def test_the_same_key_and_message_bring_the_same_answer_without_a_second_turn(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    path, headers = await opened(client)
    headers["Idempotency-Key"] = "k-1"
    body = {"text": "my phone is 13800138000, a lamp please"}
    first = await client.post(f"{path}/messages", json=body, headers=headers)
    second = await client.post(f"{path}/messages", json=body, headers=headers)
    assert first.json() == second.json() and second.headers["idempotency-replayed"] == "true"
    assert isinstance(parts.bot, FakeBot) and len(parts.bot.turns) == 1
    streamed = await client.post(f"{path}/messages", json={**body, "stream": True}, headers=headers)
    assert "message.done" in streamed.text and "Harbour desk lamp" in streamed.text


async def test_the_values_of_a_repeated_answer_are_restored_anew_not_stored(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    path, headers = await opened(client)
    headers["Idempotency-Key"] = "k-1"
    body = {"text": "reach me on 13800138000"}
    await client.post(f"{path}/messages", json=body, headers=headers)
    again = await client.post(f"{path}/messages", json=body, headers=headers)
    assert again.json()["text"] == "Turn 1: you said reach me on 13800138000"
    assert not any(b"13800138000" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


async def test_the_same_key_with_another_message_is_refused(client: httpx.AsyncClient) -> None:
    path, headers = await opened(client)
    headers["Idempotency-Key"] = "k-1"
    await client.post(f"{path}/messages", json={"text": "one"}, headers=headers)
    other = await client.post(f"{path}/messages", json={"text": "two"}, headers=headers)
    assert other.status_code == 422 and other.json()["code"] == "idempotency_mismatch"


async def test_a_repetition_while_the_first_still_runs_is_told_to_wait(tmp_path: Path) -> None:
    parts = make_parts(tmp_path)
    assert isinstance(parts.bot, FakeBot)
    parts.bot.pause_s = 0.05
    async with served(parts) as client:
        path, headers = await opened(client)
        headers["Idempotency-Key"] = "k-1"
        first = asyncio.create_task(client.post(f"{path}/messages", json={"text": "a lamp"}, headers=headers))
        await asyncio.sleep(0.1)
        second = await client.post(f"{path}/messages", json={"text": "a lamp"}, headers=headers)
        assert second.status_code == 409 and second.headers["retry-after"] == "1"
        assert (await first).status_code == 200
        third = await client.post(f"{path}/messages", json={"text": "a lamp"}, headers=headers)
        assert third.status_code == 200 and len(parts.bot.turns) == 1


async def test_a_key_is_free_again_when_its_turn_failed(tmp_path: Path) -> None:
    parts = make_parts(tmp_path)
    assert isinstance(parts.bot, FakeBot)
    parts.bot.fault = RuntimeError("away")
    async with served(parts) as client:
        path, headers = await opened(client)
        headers["Idempotency-Key"] = "k-1"
        assert (await client.post(f"{path}/messages", json={"text": "hello"}, headers=headers)).status_code == 500
        parts.bot.fault = None
        assert (await client.post(f"{path}/messages", json={"text": "hello"}, headers=headers)).status_code == 200


async def test_keys_belong_to_one_session_and_must_be_printable(client: httpx.AsyncClient) -> None:
    one, headers_one = await opened(client)
    two, headers_two = await opened(client)
    for path, headers in ((one, headers_one), (two, headers_two)):
        answer = await client.post(
            f"{path}/messages", json={"text": path}, headers={**headers, "Idempotency-Key": "same"}
        )
        assert answer.status_code == 200
    bad = await client.post(f"{one}/messages", json={"text": "x"}, headers={**headers_one, "Idempotency-Key": "a b"})
    assert bad.json()["code"] == "idempotency_key_invalid"
