"""``tactful redact`` as a process: streams, exit codes, both languages, no value where none belongs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from serving.cli import app

ROOT = Path(__file__).parents[2]
CANARY = ("13800138000", "Ada Example", "王小明", "ada@example.com")
GOOD = '{"id": 1, "text": "call 13800138000, I am Ada Example"}\n{"id": 2, "text": "我叫王小明"}\n'
BAD = '{"id": 3, "txt": "ada@example.com"}\nAda Example 13800138000\n'


def call(*words: str | Path, text: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["redact", *map(str, words)], input=text)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text(GOOD, "utf-8")
    return path


def quoted(said: str) -> list[str]:
    return [value for value in CANARY if value in said]


def test_a_file_is_redacted_and_the_summary_is_in_both_languages(source: Path, tmp_path: Path) -> None:
    code, out, err = call(source, tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert code == 0 and err == "" and lines[1]["redacted"] == "我叫<PERSON>"
    assert "2 lines" in out and "共 2 行" in out and not quoted(out)


def test_json_reports_counts_alone(source: Path, tmp_path: Path) -> None:
    code, out, err = call(source, tmp_path / "out.jsonl", "--json")
    report = json.loads(out)
    assert code == 0 and err == "" and set(report) == {"lines", "findings", "errors", "seconds"}
    assert report["lines"] == 2 and report["errors"] == {} and report["findings"]["PHONE_NUMBER"] == 1


def test_lines_at_fault_end_with_1_a_reason_in_both_languages_and_no_value(source: Path, tmp_path: Path) -> None:
    source.write_text(GOOD + BAD, "utf-8")
    code, out, err = call(source, tmp_path / "out.jsonl", "--json")
    written = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert code == 1 and json.loads(out)["errors"] == {"field_missing": 1, "not_json": 1}
    assert written[2:] == ['{"error": "field_missing", "line": 3, "id": 3}', '{"error": "not_json", "line": 4}']
    assert "the field is missing" in err and "缺少该字段" in err and not quoted(out + err)


def test_strict_stops_and_writes_nothing(source: Path, tmp_path: Path) -> None:
    source.write_text(GOOD + BAD, "utf-8")
    code, out, err = call(source, tmp_path / "out.jsonl", "--strict")
    assert code == 1 and "line 3" in err and "第 3 行" in err and not quoted(out + err)
    assert not (tmp_path / "out.jsonl").exists()


def test_streams_carry_the_lines_alone_and_the_summary_goes_to_stderr() -> None:
    command = [sys.executable, "-c", "from serving.cli import main; main()", "redact", "-", "-", "--replace"]
    done = subprocess.run(
        command, input=("\ufeff" + GOOD + BAD).encode(), capture_output=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert done.returncode == 1 and [line.get("text", line.get("error")) for line in lines] == [
        "call <PHONE_NUMBER>, I am <PERSON>", "我叫<PERSON>", "field_missing", "not_json",
    ]  # fmt: skip
    assert "4 lines" in done.stderr.decode() and not quoted(done.stderr.decode() + done.stdout.decode())


def test_a_reader_that_goes_away_ends_the_command_without_a_traceback() -> None:
    script = (
        f"{sys.executable} -c 'from serving.cli import main; main()' redact - - | head -n 0; echo ${{PIPESTATUS[0]}}"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", script], input=GOOD * 20_000, capture_output=True, text=True, cwd=ROOT, env=env
    )
    assert done.stdout.strip() == "1" and "Traceback" not in done.stderr and not quoted(done.stderr)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["IN", "OUT", "--field", "a..b"], "messages.*.content"),
        (["IN", "OUT", "--field", "findings"], "findings"),
        (["IN", "IN"], "same file"),
        (["IN", "FOLDER"], "folder"),
        (["IN", "FOLDER/none/out.jsonl"], "folder"),
        (["NONE", "OUT"], "cannot be read"),
        (["FOLDER", "OUT"], "cannot be read"),
        (["IN", "OUT", "--shop", "FOLDER"], "shop"),
        (["IN", "OUT", "--workers", "0"], "workers"),
        (["IN"], "OUT.jsonl"),
    ],
)
def test_what_cannot_be_meant_is_told_with_2(source: Path, tmp_path: Path, words: list[str], said: str) -> None:
    places = {"IN": source, "OUT": tmp_path / "out.jsonl", "NONE": tmp_path / "none.jsonl"}
    named = [str(places.get(word, word)).replace("FOLDER", str(tmp_path)) for word in words]
    code, out, err = call(*named)
    assert code == 2 and said in err and out == "" and not quoted(err) and not (tmp_path / "out.jsonl").exists()
    assert source.read_text("utf-8") == GOOD


def test_a_shops_own_numbers_and_names_stay_readable(source: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "shop.toml").write_text('name_en = "Made Up"\nname_zh = ""\norder_pattern = "1380\\\\d{7}"\n', "utf-8")
    product = {
        "product_id": "P1", "category": "Bags", "category_zh": "", "name_en": "Ada Example", "name_zh": "",
        "brand": "", "text_en": "", "text_zh": "", "attributes_en": {}, "attributes_zh": {}, "tags": [],
        "variants": [{"sku": "S1", "options": {}, "options_zh": {}, "price_minor": 100, "stock": 1}],
    }  # fmt: skip
    (shop / "products.jsonl").write_text(json.dumps(product), "utf-8")
    source.write_text('{"text": "My name is Ada Example and order 13801234567 is late"}\n', "utf-8")
    assert call(source, tmp_path / "out.jsonl", "--shop", shop)[0] == 0
    line = json.loads((tmp_path / "out.jsonl").read_text("utf-8"))
    assert line["redacted"] == "My name is Ada Example and order 13801234567 is late"
    assert sorted(path.name for path in shop.iterdir()) == ["products.jsonl", "shop.toml"], "nothing is written there"


def test_a_link_and_a_device_are_written_to_and_not_replaced(source: Path, tmp_path: Path) -> None:
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    real.write_text("old")
    link.symlink_to(real)
    assert call(source, link)[0] == 0
    assert link.is_symlink() and real.read_text("utf-8").count("\n") == 2
    assert call(source, "/dev/null")[0] == 0
    assert Path("/dev/null").is_char_device()


def test_options_are_checked_and_help_is_there_before_any_rule_is_loaded() -> None:
    script = (
        "import sys; from serving.commands.redact import _job; _job(['text'], False, None, None, None, False);"
        "print([n for n in ('presidio_analyzer', 'torch', 'langgraph', 'sqlalchemy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
    code, out, _ = call("--help")
    assert code == 0 and "--replace" in out and "离线" in out
