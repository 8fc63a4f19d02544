"""A customer at the other end of ``/api/v1``: opens a session, says things, reads the stream, measures.

Nothing here raises for what a server does: a refused, broken or late answer is an ``Answer`` with a
``problem`` (a code or an error class, never a text). It knows HTTP and the names of events, no more.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import uuid4

import httpx

from bot.session import Lang

MAX_WAITS: Final = 5
MAX_WAIT_S: Final = 65.0
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event; ``data`` is its JSON, ``{}`` where it is not an object."""

    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one message. Times in seconds from sending; ``done`` is ``message.done`` or the JSON answer.

    ``problem``: why there is no whole answer. ``body``: the bytes of a refusal, for checks; never for logs.
    """

    text: str = field(repr=False, default="")
    status: int = 0
    problem: str | None = None
    done: Mapping[str, Any] = field(default_factory=dict)
    first_word_s: float | None = None
    turn_s: float | None = None
    waited_s: float = 0.0
    body: bytes = field(repr=False, default=b"")

    @property
    def complete(self) -> bool:
        """The whole reply came, and it is not the safe message of a turn that failed inside."""
        return self.problem is None and bool(self.text) and self.done.get("finish_reason") != "error"


class SessionRefused(Exception):
    """No session could be opened; the message holds the status or the error's class."""


class EventParser:
    """Server-sent events from lines, as the HTML standard reads them; no I/O.

    >>> parser = EventParser()
    >>> [parser.feed(line) for line in ("event: x", 'data: {"a": 1}', "")][-1]
    Event(name='x', data={'a': 1})
    """

    def __init__(self) -> None:
        self._name = "message"
        self._data: list[str] = []

    def feed(self, line: str) -> Event | None:
        """Takes one line without its end; an empty one completes an event."""
        if line:
            key, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if key == "event":
                self._name = value
            elif key == "data":
                self._data.append(value)
            return None
        name, data = self._name, "\n".join(self._data)
        self._name, self._data = "message", []
        return Event(name, _object(data)) if data else None


def _object(text: str | bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


class Customer:
    """One session. ``patient``: wait when the server says that too much is asked at once (429), else report it."""

    def __init__(self, http: httpx.AsyncClient, session_id: str, token: str | None, *, patient: bool = True) -> None:
        self.http = http
        self.session_id = session_id
        self.patient = patient
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    @classmethod
    async def open(cls, http: httpx.AsyncClient, lang: Lang | None = None, *, patient: bool = True) -> Self:
        """Opens a session; ``http`` carries the base URL.

        Raises:
            SessionRefused: the server gave none.
        """
        body = {"lang": lang} if lang else {}
        for _ in range(MAX_WAITS):
            try:
                response = await http.post("/api/v1/sessions", json=body)
            except httpx.HTTPError as error:
                raise SessionRefused(f"expected a session, got {type(error).__name__}: is the server up?") from None
            if response.status_code == 429 and patient:
                await asyncio.sleep(wait_s(response))
                continue
            break
        data = _object(response.content)
        if response.status_code >= 300 or not isinstance(data.get("session_id"), str):
            raise SessionRefused(f"expected a session, got status {response.status_code}")
        token = data.get("token")
        return cls(http, data["session_id"], token if isinstance(token, str) else None, patient=patient)

    @property
    def path(self) -> str:
        """Where this session's messages are."""
        return f"/api/v1/sessions/{self.session_id}/messages"

    @property
    def headers(self) -> dict[str, str]:
        """What proves that the session is this customer's."""
        return dict(self._headers)

    async def say(self, text: str, *, stream: bool = True) -> Answer:
        """Says ``text`` and waits for the whole answer, as events or as one JSON object."""
        waited = 0.0
        for _ in range(MAX_WAITS):
            answer, wait = await self._say(text, stream, waited)
            if wait is None:
                return answer
            waited += wait
            await asyncio.sleep(wait)
        return answer

    async def _say(self, text: str, stream: bool, waited: float) -> tuple[Answer, float | None]:
        accept = "text/event-stream" if stream else "application/json"
        headers = {**self._headers, "Accept": accept, "Idempotency-Key": str(uuid4())}
        began = time.perf_counter()
        try:
            async with self.http.stream("POST", self.path, json={"text": text}, headers=headers) as response:
                if response.status_code == 429 and self.patient:
                    return Answer(status=429, problem="429", waited_s=waited), wait_s(response)
                if response.status_code >= 300:
                    return _refusal(response.status_code, await response.aread(), waited), None
                if response.headers.get("content-type", "").startswith("text/event-stream"):
                    return await _streamed(response, began, waited), None
                return _whole(_object(await response.aread()), response.status_code, began, waited), None
        except httpx.HTTPError as error:
            return Answer(problem=type(error).__name__, waited_s=waited, turn_s=time.perf_counter() - began), None

    async def history(self) -> list[dict[str, Any]]:
        """The session's messages as the server shows them to this customer: values restored, not for storing.

        Raises:
            httpx.HTTPError: they cannot be had.
        """
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            params = {"limit": str(PAGE), **({"after": after} if after else {})}
            response = await self.http.get(self.path, params=params, headers=self._headers)
            if response.status_code == 429 and self.patient:
                await asyncio.sleep(wait_s(response))
                continue
            response.raise_for_status()
            page = response.json()
            data = page if isinstance(page, list) else page.get("data", page.get("messages", []))
            found += [item for item in data if isinstance(item, dict)]
            last = page.get("last_id") if isinstance(page, dict) and page.get("has_more") else None
            if not data or last is None or str(last) == after:
                return found
            after = str(last)


def wait_s(response: httpx.Response) -> float:
    """How long the server asks to wait, in [0.1, 65] s; 1 s when it does not say."""
    try:
        return min(max(float(response.headers.get("retry-after", "1")), 0.1), MAX_WAIT_S)
    except ValueError:
        return 1.0


async def _streamed(response: httpx.Response, began: float, waited: float) -> Answer:
    pieces: list[str] = []
    first: float | None = None
    start: Mapping[str, Any] = {}
    done: Mapping[str, Any] | None = None
    problem: str | None = None
    refused = b""
    async for event in events(response):
        if event.name == "message.delta" and event.data.get("text"):
            first = first if first is not None else time.perf_counter() - began
            pieces.append(str(event.data["text"]))
        elif event.name == "message.start":
            start = event.data
        elif event.name == "message.done":
            done = {**start, **event.data}
        elif event.name == "error":
            problem = str(event.data.get("code", "error"))
            refused = json.dumps(event.data, ensure_ascii=False).encode()
    if done is None and problem is None:
        problem = "cut"
    return Answer(
        text="".join(pieces),
        status=response.status_code,
        problem=problem,
        done=done or start,
        first_word_s=first,
        turn_s=time.perf_counter() - began,
        waited_s=waited,
        body=refused,
    )


def _whole(data: Mapping[str, Any], status: int, began: float, waited: float) -> Answer:
    message = data.get("message", data)
    text = message.get("text", message.get("content", "")) if isinstance(message, dict) else ""
    done = {**data, **message} if isinstance(message, dict) else data
    turn_s = time.perf_counter() - began
    return Answer(str(text), status, None if text else "empty", done, None, turn_s, waited)


def _refusal(status: int, body: bytes, waited: float) -> Answer:
    return Answer(status=status, problem=str(_object(body).get("code", status)), body=body, waited_s=waited)


async def events(response: httpx.Response) -> AsyncIterator[Event]:
    """The events of a streamed response."""
    parser = EventParser()
    async for line in response.aiter_lines():
        if event := parser.feed(line):
            yield event
