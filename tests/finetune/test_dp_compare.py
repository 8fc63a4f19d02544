"""The comparison and the bench on a tiny model; the look for open values."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from finetune import bench
from finetune.base import load_base
from finetune.dp import compare as comparison
from finetune.dp.concealed import without_open_values
from finetune.dp.settings import PrivateSettings
from finetune.errors import BadExamples, BadPrivacy, CannotResume
from finetune.evaluate import slot_f1
from finetune.examples import Example, read_examples, write_examples
from finetune.replies import measured
from finetune.train import TrainSettings, train
from guardrails.readable import Readable
from tests.finetune.tiny import tiny_model
from tests.finetune.tiny import write_examples as write_tiny

SETTINGS = PrivateSettings(
    public_customers=10, batch=5, steps=2, learning_rate=0.02, rank=2, alpha=4, top_layers=1, max_tokens=200
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "tiny")


@pytest.fixture
def private(tmp_path: Path) -> Path:
    path = write_tiny(tmp_path / "private.jsonl")
    rows = [json.loads(line) | {"customer": f"c{n % 8}"} for n, line in enumerate(path.read_text().splitlines())]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def test_a_comparison_trains_each_row_once_and_goes_on_where_it_was(
    folder: Path, private: Path, tmp_path: Path
) -> None:
    settings = TrainSettings(epochs=1, batch_tokens=300, rank=2, alpha=4, valid_share=0.2)
    train(write_tiny(tmp_path / "public.jsonl"), load_base(folder), tmp_path / "public", tmp_path / "w", settings)
    reply = Example("reply", "en", (("user", "order: T1\n\nwhere is it"),), "It is on its way.\n")
    tests = {"private": read_examples(private)[:4], "natural": [reply]}
    begun: list[str] = []
    wanted = comparison.rows((8.0,), without_public=True)
    arguments = (private, tests, folder, tmp_path / "public", tmp_path / "out", SETTINGS, wanted, begun.append)
    first = comparison.compare(*arguments)
    names = ["base", "public only", "no privacy", "epsilon 8", "epsilon 8, no public stage"]
    assert list(first["rows"]) == names
    assert begun == ["public only", "no privacy", "epsilon 8", "base", "epsilon 8, no public stage"]
    assert first["rows"]["no privacy"]["epsilon"] is None
    assert 7 < first["rows"]["epsilon 8"]["epsilon"] <= 8
    assert comparison.compare(*arguments) == first
    assert len(begun) == len(names)
    longer = (*arguments[:5], replace(SETTINGS, steps=3), wanted[2:3])
    with pytest.raises(CannotResume, match=r"no-privacy holds a run that differs in settings: take another folder"):
        comparison.compare(*longer)
    easier = (private, {"private": tests["private"][:3]}, *arguments[2:6], wanted[:1])
    with pytest.raises(CannotResume, match="base holds a run that differs in tests"):
        comparison.compare(*easier)
    (tmp_path / "out" / "base" / "result.json").write_text("{")
    with pytest.raises(CannotResume, match="cannot be read"):
        comparison.compare(*arguments)
    lines = comparison.table(first).splitlines()
    assert len(lines) == 2 + len(names)
    assert "natural en reply_faithful" in lines[0]
    assert "private en reply_faithful" not in lines[0]
    assert {line.count("|") for line in lines} == {lines[0].count("|")}


@pytest.mark.slow
def test_two_processes_measure_what_one_measures(folder: Path, private: Path, tmp_path: Path) -> None:
    settings = TrainSettings(epochs=1, batch_tokens=300, rank=2, alpha=4, valid_share=0.2)
    train(write_tiny(tmp_path / "public.jsonl"), load_base(folder), tmp_path / "public", tmp_path / "w", settings)
    command = [
        str(Path(sys.executable).with_name("tactful")),
        "finetune",
        "compare",
        str(private),
        str(private),
        "--base",
        str(folder),
        "--json",
    ]
    command += ["--start", str(tmp_path / "public"), "--row", "public only", "--row", "no privacy", "--limit", "9"]
    command += ["--customers", "10", "--batch", "4", "--steps", "2", "--rank", "2", "--top-layers", "1"]

    def made(*starter: str, out: str) -> dict[str, Any]:
        line = [*starter, *command, str(tmp_path / out)]
        done = subprocess.run(line, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr[-2000:]
        result: dict[str, Any] = json.loads(done.stdout)
        return result["rows"]

    one = made(out="one")
    torchrun = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        "--no-python",
        "--",
    ]
    two = made(*torchrun, out="two")
    assert two["public only"] == one["public only"]
    assert two["no privacy"]["tests"]["private"]["command_exact"]["en"]["n"] > 0
    assert (tmp_path / "two" / "states-public" / "states-1.bin").exists()


def test_rows_are_chosen_by_name() -> None:
    found = comparison.rows((8.0, 3.0), without_public=False)
    assert [row.name for row in comparison.chosen(found, ["epsilon 3", "no privacy"])] == ["no privacy", "epsilon 3"]
    assert comparison.chosen(found, ()) == found
    with pytest.raises(BadExamples, match="'epsilon 3', got 'epsilon 4'"):
        comparison.chosen(found, ["epsilon 4"])


def test_no_gain_no_share() -> None:
    row = {"tests": {"t": {"command_exact": {"en": {"value": 0.5, "n": 2}}}}}
    assert comparison.gain_kept({"public only": row, "no privacy": row, "epsilon 8": row}, "t") == {}
    assert comparison.gain_kept({"epsilon 8": row}, "t") == {}


@pytest.mark.parametrize(
    ("expected", "got", "f1"),
    [
        ('[{"name":"stop"}]', '[{"name":"stop"}]', 1.0),
        ('[{"name":"track_order","order":"A1"}]', '[{"name":"track_order","order":"A1"}]', 1.0),
        ('[{"name":"track_order","order":"A1"}]', '[{"name":"track_order"}]', 0.0),
        ('[{"name":"give","slot":"name","value":"x"}]', '[{"name":"give","slot":"name","value":"y"}]', 0.5),
        ('[{"name":"track_order","order":"A1"}]', "no json", 0.0),
    ],
)
def test_slots_are_counted_with_their_command_and_value(expected: str, got: str, f1: float) -> None:
    assert slot_f1([(expected, got)]) == f1


FACTS = "reply in English\norder: TF48201937\nstatus: on its way\nexpected: 17 March\n\nwill I have it by the 20th?"


@pytest.mark.parametrize(
    ("answer", "faithful", "near"),
    [
        ("It is expected on 17 March.\n", 1.0, 1.0),
        ("We expect it on 17 March.", 1.0, 0.75),
        ("It is expected on 20 March.", 0.0, 0.8),  # the customer's day is no fact
        ("", 0.0, 0.0),
    ],
)
def test_a_reply_is_measured_by_its_facts_and_by_a_written_one(answer: str, faithful: float, near: float) -> None:
    example = Example("reply", "en", (("user", FACTS),), "It is expected on 17 March.\n")
    found = measured([(example, answer)])
    assert found["reply_faithful"]["en"]["value"] == faithful
    assert found["reply_similarity"]["en"]["value"] == pytest.approx(near, abs=0.15)
    assert measured([]) == {}


def put(private: Path, text: str, count: int) -> None:
    """Replaces what the first ``count`` customers said."""
    rows = [json.loads(line) for line in private.read_text().splitlines() * 10]
    for row in rows[:count]:
        row["messages"][0]["content"] = f"commands\n{text}"
    private.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def test_an_example_with_an_open_value_is_left_out(private: Path) -> None:
    put(private, "write to wanda.example@mail.example please", 2)
    kept = without_open_values(read_examples(private), private, Readable((), frozenset()))
    assert len(kept) == 238
    assert not any("wanda" in message for example in kept for _, message in example.messages)


def test_a_file_that_was_never_concealed_is_refused(private: Path) -> None:
    put(private, "write to wanda.example@mail.example please", 3)
    with pytest.raises(BadPrivacy, match=r"3 of 240.*EMAIL_ADDRESS 3.*example 1"):
        without_open_values(read_examples(private), private, Readable((), frozenset()))


def test_offers_and_handles_are_no_personal_data(private: Path) -> None:
    put(private, "my number is <PHONE_1>", 3)
    rows = [json.loads(line) for line in private.read_text().splitlines()]
    rows[9]["messages"][0]["content"] = "commands\n[awaiting: choice; offered: 1 Linen Towel, 2 Oak Board]\nthe second"
    private.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    names = Readable((), frozenset({"Linen Towel", "Oak Board"}))
    assert len(without_open_values(read_examples(private), private, names)) == 240


def test_written_examples_are_read_back(private: Path, tmp_path: Path) -> None:
    examples = read_examples(private)
    write_examples(examples, tmp_path / "copy.jsonl")
    assert read_examples(tmp_path / "copy.jsonl") == examples
    assert (tmp_path / "copy.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
@pytest.mark.parametrize("directed", [False, True])
def test_the_bench_measures_all_three_kinds(folder: Path, tmp_path: Path, directed: bool) -> None:
    step = bench.Step(batch=4, tokens=24)
    if directed:
        step = replace(step, rank=3, outputs=4, directions=str(write_tiny(tmp_path / "public.jsonl")))
    result = bench.bench(folder, step, rounds=1, kinds=bench.KINDS)
    assert set(result["ratios"]) == {
        f"{what} {pair}" for what in ("time", "memory") for pair in ("private/plain", "private/opacus", "opacus/plain")
    }
    assert all(figure["median"] > 0 for figure in result["figures"].values())
