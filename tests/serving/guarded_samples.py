"""What the tests of ``guarded:<model>`` share: a real guard, a recording upstream, the official client."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from guardrails.guard import Guardrails, GuardSettings, Readable, build
from serving.app import Parts
from serving.bench.recorder import in_thread
from serving.guarded.proxy import Guarded, GuardedLimits
from serving.guarded.upstream import Upstream
from tests.serving.fake_upstream import FakeUpstream
from tests.serving.test_openai_api import running
from tests.serving.web_fakes import KEY, make_parts, served

PHONE, MAIL, NAME = "13800138000", "mei.lin@example.com", "Yusuf Rossi"
FOREIGN = "13912345678"
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "call_back", "description": f"Calls, e.g. {FOREIGN}", "parameters": {}}},
    {"type": "function", "function": {"name": "send_mail", "parameters": {}}},
]
SAID: list[Any] = [{"role": "user", "content": f"My name is {NAME}, call {PHONE} or write to {MAIL}"}]


@pytest.fixture
def upstream() -> FakeUpstream:
    return FakeUpstream()


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Guardrails]:
    made = build(f"sqlite:///{tmp_path}/vault.db", KEY[:32], Readable(), GuardSettings(timeout_s=60))
    yield made
    made.close()


def guarded_parts(tmp_path: Path, guard: Guardrails, url: str, timeout_s: float = 20, **limits: Any) -> Parts:
    parts = make_parts(tmp_path)
    made = Guarded(guard, Upstream.connect(f"{url}/v1", "up-key", timeout_s), GuardedLimits(**limits), parts.metrics)
    return dataclasses.replace(parts, guarded=made)


@asynccontextmanager
async def asking(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a server around it: what the application closes at its end is closed here."""
    async with served(parts) as client:
        yield client
    assert parts.guarded
    await parts.guarded.close()


@pytest.fixture
def parts(tmp_path: Path, guard: Guardrails, upstream: FakeUpstream) -> Iterator[Parts]:
    with in_thread(upstream.app) as url:
        yield guarded_parts(tmp_path, guard, url)


@pytest.fixture
def sdk(parts: Parts) -> Iterator[openai.OpenAI]:
    with running(parts) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client


def ask(sdk: openai.OpenAI, messages: list[Any] = SAID, **more: Any) -> Any:
    return sdk.chat.completions.create(model="guarded:small", messages=messages, **more)


def joined(chunks: Any) -> tuple[str, dict[int, dict[str, str]], list[str | None]]:
    """Content, tool calls by index, and finish reasons of a stream."""
    text, calls, ends = "", dict[int, dict[str, str]](), list[str | None]()
    for chunk in chunks:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            ends += [choice.finish_reason] if choice.finish_reason else []
            for call in choice.delta.tool_calls or []:
                kept = calls.setdefault(call.index, {"id": "", "name": "", "arguments": ""})
                kept["id"] += call.id or ""
                kept["name"] += (call.function and call.function.name) or ""
                kept["arguments"] += (call.function and call.function.arguments) or ""
    return text, calls, ends
