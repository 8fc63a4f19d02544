"""Transcript evaluation: reading, judging, gates, and the four files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from bot.session import Lang
from guardrails.findings import Finding
from serving.evaluation.evaluate import EvaluationResult, Shortlist, evaluate, print_table
from serving.evaluation.gates import parse_gates
from serving.evaluation.language import language_of
from serving.evaluation.metrics import METRICS, NAMES, same_request
from serving.evaluation.privacy import NOT_SHOWN, check
from serving.evaluation.tally import judge, quantile, wilson
from serving.evaluation.transcripts import BadLine, Dialogue, NothingToEvaluate, UsageError, read

SECRET = "13800131234"


def find_digits(text: str) -> list[Finding]:
    """A guard that knows eleven digits only."""
    return [Finding("PHONE_NUMBER", m.start(), m.end(), 1.0, "eleven") for m in re.finditer(r"\d{11}", text)]


def broken_guard(text: str) -> list[Finding]:
    raise RuntimeError("the guard is down")


class OneIntent:
    """Names every turn alike."""

    def predict(self, text: str, lang: Lang) -> list[tuple[str, float]]:
        return [("track_order", 0.9), ("unclear", 0.1)]


def say(*pairs: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A transcript of customer texts and replies; an empty reply is left out."""
    messages: list[dict[str, Any]] = []
    for question, reply in pairs:
        messages.append({"role": "user", "content": question})
        if reply:
            messages.append({"role": "assistant", "content": reply})
    return {"id": "d1", "customer": "c1", "started_at": "2026-03-01T10:00:00Z", "messages": messages, **more}


def with_meta(question: str, reply: str, **meta: Any) -> dict[str, Any]:
    data = say((question, reply))
    data["messages"][-1]["meta"] = meta
    return data


def write(path: Path, *lines: object) -> Path:
    path.write_text(
        "".join((line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n" for line in lines),
        encoding="utf-8",
    )
    return path


def marks(tmp_path: Path, data: dict[str, Any]) -> dict[str, tuple[int, int]]:
    (dialogue,) = read([write(tmp_path / "one.jsonl", data)])
    assert isinstance(dialogue, Dialogue)
    return dict(judge(dialogue, find_digits).marks)


TACTFUL = say(("Where is my order?", "It is on its way."), lang="en")
OPENAI = {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "你好"},
                       {"role": "assistant", "content": [{"type": "text", "text": "您好"}]}]}  # fmt: skip
TAU2 = {"id": "t-1", "turns": [{"role": "user", "content": "Hello"},
                               {"role": "tool_call", "name": "find", "arguments": {}},
                               {"role": "tool", "content": "{}"}, {"role": "assistant", "content": "Hi"}]}  # fmt: skip


@pytest.mark.parametrize(("data", "fmt", "roles"), [
    (TACTFUL, "tactful", ["user", "assistant"]),
    (OPENAI, "openai", ["system", "user", "assistant"]),
    (TAU2, "tau2", ["user", "assistant", "tool", "assistant"]),
])  # fmt: skip
def test_three_formats_are_told_apart_line_by_line(
    tmp_path: Path, data: dict[str, Any], fmt: str, roles: list[str]
) -> None:
    (dialogue,) = read([write(tmp_path / "x.jsonl", data)])
    assert isinstance(dialogue, Dialogue)
    assert dialogue.format == fmt
    assert [message.role for message in dialogue.messages] == roles


@pytest.mark.parametrize("line", [
    f"not json {SECRET}",
    json.dumps([{"role": "user", "content": SECRET}]),
    json.dumps({"id": SECRET}),
    json.dumps({"messages": []}),
    json.dumps({"messages": [{"role": SECRET, "content": "x"}]}),
    json.dumps({"messages": [{"role": "user", "content": 13800131234}]}),
    json.dumps({"messages": [{"role": "assistant", "content": SECRET}]}),
    json.dumps({"messages": [{"role": "user", "content": "x", "tool_calls": SECRET}]}),
    json.dumps({"turns": SECRET}),
    json.dumps({"messages": [SECRET]}),
    "[" * 100_000,
])  # fmt: skip
def test_a_bad_line_is_listed_by_number_without_its_text_and_the_next_is_read(tmp_path: Path, line: str) -> None:
    bad, good = read([write(tmp_path / "x.jsonl", line, TACTFUL)])
    assert isinstance(bad, BadLine) and isinstance(good, Dialogue)
    assert bad.line == 1 and good.line == 2
    assert "expected" in bad.problem and SECRET not in bad.problem


def test_invalid_utf8_a_byte_order_mark_and_empty_lines_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(TACTFUL).encode() + b'\n\n  \n{"id": "\xff\xfe"}\n')
    good, bad = read([path])
    assert isinstance(good, Dialogue) and isinstance(bad, BadLine)
    assert bad.line == 4 and "UTF-8" in bad.problem


