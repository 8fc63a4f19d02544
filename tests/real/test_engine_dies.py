"""vLLM killed in the middle of a turn, and back again: the customer gets an answer, the server gets its engine."""

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from serving.bench.canary import running_server
from serving.bench.memory import listeners
from serving.engine import free_port
from tests.real.conftest import ROOT, START_S
from tests.real.test_real_model import talk

pytestmark = pytest.mark.model


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[str]:
    """A server that starts and watches its own vLLM."""
    (tmp_path / "models").symlink_to(ROOT / ".tactful" / "models")
    port = free_port()
    command = (sys.executable, "-c", "from serving.cli import main; main()", "serve", "--port", str(port))
    with running_server(command, tmp_path, f"http://127.0.0.1:{port}", START_S) as url:
        yield url
    shutil.rmtree(tmp_path / "logs", ignore_errors=True)


def engines(url: str) -> list[psutil.Process]:
    (server,) = listeners(httpx.URL(url).port or 0)
    return [p for p in psutil.Process(server).children(recursive=True) if "vllm" in " ".join(p.cmdline()).lower()]


def test_a_killed_engine_costs_no_answer_and_comes_back(own_engine: str) -> None:
    say, answers = talk(own_engine, "en"), list[dict[str, Any]]()
    asking = threading.Thread(
        target=lambda: answers.append(say("I need a big warm blanket for a cold flat, any ideas?"))
    )
    asking.start()
    time.sleep(0.3)
    for process in engines(own_engine):
        process.kill()
    asking.join(60)
    assert answers and answers[0]["products"], "the degraded mode and the plain facts answer"
    assert say("thanks")["text"]
    until = time.monotonic() + START_S
    while httpx.get(f"{own_engine}/readyz", timeout=10).status_code != 200:
        assert time.monotonic() < until, "the engine did not come back"
        time.sleep(1)
    assert say("do you have a desk lamp?")["products"]
