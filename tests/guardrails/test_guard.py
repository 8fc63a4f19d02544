"""The door: fails closed, leaks nothing, works without a network."""
# ruff: noqa: E501 - one case a line

import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guardrails.errors import GuardError, GuardTimeout, TextTooLong, VaultUnavailable
from guardrails.findings import Concealed
from guardrails.guard import Guardrails, GuardSettings, Readable, build
from guardrails.recognizers.rule import Hit, Recognizer, Rule
from guardrails.recognizers.secret import RULES
from tests.guardrails.guard_samples import KEY, OWNER

CANARIES = ("13800138000", "mei.lin@example.com", "Yusuf Rossi", "hunter2x")
TEXT = "I'm Yusuf Rossi, 13800138000, mei.lin@example.com, my password is hunter2x"


class Broken(Recognizer):
    """Raises with the customer's text in its message, as a careless recognizer would."""

    def __init__(self) -> None:
        super().__init__("broken", RULES[:1])

    def find(self, text: str) -> Iterator[Hit]:
        raise RuntimeError(text)
        yield


class Slow(Broken):
    def find(self, text: str) -> Iterator[Hit]:
        time.sleep(0.15)
        yield from ()


def broken(tmp_path: Path) -> Guardrails:
    return build(f"sqlite:///{tmp_path}/b.db", KEY, Readable(), extra_recognizers=(Broken(),))


def test_a_recognizer_that_raises_closes_every_way_and_leaks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    guard = broken(tmp_path)
    stream = guard.stream(OWNER)
    for call in (
        lambda: guard.analyze(TEXT), lambda: guard.conceal(OWNER, TEXT), lambda: guard.reveal(OWNER, TEXT),
        lambda: stream.feed(TEXT) + stream.finish(), guard.self_test,
    ):  # fmt: skip
        with pytest.raises(GuardError) as caught:
            call()
        seen = (
            repr(caught.value)
            + str(caught.value)
            + repr(caught.value.__cause__)
            + caplog.text
            + "".join(capsys.readouterr())
        )
        assert not [canary for canary in CANARIES if canary in seen]


