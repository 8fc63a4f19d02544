"""Health, metrics, versions, privacy."""

import json
from pathlib import Path

import httpx

from bot.commands import GRAMMAR_VERSION
from serving.app import Parts
from serving.endpoint import EngineState
from tests.serving.web_fakes import FakeEngine, FakeGuard, make_parts, opened, served


async def test_a_living_process_says_so(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"status": "alive"}


async def test_ready_means_that_every_part_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 200 and answer.json()["missing"] == []
    assert set(answer.json()["checks"]) == {"engine", "guards", "sessions", "transcripts", "audit", "shop"}


async def test_what_is_missing_is_named_with_its_phase(parts: Parts, client: httpx.AsyncClient) -> None:
    assert isinstance(parts.engine, FakeEngine) and isinstance(parts.guardrails, FakeGuard)
    parts.engine.state = EngineState("restarting", False, "the engine was killed; next start in 2 s")
    parts.guardrails.broken = True
    answer = await client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["missing"] == ["engine", "guards"]
    assert answer.json()["checks"]["engine"]["detail"] == "the engine was killed; next start in 2 s"


async def test_turns_are_counted_by_outcome_language_and_way_with_their_times(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    path, headers = await opened(client)
    await client.post(f"{path}/messages", json={"text": "我的电话 13800138000"}, headers=headers)
    await client.post(f"{path}/messages", json={"text": "a person please"}, headers=headers)
    parts.metrics.storage_failure("transcripts")
    parts.metrics.storage_failure("the text 13800138000")
    text = (await client.get("/metrics")).text
    assert 'tactful_turns_total{lang="zh",outcome="stop",understood_by="rule",way="widget"} 1.0' in text
    assert 'tactful_hidden_values_total{kind="PHONE_NUMBER"} 1.0' in text
    assert 'tactful_handoffs_total{reason="asked"} 1.0' in text
    assert 'tactful_turn_seconds_count{lang="zh"} 1.0' in text and "tactful_first_word_seconds_count" in text
    assert "tactful_guard_seconds_count 2.0" in text and "tactful_engine_ready 1.0" in text
    assert 'tactful_storage_failures_total{store="transcripts"} 1.0' in text
    assert 'tactful_storage_failures_total{store="other"} 1.0' in text
    assert 'route="/api/v1/sessions/{session_id}/messages"' in text
    assert "13800138000" not in text and path.split("/")[-1] not in text


async def test_the_privacy_page_tells_the_passport_in_short_and_what_is_kept(tmp_path: Path) -> None:
    passport = tmp_path / "passport.json"
    passport.write_text(json.dumps({"unit": "nobody", "epsilon": None, "hashes": {"data": "abc"}, "signature": "s"}))
    async with served(make_parts(tmp_path, passport_file=passport, transcript_days=7)) as client:
        body = (await client.get("/v1/privacy")).json()
        assert body["adapter"]["unit"] == "nobody" and body["adapter"]["data_hash"] == "abc"
        assert body["retention"]["transcripts_days"] == 7 and "PHONE_NUMBER" in body["redaction"]["kinds"]
        passport.write_text("{")
        assert (await client.get("/v1/privacy")).json()["adapter"] is None


async def test_versions_are_told(client: httpx.AsyncClient) -> None:
    assert (await client.get("/version")).json()["grammar"] == GRAMMAR_VERSION
