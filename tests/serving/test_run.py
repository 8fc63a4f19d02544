"""Starting: the engine before the heavy imports, and one clear sentence where a start cannot be."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from serving.compose_engine import Reporter
from serving.endpoint import EngineState
from serving.run import run
from serving.settings_sources import load

NOBODY = "http://127.0.0.1:9/v1"


def loaded_after(statement: str) -> set[str]:
    """Which of the heavy modules a fresh process has after ``statement``."""
    heavy = {"torch", "transformers", "presidio_analyzer", "spacy"}
    code = f"import sys\n{statement}\nprint(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_engine_is_begun_before_anything_heavy_is_imported() -> None:
    assert loaded_after("import serving.run") == set()


def test_the_server_needs_neither_torch_nor_transformers() -> None:
    assert loaded_after("import serving.assembly, serving.app") == {"presidio_analyzer", "spacy"}


def test_a_missing_shop_folder_is_one_sentence_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = load({"model.url": NOBODY, "shop.dir": str(tmp_path / "none"), "data_dir": str(tmp_path)}).settings
    assert asyncio.run(run(settings)) == 1
    assert "`tactful shop import` makes one" in capsys.readouterr().err


def test_a_damaged_key_file_stops_the_start_and_shows_no_byte_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "master.key").write_text("half a key")
    settings = load({"model.url": NOBODY, "data_dir": str(tmp_path)}).settings
    assert asyncio.run(run(settings)) == 1
    error = capsys.readouterr().err
    assert "expected 32 bytes" in error
    assert "half a key" not in error


def test_a_stage_that_lasts_is_logged_once() -> None:
    report = Reporter()
    with capture_logs() as logs:
        for seconds in range(3):
            report(EngineState("starting", False, f"vLLM is loading the model ({seconds} s)"))
        report(EngineState("ready", True, "vLLM on CPU, ready in 3 s"))
    assert [log["phase"] for log in logs] == ["starting", "ready"]


def test_importing_a_file_that_is_not_there_says_so_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from serving.cli import main; main()", "shop", "import"]
    done = subprocess.run(
        [*command, str(tmp_path / "none.csv"), "--format", "csv", "--to", str(tmp_path / "shop")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "found none" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "shop").exists()
