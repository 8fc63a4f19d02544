"""``guarded:<model>``: the guard alone in front of an OpenAI-compatible upstream. Fails closed.

The values of a request go to the vault of one owner: the caller's own where the request names a session (API key,
``user``, ``metadata.session_id``), so that handles stay the same over requests; else an owner of this request alone,
deleted when it ends. Either way only values that came with this request are given back. Nothing is stored otherwise.
It knows no assistant, shop or dialogue.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from fastapi import Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from bot.language import language_of
from guardrails.errors import GuardError
from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails
from serving.guarded.answers import PREFIX, Exchange, blocked, blocked_chunks, frame
from serving.guarded.owned import Owned
from serving.guarded.reply import Reply
from serving.guarded.request import Unreadable, conceal_request, last_said
from serving.guarded.upstream import Upstream, UpstreamError
from serving.guarded.wording import BLOCKED, UNCHECKED
from serving.http.problems import language
from serving.metrics import Metrics

_MODELS_FRESH_S: Final = 30.0
_log = structlog.get_logger("tactful.guarded")


@dataclass(frozen=True, slots=True)
class GuardedLimits:
    """Flat values from the settings.

    Attributes:
        models: upstream models that may be named; empty: all.
        max_chars: longest messages of one request, as JSON.
        pass_media: let images, sound and files through unread.
        inspect: look for injection in the last user message.
    """

    models: tuple[str, ...] = ()
    max_chars: int = 100_000
    pass_media: bool = False
    inspect: bool = True


class Guarded:
    """The guard in front of one upstream."""

    def __init__(self, guard: Guardrails, upstream: Upstream, limits: GuardedLimits, metrics: Metrics) -> None:
        self._guard = guard
        self.upstream = upstream
        self._limits = limits
        self._metrics = metrics
        self._forgetting: set[asyncio.Task[None]] = set()  # goes on where its request has been given up
        self._known: tuple[float, tuple[str, ...]] = (-_MODELS_FRESH_S, ())

    async def close(self) -> None:
        """Ends the connections to the upstream."""
        await self.upstream.close()

    async def models(self) -> tuple[str, ...]:
        """Names that can be asked for now; none while the upstream is away."""
        asked_at, names = self._known
        if time.monotonic() - asked_at >= _MODELS_FRESH_S:
            names = ()
            with suppress(UpstreamError):
                names = await self.upstream.models()
            allowed = self._limits.models
            names = tuple(PREFIX + name for name in names if not allowed or name in allowed)
            self._known = (time.monotonic() if names else -_MODELS_FRESH_S, names)
        return names

    async def answer(self, request: Request, body: Mapping[str, Any], owner: VaultOwner | None) -> Response:
        """The upstream's answer to ``body``, streamed where it asks for that.

        Raises:
            OpenAIError: there is no answer; nothing of the request is in it.
        """
        said = last_said(body)
        once = owner is None
        owned = Owned(self._guard, owner or VaultOwner(f"guarded:once:{secrets.token_hex(16)}"))
        asked_in = language(request)
        name = str(body["model"]).removeprefix(PREFIX)
        exchange = Exchange(body, name, owned, asked_in, language_of(said, asked_in))
        self._check(exchange)
        try:
            if not body.get("stream"):
                async with self._kept(owned, once):
                    return await self._until_left(request, self._whole(exchange, said))
            frames = self._frames(exchange, said, once)
            await anext(frames)  # the upstream has answered: from here on failures are frames
            return EventSourceResponse(frames, ping=15, sep="\n")
        except UpstreamError as failure:
            self._metrics.guarded(failure.code)
            _log.warning("guarded_failed", code=failure.code)
            headers = {"Retry-After": str(failure.retry_after_s)} if failure.retry_after_s else None
            raise exchange.error(failure.code, headers=headers) from None

    def _check(self, exchange: Exchange) -> None:
        if self._limits.models and exchange.model not in self._limits.models:
            raise exchange.error("model_not_found", param="model")
        if len(json.dumps(exchange.body["messages"], ensure_ascii=False)) > self._limits.max_chars:
            raise exchange.error("message_too_long", param="messages", max_chars=self._limits.max_chars)

    async def _concealed(self, exchange: Exchange, said: str) -> dict[str, Any] | str:
        """The request for the upstream, or the reason why there is none in the words of whoever wrote last."""
        try:
            if self._limits.inspect and (await asyncio.to_thread(self._guard.inspect, said)).action == "block":
                self._metrics.guarded("blocked")
                return BLOCKED[exchange.lang]
            body, pass_media = exchange.body, self._limits.pass_media
            concealed = await asyncio.to_thread(
                conceal_request, body, exchange.model, exchange.owned, pass_media=pass_media
            )
        except Unreadable as found:
            raise exchange.error("unreadable", param=found.param) from None
        except GuardError as failure:
            return self._unchecked(exchange, failure)
        self._metrics.hidden(exchange.owned.hidden)
        return concealed

    def _unchecked(self, exchange: Exchange, failure: GuardError) -> str:
        self._metrics.guarded("guard_failed")
        _log.error("guard_failed", reason=failure.reason, error=type(failure).__name__)
        return UNCHECKED[exchange.lang]

    async def _whole(self, exchange: Exchange, said: str) -> Response:
        concealed = await self._concealed(exchange, said)
        if isinstance(concealed, str):
            return JSONResponse(blocked(exchange, concealed))
        completion = await self.upstream.complete({**concealed, "stream": False})
        try:
            shown = await asyncio.to_thread(exchange.reply().whole, completion)
        except GuardError as failure:
            return JSONResponse(blocked(exchange, self._unchecked(exchange, failure)))
        self._metrics.guarded("answered")
        return JSONResponse({**shown, "x_tactful": {"hidden": dict(exchange.owned.hidden)}})

    async def _frames(self, exchange: Exchange, said: str, once: bool) -> AsyncGenerator[ServerSentEvent, None]:
        """An empty frame once the upstream has answered (not to be sent), then the chunks, ``[DONE]`` last."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._kept(exchange.owned, once))
            concealed = await self._concealed(exchange, said)
            reply = exchange.reply()
            if isinstance(concealed, str):
                yield ServerSentEvent()
                for chunk in blocked_chunks(exchange, concealed):
                    yield frame(chunk)
                yield ServerSentEvent("[DONE]")
                return
            chunks = await stack.enter_async_context(self.upstream.stream(concealed))
            yield ServerSentEvent()
            try:
                async for each in self._restored(chunks, reply):
                    yield each
                self._metrics.guarded("answered")
            except GuardError as failure:
                refusal = self._unchecked(exchange, failure)
                if last := reply.ended("content_filter", refusal=refusal):
                    yield frame(last)
            except UpstreamError as failure:
                self._metrics.guarded(failure.code)
                _log.warning("guarded_failed", code=failure.code)
                yield frame(exchange.error(failure.code).body())
            yield ServerSentEvent("[DONE]")

    async def _restored(
        self, chunks: AsyncIterator[list[dict[str, Any]]], reply: Reply
    ) -> AsyncIterator[ServerSentEvent]:
        async for arrived in chunks:
            for shown in await asyncio.to_thread(reply.chunks, arrived):
                yield frame(shown)
        if (rest := await asyncio.to_thread(reply.ended)) is not None:
            yield frame(rest)

    @asynccontextmanager
    async def _kept(self, owned: Owned, once: bool) -> AsyncIterator[None]:
        """The values of a request without a session are deleted when it ends, however it ends."""
        try:
            yield
        finally:
            if once and owned.seen:
                forgetting = asyncio.create_task(asyncio.to_thread(self._forget, owned.owner))
                self._forgetting.add(forgetting)
                forgetting.add_done_callback(self._forgetting.discard)
                await asyncio.shield(forgetting)

    def _forget(self, owner: VaultOwner) -> None:
        try:
            self._guard.forget(owner)
        except GuardError as failure:
            _log.error("not_forgotten", reason=failure.reason)

    async def _until_left(self, request: Request, work: Coroutine[Any, Any, Response]) -> Response:
        """The answer; given up, with the upstream's request, when the caller leaves."""
        answering = asyncio.create_task(work)
        leaving = asyncio.create_task(_left(request))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                answering.cancel()
                with suppress(asyncio.CancelledError):
                    await answering
                self._metrics.guarded("left")
                return Response(status_code=499)
            return await answering
        finally:
            leaving.cancel()
            answering.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
