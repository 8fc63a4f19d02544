"""The door: fails closed, leaks nothing, works without a network."""

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

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
    import re

    rule = Rule("x", "SECRET", re.compile("abc"), 0.0, context=re.compile("key"), context_score=0.9)
    assert list(Recognizer("x", (rule,)).find("abc")) == []
    assert [hit.score for hit in Recognizer("x", (rule,)).find("key abc")] == [0.9]


def test_a_short_message_is_concealed_fast(guard: Guardrails) -> None:
    guard.conceal(OWNER, "warm up 13800138000")
    started = time.process_time()
    for _ in range(20):
        guard.conceal(OWNER, "My name is Yusuf Rossi and my zip code is 19122")
    assert (time.process_time() - started) / 20 < 0.05  # 2 ms measured: a guard against something quadratic
