"""How a request is read where several readings are near: what is only told, corrections, conditions, alike things."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.service.questions import asked_about
from bot.service.requests import read_requests
from bot.session import Lang
from tests.bot.service_samples import DELIVERED, ELSEWHERE, LATE, NOW, ORDERS, PAID, WORK, line, order, talk

EN, ZH = "en", "zh"


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        (EN, "I got a lamp and a kettle in TF10000002. I want to send back only the kettle, to my card."),
        (ZH, "TF10000002里有阅读灯和旅行水壶。我只要退旅行水壶，退到银行卡"),
    ],
)
def test_what_is_only_told_is_not_sent_back(tmp_path: Path, lang: Lang, text: str) -> None:
    service = talk(tmp_path, lang)
    service.say(text)
    service.say("yes")
    assert service.order("TF10000002").returning == ("KE-1-1",)


def test_what_is_told_counts_where_the_wish_speaks_of_it(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("The lamp in TF10000002 flickers. I want to return it together with the kettle, to my card.")
    service.say("yes")
    assert service.order("TF10000002").returning == ("KE-1-1", "LA-1-1")


@pytest.mark.parametrize("fix", ["Hold on, I'll keep the jumper after all. Just the kettle.", "Wait, only the kettle"])
def test_a_pause_with_a_correction_is_a_correction(tmp_path: Path, fix: str) -> None:
    service = talk(tmp_path)
    service.say("return the jumper and the kettle from TF10000002 to my card")
    told = service.say(fix)
    assert service.act == "confirm"
    assert "Jumper" not in told
    assert "Kettle" in told


@pytest.mark.parametrize("text", ["hold on", "Stop it, please!", "hold on a second"])
def test_a_bare_pause_does_nothing(tmp_path: Path, text: str) -> None:
    service = talk(tmp_path)
    service.say("return the jumper from TF10000002 to my card")
    service.say(text)
    assert service.act == "done"
    assert service.order("TF10000002") == DELIVERED


def test_it_is_not_the_order_that_can_no_longer_be_cancelled(tmp_path: Path) -> None:
    service = talk(tmp_path, orders=(PAID, DELIVERED))
    service.say("return the jumper from TF10000002 to my card")
    service.say("yes")
    service.say("Also, please cancel my open order, I no longer need it.")
    service.say("yes")
    assert service.order("TF10000001").status == "cancelled"


def test_after_a_refusal_another_thing_may_be_meant(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("return the lamp from TF10000003 to my card")
    service.say("cancel the order with the jumper, no longer needed")
    service.say("yes")
    assert service.order("TF10000001").status == "cancelled"
    assert service.order("TF10000003") == LATE


@pytest.mark.parametrize(
    ("days", "act"), [((9, 3), "confirm"), ((3, 3), "ask_order")], ids=["their days are known", "of the same day"]
)
def test_the_older_of_two_orders_is_known_by_its_day_or_asked_for(
    tmp_path: Path, days: tuple[int, int], act: str
) -> None:
    now = PAID.placed_at or NOW
    both = [replace(o, placed_at=now - timedelta(days=n)) for o, n in zip((PAID, ELSEWHERE), days, strict=True)]
    service = talk(tmp_path, orders=(*both, DELIVERED))
    told = service.say("TF10000001 and TF10000004 are both open. Cancel the older one, I no longer need it.")
    assert service.act == act
    if act == "confirm":
        assert "TF10000001" in told
        assert "TF10000004" not in told
    else:
        service.say("TF10000001 and TF10000004")
        assert service.act == "refuse"


@pytest.mark.parametrize(
    ("lang", "text"), [(EN, "exchange the jumper in TF10000001 for a navy one"), (ZH, "TF10000001的羊毛衫换成藏青色的")]
)
def test_a_wish_for_what_it_is_already_is_asked_about(tmp_path: Path, lang: Lang, text: str) -> None:
    service = talk(tmp_path, lang)
    service.say(text)
    assert service.act == "ask_options"


def test_one_size_up_is_the_next_size(tmp_path: Path) -> None:
    service = talk(tmp_path)
    told = service.say("I need the jumper in TF10000001 one size up, same color, pay with PayPal please")
    assert "(L, navy)" in told


def test_a_wish_before_the_name_counts_after_a_refusal(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("exchange the jumper in TF10000001 for the same one, use PayPal")
    assert service.act == "refuse"
    told = service.say("Then get me the red jumper instead")
    assert service.act == "confirm"
    assert "(M, red)" in told


def test_the_last_way_to_pay_counts(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("return the jumper from TF10000002")
    service.say("my card")
    told = service.say("I changed my mind: put it on the gift card")
    assert service.act == "confirm"
    assert "gift card" in told


@pytest.mark.parametrize(
    "text",
    [
        "Change the jumper in TF10000001 to size L. I prefer PayPal for any payment or refund.",
        "I want to cancel the lamp order, no longer needed. Refund it to my PayPal.",
        "I want to exchange the lamp; if it is not available, keep it.",
    ],
)
def test_a_hint_is_no_second_request(text: str) -> None:
    assert len(read_requests(text)) == 1


@pytest.mark.parametrize(
    ("text", "ops"),
    [
        ("It went to my son by mistake, change it to my own address", ["address"]),
        ("Change the jumper to red, and ship that order to 9 Elm Road, Salem, OR 97301", ["exchange", "address"]),
        ("Could the kettle be white rather than black?", ["exchange"]),
        ("My order should be here by now", []),
    ],
)
def test_what_is_wanted_is_heard(text: str, ops: list[str]) -> None:
    assert [request.op for request in read_requests(text)] == ops


@pytest.mark.parametrize(
    ("condition", "act"),
    [
        ("only if it is cheaper", "refuse"),
        ("if the difference is under $10", "confirm"),
        ("if it costs less than $50", "refuse"),
        ("if it does not cost more", "refuse"),
    ],
)
def test_a_condition_on_the_price_is_kept(tmp_path: Path, condition: str, act: str) -> None:
    service = talk(tmp_path)
    service.say(f"Change the lamp in TF10000001 to the black one {condition}, pay with PayPal")
    assert service.act == act


def test_otherwise_is_what_to_do_instead(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("Change the lamp in TF10000001 to the black low one, otherwise cancel the order, no longer needed")
    assert service.act == "confirm"
    service.say("yes")
    assert service.order("TF10000001").status == "cancelled"


def test_what_there_is_is_listed_with_prices_where_it_is_asked(tmp_path: Path) -> None:
    service = talk(tmp_path)
    told = service.say("I want to change the lamp in TF10000001 to a black one, use PayPal. What options are there?")
    assert service.act == "confirm"
    assert "$55.00" in told


def test_a_question_in_a_request_is_answered_before_the_proposal(tmp_path: Path) -> None:
    service = talk(tmp_path)
    told = service.say("Send TF10000001 to 5 Elm Road, Salem, OR 97301, and confirm the order's total price.")
    assert service.act == "confirm"
    assert told.index("$140.00") < told.index("Deliver order")


@pytest.mark.parametrize("but", ["the one with the lamp", "TF10000001"])
def test_all_orders_but_one(tmp_path: Path, but: str) -> None:
    service = talk(tmp_path)
    service.say(f"cancel all my open orders except {but}, ordered by mistake")
    service.say("yes")
    assert service.order("TF10000004").status == "cancelled"
    assert service.order("TF10000001") == PAID


def test_each_thing_is_of_the_order_named_with_it(tmp_path: Path) -> None:
    boston = order("TF10000005", "delivered", line("KE-1-1"), line("JU-1-S"), to=WORK)
    service = talk(tmp_path, orders=(*ORDERS, boston))
    service.say("return the kettle from my Boston order and the jumper from the Portland order, to my card")
    service.say("yes")
    assert service.order("TF10000005").returning == ("KE-1-1",)
    assert service.order("TF10000002").returning == ("JU-1-S",)


def test_one_wish_holds_for_all_things_of_a_list(tmp_path: Path) -> None:
    service = talk(tmp_path)
    told = service.say("exchange the kettle and the lamp in TF10000002 for the most expensive ones, use PayPal")
    assert "(1 l, yes)" in told
    assert "(black, high)" in told


def test_the_one_that_stays_says_nothing_of_the_other(tmp_path: Path) -> None:
    two = order("TF10000006", "paid", line("JU-1-S"), line("JU-1-M"))
    service = talk(tmp_path, orders=(two,))
    told = service.say("I ordered two jumpers. Change the S one to L. The M one stays as it is. Use PayPal.")
    assert service.act == "confirm"
    assert "(S, navy) → Wool Jumper (L, navy)" in told


@pytest.mark.parametrize(
    ("text", "about"),
    [("What is the total refund of the returns?", "back"), ("How long do returns take?", None)],
)
def test_what_the_returns_come_to_is_a_question_about_ones_own(text: str, about: str | None) -> None:
    assert asked_about(text) == about
