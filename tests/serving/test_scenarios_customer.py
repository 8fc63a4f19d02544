"""The scripted customer and what it takes the bot's words for."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.scenarios.acts import ACTS, Act, act_of, asks, told_act
from serving.scenarios.customer import PATIENCE, UNKNOWN, YES, FactKey, Facts, Script, answer, begin
from tests.serving.scenario_samples import Told

FACTS: Facts = {"identity": ("My email is mia@example.com.",), "order_id": ("TF1", "TF2"), "items": ()}
SCRIPT = Script("en", ("Cancel it", "And where is my parcel?"), (FACTS,), ("No, wait",), ("Then a person",))


def talk(script: Script, acts: list[Act]) -> list[str | None]:
    """What the customer says, opening first; ``None`` ends it."""
    progress, line = begin(script)
    said: list[str | None] = [line.text]
    for act in acts:
        progress, following = answer(script, progress, act)
        said.append(following.text if following else None)
        if following is None:
            break
    return said


@pytest.mark.parametrize(
    ("acts", "said"),
    [
        (["done", "done"], ["And where is my parcel?", None]),
        (["confirm", "confirm"], ["No, wait", "Yes"]),
        (["refuse", "refuse", "refuse"], ["Then a person", "And where is my parcel?", None]),
        (["ask_identity"], ["My email is mia@example.com."]),
        (["ask_order", "ask_order", "ask_order"], ["TF1", "TF2", "TF2"]),
        (["ask_items"], ["Cancel it"]),
        (["confirm", "ask_items"], ["No, wait", "No, wait"]),
        (["ask_reason"], ["I don't remember."]),
        (["handoff", "handoff"], ["And where is my parcel?", None]),
        (["other"] * 4, ["Cancel it"] * 3 + ["And where is my parcel?"]),
    ],
)
def test_each_act_is_answered_from_the_script(acts: list[Act], said: list[str | None]) -> None:
    assert talk(SCRIPT, acts)[1:] == said


def test_each_request_has_its_own_answers_where_the_script_gives_them() -> None:
    script = Script("en", ("one", "two"), ({"order_id": ("first",)}, {"order_id": ("second",)}))
    assert talk(script, ["ask_order", "done", "ask_order"]) == ["one", "first", "two", "second"]


def test_a_chinese_customer_agrees_and_forgets_in_chinese() -> None:
    script = Script("zh", ("我要退货",), ())
    assert talk(script, ["confirm", "ask_order"]) == ["我要退货", YES["zh"], UNKNOWN["zh"]]


@given(st.lists(st.sampled_from([act for act in ACTS if act != "confirm"]), min_size=200, max_size=200))
def test_only_confirmations_can_keep_a_customer_for_ever(acts: list[Act]) -> None:
    said = talk(SCRIPT, acts)
    kinds = len(get_args(FactKey)) + len(SCRIPT.on_refusal) + 2
    assert said[-1] is None
    assert len(said) <= len(SCRIPT.queue) * kinds * PATIENCE + 10


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("Could you tell me your email, or your name and zip code?", "ask_identity"),
        ("请提供您的邮箱，或者姓名和邮编。", "ask_identity"),
        ("Which order do you mean? Please give me the order number.", "ask_order"),
        ("请问您的订单号是多少？", "ask_order"),
        ("Which of the items would you like to return?", "ask_items"),
        ("您想退哪几件商品？", "ask_items"),
        ("Which colour would you like?", "ask_options"),
        ("您想换成什么颜色？", "ask_options"),
        ("What is the reason for the cancellation?", "ask_reason"),
        ("请问取消的原因是什么？", "ask_reason"),
        ("What is the new address?", "ask_address"),
        ("请告诉我新的收货地址。", "ask_address"),
        ("Which payment method should the refund go to?", "ask_payment"),
        ("请问退款到哪张卡？", "ask_payment"),
        ("I will cancel order TF10000001 and refund ¥45.00 to your card. Shall I go ahead?", "confirm"),
        ("将取消订单 TF10000001，退款 ¥45.00。请确认是否继续？", "confirm"),
        ("I'm sorry, but this order can no longer be cancelled. It has been shipped.", "refuse"),
        ("抱歉，这个订单已经发货，无法取消。", "refuse"),
        ("Your order has been cancelled. Is there anything else?", "done"),
        ("已为您取消订单。还有什么可以帮您？", "done"),
        ("I have transferred you to a colleague.", "handoff"),
        ("已为您转接人工客服。", "handoff"),
        ("Hello!", "other"),
        ("", "other"),
    ],
)
def test_the_words_tell_what_is_waited_for(text: str, act: Act) -> None:
    assert act_of(text) == act


@given(st.text())
def test_any_words_have_an_act(text: str) -> None:
    assert act_of(text) in ACTS
    asks(text)


def test_the_bots_own_word_is_taken_where_it_is_known() -> None:
    assert told_act([object(), Told("confirm")]) == "confirm"
    assert told_act([Told("something new")]) is None
    assert told_act([]) is None
