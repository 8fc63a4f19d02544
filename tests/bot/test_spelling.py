"""Mistyped words as they were meant, where a list of words is known; everything else as it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.spelling import Spelling

WORDS = Spelling(("parcel", "refund", "voucher", "delivery", "exchange", "lantern", "panel"), usual=5)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("where is my pracel", "where is my parcel"),
        ("Refnud!", "refund!"),
        ("a vocuhre", "a voucher"),
        ("dleivrey on friday", "delivery on friday"),
        ("a lantrn", "a lantrn"),  # not among the usual ones
        ("the panel", "the panel"),  # known, though near to "parcel"
        ("TF1029384 <PERSON_1> pra", "TF1029384 <PERSON_1> pra"),
        ("我的parcle呢", "我的parcle呢"),
    ],
)
def test_a_slip_becomes_the_usual_word_that_is_near(typed: str, meant: str) -> None:
    assert WORDS.corrected(typed) == meant


@given(st.text(max_size=80))
def test_without_a_list_nothing_changes(text: str) -> None:
    assert Spelling(()).corrected(text) == text


@given(st.text(max_size=80))
def test_what_was_mended_stays_as_it_is(text: str) -> None:
    once = WORDS.corrected(text)
    assert WORDS.corrected(once) == once
