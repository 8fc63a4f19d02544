"""What goes in comes out: conceal, reveal, streaming, owners, concurrency. test_properties.py has the same for any text."""
# ruff: noqa: E501 - one case a line

from concurrent.futures import ThreadPoolExecutor

import pytest

from guardrails import handles
from guardrails.errors import UnknownHandle
from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails
from tests.guardrails.guard_samples import BOB, OWNER


def test_every_character_by_itself_is_streamed_like_the_whole(guard: Guardrails) -> None:
    text = guard.conceal(OWNER, "Send it to Yusuf Rossi, 13800138000, 我叫王小明。").text.text
    for reply in (
        text,
        "请拨打13912345678，或找<PERSON_1>。Done, < person_2 > is told.",
        "Call 212-555-0188 or visit 12 Elm Street, Springfield now",
    ):
        stream = guard.stream(OWNER)
        assert "".join(stream.feed(char) for char in reply) + stream.finish() == guard.reveal(OWNER, reply)


def test_ordinary_words_are_not_held_back_for_long(guard: Guardrails) -> None:
    stream = guard.stream(OWNER)
    held = []
    for (
        char
    ) in "Your parcel left our warehouse this morning and should be with you soon, thank you for your patience with us":
        stream.feed(char)
        held.append(stream.held_chars)
    assert max(held) <= 24


def test_one_value_keeps_one_handle_in_every_spelling(guard: Guardrails) -> None:
    first = guard.conceal(OWNER, "13800138000").text.text
    second = guard.conceal(OWNER, "+86 138-0013-8000").text.text
    assert [str(h.number) + h.kind for _, _, h in handles.find(first)] == [
        str(h.number) + h.kind for _, _, h in handles.find(second)
    ]
    assert guard.reveal(OWNER, second) == "+86 138-0013-8000"
    assert guard.open(OWNER, "<PHONE_1>") == "13800138000"
    assert guard.conceal(OWNER, "13800138001").text.text == "<PHONE_2>"


def test_a_typed_handle_is_never_restored_to_a_value(guard: Guardrails) -> None:
    guard.conceal(OWNER, "13800138000")
    concealed = guard.conceal(OWNER, "what is <PHONE_1> or ＜phone_1＞?").text.text
    assert "PHONE_1" not in concealed.upper()
    assert guard.reveal(OWNER, concealed) == "what is <PHONE_1> or ＜phone_1＞?"


def test_a_mangled_handle_is_restored_and_an_invented_one_is_hidden(guard: Guardrails) -> None:
    guard.conceal(OWNER, "13800138000")
    assert (
        guard.reveal(OWNER, "Call < phone_1 > or ＜PHONE_1＞ or <PHONE_7>")
        == "Call 13800138000 or 13800138000 or [hidden]"
    )
    assert guard.reveal(OWNER, "请拨打<PHONE_9>") == "请拨打[已隐藏]"


def test_a_value_of_unknown_origin_is_hidden_and_an_own_one_is_shown(guard: Guardrails) -> None:
    guard.conceal(OWNER, "my phone is 212-555-0142")
    assert guard.reveal(OWNER, "We will call 212-555-0142.") == "We will call 212-555-0142."
    assert guard.reveal(OWNER, "We will call 212-555-0199.") == "We will call [hidden]."
    assert guard.reveal(BOB, "We will call 212-555-0142.") == "We will call [hidden]."
    assert guard.reveal(OWNER, "电话是13912345678。") == "电话是[已隐藏]。"


def test_a_record_is_masked_for_the_customer_until_he_types_it_himself(guard: Guardrails) -> None:
    handle = guard.conceal_value(OWNER, "PHONE_NUMBER", "13800138000").text
    assert guard.reveal(OWNER, handle) == "138****8000"
    assert guard.reveal(OWNER, handle, "human_agent") == "13800138000"
    assert guard.reveal(OWNER, handle, "log") == guard.reveal(OWNER, handle, "model") == "<PHONE_1>"
    guard.conceal(OWNER, "13800138000")
    assert guard.reveal(OWNER, handle) == "13800138000"


def test_the_shops_numbers_and_names_stay_readable(guard: Guardrails) -> None:
    for text in (
        "Where is order #W2378156, tracking SF1234567890123?", "订单TF10293847的云感蚕丝被什么时候到", "I want the Diego Backpack, SKU-88231, item 3348917502",
        "the price is $1,299.00, size 42, 11 November 2026, 2026-11-28",
    ):  # fmt: skip
        assert guard.conceal(OWNER, text).text.text == text


def test_a_sure_phone_beats_a_shops_pattern_of_bare_digits(guard: Guardrails) -> None:
    assert guard.conceal(OWNER, "my phone number is 2125550142").text.text == "my phone number is <PHONE_1>"


def test_many_at_once_get_one_handle_for_one_value(guard: Guardrails) -> None:
    owners = [VaultOwner(f"c{n % 3}") for n in range(48)]
    with ThreadPoolExecutor(12) as pool:
        texts = list(pool.map(lambda o: guard.conceal(o, "call 13800138000 or mei.lin@example.com").text.text, owners))
    assert set(texts) == {"call <PHONE_1> or <EMAIL_1>"}


def test_many_different_values_at_once_get_different_handles(guard: Guardrails) -> None:
    with ThreadPoolExecutor(12) as pool:
        got = list(pool.map(lambda n: guard.conceal(OWNER, f"1380013{8000 + n}").text.text, range(40)))
    assert len(set(got)) == 40
    assert all(guard.reveal(OWNER, handle) == f"1380013{8000 + n}" for n, handle in enumerate(got))


def test_a_tool_opens_only_what_the_owner_has(guard: Guardrails) -> None:
    guard.conceal(OWNER, "mail mei.lin@example.com")
    assert guard.open(OWNER, "<EMAIL_1>") == "mei.lin@example.com"
    for owner, handle in ((BOB, "<EMAIL_1>"), (OWNER, "<EMAIL_2>"), (OWNER, "mei.lin@example.com"), (OWNER, "")):
        with pytest.raises(UnknownHandle):
            guard.open(owner, handle)


def test_a_json_tool_argument_makes_the_round_trip(guard: Guardrails) -> None:
    text = '{"name": "Yusuf Rossi", "phone": "13800138000", "order": "#W2378156"}'
    concealed = guard.conceal(OWNER, text).text.text
    assert "13800138000" not in concealed and "#W2378156" in concealed
    assert guard.reveal(OWNER, concealed, "tool") == text


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("it takes 5 days or so to come", 14),
        ("you paid $19.99 for it in all", 18),
        ("size 42 is what you have now", 14),
    ],
)
def test_behind_a_number_that_is_no_address_the_stream_goes_on(guard: Guardrails, text: str, most: int) -> None:
    stream = guard.stream(OWNER)
    assert max((stream.feed(char), stream.held_chars)[1] for char in text) <= most


def test_a_title_makes_no_other_person(guard: Guardrails) -> None:
    first = guard.conceal(OWNER, "My name is Yusuf Rossi").text.text
    with_title = guard.conceal(OWNER, "Dear Dr. Yusuf Rossi, hello").text.text
    assert first.removeprefix("My name is ") == "<PERSON_1>" and "<PERSON_1" in with_title
    assert guard.reveal(OWNER, with_title) == "Dear Dr. Yusuf Rossi, hello"
