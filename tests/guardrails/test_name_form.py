"""What belongs to a name beside its words."""

import pytest

from guardrails.name_form import widened
from guardrails.recognizers.rule import Hit


def form(text: str, name: str) -> str:
    start = text.index(name)
    hit = widened(text, Hit("PERSON", start, start + len(name), 0.7, "rule"))
    return text[hit.start : hit.end]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("see Dr. Ada Lin today", "Dr. Ada Lin"),
        ("my aunt Ada Lin", "aunt Ada Lin"),
        ("Ada Lin, MD and Ben Oak", "Ada Lin, MD"),
        ("Ada Lin DDS", "Ada Lin DDS"),
        ("Ada Lin Jr.", "Ada Lin Jr."),
        ("Ada Lin, Ph.D.", "Ada Lin, Ph.D."),
        ("Ada Lin, Lcsw on March 1st", "Ada Lin, Lcsw"),
        ("Ada Lin B to the day after", "Ada Lin B"),
        ("ask Ada Lin g tomorrow", "Ada Lin g"),
    ],
)
def test_title_degree_and_initial_belong_to_a_name(text: str, whole: str) -> None:
    assert form(text, "Ada Lin") == whole


@pytest.mark.parametrize(
    "text",
    [
        "drop Ada Lin a line",
        "Ada Lin I think",
        "Ada Lin do it",
        "the standard Ada Lin",
        "Ada Lin's",
        "Ada Lin, me and you",
    ],
)
def test_other_words_do_not(text: str) -> None:
    assert form(text, "Ada Lin") == "Ada Lin"


def test_a_single_word_takes_no_initial_and_another_kind_nothing() -> None:
    assert form("Ada B", "Ada") == "Ada"
    hit = Hit("ADDRESS", 4, 9, 0.7, "rule")
    assert widened("Dr. Place", hit) == hit
