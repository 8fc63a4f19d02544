"""Keeps vLLM answering as a child process.

``Engine`` starts it, waits for its health, restarts it with growing pauses when it dies or hangs, gives up after
too many deaths in a row, and ends it with all its children; they also end when this process is killed. It sends
no text of a customer and logs none; vLLM's own output goes to one file.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from serving import keeper
from serving.endpoint import EngineState, Phase, Watched
from serving.launch import Launch

_LOG_LIMIT_BYTES: Final = 8 * 1024 * 1024
_STAGES: Final = (  # words in vLLM's log → what it is doing, latest first
    ("Application startup complete", "ready"),
    ("Starting vLLM server", "opening its port"),
    ("init engine", "warming up"),
    ("KV cache", "warming up"),
    ("Loading weights took", "warming up"),
    ("Starting to load model", "loading the model"),
    ("Initializing a V1 LLM engine", "starting its worker"),
    ("args:", "reading the configuration"),
)
_CAUSES: Final = (  # words in vLLM's log → what to do
    ("Address already in use", "its port is taken: set engine.port to another one, or 0 for any free port"),
    ("unrecognized arguments", "this vLLM does not know a flag: check engine.extra_flags and the vLLM version"),
    ("out of memory", "memory ran out: lower engine.kv_cache_gib, engine.max_num_seqs or engine.gpu_memory"),
    ("Cannot allocate memory", "memory ran out: lower engine.kv_cache_gib or engine.max_num_seqs"),
    ("No space left on device", "the disk is full: free some space"),
)


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds. Pauses between restarts double from ``pause_s`` to ``longest_pause_s``."""

    start_timeout_s: float = 900.0
    max_restarts: int = 5
    pause_s: float = 1.0
    longest_pause_s: float = 60.0
    steady_s: float = 120.0  # ready for this long: earlier deaths are forgotten
    starting_poll_s: float = 0.5
    ready_poll_s: float = 5.0
    health_timeout_s: float = 20.0
    missed_health: int = 3  # health checks in a row without an answer: it hangs
    grace_s: float = 8.0  # between asking the engine to end and ending it

    def pause_after(self, deaths: int) -> float:
        """Seconds to wait after the n-th death in a row (from 1)."""
        return min(self.longest_pause_s, self.pause_s * 2.0 ** (deaths - 1))


def free_port() -> int:
    """A port of the loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Engine(Watched):
    """vLLM as a child process of this one.

    Args:
        launch: what to run, from ``launch.plan``.
        log_file: where the engine's own output goes; started anew when it has grown past 8 MiB.
        patience: times and limits.
        report: called at each change of state.
    """

    def __init__(
        self,
        launch: Launch,
        log_file: Path,
        patience: Patience | None = None,
        report: Callable[[EngineState], None] = lambda _: None,
    ) -> None:
        super().__init__(EngineState("starting", False, "not started yet"), report)
        self._launch = launch
        self._log_file = log_file
        self._patience = patience or Patience()
        self._log_start = 0
        self._process: asyncio.subprocess.Process | None = None
        self._was_ready = False

    @property
    def base_url(self) -> str:
        """The OpenAI-compatible base URL; the same over all restarts."""
        return self._launch.base_url

    @property
    def pid(self) -> int | None:
        """Process group of the running engine."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Begin to start it; returns at once."""
        if self._task is None:
            self._task = asyncio.create_task(self._supervise(), name="engine")

    async def stop(self) -> None:
        """End it with all its children."""
        await self._end_task()
        await self._end_process()
        await self._become("stopped", False, "the engine has been stopped")

    async def _supervise(self) -> None:
        deaths = 0
        while True:
            began = time.monotonic()
            try:
                reason = await self._run_once(restarting=deaths > 0)
            except OSError as error:
                reason = f"could not be started ({type(error).__name__}: {os.strerror(error.errno or 0)})"
            await self._end_process()
            deaths = 1 if self._steady(began) else deaths + 1
            if deaths > (self._patience.max_restarts if self._was_ready else min(1, self._patience.max_restarts)):
                await self._become("failed", False, self._give_up(reason, deaths))
                return
            pause_s = self._patience.pause_after(deaths)
            await self._become("restarting", False, f"the engine {reason}; next start in {pause_s:.0f} s")
            await asyncio.sleep(pause_s)

    def _steady(self, began: float) -> bool:
        return self._state.ready and time.monotonic() - began > self._patience.steady_s

    def _give_up(self, reason: str, deaths: int) -> str:
        tail = self._log_tail()
        cause = next((f"; {cure}" for words, cure in _CAUSES if words in tail), "")
        times = "once" if deaths == 1 else f"{deaths} times in a row"
        return f"the engine {reason}, {times}; given up{cause}; its log is {self._log_file}"

    async def _run_once(self, *, restarting: bool) -> str:
        """Start the engine and watch it until it is gone or must go; the reason as a phrase."""
        phase: Phase = "restarting" if restarting else "starting"
        await self._become(phase, False, f"starting {self._launch.summary}")
        self._process = process = await self._spawn()
        began = time.monotonic()
        async with httpx.AsyncClient(trust_env=False, timeout=self._patience.health_timeout_s) as client:
            while not await self._healthy(client):
                if process.returncode is not None:
                    return _ended(process.returncode)
                waited_s = time.monotonic() - began
                if waited_s > self._patience.start_timeout_s:
                    return f"was not ready after {waited_s:.0f} s"
                await self._become(phase, False, f"{self._stage()} ({waited_s:.0f} s)")
                await asyncio.sleep(self._patience.starting_poll_s)
            self._was_ready = True
            await self._become("ready", True, f"{self._launch.summary}, ready in {time.monotonic() - began:.0f} s")
            return await self._watch(process, client)

    async def _watch(self, process: asyncio.subprocess.Process, client: httpx.AsyncClient) -> str:
        gone = asyncio.create_task(process.wait())
        missed = 0
        try:
            while missed < self._patience.missed_health:
                done, _ = await asyncio.wait({gone}, timeout=self._patience.ready_poll_s)
                if done:
                    return _ended(gone.result())
                missed = 0 if await self._healthy(client) else missed + 1
            return f"gave no sign of health {missed} times"
        finally:
            gone.cancel()

    async def _healthy(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(self._launch.health_url)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def _spawn(self) -> asyncio.subprocess.Process:
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        if self._log_file.exists() and self._log_file.stat().st_size > _LOG_LIMIT_BYTES:
            self._log_file.replace(self._log_file.with_suffix(".1.log"))
        with self._log_file.open("ab") as log:
            self._log_start = log.tell()
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", keeper.__file__, str(self._patience.grace_s), *self._launch.argv),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._launch.env},
                start_new_session=True,
            )

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # the keeper ends the group
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), self._patience.grace_s + 4.0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever outlived the keeper
        await process.wait()

    def _stage(self) -> str:
        tail = self._log_tail()
        return next((f"vLLM is {stage}" for words, stage in _STAGES if words in tail), "vLLM is being imported")

    def _log_tail(self, size: int = 16_384) -> str:
        try:
            with self._log_file.open("rb") as log:
                log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - size))
                return log.read().decode("utf-8", "replace")
        except OSError:
            return ""


def _ended(code: int) -> str:
    number = code - 128 if code > 128 else -code if code < 0 else 0
    if number == signal.SIGKILL:
        return "was killed (signal 9; the system does that when memory runs out)"
    return f"was ended by signal {number}" if number else f"ended by itself (exit code {code})"