def test_a_missing_path_an_empty_folder_and_an_unknown_format_are_usage_errors(tmp_path: Path) -> None:
    for paths, fmt in ([tmp_path / "no.jsonl"], "auto"), ([tmp_path], "auto"), ([], "auto"), ([tmp_path], "xml"):
        with pytest.raises(UsageError):
            list(read(paths, fmt))  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "lang"), [
    ("Where is my order?", "en"), ("我的订单到哪了", "zh"), ("TF10293847", None), ("<PHONE_1>", None), ("", None),
    ("我想买 Sony WH-1000XM5 耳机", "zh"), ("Is the 云感蚕丝被 in stock?", "en"), ("👍", None),
    ("<PERSON_1>，您好", "zh"),
])  # fmt: skip
def test_the_language_of_a_text_is_that_of_its_words(text: str, lang: Lang | None) -> None:
    assert language_of(text) == lang


ZH, EN = "您的订单正在运输中。", "Your order is on its way."


@pytest.mark.parametrize(("data", "metric", "mark"), [
    (say(("Where is it?", EN), ("And when?", "")), "answered", (1, 2)),
    (say(("Where is it?", EN), ("Thanks, bye!", "")), "answered", (1, 1)),
    (say(("东西到哪了", ZH), ("好的谢谢", "")), "resolved", (1, 1)),
    (with_meta("Where is it?", "Sorry, something went wrong.", finish_reason="error"), "answered", (0, 1)),
    (say(("我的订单呢", EN)), "language_match", (0, 1)),
    (say(("我的订单呢", ZH), ("Where is it?", EN)), "language_match", (2, 2)),
    (say(("我的订单呢", ZH), ("TF10293847", EN)), "language_match", (1, 2)),
    (say(("Where is it?", EN), ("I mean the other", EN)), "fresh", (0, 1)),
    (say(("Where is it?", "Which order?"), ("TF1", EN)), "direct", (1, 2)),
    (say((f"call {SECRET}", EN)), "concealed", (0, 1)),
    (say(("call <PHONE_1>", EN)), "concealed", (1, 1)),
    (with_meta("Hm", EN, commands=[{"name": "unclear"}]), "understood", (0, 1)),
    (with_meta("Hm", EN, commands=[{"name": "unclear"}]), "resolved", (0, 1)),
    (with_meta("A person please", EN, finish_reason="handoff"), "contained", (0, 1)),
    (with_meta("A person please", EN, finish_reason="handoff"), "resolved", (0, 0)),
    (with_meta("Hi", EN, grounded=False, fallback=True), "grounded", (0, 1)),
    (with_meta("Hi", EN, grounded=False, fallback=True), "worded", (0, 1)),
    (with_meta("Hi", EN, finish_reason="content_filter"), "unblocked", (0, 1)),
    (with_meta("Hi", EN, timings={"first_word": 2.6, "turn_ms": 3000}), "first_word_in_time", (0, 1)),
    (with_meta("Hi", EN, timings={"first_word": 2.6, "turn_ms": 3000}), "turn_in_time", (1, 1)),
    (say(("Where is my parcel?", EN), ("Where is my parcel??", "On its way, as I said.")), "resolved", (0, 1)),
    (say(("Hi", EN), events=[{"type": "feedback", "rating": "down"}]), "liked", (0, 1)),
    (say(("Hi", EN), events=[{"type": "feedback", "rating": "up"}]), "liked", (1, 1)),
    (say(("Hi", EN), labels={"feedback": 5}), "liked", (1, 1)),
    (say(("Hi", EN)), "liked", (0, 0)),
    (say(("Hi", EN), events=[{"type": "handoff"}]), "contained", (0, 1)),
    (say(("Hi", EN)), "understood", (0, 0)),
])  # fmt: skip
def test_each_metric_counts_what_it_says(
    tmp_path: Path, data: dict[str, Any], metric: str, mark: tuple[int, int]
) -> None:
    assert marks(tmp_path, data)[metric] == mark


def test_every_metric_is_documented_in_both_languages_and_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "serving" / "evaluation" / "README.md").read_text(encoding="utf-8")
    for metric in METRICS:
        assert language_of(metric.en) == "en" and language_of(metric.zh) == "zh"
        assert f"`{metric.name}`" in readme


def test_short_answers_may_come_twice_but_a_request_may_not() -> None:
    assert not same_request("yes", "yes")
    assert same_request("请问我的订单到哪里了", "请问我的订单到哪里了？")


def test_without_a_guard_or_with_a_broken_one_nothing_is_shown() -> None:
    assert check(SECRET, None).shown == NOT_SHOWN
    broken = check(SECRET, broken_guard)
    assert broken.shown == NOT_SHOWN and broken.findings is None


def test_a_broken_guard_makes_a_dialogue_count_as_not_concealed(tmp_path: Path) -> None:
    result = evaluate([write(tmp_path / "x.jsonl", TACTFUL)], tmp_path / "out", {"concealed": 1}, analyze=broken_guard)
    assert result.exit_code == 100 and result.tally.unchecked == 2


