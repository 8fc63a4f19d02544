"""One assistant over one engine: assembled, warmed, and ended together with it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import structlog

from bot.catalogue.encoder import EncoderError
from bot.intents import IntentModelError
from bot.scratch import TurnInput
from bot.session import Lang, Session, SessionId
from bot.shop.errors import ShopError
from bot.turn import Bot
from guardrails.errors import GuardError
from serving.compose import KeyFileError, build_audit, build_bot, build_parts, build_shop, checkpoints
from serving.endpoint import EngineState, ModelEndpoint
from serving.http.parts import Parts
from serving.model_folder import PassportRefused
from serving.settings import Settings

WARM_UP: Final[tuple[tuple[Lang, str], ...]] = (
    ("en", "Do you have something warm for the winter, and how long may I return it?"),
    ("zh", "有没有适合冬天用的暖和点的东西？多久之内可以退？"),
)
START_ERRORS: Final = (ShopError, GuardError, EncoderError, IntentModelError, KeyFileError, PassportRefused, OSError)
"""What a person can mend: their messages say how."""
_log = structlog.get_logger("tactful.run")


class Warmed:
    """An engine that counts as ready once a turn has been played: the first one loads and compiles for seconds."""

    def __init__(self, engine: ModelEndpoint) -> None:
        self.engine = engine
        self.warm = False

    @property
    def state(self) -> EngineState:
        """The engine's state; ``starting`` while it is up but cold."""
        state = self.engine.state
        return state if self.warm or not state.ready else EngineState("starting", False, "the first turn is tried")


@asynccontextmanager
async def assemble(settings: Settings, engine: ModelEndpoint) -> AsyncIterator[tuple[Bot, Parts, Warmed]]:
    """Shop, bot and parts over an engine that has been started and that the caller stops."""
    shop = await asyncio.to_thread(build_shop, settings)
    warmed = Warmed(engine)
    async with checkpoints(settings) as saver:
        bot = build_bot(settings, shop, engine.base_url, saver)
        parts = build_parts(settings, shop, bot, warmed, engine.base_url)
        audit = await asyncio.to_thread(build_audit, settings, parts)
        yield bot, replace(parts, audit=audit), warmed


async def warm_up(bot: Bot, warmed: Warmed) -> None:
    """Play a turn in each language and forget it.

    Raises:
        EngineError: the engine has been given up.
    """
    await warmed.engine.wait_ready()
    for lang, text in WARM_UP:
        session = Session(SessionId(f"warm-up-{secrets.token_hex(8)}"), lang=lang)
        async for _ in bot.turn(TurnInput(session, text, "warm-up")):
            pass
        await bot.forget(session)
    warmed.warm = True
    _log.info("warm", detail="a turn has been played in each language")
