"""What a customer can send that makes no sense, two tabs at once, a state of another version: nothing twice.

A clear answer and a shop as it was; the rules of single writes have tests of their own.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands import Command
from bot.service.case import Case
from bot.session import CustomerId, Lang
from bot.shop.compare import changes
from bot.state import STATE_VERSION, DialogueState
from bot.tools.service import ServiceTools
from bot.tools.toolbox import Call, Miss
from tests.bot.service_samples import DELIVERED, PAID, RULES, Talk, talk, talk_over

STRANGE = {
    "an unknown number, en": ("en", "cancel TF99999999, no longer needed"),
    "an unknown number, zh": ("zh", "取消TF99999999，不需要了"),
    "a day that is none, en": ("en", "cancel the order I placed on 31 February 2031, no longer needed"),
    "a day that is none, zh": ("zh", "取消我2031年2月31日下的订单，不需要了"),
    "less than nothing, en": ("en", "return -2 kettles from TF10000002 and refund -$500 to my card"),
    "less than nothing, zh": ("zh", "TF10000002的旅行水壶退-2个，退款-500元到我的银行卡"),
    "a thousand of them, en": ("en", "return 1000 jumpers from TF10000002 to my card"),
    "a code in its place, en": ("en", "exchange JU-1-S in TF10000002 for XX-9-Z'; DROP TABLE orders; --"),
    "nothing but signs": ("en", "return !!! ??? ### TF10000002"),
    "a very long one": ("en", "return " + "the very " * 900 + "jumper from TF10000002"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_makes_no_sense_changes_nothing_by_itself(tmp_path: Path, name: str) -> None:
    lang, text = STRANGE[name]
    service = talk(tmp_path, "zh" if lang == "zh" else "en")
    before = service.shop.contents()
    told = service.say(text)
    assert told
    assert changes(before, service.shop.contents()) == []


@pytest.mark.parametrize("name", STRANGE)
def test_even_a_yes_to_it_takes_back_no_more_than_was_bought_and_pays_no_more_than_was_paid(
    tmp_path: Path, name: str
) -> None:
    lang, text = STRANGE[name]
    service = talk(tmp_path, "zh" if lang == "zh" else "en")
    service.say(text)
    if service.act == "confirm":
        service.say("yes")
    bought = [item.sku for item in DELIVERED.items for _ in range(item.quantity)]
    after = service.order("TF10000002")
    assert sorted(after.returning) == sorted(set(after.returning))
    assert set(after.returning) <= set(bought)
    refunded = service.case.refunded_minor if service.case else 0
    assert 0 <= refunded <= DELIVERED.total_minor


@pytest.mark.parametrize(("lang", "text"), [("en", "cancel TF99999999"), ("zh", "取消TF99999999")])
def test_a_number_that_is_not_his_is_said_to_be_none_of_his(tmp_path: Path, lang: Lang, text: str) -> None:
    service = talk(tmp_path, lang)
    told = service.say(text)
    assert service.act == "refuse"
    assert "TF10000001" not in told


def tab(first: Talk, *texts: str) -> Talk:
    """Another dialogue over the same shop, up to its proposal."""
    other = talk_over(first)
    for text in texts:
        other.say(text)
    assert other.act == "confirm"
    return other


@pytest.mark.parametrize("round_", range(5))
def test_two_tabs_that_want_the_same_write_once(tmp_path: Path, round_: int) -> None:
    start = talk(tmp_path)
    tabs = [tab(start, "return the jumper from TF10000002 to my card") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.say("yes"), tabs))
    assert start.order("TF10000002").returning == ("JU-1-S",)
    assert start.shop.writes() == 1
    assert sorted(one.act for one in tabs) != ["done", "done"] or "twice" in "".join(one.told for one in tabs)


@pytest.mark.parametrize("round_", range(5))
def test_of_two_tabs_that_want_different_things_of_an_order_the_shop_ends_as_one_said(
    tmp_path: Path, round_: int
) -> None:
    start = talk(tmp_path, rules=replace(RULES, cancel_after_items=False))
    cancels = tab(start, "cancel TF10000001, no longer needed")
    changes_it = tab(start, "please change the jumper in TF10000001 to size L, pay with PayPal")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.say("yes"), (cancels, changes_it)))
    after = start.order("TF10000001")
    assert (after.status == "cancelled") != after.items_changed
    assert start.shop.writes() == 1


@pytest.mark.parametrize("version", [0, STATE_VERSION - 1, STATE_VERSION + 1, "two", None])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_state_of_another_version_begins_anew_in_its_language(version: object, lang: Lang) -> None:
    kept = DialogueState(
        lang=lang,
        customer_id=CustomerId("C1"),
        awaiting="service",
        doing=(Command("service", kind="return"),),
        case=Case(orders=("TF10000001",), proposal="x", proposed="y"),
    ).to_json()
    state = DialogueState.from_json({**kept, "version": version, "gone": {"old": [1]}})
    assert state == DialogueState(lang=lang)


def test_a_yes_that_comes_after_the_state_was_lost_writes_nothing(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("return the jumper from TF10000002 to my card")
    fresh = replace(service, case=DialogueState.from_json({"version": 0, "lang": "en"}).case)
    outcome = ServiceTools(fresh.shop).run(fresh.context("yes"), Call("serve", reply="yes"))
    assert outcome == Miss("unclear")
    assert (service.order("TF10000001"), service.order("TF10000002")) == (PAID, DELIVERED)
    assert service.shop.writes() == 0
