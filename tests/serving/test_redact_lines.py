"""A line of ``tactful redact``: what it becomes, and that nothing passes unread."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.session import Lang
from guardrails.findings import Finding
from guardrails.standard import analyzer_of
from serving.redaction.fields import FieldError, parse
from serving.redaction.lines import ERRORS, Options, redact_line
from serving.redaction.words import REASONS

ANALYZE = analyzer_of().analyze
TEXT = Options((parse("text"),))


def one(raw: str | bytes | None, options: Options = TEXT, number: int = 7) -> tuple[Any, str | None]:
    raw = raw.encode() if isinstance(raw, str) else raw
    done = redact_line(raw, number, options, ANALYZE)
    assert done.line.endswith(b"\n") and done.line.count(b"\n") == 1
    return (json.loads(done.line) if done.line.strip() else None), done.error


def test_a_line_gets_findings_and_redacted_and_keeps_what_it_had_in_its_order() -> None:
    line, error = one('{"z": [1.25, null], "text": "😀 call 13800138000", "id": "ü1", "a": {"b": "13900139000"}}')
    assert error is None and list(line) == ["z", "text", "id", "a", "findings", "redacted"]
    assert line["findings"] == [
        {"kind": "PHONE_NUMBER", "start": 7, "end": 18, "score": 0.95, "rule": "phone.cn_mobile"}
    ]
    assert line["text"][7:18] == "13800138000" and line["redacted"] == "😀 call <PHONE_NUMBER>"
    assert line["z"] == [1.25, None] and line["a"] == {"b": "13900139000"} and line["id"] == "ü1"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("call 13800138000", "not_json"),
        ('{"text": "call 13800138000"', "not_json"),
        ('{"text": "call 13800138000", "n": NaN}', "not_json"),
        ('{"text": "call 13800138000", "n": 1e999}', "not_json"),
        ('{"text": "call 13800138000", "n": ' + "9" * 5000 + "}", "not_json"),
        ("[" * 100_000, "not_json"),
        (b'{"text": "call 13800138000 \xff"}', "not_utf8"),
        ('"call 13800138000"', "not_an_object"),
        ('[{"text": "call 13800138000"}]', "not_an_object"),
        ('{"Text": "call 13800138000"}', "field_missing"),
        ('{"text": 13800138000}', "not_text"),
        ('{"text": null, "note": "13800138000"}', "not_text"),
        ('{"text": ["call 13800138000"]}', "not_text"),
        (json.dumps({"text": "call 13800138000 " * 60_000}), "too_long"),
        (None, "line_too_long"),
    ],
    ids=str,
)
def test_what_cannot_be_redacted_becomes_its_number_and_a_reason(raw: str | bytes | None, code: str) -> None:
    line, error = one(raw)
    assert error == code and line == {"error": code, "line": 7}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (17, True), ("a1", True), ("550e8400-e29b-41d4-a716-446655440000", True), ("chat:2026/17", True),
        ("13800138000", False), (13800138000, False), ("2125550142", False), ("ada@example.com", False),
        ("Ada Example", False), ("ada", False), ("11010519491231002X", False), (True, False), (None, False),
        ({"n": 1}, False), ("x" * 65 + "1", False), (1.5, False),
    ],
)  # fmt: skip
def test_a_refused_lines_id_is_told_only_where_it_is_a_code_that_says_nothing(name: Any, told: bool) -> None:
    line, _ = one(json.dumps({"id": name, "text": None}))
    assert line == {"error": "not_text", "line": 7} | ({"id": name} if told else {})


def test_a_guard_that_fails_lets_nothing_pass() -> None:
    def broken(text: str, lang: Lang | None) -> tuple[Finding, ...]:
        raise ZeroDivisionError(text)

    done = redact_line(b'{"id": 1, "text": "call 13800138000"}', 3, TEXT, broken)
    assert json.loads(done.line) == {"error": "guard_failed", "line": 3} and done.error == "guard_failed"


def test_white_space_stays_a_line_and_counts_as_nothing() -> None:
    assert one("  \r\n") == (None, None) and one("\n") == (None, None)


def test_half_a_surrogate_pair_and_line_separators_come_through() -> None:
    done = redact_line('{"text": "\\ud800 \u2028 call 13800138000"}'.encode(), 1, TEXT, ANALYZE)
    line = json.loads(done.line)
    assert line["text"] == "\ud800 \u2028 call 13800138000" and line["redacted"] == "\ud800 \u2028 call <PHONE_NUMBER>"


def test_of_a_key_that_is_there_twice_the_first_is_gone() -> None:
    line, _ = one('{"text": "call 13900139000", "text": "hello"}')
    assert line == {"text": "hello", "findings": [], "redacted": "hello"}


def test_a_nested_text_has_the_plain_shape() -> None:
    line, _ = one('{"message": {"text": "call 13800138000"}}', Options((parse("message.text"),)))
    assert line["redacted"] == "call <PHONE_NUMBER>" and "path" not in line["findings"][0]
    dotted, _ = one('{"message.text": "call 13800138000"}', Options((parse(r"message\.text"),)))
    assert dotted["redacted"] == "call <PHONE_NUMBER>"


def test_lists_of_messages_have_a_path_per_finding_and_a_text_per_path() -> None:
    raw = {
        "messages": [{"content": "call 13800138000"}, {"content": None, "tool_calls": []}, {"content": "我叫王小明"}]
    }
    line, error = one(json.dumps(raw), Options((parse("messages.*.content"),)))
    assert error is None and [f["path"] for f in line["findings"]] == ["messages.0.content", "messages.2.content"]
    assert line["redacted"] == {
        "messages.0.content": "call <PHONE_NUMBER>",
        "messages.2.content": "我叫<PERSON>",
    }
    assert line["messages"] == raw["messages"]


def test_replacing_leaves_the_text_nowhere() -> None:
    raw = '{"id": 1, "messages": [{"content": "call 13800138000"}], "title": "我叫王小明"}'
    fields = (parse("messages.*.content"), parse("title"))
    line, _ = one(raw, Options(fields, replace=True))
    assert line["messages"] == [{"content": "call <PHONE_NUMBER>"}] and line["title"] == "我叫<PERSON>"
    assert "redacted" not in line and len(line["findings"]) == 2 and "13800138000" not in json.dumps(line)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"messages": []}, None),
        ({"messages": [{"content": None}]}, None),
        ({"messages": [{"content": "hi"}, {"role": "tool"}]}, None),
        ({"messages": [{"text": "call 13800138000"}]}, "field_missing"),
        ({"messages": ["call 13800138000"]}, "field_missing"),
        ({"messages": "call 13800138000"}, "field_missing"),
        ({"messages": {"0": {"content": "call 13800138000"}}}, "field_missing"),
        ({"messages": [{"content": [{"type": "text", "text": "call 13800138000"}]}]}, "not_text"),
        ({"turns": []}, "field_missing"),
    ],
)
def test_behind_a_star_a_text_may_be_missing_but_not_unread(record: dict[str, Any], code: str | None) -> None:
    line, error = one(json.dumps(record), Options((parse("messages.*.content"),)))
    assert error == code and (code is None or "13800138000" not in json.dumps(line))


@pytest.mark.parametrize("word", ["", ".", "a..b", ".a", "a.", "*", "*.a", ".".join("abcdefghijklmnopq"), "findings"])
def test_fields_that_are_none_are_refused(word: str) -> None:
    with pytest.raises(FieldError):
        parse(word)


def test_the_language_field_is_a_hint_and_never_a_fault() -> None:
    options = Options((parse("text"),), lang_field=parse("meta.lang"))
    for meta in ({"lang": "zh-CN"}, {"lang": "fr"}, {"lang": 3}, {}, None):
        line, error = one(json.dumps({"text": "我叫王小明", "meta": meta}, ensure_ascii=False), options)
        assert error is None and line["redacted"] == "我叫<PERSON>"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["text", "id", "a", "b"]), inner),
    max_leaves=12,
)


@given(
    st.one_of(
        st.binary(max_size=80).map(lambda raw: raw.replace(b"\n", b"")), JSON.map(lambda v: json.dumps(v).encode())
    )
)
def test_whatever_a_line_holds_one_line_comes_out_and_an_error_quotes_nothing(raw: bytes) -> None:
    done = redact_line(raw, 5, TEXT, ANALYZE)
    assert done.line.endswith(b"\n") and done.line.count(b"\n") == 1
    if done.error:
        assert set(json.loads(done.line)) <= {"error", "line", "id"}
    elif done.line.strip():
        before, after = json.loads(raw), json.loads(done.line)
        assert {**before, "findings": after["findings"], "redacted": after["redacted"]} == after


def test_every_reason_has_words_in_both_languages() -> None:
    assert set(REASONS) == set(ERRORS) and all(en and zh for en, zh in REASONS.values())
