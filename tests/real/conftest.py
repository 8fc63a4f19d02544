"""The real thing: vLLM with the default model and our adapter, started once; a recorder between it and the server."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving.bench.canary import running_server, tactful_command
from serving.bench.recorder import Recorder, in_thread
from serving.compose_engine import build_model_folder
from serving.engine import free_port
from serving.hardware import detect, engine_build
from serving.launch import plan
from serving.settings import Settings

ROOT = Path(__file__).parent.parent.parent
START_S = 300


@pytest.fixture(scope="session")
def engine_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(data_dir=ROOT / ".tactful")
    launch = plan(build_model_folder(settings), "tactful", settings.engine, detect(), engine_build(), free_port())
    log = tmp_path_factory.mktemp("engine") / "engine.log"
    with log.open("wb") as out:
        engine = subprocess.Popen(
            launch.argv, env={**os.environ, **launch.env}, stdout=out, stderr=out, start_new_session=True
        )
    try:
        until = time.monotonic() + START_S
        while True:
            assert engine.poll() is None and time.monotonic() < until, log.read_text(errors="replace")[-2000:]
            try:
                if httpx.get(launch.health_url, timeout=2).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
        yield launch.base_url
    finally:
        os.killpg(engine.pid, 15)
        engine.wait(30)


@pytest.fixture(scope="session")
def recorder(engine_url: str) -> Recorder:
    return Recorder(engine_url)


@pytest.fixture(scope="session")
def site(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of its own, over the recorder."""
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    with in_thread(recorder.app) as proxy:
        command = tactful_command(port, f"{proxy}/v1")
        with running_server(command, folder, f"http://127.0.0.1:{port}", START_S) as url:
            yield url
    shutil.rmtree(folder)
