"""What the tools for rules and for the handoff to a person answer, in both languages."""

import dataclasses
from typing import get_args

import pytest

from bot.catalogue.passages import Passages
from bot.commands import Command
from bot.facts import Source
from bot.session import Lang
from bot.state import DialogueState, Mention
from bot.tools.handoff import MAX_TEXT_CHARS, summarise
from bot.tools.policies import PolicyTools
from bot.tools.toolbox import Call, HandedOff, Miss, Tool, Toolbox
from bot.wording import say
from guardrails.findings import Concealed, VaultOwner
from tests.bot.catalogue_samples import WordEncoder
from tests.bot.shop_samples import ADA
from tests.bot.tool_samples import INTRODUCED, Wired, found, lines

LANGS: tuple[Lang, ...] = get_args(Lang)
VISITOR = VaultOwner("visitor:s1")
FOREIGN, MISSING, OWN = "TF10000004", "TF99999999", "TF10000002"


# Rules.

REFUNDS = "Refunds: Your money comes back in 3 days. It goes to the card you paid with."
COSTS = "Costs: Delivery is free from 99 yuan."
RETURNS_PAGE = Source("Returns", "policies/returns.en.md")


def test_a_message_gets_two_passages_word_for_word_under_their_headings(wired: Wired) -> None:
    english = wired.run(Call("search_policy"), None, "en", "how many days until my money comes back")
    chinese = wired.run(Call("search_policy"), None, "zh", "满多少元免运费？退款呢")
    assert lines(english) == [f"passage: {REFUNDS}", f"passage: {lines(english)[1].removeprefix('passage: ')}"]
    assert found(english).plain.text.splitlines()[0] == REFUNDS
    assert found(chinese).plain.text == "运费：满99元免运费。\n退款3天内到账，原路退回。"
    assert found(chinese).kind == "policy"


@pytest.mark.parametrize(
    ("query", "lang", "quote"),
    [("how much is delivery", "en", COSTS), ("when does my money come back", "en", REFUNDS),
     ("运费多少", "zh", "运费：满99元免运费。"), ("几天内可以退货", "zh", "退货：签收后14天内可以退货，吊牌要齐全。")],
)  # fmt: skip
def test_a_given_query_gets_one_passage_whatever_the_message_says(
    wired: Wired, query: str, lang: Lang, quote: str
) -> None:
    outcome = wired.run(Call("search_policy", query=query), None, lang, "skincare 已拆封 tags")
    assert lines(outcome) == [f"passage: {quote}"]
    assert found(outcome).plain.text == quote


def test_a_heading_that_the_passage_begins_with_is_not_said_twice(wired: Wired) -> None:
    outcome = wired.run(Call("search_policy", query="is opened skincare taken back"))
    assert lines(outcome) == ["passage: What cannot be returned: Opened skincare; Underwear."]


def test_a_page_is_named_once_and_every_page_is_named(wired: Wired) -> None:
    same = found(wired.run(Call("search_policy", topic="returns"), None, "en", "money back skincare"))
    assert len(same.lines) == 2
    assert same.sources == (RETURNS_PAGE,)
    both = found(wired.run(Call("search_policy"), None, "en", "money 99 delivery"))
    assert both.plain.text == f"{COSTS}\n{REFUNDS}"
    assert both.sources == (Source("Shipping", "policies/shipping.en.md"), RETURNS_PAGE)


@pytest.mark.parametrize(
    ("text", "lang"), [("退款3天内到账，运费满99元", "en"), ("money delivery refunds costs 99 yuan", "zh")]
)
def test_the_page_of_the_other_language_is_not_used(wired: Wired, text: str, lang: Lang) -> None:
    for call in (Call("search_policy"), Call("search_policy", query=text), Call("search_policy", topic="returns")):
        sources = found(wired.run(call, None, lang, text)).sources
        assert sources and all(source.path.endswith(f".{lang}.md") for source in sources)


@pytest.mark.parametrize("query", ["how much is delivery", None])
def test_the_topic_asked_for_decides_the_page(wired: Wired, query: str | None) -> None:
    facts = found(wired.run(Call("search_policy", topic="returns", query=query), None, "en", "how much is delivery"))
    assert facts.sources == (RETURNS_PAGE,)


@pytest.mark.parametrize("lang", LANGS)
def test_a_shop_without_rules_offers_a_person_instead(wired: Wired, lang: Lang) -> None:
    nothing = PolicyTools(Passages.build((), WordEncoder(), None))
    bare = dataclasses.replace(wired, toolbox=Toolbox((Tool("search_policy", "READ", nothing.search),)))
    assert bare.run(Call("search_policy"), None, lang) == Miss("no_policy", "confirm_handoff")


# A person.


@pytest.mark.parametrize(
    ("lang", "text", "verified", "summary"),
    [
        ("en", "it broke", True, "Verified: yes. Doing: track_order. About: Lamp A. Last message: it broke"),
        ("en", "it broke", False, "Verified: no. Doing: track_order. About: Lamp A. Last message: it broke"),
        ("zh", "坏了", True, "已验证身份：是。正在办理：track_order。涉及：Lamp A。最后一条消息：坏了"),
        ("zh", "坏了", False, "已验证身份：否。正在办理：track_order。涉及：Lamp A。最后一条消息：坏了"),
    ],
)
def test_a_colleague_is_told_what_the_dialogue_is_about(lang: Lang, text: str, verified: bool, summary: str) -> None:
    customer, lamp = ADA if verified else None, Mention("product", "P1", "Lamp A")
    state = DialogueState(lang, customer, doing=(Command("track_order", order=OWN),), topic=lamp)
    assert summarise(state, Concealed.fixed(text), lang).text.endswith(summary)


@pytest.mark.parametrize("lang", LANGS)
def test_the_last_message_reaches_the_colleague_concealed_and_shortened(wired: Wired, lang: Lang) -> None:
    concealed = wired.guard.conceal(VISITOR, INTRODUCED[lang] * 8).text
    outcome = wired.run(Call("hand_off"), None, lang, concealed)
    assert isinstance(outcome, HandedOff)
    assert "<PERSON_" in outcome.summary.text and "<EMAIL_" in outcome.summary.text
    empty = wired.run(Call("hand_off"), None, lang, "")
    assert isinstance(empty, HandedOff)
    assert len(outcome.summary.text) - len(empty.summary.text) == MAX_TEXT_CHARS + len(" … ")


@pytest.mark.parametrize("lang", LANGS)
def test_a_shop_without_service_hours_promises_none(wired: Wired, lang: Lang) -> None:
    sentence = say("handoff", lang, **wired.bot._parts.words[lang])
    assert not any(left in sentence for left in ("()", "（）", "( )", "None", "{"))
