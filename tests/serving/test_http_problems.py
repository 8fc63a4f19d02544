"""Bad input gets a clear answer, in the caller's language, without a word of what was sent."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.app import Parts
from serving.http.problem_texts import CODES, TEXTS
from serving.http.sessions import SessionStore
from tests.serving.web_fakes import FakeGuard, make_parts, opened, served

CANARY = "13800138000"
BAD = [
    ("empty", {"text": ""}, 422, "empty_message"),
    ("white space", {"text": " \n\t\u3000"}, 422, "empty_message"),
    ("invisible", {"text": "\u200b\u200d\ufeff"}, 422, "empty_message"),
    ("50,000 characters", {"text": CANARY + "好" * 49_989}, 422, "message_too_long"),
    ("unknown field", {"text": "hi", CANARY: 1}, 422, "invalid_field"),
    ("wrong kind", {"text": {CANARY: CANARY}}, 422, "invalid_field"),
    ("missing", {}, 422, "invalid_field"),
    ("a list", [CANARY], 422, "invalid_field"),
    ("JSON cut off", b'{"text": "13800138000', 400, "invalid_json"),
    ("nothing", b"", 422, "invalid_field"),
    ("not UTF-8", b'{"text": "\xff13800138000"}', 400, "invalid_encoding"),
    ("GB18030", '{"text": "我的电话13800138000"}'.encode("gb18030"), 400, "invalid_encoding"),
    ("half a character", b'{"text": "\\ud83d 13800138000"}', 422, "invalid_field"),
    ("too large", {"text": "x" * 300_000}, 413, "body_too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
async def test_bad_messages_get_a_problem_that_names_the_code_and_holds_nothing_that_was_sent(
    client: httpx.AsyncClient, body: Any, status: int, code: str
) -> None:
    path, headers = await opened(client)
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers["Content-Type"] = "application/json"
    answer = await client.post(f"{path}/messages", headers=headers, **sent)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status and problem["title"] and problem["detail"] and problem["type"].startswith("urn:")
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert CANARY not in answer.text
    after = await client.post(f"{path}/messages", json={"text": "hello"}, headers=headers)
    assert after.json()["text"] == "Turn 1: you said hello", "a refused message must leave the session as it was"


async def test_a_long_message_is_told_the_limit_and_its_own_length(client: httpx.AsyncClient) -> None:
    path, headers = await opened(client)
    answer = await client.post(f"{path}/messages", json={"text": "x" * 50_000}, headers=headers)
    assert "up to 4000 characters, this one has 50000" in answer.json()["detail"]


async def test_problems_speak_the_language_of_the_caller_and_keep_their_code(client: httpx.AsyncClient) -> None:
    path, headers = await opened(client)
    headers["Accept-Language"] = "fr, zh-TW;q=0.8, en;q=0.5"
    problem = (await client.post(f"{path}/messages", json={"text": " "}, headers=headers)).json()
    assert problem["title"] == "消息为空" and problem["code"] == "empty_message"


async def test_field_errors_name_the_place_but_never_a_name_the_caller_made_up(client: httpx.AsyncClient) -> None:
    path, headers = await opened(client)
    problem = (await client.post(f"{path}/messages", json={"txet": "hi"}, headers=headers)).json()
    assert {"pointer": "/text", "detail": "is required"} in problem["errors"]
    assert {"pointer": "/", "detail": "holds a field that is not known here"} in problem["errors"]


async def test_unknown_expired_and_foreign_sessions_say_what_to_do(client: httpx.AsyncClient, parts: Parts) -> None:
    path, headers = await opened(client)
    other, _ = await opened(client)
    cases = [
        (path, {}, 401, "token_missing"),
        (path, {"Authorization": "Bearer nonsense"}, 401, "token_invalid"),
        (other, headers, 404, "session_not_found"),
        ("/api/v1/sessions/ses_unknown", headers, 404, "session_not_found"),
    ]
    for address, sent, status, code in cases:
        answer = await client.post(f"{address}/messages", json={"text": "hi"}, headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert "POST /api/v1/sessions" in answer.json()["detail"]
    missing = await client.get(f"{path}/messages")
    assert missing.headers["www-authenticate"] == "Bearer"


async def test_an_expired_token_is_told_from_a_bad_one(tmp_path: Path) -> None:
    async with served(make_parts(tmp_path, session_minutes=0)) as client:
        path, headers = await opened(client)
        answer = await client.post(f"{path}/messages", json={"text": "hi"}, headers=headers)
    assert answer.status_code == 401 and answer.json()["code"] == "token_expired"


async def test_a_body_that_is_not_json_is_refused_by_its_type(client: httpx.AsyncClient) -> None:
    path, headers = await opened(client)
    answer = await client.post(
        f"{path}/messages", content=b"text=hi", headers={**headers, "Content-Type": "text/plain"}
    )
    assert answer.json()["code"] == "unsupported_media_type"


async def test_addresses_and_methods_that_do_not_exist_are_problems_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/nothing")).json()["code"] == "not_found"
    wrong = await client.put("/api/v1/sessions")
    assert wrong.status_code == 405 and wrong.json()["code"] == "method_not_allowed"


async def test_a_widget_that_is_not_listed_opens_no_session(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/sessions", json={"widget_id": "stranger"})
    assert answer.json()["code"] == "widget_not_found"


async def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    async with served(make_parts(tmp_path, requests_per_minute=2), address="203.0.113.9") as client:
        path, headers = await opened(client)
        first = await client.post(f"{path}/messages", json={"text": "hi"}, headers=headers)
        assert first.headers["ratelimit-policy"] == '"default";q=2;w=60'
        assert first.headers["ratelimit"].startswith('"default";r=1;t=')
        await client.post(f"{path}/messages", json={"text": "hi"}, headers=headers)
        last = await client.post(f"{path}/messages", json={"text": "hi"}, headers=headers)
        assert last.status_code == 429 and last.json()["code"] == "rate_limited"
        assert 1 <= int(last.headers["retry-after"]) <= 60
        await opened(client)
        assert (await client.post("/api/v1/sessions", json={})).status_code == 429


async def test_a_full_or_read_only_disk_is_said_and_a_running_dialogue_still_answered(tmp_path: Path) -> None:
    parts = make_parts(tmp_path)
    async with served(parts) as client:
        path, headers = await opened(client)
        parts.sessions._db.execute("PRAGMA query_only = ON")
        refused = await client.post("/api/v1/sessions", json={})
        assert refused.status_code == 503 and refused.json()["code"] == "storage_unavailable"
        answer = await client.post(f"{path}/messages", json={"text": "hello"}, headers=headers)
        assert answer.json()["text"] == "Turn 1: you said hello"
        ready = await client.get("/readyz")
        assert ready.status_code == 503 and ready.json()["missing"] == ["sessions"]
        parts.sessions._db.execute("PRAGMA query_only = OFF")
        await client.post(f"{path}/messages", json={"text": "again"}, headers=headers)
        listed = (await client.get(f"{path}/messages", headers=headers)).json()["data"]
    assert [m["text"] for m in listed][::2] == ["hello", "again"], "what could not be kept is kept with the next turn"


async def test_the_try_out_shows_rule_and_score_and_keeps_nothing(client: httpx.AsyncClient, parts: Parts) -> None:
    answer = await client.post("/api/v1/redact", json={"text": "我的电话是13800138000。"})
    body = answer.json()
    assert body["redacted"] == "我的电话是<PHONE_NUMBER>。"
    assert body["findings"] == [{"kind": "PHONE_NUMBER", "start": 5, "end": 16, "score": 0.9, "rule": "cn_mobile"}]
    assert isinstance(parts.guardrails, FakeGuard)
    parts.guardrails.broken = True
    assert (await client.post("/api/v1/redact", json={"text": "hi"})).json()["code"] == "guard_unavailable"


async def test_the_try_out_shows_what_the_model_would_read_and_no_cache_keeps_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/redact", json={"text": "13800138000, 13900139000, 13800138000"})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["handles"] == ["<PHONE_1>", "<PHONE_2>", "<PHONE_1>"]
    assert answer.json()["concealed"] == "<PHONE_1>, <PHONE_2>, <PHONE_1>"
    empty = await client.post("/api/v1/redact", json={"text": " \n"})
    assert empty.json() == {"findings": [], "redacted": " \n", "handles": [], "concealed": " \n"}


async def test_the_try_out_refuses_what_is_too_long_or_too_often(tmp_path: Path) -> None:
    async with served(make_parts(tmp_path, requests_per_minute=2, max_chars=10), address="203.0.113.9") as client:
        chinese = {"Accept-Language": "zh-CN"}
        long = await client.post("/api/v1/redact", json={"text": "😀" * 11}, headers=chinese)
        assert long.status_code == 422 and long.headers["content-type"] == "application/problem+json"
        assert (
            long.json()["code"] == "message_too_long"
            and "10" in long.json()["detail"]
            and "字符" in long.json()["title"] + long.json()["detail"]
        )
        assert (await client.post("/api/v1/redact", json={"text": "😀" * 10})).status_code == 200
        often = await client.post("/api/v1/redact", json={"text": "hi"})
        assert often.status_code == 429 and "retry-after" in often.headers and often.json()["code"] == "rate_limited"


async def test_pages_of_other_origins_get_no_leave_to_read(client: httpx.AsyncClient, tmp_path: Path) -> None:
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in (await client.get("/livez", headers=origin)).headers
    assert (await client.options("/api/v1/sessions", headers=origin)).status_code == 400
    async with served(make_parts(tmp_path / "b", cors_origins=("https://shop.example",))) as allowed:
        own = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
        answer = await allowed.options("/api/v1/sessions", headers=own)
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert "access-control-allow-credentials" not in answer.headers


def test_every_problem_is_worded_in_both_languages() -> None:
    assert set(TEXTS) == set(CODES)
    for code, text in TEXTS.items():
        assert text.title_en.isascii() and text.detail_en.replace("…", "").isascii(), code
        assert any("\u4e00" <= char <= "\u9fff" for char in text.title_zh), code
        assert any("\u4e00" <= char <= "\u9fff" for char in text.detail_zh), code
        slots = [set(re.findall(r"(?<!{){[a-z_]+}", detail)) for detail in (text.detail_en, text.detail_zh)]
        assert slots[0] == slots[1], code


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_bytes(b"not a database, but long enough to be read as one" * 50)
    with pytest.raises(Exception, match="DatabaseError"):
        SessionStore(tmp_path / "s.db")
