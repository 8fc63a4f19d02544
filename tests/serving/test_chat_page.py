"""The chat page: what its buttons do, what it shows, and that it keeps and leaks nothing."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import chat_render as render
from serving.app import Parts, create_app
from serving.chat_page import ChatDesk, Message
from serving.http.conversation import Conversations
from serving.http.limits import Limits
from tests.serving.web_fakes import FakeBot, FakeGuard, make_parts


def desk_of(parts: Parts) -> ChatDesk:
    return ChatDesk(parts, Conversations(parts), Limits(parts.settings.requests_per_minute))


async def ask(desk: ChatDesk, text: str, token: str = "", lang: str = "en") -> tuple[list[Message], str, int]:
    rows = [row async for row in desk.ask(text, [], token, "zh" if lang == "zh" else "en", "127.0.0.1")]
    return rows[-1][0], rows[-1][1], len(rows)


async def test_an_answer_grows_and_ends_with_cards_the_hidden_line_and_the_mark(parts: Parts) -> None:
    messages, token, steps = await ask(desk_of(parts), "recommend a lamp, call 13800138000")
    mine, reply = (message["content"] for message in messages)
    assert steps > 5 and token
    assert "13800138000" in mine and "Hidden from the model: 1 phone number" in mine
    assert "Harbour desk lamp" in reply and "t-cards" in reply and "¥129.00" in reply and "AI-generated" in reply


async def test_chinese_is_answered_in_chinese_with_its_source_and_mark(parts: Parts) -> None:
    messages, _, _ = await ask(desk_of(parts), "怎么退货？电话13800138000", lang="zh")
    assert "已对模型隐藏 1 个电话号码" in messages[0]["content"]
    assert "来源: <b>退货政策</b>" in messages[1]["content"] and "AI生成" in messages[1]["content"]


async def test_the_dialogue_goes_on_with_the_token_and_comes_back_after_a_reload(parts: Parts) -> None:
    desk = desk_of(parts)
    _, token, _ = await ask(desk, "my phone is 13800138000")
    messages, token, _ = await ask(desk, "again", token)
    assert "Turn 2:" in messages[1]["content"]
    restored, kept = await desk.restore(token)
    assert kept == token and len(restored) == 4 and "13800138000" in restored[0]["content"]
    assert "Hidden from the model: 1 phone number" in restored[0]["content"]
    assert await desk.restore("nonsense") == ([], "")


async def test_a_thumb_goes_to_our_store_and_only_for_a_reply(parts: Parts) -> None:
    desk = desk_of(parts)
    messages, token, _ = await ask(desk, "hello")
    assert await desk.thumb(token, messages[1]["content"], True)
    assert not await desk.thumb(token, messages[0]["content"], True)
    (dialogue,) = parts.sessions.dialogues(parts.sessions.days(0.0)[0])
    assert [(event["type"], event["value"]) for event in dialogue.events] == [("feedback", "up")]


async def test_deleting_destroys_the_values(parts: Parts) -> None:
    desk = desk_of(parts)
    _, token, _ = await ask(desk, "my phone is 13800138000")
    assert await desk.delete(token)
    assert isinstance(parts.guardrails, FakeGuard) and parts.guardrails.values == {}
    assert await desk.restore(token) == ([], "")


@pytest.mark.parametrize(
    ("lang", "want"), [("en", "up to 4000 characters, this one has 50000"), ("zh", "最多 4000 个字符")]
)
async def test_a_message_that_is_too_long_is_told_so_in_its_place(parts: Parts, lang: str, want: str) -> None:
    messages, _, _ = await ask(desk_of(parts), "x" * 50_000, lang=lang)
    assert want in messages[1]["content"]
    assert isinstance(parts.bot, FakeBot) and parts.bot.turns == []


async def test_a_crash_is_a_sentence_without_its_message(parts: Parts) -> None:
    assert isinstance(parts.bot, FakeBot)
    parts.bot.fault = RuntimeError("13800138000")
    messages, _, _ = await ask(desk_of(parts), "hello")
    assert "broke off" in messages[1]["content"] and "13800138000" not in messages[1]["content"]


async def test_stopping_ends_the_turn(parts: Parts) -> None:
    assert isinstance(parts.bot, FakeBot)
    events = desk_of(parts).ask("recommend a lamp", [], "", "en", "127.0.0.1")
    for _ in range(4):
        await anext(events)
    await events.aclose()  # type: ignore[attr-defined]
    assert parts.bot.stopped == 1


async def test_too_many_messages_are_told_when_to_come_back(tmp_path: Path) -> None:
    desk = desk_of(make_parts(tmp_path, requests_per_minute=1))
    _, token, _ = await ask(desk, "hello")
    messages, _, _ = await ask(desk, "hello", token)
    assert "The limit is 1 a minute" in messages[1]["content"]


@given(st.text(max_size=60))
def test_text_is_never_markup_and_comes_back_as_it_was(text: str) -> None:
    html = render.words(text)
    assert len(re.findall(r"<(?!br>|/?div)", html)) == 0
    assert render.plain(html) == text.replace("\r", "")


def test_cards_link_only_to_web_addresses() -> None:
    card = {"name": "<b>Lamp</b>", "price": "¥1", "stock": "in stock", "url": "javascript:alert(1)"}
    html = render.reply("x", "msg_" + "0" * 24, "en", cards=[card])
    assert "javascript" not in html and "<b>Lamp</b>" not in html
    assert 'href="//evil.example"' not in render.reply("x", "", "en", cards=[{**card, "url": "//evil.example"}])


@pytest.fixture
async def page(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        yield client


async def test_the_page_is_at_the_root_and_every_other_way_in_stays_in_front(page: httpx.AsyncClient) -> None:
    assert "gradio" in (await page.get("/")).text
    for path, want in (("/docs", "Tactful API"), ("/demo", "shop"), ("/livez", "alive"), ("/v1/models", "tactful")):
        assert want in (await page.get(path)).text
    assert (await page.get("/api/v1/nothing")).status_code == 404


async def test_the_library_records_nothing_and_offers_no_api(page: httpx.AsyncClient) -> None:
    config = (await page.get("/config")).json()
    assert config.get("analytics_enabled") is False and not config.get("run_history")
    assert config["footer_links"] == [] and not config.get("enable_monitoring")
    info = (await page.get("/gradio_api/info")).json()
    assert info["named_endpoints"] == {} and info["unnamed_endpoints"] == {}
    assert "flag" not in json.dumps([item.get("api_name") for item in config["dependencies"]])


async def test_the_mounted_page_reflects_no_foreign_origin(page: httpx.AsyncClient) -> None:
    for path in ("/", "/config", "/gradio_api/info"):
        answer = await page.get(path, headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in answer.headers
