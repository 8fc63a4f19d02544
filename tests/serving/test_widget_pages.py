"""The widget's script, its frame, the demo shop and the API's page: small, strict, in both languages."""

import gzip
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest

from bot.session import Lang
from bot.shop.records import Product
from guardrails.findings import KINDS
from guardrails.readable import Readable
from guardrails.standard import analyzer_of
from serving.http.page_texts import DEMO, EMBED
from serving.http.pages import FOLDER
from serving.http.try_texts import EXAMPLES, TRY
from tests.serving.web_fakes import FakeShop, make_parts, served

PAGES = [
    "/demo",
    "/demo?lang=zh",
    "/demo?product=P-1",
    "/embed/demo",
    "/embed/demo?lang=zh",
    "/docs",
    "/privacy/try",
    "/privacy/try?lang=zh",
]


def test_the_loader_is_at_most_5_kilobytes_on_the_wire() -> None:
    assert len(gzip.compress((FOLDER / "widget.js").read_bytes(), 9)) <= 5_000


@pytest.mark.parametrize(
    "file", sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".js", ".css", ".svg"))
)
async def test_files_are_served_with_their_type_and_answer_not_modified(client: httpx.AsyncClient, file: str) -> None:
    answer = await client.get(f"/widget/v1/{file}")
    assert answer.status_code == 200 and "max-age=3600" in answer.headers["cache-control"]
    again = await client.get(f"/widget/v1/{file}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_names_another_host_or_runs_inline_code(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    html = answer.text
    assert answer.status_code == 200
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html), "nothing may come from another host"
    assert not re.search(r"<script(?![^>]*(?:src=|application/json))", html) and not re.search(r"\son\w+=", html)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["embed.js", "widget.js", "demo.js", "docs.js", "try.js", "embed.css", "demo.css", "docs.css", "try.css"]
)
def test_no_script_or_style_reaches_for_another_host(name: str) -> None:
    found = re.findall(r"https?://[\w.]+", (FOLDER / name).read_text("utf-8"))
    assert set(found) <= {"https://HOST", "http://www.w3.org"}


async def test_the_frame_may_stand_only_where_the_widget_is_allowed(tmp_path: Path) -> None:
    widgets = {"wgt_1": ("https://shop.example", "https://www.shop.example"), "open": ()}
    async with served(make_parts(tmp_path, widgets=widgets)) as client:
        policy = (await client.get("/embed/wgt_1")).headers["content-security-policy"]
        assert policy.endswith("frame-ancestors https://shop.example https://www.shop.example")
        assert (await client.get("/embed/open")).headers["content-security-policy"].endswith("frame-ancestors *")
        unknown = await client.get("/embed/stranger")
        assert unknown.status_code == 404 and "script" not in unknown.text


@pytest.mark.parametrize(("lang", "html", "mark"), [("en", "en", "AI-generated"), ("zh", "zh-CN", "AI生成")])
async def test_the_frame_speaks_the_language_and_says_that_a_machine_answers(
    client: httpx.AsyncClient, lang: str, html: str, mark: str
) -> None:
    page = (await client.get(f"/embed/demo?lang={lang}")).text
    assert f'<html lang="{html}">' in page and 'role="log"' in page and page.count('role="status"') == 1
    found = re.search(r'id="data">(.*?)</script>', page, re.S)
    assert found
    data = json.loads(found[1])
    assert data["lang"] == lang and data["texts"][lang]["mark"] == mark and "AI" in data["texts"][lang]["notice"]


async def test_the_demo_shows_products_of_each_category_first_and_one_product_on_its_own(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/demo?lang=zh")).text
    assert '<html lang="zh-CN">' in page and page.index("云雾绿茶") < page.index("纸月小夜灯") and "虚构" in page
    one = (await client.get("/demo?lang=en&product=P-1")).text
    assert "<h1>Harbour desk lamp</h1>" in one and "¥129.00" in one and "<dt>Material</dt>" in one
    gone = (await client.get("/demo?lang=en&product=<script>alert(1)</script>")).text
    assert "not on our shelves any more" in gone and "alert(1)" not in gone
    shelf = (await client.get("/demo?lang=en&category=Bags")).text
    assert "Canvas weekender" in shelf and "Cloud mist" not in shelf


async def test_what_a_shop_calls_its_goods_is_shown_and_not_run(tmp_path: Path) -> None:
    class Shop(FakeShop):
        def products(self) -> tuple[Product, ...]:
            return tuple(replace(item, name_en="<i onclick=x>Tom & Co</i>") for item in super().products())

    async with served(replace(make_parts(tmp_path), shop=Shop())) as client:
        for path in ("/demo?lang=en", "/demo?lang=en&product=P-1"):
            page = (await client.get(path)).text
            assert "&lt;i onclick=x&gt;Tom &amp; Co&lt;/i&gt;" in page and "<i onclick" not in page


@pytest.mark.parametrize(("lang", "html"), [("en", "en"), ("zh", "zh-CN")])
async def test_the_officers_page_is_whole_in_each_language_and_is_kept_nowhere(
    client: httpx.AsyncClient, lang: Lang, html: str
) -> None:
    answer = await client.get(f"/privacy/try?lang={lang}")
    page = answer.text
    assert f'<html lang="{html}">' in page and "built-in method" not in page and "{{" not in page
    assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"
    for name in ("title", "kept", "explain_rule", "explain_score", "limits_1", "empty", "shortcut"):
        assert TRY[lang][name] in unescape(page)
    assert 'role="status"' in page and 'role="alert"' in page and 'name="text"' not in page
    found = re.search(r'id="data">(.*?)</script>', page, re.S)
    assert found
    data = json.loads(found[1])
    assert data["max"] == 4000 and set(data["kinds"]) == set(KINDS) and not re.search("[<>]", found[1])


async def test_the_officers_page_is_linked_from_the_other_pages(client: httpx.AsyncClient) -> None:
    for path in ("/docs", "/demo"):
        assert "/privacy/try" in (await client.get(path)).text
    assert (await client.get("/v1/privacy")).json()["redaction"]["try"] == "/privacy/try"


async def test_the_language_follows_the_browser_unless_the_address_names_one(client: httpx.AsyncClient) -> None:
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9"}
    assert '<html lang="zh-CN">' in (await client.get("/demo", headers=chinese)).text
    assert '<html lang="en">' in (await client.get("/demo?lang=en", headers=chinese)).text


def test_page_texts_are_complete_in_both_languages() -> None:
    assert set(DEMO["en"]) == set(DEMO["zh"]) and set(EMBED["en"]) == set(EMBED["zh"])
    script = (FOLDER / "embed.js").read_text("utf-8")
    used = set(re.findall(r"\btext\.(\w+)", script)) - {"kinds", "mark", "notice", "shop"}
    assert used <= set(EMBED["en"])
    assert set(TRY["en"]) == set(TRY["zh"]) and not set(TRY["en"]) & set(dir(dict)), "t.keys would be a method"
    assert set(re.findall(r"\btext\.(\w+)", (FOLDER / "try.js").read_text("utf-8"))) <= set(TRY["en"])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name_en"])
def test_the_examples_show_what_their_names_promise(example: dict[str, str]) -> None:
    found = analyzer_of(Readable((r"TF\d{8}",))).analyze(example["text"])
    assert not found if "Nothing" in example["name_en"] else len(found) >= 3
