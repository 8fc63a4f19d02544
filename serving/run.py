"""Runs everything of one server: engine, bot, HTTP. Ends all of it when told to."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
import uvicorn

from bot.scratch import TurnInput
from bot.session import Lang, Session, SessionId
from bot.turn import Bot
from serving import logging as our_logging
from serving.app import create_app
from serving.compose import build_bot, build_engine, build_parts, build_shop, checkpoints
from serving.endpoint import EngineError, EngineState, ModelEndpoint
from serving.http.parts import Parts
from serving.launch import LaunchError
from serving.settings import Settings

WARM_UP: Final[tuple[tuple[Lang, str], ...]] = (
    ("en", "Do you have something warm for the winter, and how long may I return it?"),
    ("zh", "有没有适合冬天用的暖和点的东西？多久之内可以退？"),
)
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
    """Shop, bot and parts over an engine that has been started; the engine is ended with them."""
    try:
        await engine.start()
        shop = await asyncio.to_thread(build_shop, settings)
        warmed = Warmed(engine)
        async with checkpoints(settings) as saver:
            bot = build_bot(settings, shop, engine.base_url, saver)
            yield bot, build_parts(settings, shop, bot, warmed), warmed
    finally:
        await engine.stop()


async def run(settings: Settings) -> int:
    """Serve until interrupted; 0 when ended on purpose, 1 when it could not start."""
    our_logging.setup()
    try:
        engine = build_engine(settings)
    except (LaunchError, OSError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    async with assemble(settings, engine) as (bot, parts, warmed):
        config = uvicorn.Config(
            create_app(parts), host=settings.host, port=settings.port, log_config=None, access_log=False
        )
        announcer = asyncio.create_task(_announce(settings, bot, warmed))
        await uvicorn.Server(config).serve()
        announcer.cancel()
    return 0


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


async def _announce(settings: Settings, bot: Bot, warmed: Warmed) -> None:
    try:
        await warm_up(bot, warmed)
    except EngineError as error:
        print(f"The model is not ready: {error}\nAnswers come from the degraded mode.", file=sys.stderr)  # noqa: T201
    address = f"http://{settings.host}:{settings.port}"
    print(f"\n  chat    {address}/\n  demo    {address}/demo\n  API     {address}/docs\n", file=sys.stderr)  # noqa: T201
