"""What the rest of the program sees of a language model: an address and a state. Also the endpoint run elsewhere.

EngineError    the model could not be made ready; the message says what was seen and where to look

``ExternalEngine`` only watches. It sends no text of a customer.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import httpx

Phase = Literal["starting", "ready", "restarting", "failed", "stopped", "external"]


class EngineError(RuntimeError):
    """The engine is not ready and will not become so by waiting."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """What ``/readyz`` shows. ``detail`` is one line for people, without customer text."""

    phase: Phase
    ready: bool
    detail: str


class ModelEndpoint(Protocol):
    """A language model behind an OpenAI-compatible base URL, as the rest of the program sees it."""

    @property
    def base_url(self) -> str:
        """Base URL, ending in ``/v1`` as a rule."""

    @property
    def state(self) -> EngineState:
        """The state right now."""

    async def start(self) -> None:
        """Begin; returns at once."""

    async def wait_ready(self) -> None:
        """Return when ready; raise ``EngineError`` when given up."""

    async def stop(self) -> None:
        """End it; may be called twice."""


class Watched:
    """State with waiting, and one background task: what both kinds of engine share."""

    def __init__(self, first: EngineState, report: Callable[[EngineState], None]) -> None:
        self._state = first
        self._report = report
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> EngineState:
        """The state right now."""
        return self._state

    async def wait_ready(self) -> None:
        """Return when ready.

        Raises:
            EngineError: given up, or stopped.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self._state.ready or self._state.phase in ("failed", "stopped"))
        if not self._state.ready:
            raise EngineError(self._state.detail)

    async def _become(self, phase: Phase, ready: bool, detail: str) -> None:
        state = EngineState(phase, ready, detail)
        if state == self._state:
            return
        async with self._changed:
            self._state = state
            self._changed.notify_all()
        self._report(state)

    async def _end_task(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None


class ExternalEngine(Watched):
    """An OpenAI-compatible endpoint that somebody else runs. It may come up later, go away and come back.

    Args:
        base_url: as OpenAI clients take it, usually ending in ``/v1``.
        model: the name requests will use; checked against what the endpoint says it serves.
        api_key: sent as a bearer token; never shown.
        absent_poll_s: pause between looks while it does not answer.
        present_poll_s: pause between looks while it does.
        report: called at each change of state.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None = None,
        absent_poll_s: float = 2.0,
        present_poll_s: float = 15.0,
        report: Callable[[EngineState], None] = lambda _: None,
    ) -> None:
        super().__init__(EngineState("external", False, "not asked yet"), report)
        self._base_url = base_url
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._pauses_s = {True: present_poll_s, False: absent_poll_s}

    @property
    def base_url(self) -> str:
        """The base URL as it was given."""
        return self._base_url

    async def start(self) -> None:
        """Begin to watch it; returns at once."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="external engine")

    async def stop(self) -> None:
        """Stop watching. The endpoint itself is left alone."""
        await self._end_task()
        await self._become("stopped", False, "no longer watched")

    async def _watch(self) -> None:
        async with httpx.AsyncClient(headers=self._headers, timeout=10.0) as client:
            while True:
                ready, detail = await self._look(client)
                await self._become("external", ready, detail)
                await asyncio.sleep(self._pauses_s[ready])

    async def _look(self, client: httpx.AsyncClient) -> tuple[bool, str]:
        where = shown_url(self._base_url)
        try:
            answer = await client.get(f"{self._base_url}/models")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return False, f"no answer from {where} ({type(error).__name__}); start it there, or check model.url"
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            return False, f"{where} refuses the key ({answer.status_code}); set TACTFUL_MODEL__API_KEY"
        if answer.status_code != httpx.codes.OK:
            return False, f"{where}/models answers {answer.status_code}; check that model.url ends in /v1"
        names = _served_names(answer)
        if names and self._model not in names:
            offered = ", ".join(sorted(names)[:5])
            return False, f"{where} serves {offered}, not {self._model!r}; set model.name to one of them"
        return True, f"{where} answers"


def shown_url(url: str) -> str:
    """The URL without a user name and password in it."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _served_names(answer: httpx.Response) -> frozenset[str]:
    """Model names of a ``/models`` answer; empty when it is of another form (some servers list nothing)."""
    try:
        return frozenset(str(model["id"]) for model in answer.json()["data"])
    except (ValueError, KeyError, TypeError):
        return frozenset()