def test_nothing_of_a_message_is_in_results_logs_or_output(
    guard: Guardrails, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    result = guard.conceal(OWNER, TEXT)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    seen = repr(result) + caplog.text + "".join(capsys.readouterr())
    for canary in CANARIES:
        assert canary not in seen
        assert canary.encode() not in files
    assert result.hidden == {"PERSON": 1, "PHONE_NUMBER": 1, "EMAIL_ADDRESS": 1, "SECRET": 1}


def test_time_runs_out_closed(tmp_path: Path) -> None:
    guard = build(
        f"sqlite:///{tmp_path}/b.db", KEY, Readable(), GuardSettings(timeout_s=0.1), extra_recognizers=(Slow(),)
    )
    with pytest.raises(GuardTimeout):
        guard.conceal(OWNER, TEXT)


def test_a_text_that_is_too_long_is_refused_and_the_longest_is_read(guard: Guardrails) -> None:
    with pytest.raises(TextTooLong, match="4001"):
        guard.conceal(OWNER, "a" * 4001)
    assert guard.conceal(OWNER, "a" * 4000).text.text == "a" * 4000
    assert guard.conceal(OWNER, "x" * 3960 + " 13800138000").text.text.endswith("<PHONE_1>")


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_empty_text_is_nothing(guard: Guardrails, text: str) -> None:
    assert guard.conceal(OWNER, text).text.text == text
    assert guard.conceal_value(OWNER, "PERSON", text).text == ""


@pytest.mark.parametrize("settings", [{"languages": ()}, {"timeout_s": 0}, {"max_chars": 0}, {"value_days": 0}])
def test_an_empty_configuration_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        GuardSettings(**settings)  # type: ignore[arg-type]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to read-only files")
def test_a_read_only_vault_is_unavailable(tmp_path: Path) -> None:
    guard = build(f"sqlite:///{tmp_path}/vault.db", KEY, Readable())
    (tmp_path / "vault.db").chmod(0o400)
    with pytest.raises(VaultUnavailable):
        guard.conceal(OWNER, TEXT)


def test_a_vault_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(VaultUnavailable):
        build(f"sqlite:///{tmp_path}/no/such/folder/vault.db", KEY, Readable())


def test_only_the_guard_makes_concealed_text() -> None:
    with pytest.raises(TypeError):
        Concealed("raw", object())


def test_the_self_test_passes_on_a_sound_guard_and_leaves_nothing(guard: Guardrails) -> None:
    guard.self_test()
    guard.self_test()


def test_a_rule_without_score_finds_nothing_without_its_context() -> None:
    rule = Rule("x", "SECRET", re.compile("abc"), 0.0, context=re.compile("key"), context_score=0.9)
    assert list(Recognizer("x", (rule,)).find("abc")) == []
    assert [hit.score for hit in Recognizer("x", (rule,)).find("key abc")] == [0.9]


def test_a_short_message_is_concealed_fast(guard: Guardrails) -> None:
    guard.conceal(OWNER, "warm up 13800138000")
    started = time.process_time()
    for _ in range(20):
        guard.conceal(OWNER, "My name is Yusuf Rossi and my zip code is 19122")
    assert (time.process_time() - started) / 20 < 0.05  # 2 ms measured: a guard against something quadratic


CATASTROPHE = "a" * 60 + "!"


class Backtracking(Recognizer):
    """A plug-in's rule whose time doubles with each character."""

    def __init__(self) -> None:
        super().__init__("backtracking", (Rule("x", "SECRET", re.compile(r"(?:a+)+$"), 0.9),))


@pytest.mark.parametrize(
    "options",
    [
        {"extra_recognizers": (Backtracking(),)},
        {"extra_recognizers": (Recognizer("unless", (Rule("x", "SECRET", re.compile("!"), 0.9, unless=re.compile(r"(?:a+)+$")),)),)},
        {"extra_recognizers": (Recognizer("context", (Rule("x", "SECRET", re.compile("!"), 0.9, context=re.compile(r"(?:a|a)+\d")),)),)},
    ],
    ids=["pattern", "unless", "context"],
)  # fmt: skip
def test_a_plug_ins_catastrophic_expression_ends_in_time_and_closed(options: dict[str, Any], tmp_path: Path) -> None:
    guard = build(f"sqlite:///{tmp_path}/c.db", KEY, Readable(), **options)
    began = time.monotonic()
    for call in (guard.analyze, lambda text: guard.conceal(OWNER, text), lambda text: guard.reveal(OWNER, text)):
        try:
            call(CATASTROPHE)
        except GuardTimeout as error:
            assert "aaa" not in str(error)
    assert time.monotonic() - began < 10
    if options["extra_recognizers"][0].id == "backtracking":
        with pytest.raises(GuardTimeout):
            guard.conceal(OWNER, CATASTROPHE)


def test_a_shops_catastrophic_pattern_ends_in_time_and_closed(tmp_path: Path) -> None:
    guard = build(f"sqlite:///{tmp_path}/c.db", KEY, Readable(patterns=(r"(?:a|aa)+[bc]",)))
    began = time.monotonic()
    with pytest.raises(GuardTimeout):
        guard.conceal(OWNER, f"my phone is 13800138000 {'a' * 60}!")
    assert time.monotonic() - began < 5
    assert guard.conceal(OWNER, "my phone is 13800138000").text.text == "my phone is <PHONE_1>"


def test_a_pattern_that_python_does_not_understand_is_refused() -> None:
    with pytest.raises(re.error):
        Readable(patterns=("(",))


def test_a_guard_that_finds_nothing_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardrails.analyzer.ALL", ())
    with pytest.raises(GuardError, match="not found"):
        build(f"sqlite:///{tmp_path}/e.db", KEY, Readable()).self_test()


_ALONE = """
import socket, sys
def refused(*_, **__): raise OSError("a socket was asked for")
class Refused(socket.socket): __init__ = refused
socket.socket = Refused
for name in ("create_connection", "getaddrinfo", "gethostbyname"): setattr(socket, name, refused)
from guardrails.guard import Readable, build
from guardrails.findings import VaultOwner
guard = build(f"sqlite:///{sys.argv[1]}/v.db", bytes(32), Readable(patterns=(r"W[0-9]+",), names=frozenset({"Aurora"})))
guard.self_test()
owner = VaultOwner("o")
for text in ("mail mei.lin@some-new-domain.co.uk, +49 30 1234567, GB29 NWBK 6016 1331 9268 19, 536-22-1234, 192.168.1.2",
             "邮箱mei@例子.中国，电话13800138000", "visit https://u:p@host.example/x and call me"):
    concealed = guard.conceal(owner, text).text.text
    assert guard.reveal(owner, concealed) == text and guard.inspect(text)
    guard.check_reply(text, [text], ())
print("alone")
"""


def test_a_fresh_process_works_where_no_socket_can_be_made(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", _ALONE, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert ran.stdout.strip() == "alone", ran.stderr
