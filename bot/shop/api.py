"""HTTP to a shop's API: bounded in time and size, tried again where that is safe, left alone when it keeps failing.

Every request may be repeated: reads, previews, and writes, which carry their ``Idempotency-Key``. Errors and logs name
the path's pattern, a status and a kind of error, never an id, a value, a token or a byte of the answer.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

import httpx
import structlog
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_exponential_jitter

from bot.shop.breaker import Breaker
from bot.shop.errors import ShopUnavailable

_log = structlog.get_logger("tactful.shop")
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of an API at most.

    Attributes:
        connect_s: Seconds until a connection must stand.
        silence_s: Seconds without a byte.
        deadline_s: Seconds for a request with all its attempts.
        attempts: How often a request is sent.
        pause_s: First pause between attempts; later ones are longer, all of them with jitter.
        max_bytes: Longest answer, unpacked; all pages of products together.
        failures: Requests that fail in a row until the API is left alone.
        rest_s: Seconds that it is left alone for.
        fresh_s: Seconds that products and rules are shown without asking.
        stale_s: Seconds that they are shown when asking fails.
    """

    connect_s: float = 2.0
    silence_s: float = 4.0
    deadline_s: float = 10.0
    attempts: int = 3
    pause_s: float = 0.2
    max_bytes: int = 32 * 1024 * 1024
    failures: int = 5
    rest_s: float = 20.0
    fresh_s: float = 60.0
    stale_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``path`` is a pattern for ``ids``; what is personal goes into ``body``, never into the address."""

    method: Literal["GET", "POST"]
    path: str
    ids: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    key: str = field(default="", repr=False)
    tag: str = ""

    def url(self) -> str:
        """The path with its ids."""
        return self.path.format(**{name: quote(value, safe="") for name, value in self.ids.items()})

    def headers(self) -> dict[str, str]:
        """What this request says besides what all of them say."""
        said = {"Idempotency-Key": quote(self.key, safe="") if self.key else "", "If-None-Match": self.tag}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status 200, 304 or 404; the body of a 200, and its tag."""

    status: int
    body: bytes = field(default=b"", repr=False)
    tag: str = ""


class _Transient(ShopUnavailable):
    """May be over in a moment."""


class Api:
    """One API. Thread-safe; close it when done."""

    def __init__(
        self, url: str, token: str | None, limits: Limits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        headers = {"Accept": "application/json", "User-Agent": "tactful"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        timeout = httpx.Timeout(limits.silence_s, connect=limits.connect_s)
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, follow_redirects=False)
        self._limits, self._clock = limits, clock
        self._breaker = Breaker(limits.failures, limits.rest_s, clock)

    def ask(self, ask: Ask) -> Answer:
        """Sends a request, again where it failed for a moment.

        Raises:
            ShopUnavailable: no answer in time, or one that is not 200, 304 or 404.
        """
        try:
            return self._breaker.call(lambda: self._patiently(ask), _Transient)
        except ShopUnavailable as error:
            kind = "unreachable" if isinstance(error, _Transient) else "refused"
            _log.warning("shop_api_failed", route=ask.path, method=ask.method, reason=kind)
            raise

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _patiently(self, ask: Ask) -> Answer:
        limits = self._limits
        until = self._clock() + limits.deadline_s
        retrying = Retrying(
            stop=stop_after_attempt(limits.attempts) | stop_before_delay(limits.deadline_s),
            wait=wait_exponential_jitter(multiplier=limits.pause_s, max=2.0, jitter=limits.pause_s),
            retry=retry_if_exception_type(_Transient),
            reraise=True,
        )
        return retrying(self._once, ask, until)

    def _once(self, ask: Ask, until: float) -> Answer:
        content = None if ask.body is None else json.dumps(ask.body, ensure_ascii=False).encode()
        headers = ask.headers() | ({"Content-Type": "application/json"} if content else {})
        fault: ShopUnavailable
        try:
            with self._http.stream(
                ask.method, ask.url(), params=ask.params or None, content=content, headers=headers
            ) as response:
                status = response.status_code
                if status == httpx.codes.OK:
                    return Answer(status, self._bytes(ask, response, until), response.headers.get("ETag", ""))
                if status == httpx.codes.NOT_FOUND or (status == httpx.codes.NOT_MODIFIED and ask.tag):
                    return Answer(status, tag=ask.tag)
                fault = _fault(ask, status)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            fault = _Transient(f"{ask.path}: no answer ({type(error).__name__}); is shop.api_url right?")
        raise fault from None  # what httpx raises quotes the address

    def _bytes(self, ask: Ask, response: httpx.Response, until: float) -> bytes:
        """The body, read in pieces: neither too much nor too slowly."""
        content = bytearray()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > self._limits.max_bytes:
                raise ShopUnavailable(f"{ask.path}: expected at most {self._limits.max_bytes} bytes, got more")
            if self._clock() > until:
                raise _Transient(f"{ask.path}: the answer took longer than {self._limits.deadline_s:g} seconds")
        return bytes(content)


def _fault(ask: Ask, status: int) -> ShopUnavailable:
    if status in _AGAIN:
        return _Transient(f"{ask.path}: status {status}; it is tried again later")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return ShopUnavailable(f"{ask.path}: status {status}; is shop.api_token right?")
    return ShopUnavailable(f"{ask.path}: expected status 200, got {status}")
