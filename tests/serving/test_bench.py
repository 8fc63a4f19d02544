"""Benchmarks of speed: what they measure, drop and print. Times themselves are not asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.session import Lang
from guardrails.guard import Guardrails, GuardSettings, Verdict
from guardrails.standard import analyzer_of
from guardrails.vault import Vault
from serving.bench.guard import MUSTS, bench_guard, gate_table
from serving.bench.machine import describe, figure, report, table
from serving.bench.memory import PeakMemory, listeners, memory_mib
from serving.bench.recorder import in_thread
from serving.bench.script import TALKS, talks
from serving.bench.serve import ServerNotReady, bench_serve, bench_start
from serving.cli import app
from serving.evaluation.language import language_of
from serving.evaluation.transcripts import UsageError
from tests.serving.talking_server import TalkingServer


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    rows = {
        "customers": [{"customer_id": f"C{i}", "email": f"c{i}@example.com"} for i in range(5)],
        "orders": [{"order_id": f"TF{i:08}", "customer_id": f"C{i}"} for i in range(5)],
        "products": [{"name_en": "Kettle", "name_zh": "水壶", "category": "Kitchen", "category_zh": "厨房"}],
    }
    for name, lines in rows.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_talk_has_at_least_twelve_turns_in_its_language_and_is_the_same_for_the_same_seed(
    shop: Path, lang: Lang
) -> None:
    one, other = talks(shop, lang, 4, seed=3), talks(shop, lang, 4, seed=3)
    assert one == other and len(one) == 4
    for talk in one:
        assert len(talk.lines) == len(TALKS[lang]) >= 12
        assert all(language_of(line) in (lang, None) for line in talk.lines)
        assert not any("{" in line for line in talk.lines)


def test_customers_of_a_talk_ask_for_orders_of_their_own_until_they_run_out(shop: Path) -> None:
    assert len({talk.lines for talk in talks(shop, "en", 5)}) == 5
    assert len(talks(shop, "en", 20)) == 20


def test_a_folder_that_is_no_shop_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="shop"):
        talks(tmp_path, "en", 1)


def test_the_server_is_measured_per_language_and_crowd(shop: Path) -> None:
    server = TalkingServer()
    with in_thread(server.app) as base_url:
        result = bench_serve(base_url, shop, crowd=3, pids=[os.getpid()])
    turns = sum(len(TALKS[lang]) * 4 for lang in TALKS)
    assert (result["turns"], result["dropped"], result["problems"]) == (turns, 0, {})
    assert len(server.heard) == turns
    for lang in ("en", "zh"):
        for who in ("1 customer", "3 customers"):
            for what in ("first word", "whole turn"):
                assert result["figures"][f"{what}: {lang}, {who}"]["p95"] > 0
        first = result["figures"][f"first word: {lang}, 1 customer"]
        assert first["median"] <= result["figures"][f"whole turn: {lang}, 1 customer"]["median"]
    assert result["understood_by"] == {"rule": turns}
    assert result["figures"]["guard, a turn"]["median"] == 4.0
    assert result["figures"]["peak memory of server and engine"]["median"] > 10
    assert set(result["figures"]["guard, a turn"]) >= {"median", "min", "max", "unit"}
    assert "| first word: en, 1 customer |" in table(result)
    json.dumps(result)


def test_turns_without_a_whole_answer_are_dropped_and_counted(shop: Path) -> None:
    server = TalkingServer(fail_on={"Thanks": "cut", "谢谢": "500"})
    with in_thread(server.app) as base_url:
        result = bench_serve(base_url, shop, crowd=2)
    assert result["dropped"] == 6
    assert result["problems"] == {"cut": 3, "internal_error": 3}


def test_a_server_that_is_missing_or_not_ready_is_said_before_anything_is_measured(shop: Path) -> None:
    with pytest.raises(ServerNotReady, match="start it"):
        bench_serve("http://127.0.0.1:9", shop)
    with in_thread(TalkingServer(ready=False).app) as base_url, pytest.raises(ServerNotReady, match="503"):
        bench_serve(base_url, shop)


def command(port: int, leak: str = "") -> list[str]:
    return [sys.executable, "-m", "tests.serving.talking_server", str(port), "", leak]


def test_a_start_is_measured_to_the_first_answer_and_the_process_is_ended(tmp_path: Path, unused_tcp_port: int) -> None:
    env = {**os.environ, "TACTFUL_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": os.getcwd()}
    base_url = f"http://127.0.0.1:{unused_tcp_port}"
    result = bench_start(command(unused_tcp_port), base_url, env=env, log=tmp_path / "log", timeout_s=60)
    steps = [result["figures"][f"until {step}"]["median"] for step in ("alive", "ready", "first word", "answered")]
    assert steps == sorted(steps) and steps[0] > 0
    assert listeners(unused_tcp_port) == []


def test_a_server_that_dies_at_start_is_told_with_its_exit_code(unused_tcp_port: int) -> None:
    env = {**os.environ, "PYTHONPATH": os.getcwd()}
    with pytest.raises(ServerNotReady, match="exit code 3"):
        bench_start(command(unused_tcp_port, "dead"), f"http://127.0.0.1:{unused_tcp_port}", env=env, timeout_s=60)


def test_the_memory_of_a_tree_counts_children_and_its_peak_outlives_them() -> None:
    alone = memory_mib([os.getpid()])
    with PeakMemory([os.getpid()], every_s=0.05) as memory:
        code = "b = bytearray(60 * 2**20); import time; time.sleep(0.6)"
        subprocess.run([sys.executable, "-c", code], check=True)
    assert memory.peak_mib > alone + 50
    assert memory_mib([999_999_999]) == 0


class Deaf(Guardrails):
    """The real guards, but attacks are let through."""

    def __init__(self, folder: Path) -> None:
        super().__init__(analyzer_of(), Vault(f"sqlite:///{folder / 'vault.db'}", b"\x01" * 32), GuardSettings())

    def inspect(self, text: str) -> Verdict:
        return Verdict("pass", None, 0.0)


def test_the_guards_are_measured_against_their_musts(tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.mkdir()
    value = "212-555-0142"
    lines = [
        {"text": f"Call {value}", "lang": "en", "spans": [{"start": 5, "end": 17, "type": "PHONE_NUMBER"}]},
        {"text": "Is the kettle in stock?", "lang": "en", "spans": []},
        {"text": f"电话{value}", "lang": "zh", "spans": [{"start": 2, "end": 14, "type": "PHONE_NUMBER"}]},
        {"text": "水壶有货吗？", "lang": "zh", "spans": []},
    ]
    (public / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    attacked = {"en": {"success": 0.01, "n": 300}, "zh": {"success": 0.04, "n": 200}}
    result = bench_guard(public=public, every=True, messages=6, peers=["langchain"], planted=10, attacked=attacked)
    measured = {row["figure"] for row in result["gates"]}
    assert measured == set(MUSTS) - {f"CPU ours / presidio, public {lang}" for lang in ("en", "zh")}
    assert result["figures"]["core, public zh"]["median"] == 1.0
    assert result["figures"]["langchain core, public en"]["median"] == 0.0
    assert result["figures"]["round trips lost"]["median"] == result["figures"]["sessions mixed"]["median"] == 0
    assert result["figures"]["attacks that succeed, zh"]["n"] == 200
    assert "attacks that succeed, zh" in result["missed"] and "attacks that succeed, en" not in result["missed"]
    assert value not in json.dumps(result)
    table = gate_table(result)
    assert all(name in table for name in measured)


def test_a_missed_must_is_said_and_a_missing_folder_leaves_its_figures_out(tmp_path: Path) -> None:
    result = bench_guard(public=tmp_path / "none", messages=4, peers=[], planted=5, guard=(deaf := Deaf(tmp_path)))
    deaf.close()
    assert result["sets"] == ["own"]
    assert not any("public" in name for name in result["figures"])
    for lang in ("en", "zh"):
        assert result["figures"][f"attacks let through by the guard alone, {lang}"]["median"] > 0.5  # a deaf guard
    assert not any(row["figure"].startswith("attacks") for row in result["gates"])  # whether they succeed nobody saw
    assert "| NO |" in gate_table(result) and "tactful bench attacks" in gate_table(result)


@pytest.mark.parametrize("written", ["", "[]", '{"en": {"success": 0.0}}'])
def test_a_file_that_tells_of_no_attacks_is_a_usage_error(tmp_path: Path, written: str) -> None:
    (tmp_path / "attacks.json").write_text(written)
    told = CliRunner().invoke(app, ["bench", "guard", "--attacks", str(tmp_path / "attacks.json")])
    assert told.exit_code == 2 and "bench attacks --json" in " ".join(told.output.split())


def test_a_figure_has_its_median_range_and_tail() -> None:
    assert figure([4.0, 1.0, 2.0], "s") == {
        "median": 2.0, "min": 1.0, "max": 4.0, "unit": "s", "p50": 2.0, "p95": pytest.approx(3.8), "n": 3,
    }  # fmt: skip
    assert set(report(1, {}, {})) == {"machine", "runs", "figures", "ratios"}


def test_the_machine_is_described_without_names_of_hosts_or_people() -> None:
    told = json.dumps(describe())
    assert os.uname().nodename not in told and "cores" in told
