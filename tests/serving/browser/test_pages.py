"""The pages in a real browser: an answer, input methods, the keyboard, and no request to another host."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from serving.app import Parts
from tests.serving.test_openai_api import running
from tests.serving.web_fakes import FakeBot, FakeGuard, make_parts

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Parts]]:
    parts = make_parts(tmp_path_factory.mktemp("site"))
    with running(parts, chat_page=True) as url:
        yield url, parts


@pytest.fixture
def page(browser: Browser, site: tuple[str, Parts], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh tab that notes every host it asks; ``page`` tests end with none but ours."""
    context = browser.new_context(locale=getattr(request, "param", "en-GB"), viewport={"width": 1100, "height": 800})
    page = context.new_page()
    page.set_default_timeout(15_000)
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    yield page
    hosts = {urlsplit(url).netloc for url in asked if urlsplit(url).scheme in ("http", "https")}
    context.close()
    assert hosts == {urlsplit(site[0]).netloc}, "a page asked another host"


def turns(parts: Parts) -> list[str]:
    assert isinstance(parts.bot, FakeBot)
    return [turn.text for turn in parts.bot.turns]


def compose(page: Page, words: str) -> None:
    """Type as an input method does: a composition that Enter ends, with the key code that browsers give then."""
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": words, "selectionStart": len(words), "selectionEnd": len(words)})
    key = {"type": "keyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    session.send("Input.dispatchKeyEvent", key)
    session.send("Input.insertText", {"text": words})


COMPOSING_ENTER = """element => element.dispatchEvent(new KeyboardEvent('keydown',
    {key: 'Enter', isComposing: true, keyCode: 229, bubbles: true, cancelable: true}))"""


def test_the_chat_page_answers_with_a_product_and_says_what_was_hidden(page: Page, site: tuple[str, Parts]) -> None:
    page.goto(site[0])
    page.locator("#box textarea").fill("recommend a lamp, my phone is 13800138000")
    page.keyboard.press("Enter")
    page.locator(".t-mark").wait_for()
    assert "Harbour desk lamp" in page.locator(".t-cards").inner_text()
    assert page.locator(".t-hid").inner_text() == "Hidden from the model: 1 phone number"
    page.reload()
    page.locator(".t-mark").wait_for()
    assert page.locator(".t-words").first.inner_text() == "recommend a lamp, my phone is 13800138000"


@pytest.mark.parametrize("page", ["zh-CN"], indirect=True)
def test_the_chat_page_speaks_chinese_and_an_input_methods_enter_sends_nothing(
    page: Page, site: tuple[str, Parts]
) -> None:
    url, parts = site
    page.goto(url)
    box = page.locator("#box textarea")
    page.get_by_text("有什么可以帮您？").wait_for()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    before = len(turns(parts))
    box.focus()
    compose(page, "推荐台灯")
    box.evaluate(COMPOSING_ENTER)
    page.wait_for_timeout(300)
    assert box.input_value() == "推荐台灯" and len(turns(parts)) == before
    page.keyboard.press("Enter")
    page.locator(".t-mark").wait_for()
    assert turns(parts)[before:] == ["推荐台灯"] and "海湾台灯" in page.locator(".t-cards").inner_text()


def test_the_chat_page_stops_switches_language_and_begins_anew(page: Page, site: tuple[str, Parts]) -> None:
    url, parts = site
    assert isinstance(parts.bot, FakeBot)
    page.goto(url)
    page.locator("#box textarea").fill("recommend a lamp")
    parts.bot.pause_s, stopped = 0.25, parts.bot.stopped
    try:
        page.keyboard.press("Enter")
        page.locator("#box .stop-button").click()
        page.wait_for_timeout(800)
        assert parts.bot.stopped == stopped + 1
    finally:
        parts.bot.pause_s = 0.0
    page.locator("#new").click()
    page.get_by_text("How can I help?").wait_for()
    page.locator("#lang label", has_text="中文").click()
    page.get_by_text("有什么可以帮您？").wait_for()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"


def test_the_widget_asks_nothing_of_the_server_until_it_is_opened(page: Page, site: tuple[str, Parts]) -> None:
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(urlsplit(sent.url).path))
    page.goto(f"{site[0]}/demo?lang=en")
    page.locator("shop-assistant button").wait_for()
    page.wait_for_timeout(300)
    assert not [path for path in asked if path.startswith(("/api", "/embed"))]
    page.locator("shop-assistant button").click()
    page.frame_locator("iframe").locator("#box").wait_for()
    page.wait_for_timeout(300)
    assert not [path for path in asked if path.startswith("/api")], "opening alone must not make a session"


