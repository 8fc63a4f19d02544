"""The model behind the guard: an OpenAI-compatible endpoint, asked with concealed requests only.

UpstreamError    no usable answer; ``code`` says why, nothing of what the upstream said is kept

Its own messages are never passed on: they may quote the request. Knows nothing of guards.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import httpx

from serving.guarded.events import EventReader, EventTooLong

Failure: TypeAlias = Literal[
    "upstream_unreachable", "upstream_timeout", "upstream_failed", "upstream_rate_limited", "upstream_unauthorized",
    "upstream_refused", "model_not_found", "context_length_exceeded",
]  # fmt: skip
_CONNECT_S: Final = 5.0
_MODELS_S: Final = 2.0
_BY_STATUS: Final[dict[int, Failure]] = {
    401: "upstream_unauthorized", 403: "upstream_unauthorized", 404: "model_not_found",
    408: "upstream_timeout", 429: "upstream_rate_limited", 504: "upstream_timeout",
}  # fmt: skip


class UpstreamError(Exception):
    """The upstream gave no usable answer. ``retry_after_s``: when it said so."""

    def __init__(self, code: Failure, retry_after_s: int | None = None) -> None:
        super().__init__(code)
        self.code: Failure = code
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Upstream:
    """An endpoint. ``client`` is closed by ``close``."""

    base_url: str
    client: httpx.AsyncClient

    @classmethod
    def connect(cls, base_url: str, api_key: str | None, timeout_s: float) -> "Upstream":
        """A client; nothing is sent yet. ``timeout_s`` bounds each wait for the next bytes."""
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        timeout = httpx.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s))
        return cls(base_url.rstrip("/"), httpx.AsyncClient(headers=headers, timeout=timeout))

    async def complete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A whole completion.

        Raises:
            UpstreamError: there is none.
        """
        async with self._asked(body) as answer:
            try:
                completion = json.loads(await answer.aread())
            except ValueError:
                raise UpstreamError("upstream_failed") from None
        if not isinstance(completion, dict) or not isinstance(completion.get("choices"), list):
            raise UpstreamError("upstream_failed")
        return completion

    @asynccontextmanager
    async def stream(self, body: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[list[dict[str, Any]]]]:
        """Chunks as they arrive, several at a time; leaving the context ends the request.

        Raises:
            UpstreamError: also while it streams, and where it breaks off before ``[DONE]``.
        """
        async with self._asked(body) as answer:
            yield _chunks(answer)

    async def models(self) -> tuple[str, ...]:
        """Names of the models it serves.

        Raises:
            UpstreamError: it does not say.
        """
        with _translated():
            answer = await self.client.get(f"{self.base_url}/models", timeout=_MODELS_S)
        try:
            return tuple(str(model["id"]) for model in answer.raise_for_status().json()["data"])
        except (httpx.HTTPStatusError, ValueError, KeyError, TypeError):
            raise UpstreamError("upstream_failed") from None

    async def close(self) -> None:
        """Ends the connections."""
        await self.client.aclose()

    @asynccontextmanager
    async def _asked(self, body: Mapping[str, Any]) -> AsyncIterator[httpx.Response]:
        with _translated():
            request = self.client.build_request("POST", f"{self.base_url}/chat/completions", json=body)
            answer = await self.client.send(request, stream=True)
        try:
            with _translated():
                if answer.status_code != httpx.codes.OK:
                    raise _failure(answer.status_code, answer.headers, await answer.aread())
                yield answer
        finally:
            await answer.aclose()


async def _chunks(answer: httpx.Response) -> AsyncIterator[list[dict[str, Any]]]:
    reader = EventReader()
    with _translated():
        async for piece in answer.aiter_bytes():
            events = reader.feed(piece)
            done = "[DONE]" in events
            chunks = [_chunk(event) for event in (events[: events.index("[DONE]")] if done else events)]
            if chunks:
                yield chunks
            if done:
                return
    raise UpstreamError("upstream_failed")


def _chunk(event: str) -> dict[str, Any]:
    try:
        chunk = json.loads(event)
    except ValueError:
        raise UpstreamError("upstream_failed") from None
    if not isinstance(chunk, dict) or "error" in chunk:
        raise UpstreamError("upstream_failed")
    return chunk


def _failure(status: int, headers: httpx.Headers, body: bytes) -> UpstreamError:
    if status in (400, 413, 422):
        long = b"context_length_exceeded" in body or b"maximum context length" in body
        return UpstreamError("context_length_exceeded" if long else "upstream_refused")
    seconds = headers.get("retry-after", "")
    return UpstreamError(_BY_STATUS.get(status, "upstream_failed"), int(seconds) if seconds.isdecimal() else None)


class _translated:
    """The client's errors as ours. Their texts are dropped."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.InvalidURL() | httpx.UnsupportedProtocol():
                raise UpstreamError("upstream_unreachable") from None
            case httpx.TimeoutException():
                raise UpstreamError("upstream_timeout") from None
            case httpx.HTTPError() | httpx.StreamError() | EventTooLong():
                raise UpstreamError("upstream_failed") from None
            case _:
                return
