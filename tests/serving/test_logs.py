"""Logs hold codes, counts and concealed text, and nothing a customer wrote."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from guardrails.findings import Concealed
from serving.app import Parts
from serving.logging import keep_safe, setup
from tests.serving.web_fakes import FakeBot, opened

CANARY = "13800138000"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    setup(stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_known_keys_numbers_and_concealed_text_pass_and_the_rest_is_counted(lines: io.StringIO) -> None:
    log = structlog.get_logger("tactful.test")
    log.warning("turn_refused", reason="injection", session="ses_secret", seconds=0.5, text=CANARY,
                summary=Concealed.fixed("asks about <PHONE_1>"), error=f"call {CANARY} now")  # fmt: skip
    (row,) = read(lines)
    assert row["event"] == "turn_refused" and row["reason"] == "injection" and row["seconds"] == 0.5
    assert row["summary"] == "asks about <PHONE_1>" and row["dropped"] == 2
    assert "ses_secret" not in lines.getvalue() and CANARY not in lines.getvalue() and len(row["session"]) == 12


def test_libraries_are_reduced_to_their_name_and_kind_of_error(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"cannot parse {CANARY}")
    except ValueError:
        logging.getLogger("somelib").exception("failed on %s", CANARY)
    logging.getLogger("asyncio").error("Task exception: %s", CANARY)
    first, second = read(lines)
    assert (
        first["error"] == "ValueError" and first["logger"] == "somelib" and first["place"].startswith("test_logs.py:")
    )
    assert second["event"] == "library_message" and CANARY not in lines.getvalue()


def test_the_servers_own_lines_are_kept_but_not_its_crashes(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Application startup complete.")
    try:
        raise RuntimeError(CANARY)
    except RuntimeError as error:
        logging.getLogger("uvicorn.error").error("Exception in ASGI application %s", CANARY, exc_info=error)
    first, second = read(lines)
    assert first["event"] == "Application startup complete." and second["error"] == "RuntimeError"
    assert CANARY not in lines.getvalue()


@given(
    st.dictionaries(st.text(max_size=12), st.text(min_size=1, max_size=40).map(lambda t: f"{CANARY} {t}"), max_size=6)
)
def test_no_text_under_any_key_reaches_a_line(event: dict[str, str]) -> None:
    free = {"detail", "place", "route", "file", "model", "session"}
    kept = keep_safe(None, "info", {key: value for key, value in event.items() if key not in free})
    assert CANARY not in json.dumps(kept)


async def test_requests_are_logged_by_route_without_text_address_or_query(lines: io.StringIO, parts: Parts) -> None:
    from tests.serving.web_fakes import served

    assert isinstance(parts.bot, FakeBot)
    async with served(parts) as client:
        path, headers = await opened(client)
        await client.post(f"{path}/messages?{CANARY}", json={"text": CANARY}, headers=headers)
        parts.bot.fault = RuntimeError(CANARY)
        await client.post(f"{path}/messages", json={"text": "hello"}, headers=headers)
        await client.get(f"/nothing/{CANARY}")
    rows = read(lines)
    routes = [row["route"] for row in rows if row["event"] == "request"]
    assert "/api/v1/sessions/{session_id}/messages" in routes
    assert any(row["event"] == "turn_crashed" and row["error"] == "RuntimeError" for row in rows)
    assert all("request_id" in row for row in rows if row["event"] == "request")
    assert CANARY not in lines.getvalue() and path.split("/")[-1] not in lines.getvalue()
