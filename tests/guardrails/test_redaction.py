"""Marks in place of findings, texts longer than one reading, and what a model would read of a message."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.errors import TextTooLong
from guardrails.findings import Finding, VaultOwner
from guardrails.fingerprint import fingerprint
from guardrails.guard import Guardrails
from guardrails.redaction import MAX_CHARS, WINDOW_CHARS, analyze_whole, marked
from guardrails.standard import analyzer_of
from tests.guardrails.guard_samples import READABLE, messages

ANALYZER = analyzer_of(READABLE, tagger=None)  # the trained recognizer reads across sentences: ends of windows show
NUMBERS = count()
SENTENCES = (
    "My name is Ada Example, call 212-555-0142. ",
    "我叫王小明，手机13800138000，寄到北京市朝阳区建国路88号院3号楼。\n",
    "Please send order TF10293847 to 12 Quarry Lane, Springfield, IL 62701.\n",
    "Nothing of mine is in this sentence, it only takes some room before the next one comes. ",
)


@given(messages())
def test_marks_stand_where_findings_are_and_nothing_else_changes(text: str) -> None:
    findings = analyze_whole(ANALYZER.analyze, text)
    rest, at = [], 0
    for finding in findings:
        rest += [text[at : finding.start], f"<{finding.kind}>"]
        at = finding.end
    assert marked(text, findings) == "".join(rest) + text[at:]


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4), st.integers(0, 90))
def test_a_long_text_gives_the_findings_of_its_sentences_wherever_the_windows_end(parts: list[str], shift: int) -> None:
    text = "a" * shift + " " + "".join(parts) * (2 * WINDOW_CHARS // sum(map(len, parts)) + 1)
    assert len(text) > WINDOW_CHARS
    assert analyze_whole(ANALYZER.analyze, text) == ANALYZER.analyze(text)


@pytest.mark.parametrize("sign", [">", "<", "a", " ", "1", "。", "字"])
def test_a_long_text_without_a_place_to_cut_is_read_all_the_same(sign: str) -> None:
    text = sign * (3 * WINDOW_CHARS) + " call 13800138000 now"
    found = [f for f in analyze_whole(ANALYZER.analyze, text) if f.kind == "PHONE_NUMBER" and f.end == len(text) - 4]
    assert found and text[found[0].start : found[0].end].endswith("13800138000")


def test_a_value_at_a_windows_end_is_hidden_whole() -> None:
    for shift in range(0, 60, 7):
        text = "word " * ((WINDOW_CHARS - shift) // 5) + "call +1 212 555 0142 or 13800138000 now " + "word " * 100
        redacted = marked(text, analyze_whole(ANALYZER.analyze, text))
        assert redacted.count("<PHONE_NUMBER>") == 2 and "0142" not in redacted and "138001" not in redacted


def test_findings_stay_apart_and_in_order_when_two_windows_see_one_value_differently() -> None:
    def stubborn(text: str, lang: object) -> tuple[Finding, ...]:
        return (Finding("SECRET", 0, len(text), 0.9, "all"),)

    found = analyze_whole(stubborn, "x y " * 3000)
    assert found == (Finding("SECRET", 0, 12_000, 0.9, "all"),)


def test_a_text_beyond_the_bound_is_refused_and_an_empty_one_is_empty() -> None:
    with pytest.raises(TextTooLong):
        analyze_whole(ANALYZER.analyze, "a" * (MAX_CHARS + 1))
    assert analyze_whole(ANALYZER.analyze, "") == () and marked("", ()) == ""


@given(text=messages())
def test_the_preview_is_what_a_first_message_becomes(shared_guard: Guardrails, text: str) -> None:
    seen = shared_guard.preview(text)
    owner = VaultOwner(f"visitor:{next(NUMBERS)}")  # a number is never given out twice, so each has an owner of its own
    kept = shared_guard.conceal(owner, text)
    assert seen.text == kept.text and seen.findings == kept.findings
    values = [shared_guard.open(owner, handle) for handle in seen.handles]
    spots = [text[f.start : f.end] for f in seen.findings]
    assert all(value.startswith(spot) for value, spot in zip(values, spots, strict=True))


def test_the_preview_stores_nothing(guard: Guardrails) -> None:
    seen = guard.preview("call 13800138000 or 138-0013-8000 or 212-555-0142")
    assert [handle.rstrip("\ufe00") for handle in seen.handles] == ["<PHONE_1>", "<PHONE_1>", "<PHONE_2>"]
    assert guard.erase(VaultOwner("visitor:preview")) == 0


def test_the_fingerprint_is_one_and_the_same_for_the_same_rules() -> None:
    assert fingerprint() == fingerprint() and len(fingerprint()) == 64