@given(st.integers(0, 9000), st.integers(0, 3000))
def test_values_are_found_and_masked_once_wherever_they_stand_in_a_long_text(before: int, after: int) -> None:
    checked = check("x" * before + SECRET + "x" * after, find_digits)
    assert checked.findings is not None
    assert [f.end - f.start for f in checked.findings] == [11]
    assert SECRET not in checked.shown and "[PHONE_NUMBER]" in checked.shown


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_a_share(counts: tuple[int, int]) -> None:
    low, high = wilson(*counts)
    assert 0 <= low <= high <= 1
    if counts[1]:
        assert low - 1e-9 <= counts[0] / counts[1] <= high + 1e-9


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_lies_between_the_least_and_the_greatest(values: list[float], share: float) -> None:
    assert min(values) - 1e-6 <= quantile(values, share) <= max(values) + 1e-6


def run(tmp_path: Path, fail_under: dict[str, float]) -> EvaluationResult:
    source = write(
        tmp_path / "x.jsonl",
        TACTFUL,
        say(("我的订单呢", ZH), lang="zh") | {"id": "d2"},
        say((f"我的电话是{SECRET}", EN)) | {"id": "d<3>"},
        "broken",
    )
    return evaluate([source], tmp_path / "out", fail_under, analyze=find_digits, intents=OneIntent())


@pytest.mark.parametrize(("fail_under", "code"), [
    ({}, 0), ({"answered": 1.0}, 0), ({"concealed": 0.9}, 100), ({"readable": 1.0}, 100),
    ({"answered": 1, "concealed": 0.6}, 0),
    ({"liked": 0.0}, 100),
])  # fmt: skip
def test_verdict_exit_code_junit_and_manifest_agree(tmp_path: Path, fail_under: dict[str, float], code: int) -> None:
    result = run(tmp_path, fail_under)
    assert result.exit_code == code
    assert result.passed == (code == 0)
    if fail_under:
        assert result.verdict.endswith("PASSED") == (code == 0)
    junit = JUnitXml.fromfile(str(tmp_path / "out" / "junit.xml"))
    junit.update_statistics()  # type: ignore[no-untyped-call]
    assert (junit.failures + junit.errors > 0) == (code == 100)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["result"]["passed"] == result.passed
    assert manifest["result"] == json.loads(json.dumps(result.to_json()))


def test_good_lines_are_evaluated_and_bad_ones_counted(tmp_path: Path) -> None:
    result = run(tmp_path, {})
    assert (result.dialogues, result.failed, len(result.bad_lines)) == (3, 1, 1)
    lines = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["d1", "d2", "d<3>"]
    assert lines[2]["faults"] == ["concealed", "language_match"]
    assert result.tally.share("answered", "lang:zh").n == 2
    assert result.tally.share("answered", "intent:track_order").n == 3


def test_no_file_holds_a_personal_value_and_the_report_is_one_bilingual_file(tmp_path: Path) -> None:
    run(tmp_path, {"concealed": 1.0})
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["junit.xml", "manifest.json", "report.html", "results.jsonl"]
    for path in out.iterdir():
        assert SECRET not in path.read_text(encoding="utf-8"), path.name
    html = (out / "report.html").read_text(encoding="utf-8")
    assert "对话评估报告" in html and "Transcript evaluation" in html
    assert "[PHONE_NUMBER]" in html and "d&lt;3&gt;" in html and "d<3>" not in html
    assert html.index("d&lt;3&gt;") < html.index(">d1<")  # failed ones first
    outside = [a for a in re.findall(r"""(?:src|href)=["']([^"']*)""", html) if not a.startswith(("#", "data:"))]
    assert outside == [] and "@import" not in html
    assert html.count("<svg") == html.count('role="img"') == 2


def test_the_same_transcripts_give_the_same_files(tmp_path: Path) -> None:
    run(tmp_path, {})
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    run(tmp_path, {})
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize(
    "options", [["helpful=0.5"], ["answered"], ["answered=high"], ["answered=1.5"], ["answered=nan"]]
)
def test_a_gate_that_cannot_be_judged_is_a_usage_error_and_an_unknown_one_lists_the_known(options: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_gates(options)
    if options == ["helpful=0.5"]:
        assert all(name in str(caught.value) for name in NAMES)


def test_gates_are_read_from_options() -> None:
    assert parse_gates(["answered=0.9", "concealed=1"]) == {"answered": 0.9, "concealed": 1.0}


def test_nothing_is_written_where_no_line_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(NothingToEvaluate, match="line 1"):
        evaluate([write(tmp_path / "x.jsonl", "broken")], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_table_shows_every_counted_metric_with_its_n(tmp_path: Path) -> None:
    table = print_table(run(tmp_path, {}))
    assert "| `answered`" in table and "n=3" in table and "`liked`" not in table
    assert len({line.count("|") for line in table.splitlines()}) == 1


def test_the_shortlist_keeps_the_worst_in_their_order(tmp_path: Path) -> None:
    shortlist = Shortlist(2)
    for i in range(6):
        data = say((f"no {SECRET}" if i % 2 else "no", EN)) | {"id": str(i)}
        (dialogue,) = read([write(tmp_path / "x.jsonl", data)])
        assert isinstance(dialogue, Dialogue)
        shortlist.add(judge(dialogue, find_digits))
    assert [outcome.dialogue.id for outcome in shortlist.outcomes()] == ["1", "3"]
