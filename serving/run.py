"""Runs everything of one server: engine, bot, HTTP. Ends all of it when told to."""

import asyncio
import sys
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING

from serving import logging as our_logging
from serving.compose_engine import build_engine
from serving.endpoint import EngineError, ModelEndpoint
from serving.launch import LaunchError
from serving.model_folder import ModelError
from serving.settings import Settings
from serving.vocabulary import VocabularyError

if TYPE_CHECKING:
    from bot.turn import Bot
    from serving.assembly import Warmed


async def run(settings: Settings) -> int:
    """Serve until interrupted; 0 when ended on purpose, 1 when it could not start."""
    our_logging.setup()
    try:
        engine = build_engine(settings)
    except (LaunchError, ModelError, VocabularyError, OSError) as error:
        return _could_not_start(error)
    try:
        await engine.start()
        # The bot and its libraries take seconds to import: the engine starts meanwhile.
        await asyncio.to_thread(import_module, "serving.assembly")
        return await _serve(settings, engine)
    finally:
        await engine.stop()


async def _serve(settings: Settings, engine: ModelEndpoint) -> int:
    import uvicorn

    from serving.app import create_app
    from serving.assembly import START_ERRORS, assemble

    async with AsyncExitStack() as stack:
        try:
            bot, parts, warmed = await stack.enter_async_context(assemble(settings, engine))
        except START_ERRORS as error:
            return _could_not_start(error)
        config = uvicorn.Config(
            create_app(parts), host=settings.host, port=settings.port, log_config=None, access_log=False
        )
        announcer = asyncio.create_task(_announce(settings, bot, warmed))
        await uvicorn.Server(config).serve()
        announcer.cancel()
    return 0


def _could_not_start(error: Exception) -> int:
    print(error, file=sys.stderr)  # noqa: T201
    return 1


async def _announce(settings: Settings, bot: "Bot", warmed: "Warmed") -> None:
    from serving.assembly import warm_up

    try:
        await warm_up(bot, warmed)
    except EngineError as error:
        print(f"The model is not ready: {error}\nAnswers come from the degraded mode.", file=sys.stderr)  # noqa: T201
    address = f"http://{settings.host}:{settings.port}"
    print(f"\n  chat    {address}/\n  demo    {address}/demo\n  API     {address}/docs\n", file=sys.stderr)  # noqa: T201
