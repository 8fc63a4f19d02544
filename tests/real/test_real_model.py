"""What a customer meets, with the real model behind it."""

import shutil
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from serving.bench.recorder import Recorder
from tests.serving.browser.test_pages import FLAGS

pytestmark = pytest.mark.model
Say = Callable[[str], dict[str, Any]]


def talk(site: str, lang: str) -> Say:
    session = httpx.post(f"{site}/api/v1/sessions", json={"lang": lang}, timeout=30).json()
    url, headers = (
        f"{site}/api/v1/sessions/{session['session_id']}/messages",
        {"Authorization": f"Bearer {session['token']}"},
    )

    def say(text: str) -> dict[str, Any]:
        answer = httpx.post(url, json={"text": text}, headers=headers, timeout=120)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return say


@pytest.mark.parametrize(
    ("lang", "text"),
    [("en", "I'm looking for a lamp for my desk, do you have one?"), ("zh", "想买个台灯放书桌上，有推荐吗？")],
)
def test_a_wish_is_understood_and_answered_with_products(site: str, lang: str, text: str) -> None:
    answer = talk(site, lang)(text)
    assert answer["products"]
    assert any(card["name"] in answer["text"] for card in answer["products"])


def test_an_order_is_shown_to_its_customer_only_after_verification(site: str) -> None:
    say = talk(site, "en")
    assert "TF58201946" not in say("where is my parcel?")["text"]
    assert "TF58201946" in say("emma.clarke@example.com")["text"]


def test_a_chinese_customer_verifies_with_name_and_postal_code(site: str) -> None:
    say = talk(site, "zh")
    say("我的快递到哪了")
    assert "TF10293847" in say("我叫林晓雨，邮编310013")["text"]


def test_somebody_elses_order_and_a_missing_one_give_the_same_answer(site: str) -> None:
    answers = []
    for order in ("TF10293847", "TF99999990"):
        say = talk(site, "en")
        say("where is my order")
        say("emma.clarke@example.com")
        answers.append(say(order)["text"].replace(order, ""))
    assert answers[0] == answers[1]


def test_a_policy_answer_names_its_source(site: str) -> None:
    assert talk(site, "zh")("你们的退货政策是什么，几天内可以退？")["sources"]


def test_the_chat_page_answers_and_the_phone_number_never_reaches_the_model(site: str, recorder: Recorder) -> None:
    phone = "13800138000"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        page.goto(site)
        box = page.locator("#box textarea")
        box.fill(f"I want a warm blanket, my phone number is {phone}")
        box.press("Enter")
        expect(page.get_by_text("¥").first).to_be_visible(timeout=120_000)
        browser.close()
    assert recorder.bodies
    assert all(phone.encode() not in body for body in recorder.bodies)
