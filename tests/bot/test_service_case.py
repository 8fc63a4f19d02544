"""A service case from the first message to the shop's records: asked, proposed, confirmed, corrected, refused."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.service.case import Case
from bot.shop.compare import changes
from bot.shop.folder import adapter
from bot.shop.records import Product, Swap
from bot.shop.store import SqliteShop
from bot.tools.service import ServiceTools
from bot.tools.toolbox import Call, Told
from tests.bot.service_samples import DELIVERED, HOME, JUMPER, LATE, PAID, RULES, WORK, talk, talk_over


def test_a_return_is_proposed_with_its_amount_and_done_after_a_yes(tmp_path: Path) -> None:
    service = talk(tmp_path)
    told = service.say("I want to return the jumper from TF10000002, refund to my card please")
    assert service.act == "confirm"
    assert "$90.00" in told
    assert service.order("TF10000002") == DELIVERED
    service.say("yes")
    assert service.act == "done"
    after = service.order("TF10000002")
    assert (after.status, after.returning, after.settle_method) == ("return_requested", ("JU-1-S",), "card_1")


@pytest.mark.parametrize("answer", ["no", "never mind", "算了"])
def test_without_a_yes_nothing_is_done(tmp_path: Path, answer: str) -> None:
    service = talk(tmp_path)
    service.say("return the jumper from TF10000002 to my card")
    service.say(answer)
    assert changes(talk(tmp_path / "..").shop.contents(), service.shop.contents()) == []


def test_a_correction_at_the_confirmation_is_proposed_anew(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("I want to return the jumper and the kettle from TF10000002 to my card")
    told = service.say("Actually, only return the kettle")
    assert service.act == "confirm"
    assert "Kettle" in told
    assert "Jumper" not in told
    service.say("yes")
    assert service.order("TF10000002").returning == ("KE-1-1",)


def test_more_can_be_added_at_the_confirmation(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("return the jumper from TF10000002 to my card")
    service.say("Wait, I also want to return the kettle in that order")
    service.say("yes")
    assert service.order("TF10000002").returning == ("JU-1-S", "KE-1-1")


def test_a_paid_order_is_changed_and_a_delivered_one_exchanged(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("please change the jumper in TF10000001 to size L, pay with PayPal")
    service.say("yes")
    changed = service.order("TF10000001")
    assert [item.sku for item in changed.items] == ["LA-1-2", "JU-1-L"]
    service.say("exchange the jumper in TF10000002 for size M, any difference to my card")
    service.say("yes")
    assert service.order("TF10000002").exchanging == (Swap("JU-1-S", "JU-1-M"),)


def test_two_requests_are_done_one_after_the_other(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("Cancel order TF10000001, I ordered it by mistake, and return the kettle in TF10000002 to my card.")
    assert "TF10000001" in service.told
    service.say("yes")
    assert service.act == "confirm"
    assert "TF10000002" in service.told
    service.say("yes")
    assert service.order("TF10000001").status == "cancelled"
    assert service.order("TF10000002").returning == ("KE-1-1",)


def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("I'd like to cancel an order")
    assert service.act == "ask_order"
    service.say("TF10000001")
    assert service.act == "ask_reason"
    service.say("I no longer need it")
    assert service.act == "confirm"
    service.say("yes")
    assert service.order("TF10000001").cancel_reason == "no longer needed"


def test_a_change_needs_to_know_into_what(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("I want to exchange the jumper in TF10000002")
    assert service.act == "ask_options"
    assert "size" in service.told
    service.say("size L")
    assert service.act == "ask_payment"
    service.say("my PayPal")
    assert service.act == "confirm"
    assert "$5.00" in service.told


def test_what_the_rules_forbid_is_refused_with_the_reason(tmp_path: Path) -> None:
    service = talk(tmp_path)
    assert "14" in service.say("return the kettle from TF10000003 to my card")
    assert service.act == "refuse"
    assert service.order("TF10000003") == LATE
    assert "delivered" in service.say("cancel order TF10000002")
    assert service.act == "refuse"


def test_somebody_elses_order_is_not_there(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("cancel order TF99999999, no longer needed")
    assert service.act == "refuse"
    assert "TF99999999" not in service.told


def test_after_a_refusal_the_customer_may_want_something_else(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("Cancel just the lamp in TF10000001")
    assert service.act == "refuse"
    service.say("Then cancel the entire order, I no longer need it")
    assert service.act == "confirm"
    service.say("yes")
    assert service.order("TF10000001").status == "cancelled"


def test_a_condition_is_followed_by_itself(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say(
        "Change the lamp in TF10000001 to low brightness and black. If that is not available, cancel the whole order,"
        " I no longer need it."
    )
    assert service.act == "confirm"
    assert "Cancel order TF10000001" in service.told


def test_an_address_may_be_the_one_on_the_account(tmp_path: Path) -> None:
    service = talk(tmp_path)
    told = service.say("deliver order TF10000004 to my default address instead")
    assert service.act == "confirm"
    assert "Larch" not in told
    service.say("yes")
    assert service.order("TF10000004").address == HOME


def test_an_address_may_be_that_of_another_order(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("change the address of TF10000001 to my Boston address, the one in my other order")
    service.say("yes")
    assert service.order("TF10000001").address == WORK


def test_the_same_confirmation_twice_does_nothing_twice(tmp_path: Path) -> None:
    first = talk(tmp_path)
    first.say("return the jumper from TF10000002 to my card")
    second = replace(first)
    first.say("yes")
    second.say("yes")
    assert first.order("TF10000002").returning == ("JU-1-S",)
    assert first.shop.writes() == 1


def test_it_works_in_chinese(tmp_path: Path) -> None:
    service = talk(tmp_path, "zh")
    told = service.say("把TF10000002里的羊毛衫换成M码，差价用信用卡")
    assert service.act == "confirm", told
    assert "确认办理吗" in told
    service.say("是")
    assert service.order("TF10000002").exchanging == (Swap("JU-1-S", "JU-1-M"),)
    service.say("取消订单TF10000001，不需要了")
    assert service.act == "confirm"
    service.say("是")
    assert service.order("TF10000001").status == "cancelled"


def test_a_case_survives_its_way_through_a_checkpoint(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("Change the lamp in TF10000001 to black. If not possible, cancel it. Also return the kettle.")
    assert service.case is not None
    assert Case.from_json(json.loads(json.dumps(service.case.to_json()))) == service.case
    assert Case.from_json(None) is None


WORDS = st.sampled_from(
    [
        "return",
        "cancel",
        "exchange",
        "change",
        "keep",
        "the",
        "my",
        "all",
        "both",
        "except",
        "only",
        "also",
        "kettle",
        "lamp",
        "jumper",
        "order",
        "TF10000001",
        "TF10000002",
        "to",
        "black",
        "red",
        "size",
        "M",
        "card",
        "gift",
        "PayPal",
        "if",
        "not",
        "possible",
        "then",
        "address",
        "Boston",
        "default",
        "no",
        "longer",
        "needed",
        "退",
        "换",
        "取消",
        "水壶",
        "灯",
        "羊毛衫",
        "订单",
        "地址",
        "不要",
        "红色",
        ".",
        ",",
        "?",
        ";",
        "yes",
    ]
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(WORDS, min_size=1, max_size=14).map(" ".join), min_size=1, max_size=4))
def test_no_words_but_a_yes_to_a_proposal_ever_write(tmp_path: Path, messages: list[str]) -> None:
    service = talk(tmp_path, rules=RULES)
    before = service.shop.contents()
    for message in messages:
        try:
            service.say(f"please {message}")
        except AssertionError as error:  # nothing in it is a request: the model's turn
            assert "Miss" in str(error)
    assert changes(before, service.shop.contents()) == []
    assert service.order("TF10000001") == PAID


def test_a_yes_carries_out_what_was_read_and_nothing_else(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("please change the jumper in TF10000001 to the cheapest one in size L, pay with PayPal")
    assert service.act == "confirm"
    other = talk_over(service)
    other.say("cancel order TF10000001, no longer needed")
    other.say("yes")
    before = service.order("TF10000001")
    service.say("yes")
    assert service.act == "refuse"
    assert service.order("TF10000001") == before


def test_a_price_that_changed_meanwhile_is_proposed_again(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("please change the jumper in TF10000001 to size L, pay with PayPal")
    dearer = replace(JUMPER, variants=tuple(replace(v, price_minor=v.price_minor + 700) for v in JUMPER.variants))
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as file, file:
        body = adapter(Product).dump_json(dearer).decode()
        file.execute("UPDATE products SET body = ? WHERE product_id = ?", (body, dearer.product_id))
    service = replace(service, shop=SqliteShop(tmp_path / "shop.sqlite"))
    told = service.say("yes")
    assert service.act == "confirm"
    assert "$12.00" in told
    assert service.order("TF10000001") == PAID
    service.say("yes")
    assert service.order("TF10000001").items_changed


def test_what_was_done_once_can_be_wanted_again_in_another_dialogue(tmp_path: Path) -> None:
    first = talk(tmp_path)
    for text, address in (("to my Boston address, the one in my other order", WORK), ("to my default address", HOME)):
        now = talk_over(first)
        now.say(f"change the address of TF10000001 {text}")
        now.say("yes")
        assert now.order("TF10000001").address == address
    again = talk_over(first)
    again.say("change the address of TF10000001 to my Boston address, the one in my other order")
    again.say("yes")
    assert again.order("TF10000001").address == WORK


def test_part_of_an_order_is_not_the_order(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("please remove the lamp from TF10000001, the rest can go ahead")
    assert service.act == "refuse"
    zh = talk(tmp_path, "zh")
    zh.say("TF10000001把阅读灯去掉，别的照发，不需要了")
    assert zh.act == "refuse"


def test_of_several_orders_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    service = talk(tmp_path)
    told = service.say("cancel TF10000001 and TF10000002, I no longer need them")
    assert service.act == "confirm"
    assert "TF10000002 is delivered" in told
    service.say("yes")
    assert (service.order("TF10000001").status, service.order("TF10000002").status) == ("cancelled", "delivered")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("What is the tracking number of TF10000002?", "SF10000000002"),
        ("How much did I pay for the kettle in TF10000002?", "$30.00"),
        ("What is my gift card balance?", "$20.00"),
        ("What is the total I will get back?", "Nothing"),
        ("Where was order TF10000004 sent to?", "<ADDRESS_1>"),
    ],
)
def test_questions_about_ones_own_are_answered_from_the_records(tmp_path: Path, text: str, answer: str) -> None:
    service = talk(tmp_path)
    outcome = ServiceTools(service.shop).tell(service.context(text), Call("tell_account"))
    assert isinstance(outcome, Told), outcome
    assert answer in outcome.text.text


def test_what_is_stored_of_a_case_holds_no_address(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("deliver order TF10000004 to my default address instead")
    assert service.case is not None
    stored = json.dumps(service.case.to_json())
    assert service.case.proposed
    assert not [part for part in (HOME.line1, HOME.postal_code, "Portland") if part in stored]
