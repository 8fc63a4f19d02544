"""The supervisor against a child process that plays vLLM, and against endpoints that come and go."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest

from serving import keeper
from serving.endpoint import EngineError, EngineState, ExternalEngine, shown_url
from serving.engine import Engine, Patience, free_port
from serving.launch import Launch

FAKE = Path(__file__).with_name("fake_engine.py")
QUICK = Patience(
    start_timeout_s=20.0, max_restarts=2, pause_s=0.05, longest_pause_s=0.2, starting_poll_s=0.05, ready_poll_s=0.1
)


class Fake:
    """One fake engine with its folder."""

    def __init__(self, folder: Path, plan: str, patience: Patience = QUICK) -> None:
        self.port = free_port()
        self.pids_file = folder / "pids"
        self.log = folder / "logs" / "engine.log"
        (folder / "plan").write_text(plan)
        argv = (sys.executable, str(FAKE), str(self.port), str(folder / "plan"), str(self.pids_file))
        self.states: list[EngineState] = []
        launch = Launch(argv, {"TZ": "UTC"}, self.port, "float32", "a fake")
        self.engine = Engine(launch, self.log, patience, self.states.append)

    @property
    def pids(self) -> list[int]:
        text = self.pids_file.read_text() if self.pids_file.exists() else ""
        return [int(word) for word in text.split()]

    @property
    def phases(self) -> list[str]:
        phases = [state.phase for state in self.states]
        return [phase for n, phase in enumerate(phases) if n == 0 or phases[n - 1] != phase]


@asynccontextmanager
async def running(fake: Fake) -> AsyncIterator[Fake]:
    await fake.engine.start()
    try:
        yield fake
    finally:
        await fake.engine.stop()


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:  # it may end between two questions
        return False


async def eventually(condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.02)


async def test_start_returns_at_once_and_ready_comes_with_health(tmp_path: Path) -> None:
    async with running(Fake(tmp_path, "live")) as fake:
        assert not fake.engine.state.ready
        await fake.engine.wait_ready()
        assert fake.engine.state.phase == "ready"
        assert "a fake" in fake.engine.state.detail
    assert fake.phases == ["starting", "ready", "stopped"]


async def test_stop_ends_the_engine_and_what_it_started(tmp_path: Path) -> None:
    async with running(Fake(tmp_path, "live")) as fake:
        await fake.engine.wait_ready()
        assert all(alive(pid) for pid in fake.pids)
    assert len(fake.pids) == 2
    await eventually(lambda: not any(alive(pid) for pid in fake.pids))
    await fake.engine.stop()


async def test_a_killed_engine_comes_back_at_the_same_address(tmp_path: Path) -> None:
    async with running(Fake(tmp_path, "live")) as fake:
        await fake.engine.wait_ready()
        address = fake.engine.base_url
        first, grandchild = fake.pids
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: fake.engine.state.phase == "restarting")
        await fake.engine.wait_ready()
        assert fake.engine.base_url == address
        assert fake.pids[2] != first
        assert not alive(grandchild)
    assert any("killed (signal 9" in state.detail for state in fake.states)


async def test_pauses_grow_and_the_engine_is_given_up_after_too_many_deaths(tmp_path: Path) -> None:
    async with running(Fake(tmp_path, "die")) as fake:
        await eventually(lambda: fake.engine.state.phase == "failed")
        assert len(fake.pids) == 2 * (1 + QUICK.max_restarts)
        with pytest.raises(EngineError, match=r"3 times in a row; given up; its log is .*engine\.log"):
            await fake.engine.wait_ready()
    assert fake.phases[:3] == ["starting", "ready", "restarting"]


async def test_an_engine_that_never_was_ready_gets_one_more_try_only(tmp_path: Path) -> None:
    async with running(Fake(tmp_path, "crash")) as fake:
        await eventually(lambda: fake.engine.state.phase == "failed")
        assert len(fake.pids) == 4
        assert "exit code 7" in fake.engine.state.detail


async def test_a_known_cause_in_the_log_becomes_a_cure(tmp_path: Path) -> None:
    async with running(Fake(tmp_path, "memory")) as fake:
        await eventually(lambda: fake.engine.state.phase == "failed")
        assert "lower engine.kv_cache_gib" in fake.engine.state.detail


async def test_a_start_that_takes_too_long_counts_as_a_death(tmp_path: Path) -> None:
    impatient = Patience(start_timeout_s=0.5, max_restarts=0, starting_poll_s=0.05)
    async with running(Fake(tmp_path, "hang", impatient)) as fake:
        await eventually(lambda: fake.engine.state.phase == "failed")
        assert "was not ready after" in fake.engine.state.detail
    await eventually(lambda: not any(alive(pid) for pid in fake.pids))


async def test_a_command_that_does_not_exist_fails_without_an_obscure_error(tmp_path: Path) -> None:
    launch = Launch((str(tmp_path / "nothing"),), {}, free_port(), "float32", "nothing")
    engine = Engine(launch, tmp_path / "engine.log", QUICK)
    await engine.start()
    with pytest.raises(EngineError, match="given up"):
        await engine.wait_ready()
    await engine.stop()


async def test_an_engine_that_hangs_when_ready_is_restarted(tmp_path: Path) -> None:
    strict = Patience(
        grace_s=0.2, pause_s=0.05, starting_poll_s=0.05, ready_poll_s=0.05, health_timeout_s=0.3, missed_health=2
    )
    async with running(Fake(tmp_path, "live", strict)) as fake:
        await fake.engine.wait_ready()
        os.kill(fake.pids[0], signal.SIGSTOP)
        await eventually(lambda: len(fake.pids) == 4)
        await fake.engine.wait_ready()
    assert any("no sign of health" in state.detail for state in fake.states)


@pytest.mark.parametrize(("deaths", "pause_s"), [(1, 1.0), (2, 2.0), (3, 4.0), (7, 60.0), (50, 60.0)])
def test_pauses_double_up_to_the_longest(deaths: int, pause_s: float) -> None:
    assert Patience().pause_after(deaths) == pause_s


async def test_a_log_grown_too_long_is_started_anew(tmp_path: Path) -> None:
    fake = Fake(tmp_path, "live")
    fake.log.parent.mkdir()
    with fake.log.open("wb") as log:
        log.truncate(9 * 1024 * 1024)
    async with running(fake):
        await fake.engine.wait_ready()
    assert fake.log.stat().st_size < 1024
    assert (fake.log.parent / "engine.1.log").exists()


def test_children_end_when_their_owner_is_killed(tmp_path: Path) -> None:
    """The owner gets SIGKILL and can clean up nothing: the keeper's pipe closes and the group ends."""
    book = tmp_path / "pids"
    (tmp_path / "plan").write_text("live")
    command = [sys.executable, str(FAKE), str(free_port()), str(tmp_path / "plan"), str(book)]
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            "subprocess.Popen([sys.executable, *sys.argv[1:]], stdin=subprocess.PIPE, start_new_session=True)\n"
            "time.sleep(60)",
            keeper.__file__,
            "1",
            *command,
        ]
    )
    deadline = time.monotonic() + 15
    while not (book.exists() and len(book.read_text().split()) == 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pids = [int(word) for word in book.read_text().split()]
    owner.kill()
    owner.wait()
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def endpoint(port: int, status: int, body: bytes) -> Iterator[None]:
    """An HTTP server that gives one answer to every GET."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", port), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def watching(port: int, model: str = "shop-model") -> AsyncIterator[ExternalEngine]:
    engine = ExternalEngine(f"http://127.0.0.1:{port}/v1", model, "key-of-nobody", 0.05, 0.05)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


async def test_an_external_endpoint_may_come_up_later_and_go_away() -> None:
    port = free_port()
    async with watching(port) as engine:
        await eventually(lambda: "no answer from" in engine.state.detail)
        assert engine.state.phase == "external"
        with endpoint(port, 200, b'{"data":[{"id":"shop-model"}]}'):
            await asyncio.wait_for(engine.wait_ready(), 15)
            assert engine.state.ready
        await eventually(lambda: not engine.state.ready)


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (401, b"", "set TACTFUL_MODEL__API_KEY"),
        (404, b"", "check that model.url ends in /v1"),
        (200, b'{"data":[{"id":"other"}]}', "serves other, not 'shop-model'; set model.name"),
    ],
)
async def test_an_external_endpoint_that_cannot_be_used_says_what_to_do(status: int, body: bytes, detail: str) -> None:
    port = free_port()
    with endpoint(port, status, body):
        async with watching(port) as engine:
            await eventually(lambda: detail in engine.state.detail)
            assert not engine.state.ready
            assert "key-of-nobody" not in engine.state.detail


async def test_an_external_endpoint_that_lists_no_models_is_trusted() -> None:
    port = free_port()
    with endpoint(port, 200, b"[]"):
        async with watching(port) as engine:
            await asyncio.wait_for(engine.wait_ready(), 15)


async def test_waiting_for_a_stopped_engine_ends_in_an_error() -> None:
    async with watching(free_port()) as engine:
        pass
    with pytest.raises(EngineError, match="no longer watched"):
        await engine.wait_ready()


def test_a_shown_url_hides_credentials() -> None:
    assert shown_url("https://user:word@llm.example.com/v1") == "https://llm.example.com/v1"
