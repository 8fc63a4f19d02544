"""Replaying stored dialogues through a server: what is sent, what is kept, what a failure does."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from guardrails.findings import Finding
from serving.evaluation.client import Answer, EventParser, wait_s
from serving.evaluation.evaluate import evaluate
from serving.evaluation.transcripts import NothingToEvaluate
from serving.replay import ReplayReport, replay
from tests.serving.talking_server import TalkingServer

PHONE = "13800131234"


def find_digits(text: str) -> list[Finding]:
    return [Finding("PHONE_NUMBER", m.start(), m.end(), 1.0, "eleven") for m in re.finditer(r"\d{11}", text)]


def source(path: Path, *dialogues: tuple[str, ...]) -> Path:
    lines = [
        {"id": f"d{i}", "turns": [turn for text in texts for turn in
                                  ({"role": "user", "content": text}, {"role": "assistant", "content": "old reply"})]}
        for i, texts in enumerate(dialogues)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def play(
    tmp_path: Path, server: TalkingServer, *dialogues: tuple[str, ...], **more: Any
) -> tuple[ReplayReport, list[Any]]:
    report = replay(
        source(tmp_path / "in.jsonl", *dialogues), "http://server", tmp_path / "out.jsonl",
        transport=httpx.ASGITransport(server.app, raise_app_exceptions=False), **more,
    )  # fmt: skip
    return report, [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_customers_turns_are_sent_in_order_and_every_reply_is_kept(tmp_path: Path) -> None:
    server = TalkingServer()
    report, played = play(tmp_path, server, ("Hello", "Where is it?"), ("你好", "到哪了"), analyze=find_digits)
    assert [text for _, text in server.heard] == ["Hello", "Where is it?", "你好", "到哪了"]
    assert (report.dialogues, report.turns, report.errors) == (2, 4, {})
    assert [d["id"] for d in played] == ["d0", "d1"] and [d["lang"] for d in played] == ["en", "zh"]
    assert [m["role"] for m in played[0]["messages"]] == ["user", "assistant"] * 2
    assert "old reply" not in json.dumps(played)
    for message in played[0]["messages"][1::2]:
        assert message["meta"]["timings"]["turn"] > 0 and message["meta"]["understood_by"] == "rule"


@pytest.mark.parametrize("analyze", [find_digits, None])
def test_without_the_servers_transcripts_values_are_masked_or_the_text_is_left_out(
    tmp_path: Path, analyze: Any
) -> None:
    _, played = play(tmp_path, TalkingServer(), (f"My phone is {PHONE}",), analyze=analyze)
    expected = "My phone is [PHONE_NUMBER]" if analyze else "[…]"
    assert played[0]["messages"][0]["content"] == expected
    assert PHONE not in (tmp_path / "out.jsonl").read_text(encoding="utf-8")


def test_the_servers_own_transcripts_bring_handles_and_notes(tmp_path: Path) -> None:
    server = TalkingServer(data_dir=tmp_path / "data")
    _, played = play(
        tmp_path, server, (f"My phone is {PHONE}", "Thanks"), transcripts=tmp_path / "data" / "transcripts"
    )
    first, reply = played[0]["messages"][:2]
    assert first["content"] == "My phone is <PHONE_1>"
    assert reply["meta"]["commands"] == [{"name": "track_order"}]
    assert reply["meta"]["timings"]["guard"] == 0.004 and reply["meta"]["timings"]["turn"] > 0


def test_transcripts_that_never_come_are_not_waited_for_for_ever(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _, played = play(tmp_path, TalkingServer(), ("Hello",), transcripts=tmp_path / "empty", patience_s=0)
    assert [m["content"] for m in played[0]["messages"]] == [""]


@pytest.mark.parametrize(("how", "problem"), [("500", "internal_error"), ("cut", "cut"), ("problem", "engine_gone")])
def test_a_failed_turn_is_written_down_and_the_dialogue_goes_on(tmp_path: Path, how: str, problem: str) -> None:
    server = TalkingServer(fail_on={"storm": how})
    report, played = play(tmp_path, server, ("Hello", "a storm", "Bye"), analyze=find_digits)
    assert report.errors == {problem: 1} and report.turns == 3
    errors = [m["meta"]["error"] for m in played[0]["messages"] if "error" in m.get("meta", {})]
    assert errors == [problem]
    result = evaluate([tmp_path / "out.jsonl"], tmp_path / "report", analyze=find_digits)
    answered = result.tally.share("answered")
    assert (answered.good, answered.n) == (2, 3)


def test_the_safe_message_of_a_failed_turn_is_no_whole_answer() -> None:
    assert Answer("Sorry", 200, done={"finish_reason": "stop"}).complete
    assert not Answer("Sorry", 200, done={"finish_reason": "error"}).complete


def test_a_server_that_asks_to_wait_is_waited_for(tmp_path: Path) -> None:
    server = TalkingServer(fail_on={"Hello": "429"})
    report, _ = play(tmp_path, server, ("Hello",), analyze=find_digits)
    assert server.refused == 1 and report.errors == {}


def test_a_server_that_is_not_there_fails_every_turn_and_still_writes_the_dialogue(tmp_path: Path) -> None:
    report = replay(source(tmp_path / "in.jsonl", ("Hello", "Bye")), "http://127.0.0.1:9", tmp_path / "out.jsonl")
    assert report.errors == {"no_session": 2}
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_nothing_to_play_is_said(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("broken\n")
    with pytest.raises(NothingToEvaluate, match="1 line"):
        replay(tmp_path / "in.jsonl", "http://server", tmp_path / "out.jsonl")


def test_events_are_read_whatever_comes_between_them() -> None:
    lines = [": ping", "", "event: a", "id: 1", "data: {", 'data: "x": 1}', "", "data: [1]", "", "event: gone", ""]
    parser = EventParser()
    found = [event for line in lines if (event := parser.feed(line))]
    assert [(event.name, dict(event.data)) for event in found] == [("a", {"x": 1}), ("message", {})]


@pytest.mark.parametrize(("header", "seconds"), [("3", 3.0), ("0", 0.1), ("9999", 65.0), ("soon", 1.0)])
def test_the_wait_that_a_server_asks_for_is_bounded(header: str, seconds: float) -> None:
    assert wait_s(httpx.Response(429, headers={"Retry-After": header})) == seconds