def _until_focus_is_on(page: Page, tag: str) -> None:
    """Asked from outside, since the page's policy forbids the browser to evaluate what Playwright would poll with."""
    for _ in range(100):
        if page.evaluate("document.activeElement.shadowRoot?.activeElement?.tagName") == tag:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"expected the focus on {tag}, it never came there")


def test_the_widget_works_by_keyboard_escape_closes_and_focus_returns(page: Page, site: tuple[str, Parts]) -> None:
    page.goto(f"{site[0]}/demo?lang=en")
    button = page.locator("shop-assistant button")
    button.focus()
    assert button.get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    box = page.frame_locator("iframe").locator("#box")
    box.wait_for()
    _until_focus_is_on(page, "IFRAME")
    assert button.get_attribute("aria-expanded") == "true"
    page.keyboard.type("recommend a lamp")
    page.keyboard.press("Enter")
    page.frame_locator("iframe").locator(".foot").wait_for()
    assert "Harbour desk lamp" in page.frame_locator("iframe").locator(".cards").inner_text()
    assert "Harbour" in page.frame_locator("iframe").locator("#status").inner_text()
    page.keyboard.press("Escape")
    _until_focus_is_on(page, "BUTTON")
    assert (
        button.get_attribute("aria-expanded") == "false" and button.get_attribute("aria-label") == "Chat with the shop"
    )


@pytest.mark.parametrize("page", ["zh-CN"], indirect=True)
def test_the_widget_sends_nothing_while_an_input_method_composes(page: Page, site: tuple[str, Parts]) -> None:
    url, parts = site
    page.goto(f"{url}/demo")
    page.locator("shop-assistant button").click()
    frame = page.frame_locator("iframe")
    box = frame.locator("#box")
    box.wait_for()
    before = len(turns(parts))
    box.focus()
    box.fill("怎么退货")
    box.evaluate(COMPOSING_ENTER)
    page.wait_for_timeout(300)
    assert box.input_value() == "怎么退货" and len(turns(parts)) == before
    box.press("Enter")
    frame.locator(".foot").wait_for()
    assert turns(parts)[before:] == ["怎么退货"] and "退货政策" in frame.locator(".source").inner_text()
    assert frame.locator(".mine .words").get_attribute("lang") == "zh-CN"


def test_the_widget_keeps_the_chat_over_pages_and_deletes_it_when_asked(page: Page, site: tuple[str, Parts]) -> None:
    page.goto(f"{site[0]}/demo?lang=en")
    page.locator("shop-assistant button").click()
    frame = page.frame_locator("iframe")
    frame.locator("#box").fill("hello there")
    frame.locator("#send").click()
    frame.locator(".foot").wait_for()
    page.goto(f"{site[0]}/demo?lang=en&product=P-1")
    page.locator("[data-open-chat]").click()
    frame.locator(".theirs .words", has_text="Turn 1: you said hello there").wait_for()
    frame.locator("#menu-button").click()
    frame.locator("#delete").click()
    frame.locator("#sure-yes").click()
    frame.locator(".line", has_text="The chat has been deleted.").wait_for()
    assert frame.locator(".mine").count() == 0


def test_a_message_that_is_too_long_stays_in_the_box_and_is_told_by_how_much(
    page: Page, site: tuple[str, Parts]
) -> None:
    page.goto(f"{site[0]}/embed/demo?lang=en")
    box = page.locator("#box")
    box.fill("x" * 4010)
    page.locator("#send").click()
    assert page.locator("#alert").inner_text() == "Too long by 10 characters." and len(box.input_value()) == 4010


