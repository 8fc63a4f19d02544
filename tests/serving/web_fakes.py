"""Hand-written stand-ins for the rooms behind the ways in, with the same signatures."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.events import Delta, Done, Handoff, Hidden, Products, Sources, TurnEvent
from bot.facts import ProductCard, Source
from bot.language import language_of
from bot.scratch import TurnInput
from bot.session import Lang, Session
from bot.shop.records import Policy, Product, ProductId, ShopInfo, Variant
from guardrails.errors import VaultUnavailable
from guardrails.findings import Audience, Concealed, Finding, Kind, VaultOwner
from guardrails.preview import Preview
from serving.app import Parts, WebSettings, create_app
from serving.endpoint import EngineState
from serving.http.sessions import SessionStore
from serving.transcripts import TranscriptWriter

KEY = b"a key for tests, 32 bytes or more"
PHONE = re.compile(r"(?:\+86)?1\d{10}")


@dataclass(frozen=True)
class FakeConcealment:
    text: Concealed
    hidden: Mapping[Kind, int]


@dataclass
class FakeGuard:
    """Finds Chinese mobile numbers only."""

    values: dict[tuple[str, str], str] = field(default_factory=dict)
    broken: bool = False
    erased: list[str] = field(default_factory=list)

    def analyze(self, text: str, lang: Lang | None = None) -> tuple[Finding, ...]:
        self._check()
        return tuple(Finding("PHONE_NUMBER", m.start(), m.end(), 0.9, "cn_mobile") for m in PHONE.finditer(text))

    def preview(self, text: str, lang: Lang | None = None) -> Preview:
        found = self.analyze(text)
        values = list(dict.fromkeys(text[f.start : f.end] for f in found))
        given = tuple(f"<PHONE_{values.index(text[f.start : f.end]) + 1}>" for f in found)
        for value in values:
            text = text.replace(value, f"<PHONE_{values.index(value) + 1}>")
        return Preview(found, given, Concealed.fixed(text))

    def conceal(self, owner: VaultOwner, text: str) -> FakeConcealment:
        found = self.analyze(text)
        for finding in found:
            value = text[finding.start : finding.end]
            known = {v: h for (o, h), v in self.values.items() if o == owner}
            if value not in known:
                self.values[(owner, f"<PHONE_{len(known) + 1}>")] = value
        for (holder, handle), value in self.values.items():
            if holder == owner:
                text = text.replace(value, handle)
        return FakeConcealment(Concealed.fixed(text), Counter(f.kind for f in found))

    def reveal(self, owner: VaultOwner, text: str, audience: Audience = "customer") -> str:
        self._check()
        return re.sub(r"<PHONE_\d+>", lambda m: self.values.get((owner, m[0]), "[hidden]"), text)

    def erase(self, owner: VaultOwner) -> int:
        self.erased.append(owner)
        return len([self.values.pop(key) for key in tuple(self.values) if key[0] == owner])

    def purge(self) -> int:
        self._check()
        return 0

    def self_test(self) -> None:
        self._check()

    def _check(self) -> None:
        if self.broken:
            raise VaultUnavailable("the vault is away")


LAMP = ProductCard("P-1", "Harbour desk lamp", "¥129.00", "in stock", "/demo?product=P-1")
LAMP_ZH = ProductCard("P-1", "海湾台灯", "¥129.00", "有货", "/demo?product=P-1")


@dataclass
class FakeBot:
    """Answers by keyword; counts the turns of each session, so that a reply shows whose context it is in."""

    guard: FakeGuard
    pause_s: float = 0.0
    fault: Exception | None = None
    turns: list[TurnInput] = field(default_factory=list)
    stopped: int = 0
    _history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def turn(self, turn: TurnInput) -> AsyncGenerator[TurnEvent, None]:
        lock = self._locks.setdefault(turn.session.id, asyncio.Lock())
        async with lock, aclosing(self._answer(turn)) as events:
            async for event in events:
                yield event

    async def _answer(self, turn: TurnInput) -> AsyncGenerator[TurnEvent, None]:
        self.turns.append(turn)
        owner, said = turn.session.owner, ""
        concealed = self.guard.conceal(owner, turn.text)
        lang = language_of(turn.text, turn.session.lang or "en")
        if self.fault:
            raise self.fault
        if concealed.hidden:
            yield Hidden({str(kind): count for kind, count in concealed.hidden.items()})
        finish: Any = "stop"
        reply, extras = self._reply(concealed.text.text, lang, len(self._history.get(turn.session.id, [])) // 2 + 1)
        try:
            for word in re.findall(r"\S+\s*|\s+", reply):
                await asyncio.sleep(self.pause_s)
                said += word
                yield Delta(self.guard.reveal(owner, word))
        except (GeneratorExit, asyncio.CancelledError):
            self.stopped += 1
            raise
        finally:
            self._remember(turn, concealed, said, lang)
        for extra in extras:
            yield extra
            finish = "handoff" if isinstance(extra, Handoff) else finish
        if "ignore your instructions" in turn.text:
            finish = "content_filter"
        timings = {"guard": 0.004, "first_word": 0.2, "turn": 0.5}
        yield Done(turn.message_id, finish, lang, "rule", (), True, False, timings)

    def _reply(self, text: str, lang: Lang, turn: int) -> tuple[str, list[TurnEvent]]:
        if "lamp" in text or "台灯" in text:
            words = (
                "The Harbour desk lamp might suit you: warm light, three steps, ¥129.00."
                if lang == "en"
                else "推荐 海湾台灯：暖光、三档调光，¥129.00，有货。"
            )
            return words, [Products((LAMP if lang == "en" else LAMP_ZH,))]
        if "return" in text or "退货" in text:
            words = "You can return unused goods within 30 days." if lang == "en" else "未使用的商品 30 天内可以退货。"
            title = "Returns" if lang == "en" else "退货政策"
            return words, [Sources((Source(title, f"policies/returns.{lang}.md"),))]
        if "person" in text or "人工" in text:
            words = "A colleague will take over." if lang == "en" else "已为您转接人工客服。"
            return words, [Handoff("asked", Concealed.fixed("wants a person"))]
        return (f"Turn {turn}: you said {text}", []) if lang == "en" else (f"第 {turn} 轮：您说的是 {text}", [])

    def _remember(self, turn: TurnInput, concealed: FakeConcealment, said: str, lang: Lang) -> None:
        meta = {"commands": [], "understood_by": "rule", "finish_reason": "stop", "grounded": True, "fallback": False,
                "lang": lang, "hidden": dict(concealed.hidden), "timings": {}}  # fmt: skip
        self._history.setdefault(turn.session.id, []).extend(
            [
                {"id": f"{turn.message_id}:user", "role": "user", "content": concealed.text.text},
                {
                    "id": turn.message_id,
                    "role": "assistant",
                    "content": said,
                    "meta": meta,
                    "products": [],
                    "sources": [],
                },
            ]
        )

    async def history(self, session: Session) -> list[dict[str, Any]]:
        return list(self._history.get(session.id, []))

    async def forget(self, session: Session) -> None:
        self._history.pop(session.id, None)


def _product(place: int, category: tuple[str, str], name: tuple[str, str], price: int) -> Product:
    return Product(
        ProductId(f"P-{place}"), *category, *name, "Lumenwick",
        f"{name[0]}, made to be used every day and to last.", f"{name[1]}，每天都用得上，经久耐用。",
        {"Material": "steel", "Light": "warm"}, {"材质": "钢", "光": "暖光"},
        (Variant(f"LT-10{place}-01", {"Colour": "sage"}, {"颜色": "灰绿"}, price, 8),),
    )  # fmt: skip


@dataclass
class FakeShop:
    info: ShopInfo = field(
        default_factory=lambda: ShopInfo(
            "Tangerine Lane", "橘里", service_hours_en="9 to 21", service_hours_zh="9 点至 21 点"
        )
    )

    def products(self) -> tuple[Product, ...]:
        lighting, tea, bags = ("Lighting", "灯具"), ("Tea and coffee", "茶与咖啡"), ("Bags", "箱包")
        return (
            _product(1, lighting, ("Harbour desk lamp", "海湾台灯"), 12900),
            _product(2, tea, ("Cloud mist green tea", "云雾绿茶"), 8800),
            _product(3, bags, ("Canvas weekender", "帆布旅行袋"), 25900),
            _product(4, lighting, ("Paper moon night light", "纸月小夜灯"), 6900),
        )

    def product(self, product_id: str) -> Product | None:
        return next((p for p in self.products() if p.product_id == product_id), None)

    def policies(self, lang: Lang | None = None) -> tuple[Policy, ...]:
        pages = (Policy("returns", "en", "Returns", "policies/returns.en.md", "30 days."),
                 Policy("returns", "zh", "退货政策", "policies/returns.zh.md", "30 天。"))  # fmt: skip
        return tuple(page for page in pages if lang in (None, page.lang))


@dataclass
class FakeEngine:
    state: EngineState = field(default_factory=lambda: EngineState("ready", True, "a fake model, ready"))


def make_parts(tmp: Any, **settings: Any) -> Parts:
    guard = FakeGuard()
    values = WebSettings(signing_key=KEY, **settings)
    sessions = SessionStore(tmp / "sessions.db", idle_s=values.session_minutes * 60)
    writer = TranscriptWriter(tmp / "transcripts" if values.transcripts else None, sessions, KEY)
    return Parts(values, FakeBot(guard), guard, FakeShop(), FakeEngine(), sessions, writer)


def served(parts: Parts, address: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(parts, chat_page=False), client=(address, 40000))
    return httpx.AsyncClient(transport=transport, base_url="http://shop.example")


async def opened(client: httpx.AsyncClient, **body: str) -> tuple[str, dict[str, str]]:
    """A new session: its address, and its headers."""
    answer = (await client.post("/api/v1/sessions", json=body)).json()
    return f"/api/v1/sessions/{answer['session_id']}", {"Authorization": f"Bearer {answer['token']}"}
