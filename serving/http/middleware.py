"""Around every request: the body's size and encoding, safe headers, one access line, and no crash page.

Pure ASGI, so that streams pass unbuffered. The access line holds the route's template, never the address or the
query; a crash is logged by type and place, since its message may quote the customer.
"""

import time
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.problems import Problem, answer
from serving.logging import places
from serving.metrics import Metrics

_log = structlog.get_logger("tactful.http")
_CHECKED: Final = ("/api/", "/v1/")
_STATE: Final = "tactful.headers"
_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def add_headers(scope: MutableMapping[str, Any], headers: Mapping[str, str]) -> None:
    """Have ``headers`` sent with the answer to this request, whatever answers it."""
    scope.setdefault(_STATE, {}).update(headers)


class Surround:
    """Headers, access line, counting, and crashes as problems."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[_STATE] = {}
        status, began = 0, time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in {**_SAFE, **scope[_STATE]}.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:
            _log.error("request_crashed", error=type(error).__name__, place=places(error))
            self._metrics.problem("internal_error")
            if status:
                raise _Broken from None
            await answer(Request(scope), Problem("internal_error"))(scope, receive, send_noted)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "other"
        method = scope["method"] if scope["method"] in ("GET", "POST", "DELETE", "OPTIONS", "HEAD") else "other"
        self._metrics.request(method, route, status)
        if route not in ("other", "/livez", "/readyz", "/metrics"):
            _log.info("request", method=method, route=route, status=status, seconds=round(seconds, 4))


class Bodies:
    """Reads a JSON body whole, up to ``max_bytes``, and lets only UTF-8 through."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        applies = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(_CHECKED)
        if not applies:
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(Headers(scope=scope), receive)
        except Problem as problem:
            await answer(Request(scope), problem)(scope, receive, send)
            return
        given = False

        async def receive_again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_again, send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes:
        too_large = Problem("body_too_large", values={"max_bytes": self._max_bytes})
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._max_bytes:
            raise too_large
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._max_bytes:
                raise too_large
            more = message.get("more_body", False)
        body = b"".join(chunks)
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if body and kind != "application/json" and not kind.endswith("+json"):
            raise Problem("unsupported_media_type")
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Problem("invalid_encoding", values={"offset": error.start}) from None
        return body


class _Broken(Exception):
    """An answer that had begun could not be ended; the connection is cut. Says nothing of why: the log does."""