def test_the_officers_page_shows_what_was_found_where_and_by_which_rule(page: Page, site: tuple[str, Parts]) -> None:
    page.goto(f"{site[0]}/privacy/try?lang=en")
    page.locator("#text").fill("😀 call 13800138000, or <b>13900139000</b>")
    page.keyboard.press("Control+Enter")
    page.locator("#result").wait_for()
    assert page.locator("#heading").inner_text() == "2 pieces of personal data found"
    assert page.locator("#status").inner_text() == "2 pieces of personal data found: phone number"
    written, read = page.locator(".text").all()
    assert written.locator("mark").all_inner_texts() == ["13800138000 1 phone number", "13900139000 2 phone number"]
    assert read.inner_text() == "😀 call <PHONE_1>, or <b><PHONE_2></b>"
    row = page.get_by_role("row").nth(1).get_by_role("cell").all_inner_texts()
    assert row[:4] == ["1", "phone number", "13800138000", "<PHONE_1>"]
    assert row[4].strip() == "very sure (0.90)" and row[5] == "cn_mobile"
    assert page.url.endswith("/privacy/try?lang=en"), "no text in the address"
    page.locator("#text").press("x")
    assert page.locator("#result").is_hidden(), "a result is never that of another text"


@pytest.mark.parametrize("page", ["zh-CN"], indirect=True)
def test_the_officers_page_says_in_chinese_that_nothing_was_found_and_runs_examples_by_keyboard(
    page: Page, site: tuple[str, Parts]
) -> None:
    page.goto(f"{site[0]}/privacy/try")
    assert page.evaluate("document.documentElement.lang") == "zh-CN" and page.locator("#ready").is_visible()
    page.locator("#check").click()
    assert page.get_by_role("alert").inner_text() == "请先输入内容，或选择一个示例。"
    chip = page.get_by_role("button", name="没有个人信息", exact=True)
    chip.focus()
    page.keyboard.press("Enter")
    page.locator("#result").wait_for()
    assert page.locator("#heading").inner_text() == "未发现个人信息" and page.get_by_role("alert").count() == 0
    page.get_by_role("button", name="清空").click()
    assert page.locator("#text").input_value() == "" and page.locator("#count").inner_text() == "0 / 4,000 个字符"
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", name="What the language model gets to see").wait_for()


def test_the_officers_page_keeps_the_text_when_it_cannot_be_checked(page: Page, site: tuple[str, Parts]) -> None:
    url, parts = site
    assert isinstance(parts.guardrails, FakeGuard)
    page.goto(f"{url}/privacy/try?lang=en")
    box, alert = page.locator("#text"), page.locator("#alert")
    box.fill("😀" * 4010)
    assert page.locator("#count").inner_text() == "4,010 of 4,000 characters: too long by 10"
    page.locator("#check").click()
    assert "too long by 10" in alert.inner_text()
    box.fill("call 13800138000")
    parts.guardrails.broken = True
    try:
        page.locator("#check").click()
        alert.get_by_text("The guard cannot check the text now").wait_for()
    finally:
        parts.guardrails.broken = False
    page.route("**/api/v1/redact", lambda route: route.abort())
    page.locator("#check").click()
    alert.get_by_text("The server cannot be reached").wait_for()
    page.unroute("**/api/v1/redact")
    assert box.input_value() == "call 13800138000" and page.locator("#result").is_hidden()
    page.locator("#check").click()
    page.locator("#result").wait_for()
    assert alert.is_hidden()


def test_the_officers_page_fits_a_narrow_screen_with_a_long_result(page: Page, site: tuple[str, Parts]) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site[0]}/privacy/try?lang=en")
    page.locator("#text").fill("w" * 300 + " 13800138000 " + "13900139000 " * 20)
    page.locator("#check").click()
    page.locator("table").wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320


@pytest.mark.parametrize("path", ["/demo?lang=zh", "/embed/demo?lang=en", "/docs", "/?lang=zh", "/privacy/try?lang=en"])
def test_pages_fit_a_screen_320_pixels_wide(page: Page, site: tuple[str, Parts], path: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(site[0] + path)
    page.wait_for_timeout(1500 if path.startswith("/?") else 300)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320


def test_the_chat_leaves_no_value_in_the_servers_files(site: tuple[str, Parts]) -> None:
    folder = site[1].transcripts.folder
    assert folder is not None
    site[1].transcripts.flush()
    files = [path for path in Path(folder.parent).rglob("*") if path.is_file()]
    assert files and not any(b"13800138000" in path.read_bytes() for path in files)
