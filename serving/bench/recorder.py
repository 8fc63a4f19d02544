"""A proxy before the model endpoint that keeps every request body, and a server in a thread to run it.

Answers are passed on as they come, streams chunk by chunk. Bodies are kept in memory: for checks, not for
production. It changes nothing that it passes on except the ``Host`` header.
"""

import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

_HOP = {
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "content-encoding",
    "accept-encoding",
    "date",
    "server",
}


class Recorder:
    """The proxy. ``bodies``: what was sent to the model, in order, address first."""

    def __init__(self, upstream_url: str, timeout_s: float = 300.0) -> None:
        self.bodies: list[bytes] = []
        self._upstream = httpx.URL(upstream_url)
        self._timeout_s = timeout_s
        self.app = Starlette(
            routes=[Route("/{path:path}", self._pass_on, methods=["GET", "POST", "PUT", "DELETE"])],
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=self._timeout_s) as self._http:
            yield

    async def _pass_on(self, request: Request) -> Response:
        body = await request.body()
        self.bodies.append(f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body)
        url = self._upstream.copy_with(path=request.url.path, query=request.url.query.encode() or None)
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP}
        try:
            upstream = await self._http.send(
                self._http.build_request(request.method, url, headers=headers, content=body), stream=True
            )
        except httpx.HTTPError as error:
            return JSONResponse({"error": {"message": type(error).__name__, "type": "upstream"}}, status_code=502)
        passed = {key: value for key, value in upstream.headers.items() if key.lower() not in _HOP}
        return StreamingResponse(_chunks(upstream), upstream.status_code, passed)


async def _chunks(upstream: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in upstream.aiter_bytes():
            yield chunk
    finally:
        await upstream.aclose()


@contextlib.contextmanager
def in_thread(app: ASGIApp, port: int = 0, start_s: float = 20.0) -> Iterator[str]:
    """Serves ``app`` on this machine while the context lasts; gives its address.

    Raises:
        TimeoutError: it did not start.
    """
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + start_s
    while not server.started:
        if time.monotonic() > until or not thread.is_alive():
            raise TimeoutError(f"expected a server within {start_s:.0f} s")
        time.sleep(0.02)
    try:
        host, bound = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{bound}"
    finally:
        server.should_exit = True
        thread.join(10)
