"""The ways in, put together: one FastAPI application over ``Parts``.

It starts nothing but a housekeeper that writes transcripts and deletes what is too old; engine, bot and stores are
started and ended by whoever made them. Nothing here knows a setting's name or a model.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import structlog
from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from bot.session import Session
from serving import openai_api, widget_api
from serving.http import operations, pages, problems
from serving.http.conversation import Conversations
from serving.http.limits import Limits
from serving.http.middleware import Bodies, Surround
from serving.http.parts import Bot, Engine, Guard, Parts, Shop, WebSettings, derive_key
from serving.http.sessions import StorageUnavailable

__all__ = ["Bot", "Engine", "Guard", "Parts", "Shop", "WebSettings", "create_app", "derive_key"]

HOUSEKEEPING_S: Final = 30.0
_PRUNE_EVERY: Final = 20
_log = structlog.get_logger("tactful.app")
_DESCRIPTION: Final = "\n".join(
    (
        "Customer service for a shop, in English and Chinese.\n",
        "* **widgets**: sessions and messages, as JSON or server-sent events; errors are RFC 9457 problems.",
        "* **OpenAI-compatible**: `/v1/chat/completions` with the model `tactful`, for existing clients. The "
        "completion (or the last chunk) has a field `x_tactful`: `session_id`, `hidden` (counts by kind), `products`, "
        "`citations`, `handoff`, `finish_reason`, `lang`, `understood_by`, `grounded`, `fallback`. `usage` is an "
        "estimate. Models `guarded:<upstream model>` are the guard alone in front of another model: see "
        "`GET /v1/models`.",
        "* **operations**: health, metrics, versions, privacy.",
    )
)


def create_app(parts: Parts, *, chat_page: bool = True) -> FastAPI:
    """The application. Without ``chat_page`` nothing is mounted at ``/`` (quicker to make)."""
    conversations = Conversations(parts)
    limits = Limits(parts.settings.requests_per_minute)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        housekeeper = asyncio.create_task(_keep_house(parts))
        try:
            yield
        finally:
            housekeeper.cancel()
            await conversations.close()
            if parts.guarded:
                await parts.guarded.close()
            await asyncio.to_thread(parts.transcripts.flush)

    app = FastAPI(
        title="Tactful",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    problems.install(app)
    app.add_middleware(Bodies, max_bytes=parts.settings.max_body_bytes)
    app.add_middleware(Surround, metrics=parts.metrics)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(parts.settings.cors_origins),
        allow_credentials=False,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"],
        expose_headers=["X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After", "Session-Token"],
        max_age=600,
    )
    app.add_middleware(CorrelationIdMiddleware)
    app.include_router(widget_api.router(parts, conversations, limits))
    app.include_router(openai_api.router(parts, conversations, limits))
    app.include_router(operations.router(parts))
    app.include_router(pages.router(parts))
    if chat_page:
        from serving.chat_page import mount  # local: the chat page's library takes seconds to load

        mount(app, parts, conversations, limits)
    return app


async def _keep_house(parts: Parts) -> None:
    """Write transcripts now and then; delete what is older than the settings allow. Goes on after a failure."""
    rounds = 0
    while True:
        await asyncio.sleep(HOUSEKEEPING_S)
        try:
            await asyncio.to_thread(parts.transcripts.flush)
            if rounds % _PRUNE_EVERY == 0:
                await _prune(parts)
        except Exception as error:
            _log.error("housekeeping_failed", error=type(error).__name__)
        rounds += 1


async def _prune(parts: Parts) -> None:
    settings = parts.settings
    keep_s = max(settings.session_minutes * 60, settings.transcript_days * 86400 if settings.transcripts else 0)
    sessions = 0
    with contextlib.suppress(StorageUnavailable):
        for session_id in await asyncio.to_thread(parts.sessions.prune, keep_s):
            await parts.bot.forget(Session(session_id))
            sessions += 1
    days = await asyncio.to_thread(parts.transcripts.prune, settings.transcript_days)
    values = await asyncio.to_thread(parts.guardrails.purge)
    purged = {"sessions": sessions, "transcript_days": days, "values": values}
    await asyncio.to_thread(parts.audit.purged, purged)
