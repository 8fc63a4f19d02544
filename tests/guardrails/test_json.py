"""JSON there and back: values, keys, numbers, and arguments that arrive in pieces."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from guardrails import handles
from guardrails.errors import GuardError
from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails
from guardrails.json_values import NUMBER_MARK
from tests.guardrails.guard_samples import BOB, OWNER, messages

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20),
    st.sampled_from([13800138000, 2125550142, 4095260993934932, -13800138000, 13800138000.0, 1.5e300]),
    st.floats(allow_nan=False, allow_infinity=False),
)
KEYS = st.one_of(
    st.sampled_from(["phone", "customerName", "e-mail", "address", "order_id", "13800138000"]), messages(2)
)
LEAVES = st.one_of(
    st.none(), st.booleans(), NUMBERS, messages(4), messages(1).map(lambda text: text + NUMBER_MARK)
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)), max_leaves=8
)


def streamed(guard: Guardrails, owner: VaultOwner, text: str, cuts: list[int]) -> str:
    stream = guard.stream_arguments(owner)
    out = [stream.feed(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return "".join(out) + stream.finish()


@quick
@given(value=VALUES)
@example({"phone": 13800138000, "other": "13800138000", "13800138000": ["13800138000" + NUMBER_MARK]})
@example([13800138000.0, -13800138000, True, None])
@example({"name": "Wolfgang Beispielmann", "customerName": {"first": "Wolfgang"}})
def test_any_json_comes_back_exactly_as_it_was(shared_guard: Guardrails, value: Any) -> None:
    concealed = shared_guard.conceal_json(OWNER, value).value
    back = shared_guard.reveal_json(OWNER, concealed)
    assert back == value and json.dumps(back) == json.dumps(value)


@quick
@given(value=VALUES, data=st.data())
def test_arguments_in_pieces_are_the_whole_for_every_cut_and_equal_the_json(
    shared_guard: Guardrails, value: Any, data: st.DataObject
) -> None:
    concealed = shared_guard.conceal_json(OWNER, value).value
    text = json.dumps(concealed, ensure_ascii=data.draw(st.booleans()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    whole = streamed(shared_guard, OWNER, text, [])
    assert streamed(shared_guard, OWNER, text, cuts) == whole
    assert json.loads(whole) == value
    whole.encode("utf-8")


@quick
@given(value=VALUES, data=st.data())
def test_what_a_model_writes_is_judged_alike_in_pieces_and_whole(
    shared_guard: Guardrails, value: Any, data: st.DataObject
) -> None:
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    stranger = VaultOwner("stranger")
    assert json.loads(streamed(shared_guard, stranger, text, cuts)) == shared_guard.reveal_json(stranger, value)


@quick
@given(text=st.one_of(messages(), st.text(alphabet='{}[]",:\\u0dn1<PHONE_> \n', max_size=40)), data=st.data())
def test_what_is_no_json_is_the_same_for_every_cut_too(
    shared_guard: Guardrails, text: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    assert streamed(shared_guard, OWNER, text, cuts) == streamed(shared_guard, OWNER, text, [])


@pytest.mark.parametrize("odd", ['a "quoted" \\ back', "two\nlines\t", "emoji 🎁 \ud83d", "终南山路\u2028"])
def test_a_restored_value_is_escaped(guard: Guardrails, odd: str) -> None:
    handle = guard.conceal_value(OWNER, "ADDRESS", odd, origin="customer").text
    for cut in range(1, 20):
        out = streamed(guard, OWNER, json.dumps({"to": f"at {handle}, please", "n": [1, handle]}), [cut])
        assert json.loads(out) == {"to": f"at {odd}, please", "n": [1, odd]}


def test_a_field_says_what_its_value_is(guard: Guardrails) -> None:
    concealed = guard.conceal_json(OWNER, {"customer_name": "Wolfgang Beispielmann", "note": "blue"})
    assert concealed.value == {"customer_name": "<PERSON_1>", "note": "blue"} and concealed.hidden == {"PERSON": 1}


def test_keys_and_numbers_are_concealed_and_the_same_value_has_one_handle(guard: Guardrails) -> None:
    value = {"13800138000": {"phone": 13800138000, "total": 1299, "order": "#W2378156"}}
    concealed = guard.conceal_json(OWNER, value).value
    assert concealed == {"<PHONE_1>": {"phone": "<PHONE_1>" + NUMBER_MARK, "total": 1299, "order": "#W2378156"}}
    assert guard.reveal_json(BOB, concealed)["[hidden]"]["phone"] != 13800138000


def test_a_bare_handle_becomes_what_its_value_is(guard: Guardrails) -> None:
    guard.conceal(OWNER, "13800138000, mei.lin@example.com")
    assert streamed(guard, OWNER, '{"phone": <PHONE_1>, "mail": <EMAIL_1>}', [13, 16]) == (
        '{"phone": 13800138000, "mail": "mei.lin@example.com"}'
    )


def test_values_of_nobody_are_hidden_in_strings_keys_and_numbers(guard: Guardrails) -> None:
    out = streamed(guard, OWNER, '{"phone": 13912345678, "13912345678": "ask 13912345678"}', [12])
    assert json.loads(out) == {"phone": "[hidden]", "[hidden]": "ask [hidden]"}


def test_arguments_that_break_off_are_given_out_as_far_as_they_go(guard: Guardrails) -> None:
    guard.conceal(OWNER, "13800138000")
    assert streamed(guard, OWNER, '{"a": "call <PHONE_1> now\\u00', []) == '{"a": "call 13800138000 now'
    assert streamed(guard, OWNER, '{"a": "<PHONE_1>', []) == '{"a": "13800138000'


def test_only_the_named_handles_are_opened(guard: Guardrails) -> None:
    guard.conceal(OWNER, "13800138000, mei.lin@example.com")
    stream = guard.stream(OWNER, only=handles.named("<PHONE_1>"))
    text = "<PHONE_1> <EMAIL_1> 13800138000 or mei.lin@example.com."
    assert stream.feed(text) + stream.finish() == "13800138000 [hidden] 13800138000 or [hidden]."


def test_json_text_stays_json_and_other_text_may_be_long(guard: Guardrails) -> None:
    text = '{"phone": 13800138000,\n "say": "\\"hi\\""}'
    concealed = guard.conceal_document(OWNER, text)
    assert json.loads(concealed.value) == {"phone": "<PHONE_1>" + NUMBER_MARK, "say": '"hi"'}
    assert guard.conceal_document(OWNER, '{ "a" : 1.50 }').value == '{ "a" : 1.50 }'
    long = "The lamp stands on the table. " * 400 + "Call 13800138000 or mei.lin@example.com. " * 3
    value = guard.conceal_document(OWNER, long).value
    assert "13800138000" not in value and "mei.lin" not in value
    assert guard.reveal(OWNER, value) == long


SPLIT_BEFORE_SELECTOR = (
    "+86 138 0013 8000 北京市朝阳区建国路88号院3号楼2单元501室 1380013800013800138000138-0013-8000 password is hunter2x"
    "password is hunter2x13800138000 00000000000000 13800138000我叫王小明00000000"
    + "\u200b".join("password is hunter").replace("\u200b", "", 4)
    + "\ufe0f2x"
)
"""A window ends inside a value, right before a variation selector."""


@quick
@given(text=st.lists(messages(), min_size=6, max_size=12).map(" ".join))
@example(SPLIT_BEFORE_SELECTOR)
def test_a_long_text_makes_the_round_trip_in_parts(short_sighted_guard: Guardrails, text: str) -> None:
    assert short_sighted_guard.reveal(OWNER, short_sighted_guard.conceal_json(OWNER, text).value) == text


@pytest.mark.parametrize("value", [{1: "x"}, {"x": {2, 3}}, object(), {"x": b"13800138000"}])
def test_what_is_no_json_is_refused_without_a_word_of_it(guard: Guardrails, value: Any) -> None:
    with pytest.raises(GuardError) as caught:
        guard.conceal_json(OWNER, value)
    assert "13800138000" not in str(caught.value)


def test_json_too_deep_is_refused(guard: Guardrails) -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(GuardError):
        guard.conceal_json(OWNER, deep)


def test_an_owner_of_one_use_leaves_no_row(guard: Guardrails) -> None:
    once = VaultOwner("once")
    concealed = guard.conceal(once, "13800138000").text.text
    guard.forget(once)
    assert guard.reveal(once, concealed) == "[hidden]"
    assert guard.conceal(once, "13912345678").text.text == "<PHONE_1>"
