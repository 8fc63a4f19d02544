"""``guarded:<model>`` when the vault or the upstream fails: nothing passes, nothing is told that should not be."""

import json
from pathlib import Path
from typing import Any

import openai
import pytest

from guardrails.errors import VaultUnavailable
from guardrails.guard import Guardrails
from serving.app import Parts
from serving.bench.recorder import in_thread
from serving.guarded.wording import UNCHECKED
from tests.serving.fake_upstream import FakeUpstream, Plan
from tests.serving.guarded_samples import (
    PHONE,
    SAID,
    ask,
    asking,
    guard,
    guarded_parts,
    joined,
    parts,
    sdk,
    upstream,
)

__all__ = ["guard", "parts", "sdk", "upstream"]


class BrokenVault:
    """A vault that is away. ``reads``: how many reads it still answers."""

    def __init__(self, vault: Any, puts: int, gets: int) -> None:
        self._vault, self.puts, self.gets = vault, puts, gets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vault, name)

    def put(self, *args: Any) -> Any:
        self.puts -= 1
        if self.puts < 0:
            raise VaultUnavailable("the vault is away")
        return self._vault.put(*args)

    def get(self, *args: Any) -> Any:
        self.gets -= 1
        if self.gets < 0:
            raise VaultUnavailable("the vault is away")
        return self._vault.get(*args)


@pytest.mark.parametrize("stream", [False, True])
def test_where_the_guard_fails_on_the_way_in_nothing_is_sent(
    sdk: openai.OpenAI, upstream: FakeUpstream, guard: Guardrails, stream: bool
) -> None:
    guard._concealer._vault = BrokenVault(guard._vault, 0, 0)  # type: ignore[assignment]
    got = ask(sdk, stream=stream)
    ends = joined(got)[2] if stream else [got.choices[0].finish_reason]
    assert ends == ["content_filter"] and not upstream.bodies


@pytest.mark.parametrize("stream", [False, True])
def test_where_the_guard_fails_on_the_way_out_nothing_more_is_shown(
    sdk: openai.OpenAI, upstream: FakeUpstream, guard: Guardrails, stream: bool
) -> None:
    guard._vault = BrokenVault(guard._vault, 99, 1)  # type: ignore[assignment]
    upstream.plan = Plan("First <PERSON_1>. And then we call <PHONE_1>. Good bye and thank you.")
    if not stream:
        done = ask(sdk)
        assert done.choices[0].finish_reason == "content_filter" and done.choices[0].message.content == UNCHECKED["en"]
        return
    chunks = list(ask(sdk, stream=True))
    text, _, ends = joined(chunks)
    assert ends == ["content_filter"] and "bye" not in text and PHONE not in text and "<" not in text
    assert chunks[-1].choices[0].delta.refusal == UNCHECKED["en"]


FAILURES = [
    (Plan(status=400, body=f'{{"error": {{"message": "bad {PHONE}"}}}}'), 400, "upstream_refused"),
    (Plan(status=400, body='{"error": {"code": "context_length_exceeded"}}'), 400, "context_length_exceeded"),
    (Plan(status=401, body=f'"{PHONE}"'), 502, "upstream_unauthorized"),
    (Plan(status=404, body=f'"{PHONE}"'), 404, "model_not_found"),
    (Plan(status=429, headers={"Retry-After": "7"}, body=f'"{PHONE}"'), 429, "upstream_rate_limited"),
    (Plan(status=500, body=f'"{PHONE}"'), 502, "upstream_failed"),
    (Plan(body=f"<html>{PHONE}"), 502, "upstream_failed"),
    (Plan(body=f'{{"choices": "{PHONE}"}}'), 502, "upstream_failed"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("plan", "status", "code"), FAILURES)
async def test_an_upstreams_failure_is_told_without_its_words(
    parts: Parts, upstream: FakeUpstream, plan: Plan, status: int, code: str, stream: bool
) -> None:
    upstream.plan = plan
    async with asking(parts) as client:
        body = {"model": "guarded:small", "messages": SAID, "stream": stream}
        answer = await client.post("/v1/chat/completions", json=body)
    if stream and plan.status == 200:
        events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        assert answer.status_code == 200 and events[-1]["error"]["code"] == code
    else:
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert PHONE not in answer.text
    if status == 429:
        assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("end", ["cut", "error"])
def test_a_stream_that_breaks_off_is_an_error(sdk: openai.OpenAI, upstream: FakeUpstream, end: str) -> None:
    upstream.plan = Plan("Hello there, this is a long answer that breaks off", end=end)
    with pytest.raises(openai.APIError) as caught:
        list(ask(sdk, stream=True))
    assert caught.value.code == "upstream_failed" and PHONE not in str(caught.value)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_upstream_that_is_away_or_silent_is_told_in_the_clients_language(
    tmp_path: Path, guard: Guardrails, upstream: FakeUpstream, stream: bool
) -> None:
    body = {"model": "guarded:small", "messages": SAID, "stream": stream}
    async with asking(guarded_parts(tmp_path, guard, "http://127.0.0.1:9")) as client:
        answer = await client.post("/v1/chat/completions", json=body, headers={"Accept-Language": "zh-CN"})
        assert answer.status_code == 503 and "无法连接" in answer.json()["error"]["message"]
        assert [m["id"] for m in (await client.get("/v1/models")).json()["data"]] == ["tactful"]
        assert (await client.get("/v1/models/guarded:small")).status_code == 404
    upstream.plan = Plan("x", stall=True)
    with in_thread(upstream.app) as url:
        async with asking(guarded_parts(tmp_path, guard, url, timeout_s=0.3)) as client:
            answer = await client.post("/v1/chat/completions", json=body)
    assert "upstream_timeout" in answer.text and answer.status_code == (200 if stream else 504)
