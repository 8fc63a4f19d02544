"""Runs everything of one server: engine, bot, HTTP. Ends all of it when told to."""

import asyncio
import sys

import uvicorn

from serving import logging as our_logging
from serving.app import create_app
from serving.compose import build_bot, build_engine, build_parts, build_shop, checkpoints
from serving.endpoint import EngineError
from serving.launch import LaunchError
from serving.settings import Settings


async def run(settings: Settings) -> int:
    """Serve until interrupted; 0 when ended on purpose, 1 when it could not start."""
    our_logging.setup()
    try:
        engine = build_engine(settings)
    except (LaunchError, OSError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    try:
        await engine.start()
        shop = await asyncio.to_thread(build_shop, settings)
        async with checkpoints(settings) as saver:
            bot = build_bot(settings, shop, engine.base_url, saver)
            app = create_app(build_parts(settings, shop, bot, engine))
            config = uvicorn.Config(app, host=settings.host, port=settings.port, log_config=None, access_log=False)
            server = uvicorn.Server(config)
            announcer = asyncio.create_task(_announce(settings, engine))
            await server.serve()
            announcer.cancel()
    finally:
        await engine.stop()
    return 0


async def _announce(settings: Settings, engine: object) -> None:
    address = f"http://{settings.host}:{settings.port}"
    try:
        await engine.wait_ready()  # type: ignore[attr-defined]  # both kinds of engine have it
    except EngineError as error:
        print(f"The model is not ready: {error}\nAnswers come from the degraded mode.", file=sys.stderr)  # noqa: T201
    print(f"\n  chat    {address}/\n  demo    {address}/demo\n  API     {address}/docs\n", file=sys.stderr)  # noqa: T201
