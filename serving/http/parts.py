"""What the ways in are made of: handed in whole by the composition root, made by nobody here."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bot.events import TurnEvent
from bot.scratch import TurnInput
from bot.session import Lang, Session
from bot.shop.records import Policy, Product, ShopInfo
from guardrails.findings import Audience, Concealed, Kind, VaultOwner
from guardrails.preview import Preview
from serving.audit import Audit
from serving.endpoint import EngineState
from serving.guarded.proxy import Guarded
from serving.http.sessions import SessionStore
from serving.http.tokens import Tokens
from serving.metrics import Metrics
from serving.transcripts import TranscriptWriter


class Bot(Protocol):
    """The assistant, as ``bot.turn.Bot`` is it."""

    def turn(self, turn: TurnInput) -> AsyncGenerator[TurnEvent, None]:
        """The events of a turn, ``Done`` last."""

    async def history(self, session: Session) -> list[dict[str, Any]]:
        """The dialogue so far, concealed."""

    async def forget(self, session: Session) -> None:
        """Delete the dialogue."""


class Concealment(Protocol):
    """A text without its personal values, and how many of each kind were found."""

    @property
    def text(self) -> Concealed:
        """The text with handles."""

    @property
    def hidden(self) -> Mapping[Kind, int]:
        """Count per kind."""


class Guard(Protocol):
    """What the ways in need of ``guardrails.guard.Guardrails``."""

    def preview(self, text: str, lang: Lang | None = None) -> Preview:
        """Findings and the concealed text, nothing stored: for the try-out."""

    def conceal(self, owner: VaultOwner, text: str) -> Concealment:
        """Handles for values."""

    def reveal(self, owner: VaultOwner, text: str, audience: Audience = "customer") -> str:
        """Values for handles, as the policy table says."""

    def erase(self, owner: VaultOwner) -> int:
        """Destroy the owner's key."""

    def purge(self) -> int:
        """Delete expired values."""

    def self_test(self) -> None:
        """Raise when the guard does not work."""


class Shop(Protocol):
    """What the pages show of the shop."""

    @property
    def info(self) -> ShopInfo:
        """The shop itself."""

    def products(self) -> tuple[Product, ...]:
        """The catalogue."""

    def product(self, product_id: str) -> Product | None:
        """One product."""

    def policies(self, lang: Lang | None = None) -> tuple[Policy, ...]:
        """The pages of rules."""


class Engine(Protocol):
    """The language model, as far as ``/readyz`` asks."""

    @property
    def state(self) -> EngineState:
        """The state right now."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Flat values from the settings tree.

    Attributes:
        signing_key: at least 32 bytes, secret; signs tokens and keys hashes.
        cors_origins: web origins that may call the API from a browser.
        widgets: widget id → origins of pages that may embed it; an empty tuple means any page.
        session_minutes: minutes without a message until a session ends; also a token's life.
        requests_per_minute: of one session, and of one client address outside sessions.
        max_chars: longest message, in Unicode code points.
        api_keys_sha256: hex SHA-256 of the keys that ``/v1`` asks for; empty: none is asked for.
        passport_file: the adapter's ``passport.json``.
        trusted_keys: public keys whose passports are believed, in hexadecimal → whose they are.
        adapter_in_use: whether the model that answers is that adapter; ``None``: not known, another program runs it.
    """

    signing_key: bytes = field(repr=False)
    cors_origins: tuple[str, ...] = ()
    widgets: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"demo": ()})
    session_minutes: int = 60
    requests_per_minute: int = 60
    max_chars: int = 4000
    max_body_bytes: int = 262_144
    value_days: int = 30
    transcript_days: int = 30
    transcripts: bool = True
    api_keys_sha256: frozenset[str] = frozenset()
    passport_file: Path | None = None
    trusted_keys: Mapping[str, str] = field(default_factory=dict)
    adapter_in_use: bool | None = None


def derive_key(master_key: bytes) -> bytes:
    """A signing key from the vault's master key, so that there is one secret to keep."""
    return hashlib.blake2b(b"tactful session tokens", key=master_key[:64], digest_size=32).digest()


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything ``create_app`` wires to the network."""

    settings: WebSettings
    bot: Bot
    guardrails: Guard
    shop: Shop
    engine: Engine
    sessions: SessionStore
    transcripts: TranscriptWriter
    metrics: Metrics = field(default_factory=Metrics)
    guarded: Guarded | None = None
    """The guard in front of an upstream model; ``None``: no such model can be named."""
    audit: Audit = field(default_factory=Audit)

    @property
    def tokens(self) -> Tokens:
        """The token maker of these settings."""
        return Tokens(self.settings.signing_key, self.settings.session_minutes * 60)
