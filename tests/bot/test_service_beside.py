"""What a message asks beside its requests, how many pieces it means, and what it takes back in the same breath."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands import Command
from bot.service.addresses import read_address
from bot.service.beside import asks_refund_time, asks_rule, asks_where, beside
from bot.service.counts import ALL, count_said
from bot.service.goods import Names
from bot.service.questions import asked_about
from bot.service.requests import read_requests
from bot.service.routing import wanted
from bot.service.values import hits
from bot.service.wants import read_wants
from bot.shop.database import write_store
from bot.shop.folder import Contents
from bot.shop.records import Address, ShopInfo, Swap
from bot.shop.store import SqliteShop
from tests.bot.service_samples import (
    CUSTOMER,
    DELIVERED,
    JUMPER,
    KETTLE,
    LAMP,
    ORDERS,
    RULES,
    Talk,
    line,
    order,
    product,
    talk,
)

ORDER = r"TF\d{8}"
TRACK = Command("track_order")


@pytest.mark.parametrize(
    ("text", "ops"),
    [
        ("Return TF10000002... wait, don't return. Just swap the jumper for an M.", ["exchange"]),
        ("TF10000001退货……哦不退了，羊毛衫换成红色的", ["exchange"]),
        ("TF10000001 can be cancelled, and TF10000004 should go to <ADDRESS_1>.", ["cancel", "address"]),
        ("We've moved: <ADDRESS_1>. Please use that for TF10000001 and my profile.", ["account_address"]),
        ("搬家了，新地址<ADDRESS_1>，TF10000001和账号都改成这个", ["account_address"]),
        ("so the kettle arrived and it is tiny. i'd like my money back", ["return"]),
        ("水壶太小了，换成1升的", ["exchange"]),
        ("Charge TF10000001 to PayPal rather than the Visa, can you change that?", ["payment"]),
        ("The jumper: red instead of navy please", ["exchange"]),
        ("那个灯不要了，换成黑色的", ["exchange"]),
        ("能退货吗？要退", ["return"]),
    ],
)
def test_what_is_said_in_one_breath_is_read_as_it_is_meant(text: str, ops: list[str]) -> None:
    assert [request.op for request in read_requests(text)] == ops


def test_what_is_told_of_another_order_is_not_done_to_it() -> None:
    (request,) = read_requests("Cancel TF10000001. TF10000004 is the one that stays.")
    assert "TF10000004" not in request.text
    (both,) = read_requests("Cancel TF10000001 and TF10000004")
    assert "TF10000004" in both.text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Call off my kettle before it goes out", ()),
        ("Cancel TF10000004. And when will TF10000001 arrive?", (Command("track_order", order="TF10000001"),)),
        ("退掉水壶，另外TF10000001几号能到？", (Command("track_order", order="TF10000001"),)),
        ("Return the kettle. How long does a refund take?", (Command("ask_policy", topic="returns"),)),
    ],
)
def test_beside_a_request_counts_only_what_a_clause_of_its_own_asks(text: str, kept: tuple[Command, ...]) -> None:
    guessed = (Command("service", kind="cancel"), TRACK, Command("find_product", query="kettle"))
    assert beside(text, guessed, ORDER) == kept


@pytest.mark.parametrize(
    ("text", "where", "rule", "refund"),
    [
        ("when does the order with the kettle get here?", True, False, False),
        ("阅读灯什么时候能送到", True, False, False),
        ("前几天到的水壶坏了", False, False, False),
        ("Within how many weeks may goods go back?", False, True, False),
        ("这类东西能退吗？", False, True, False),
        ("How soon do I see my money?", False, False, True),
        ("钱几天能退回来？", False, True, True),
        ("I want to return my lamp.", False, False, False),
    ],
)
def test_questions_are_told_apart_by_their_words(text: str, where: bool, rule: bool, refund: bool) -> None:
    assert (asks_where(text), asks_rule(text), asks_refund_time(text)) == (where, rule, refund)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("return one of the kettles", 1),
        ("i ordered four, please take the other three back", 3),
        ("just one of them. no, both of them", ALL),
        ("只退两个", 2),
        ("其中一条换成m", 1),
        ("四个都退", 4),
        ("return the kettle within two days", None),
    ],
)
def test_how_many_pieces_are_meant(text: str, count: int | None) -> None:
    assert count_said(text) == count


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("On what day was my exchange accepted?", "settled"),
        ("我的退款是什么时候打的？", "settled"),
        ("Which courier brings my kettle?", "carrier"),
        ("我那单是什么快递？", "carrier"),
        ("How long until I get my money back?", None),
    ],
)
def test_dates_of_returns_and_carriers_are_asked_of_ones_own(text: str, about: str | None) -> None:
    assert asked_about(text) == about


def test_a_short_question_is_about_the_order_that_is_spoken_of() -> None:
    assert asked_about("with what?", of_order=True) == "method"
    assert asked_about("with what?") is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "9 Quay Street, Boston, MA 02199. And use it for my account",
            Address("9 Quay Street", "", "Boston", "MA", "02199", "USA"),
        ),
        ("Lindenallee 3, 50667 Köln, Germany thanks", Address("Lindenallee 3", "", "Köln", "", "50667", "Germany")),
        (
            "广东省深圳市南山区科苑路15号，邮编518057，TF10000001和账户都用它",
            Address("南山区科苑路15号", "", "深圳市", "广东省", "518057", ""),
        ),
    ],
)
def test_an_address_ends_where_its_sentence_ends(text: str, address: Address) -> None:
    assert read_address(text) == address


def test_a_value_that_is_too_much_is_not_what_is_wished() -> None:
    wants = read_wants("红色的吧，藏青色太暗", JUMPER, "zh")
    assert wants.hard == {"颜色": ("红色",)}
    assert wants.never == {"颜色": ("藏青",)}
    sized = {"size": ("M 75×55 cm", "L 95×70 cm")}
    assert [hit.value for hit in hits("the l", sized)] == ["L 95×70 cm"]


@pytest.mark.parametrize(("text", "name"), [("把裙子退了", "亚麻长裙"), ("毛衣换一件", "羊毛衫"), ("t恤", "纯棉T恤")])
def test_everyday_words_name_a_thing_in_chinese(text: str, name: str) -> None:
    goods = [product("A-1", "Thing", name), product("A-2", "Other", "台灯")]
    assert [mention.products for mention in Names(goods, goods).find(text)] == [("A-1",)]


def test_a_question_in_general_is_no_request() -> None:
    assert wanted("Could I send back things like that?", ORDER) == ()


THREE = order("TF10000005", "delivered", line("KE-1-1", 3))


def test_so_many_pieces_go_back_as_are_said(tmp_path: Path) -> None:
    service = talk(tmp_path, orders=(THREE,))
    service.say("I bought three travel kettles and want to return the other two to my card")
    service.say("yes")
    assert service.order("TF10000005").returning == ("KE-1-1", "KE-1-1")


def test_one_and_then_all_of_them(tmp_path: Path) -> None:
    service = talk(tmp_path, orders=(THREE,))
    service.say("Return one of the kettles to my card please")
    service.say("Hm, return all of them")
    assert service.act == "confirm"
    service.say("yes")
    assert service.order("TF10000005").returning == ("KE-1-1",) * 3


def test_an_order_named_without_a_thing_asks_which(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("something in TF10000002 has to go back, return it to my card")
    assert service.act == "ask_items"
    service.say("the lamp")
    assert service.act == "confirm"


def test_only_what_stays_is_named_nothing_is_done_to_it(tmp_path: Path) -> None:
    service = talk(tmp_path)
    service.say("Take the jumper out of TF10000001, keep the lamp")
    assert service.act == "refuse"
    assert service.order("TF10000001").status == "paid"


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("I opened the kettle and brewed with it: return it from TF10000002 to my card", "refuse"),
        ("TF10000002的旅行水壶拆开了，退掉", "refuse"),
        ("The kettle is unopened, return it from TF10000002 to my card", "confirm"),
        ("I opened the kettle, it is cracked: return it from TF10000002 to my card", "confirm"),
    ],
)
def test_opened_goods_go_back_only_when_they_are_faulty(tmp_path: Path, text: str, act: str) -> None:
    sealed = replace(KETTLE, tags=("tea",))
    info = ShopInfo("Sample Shop", currency="USD", order_pattern=r"TF\d{8}")
    rules = replace(RULES, sealed=("tea",), refund_to="original")
    shop = Contents(info, (LAMP, JUMPER, sealed), (CUSTOMER,), ORDERS, rules=rules)
    write_store(shop, tmp_path / "shop.sqlite", "sample")
    service = Talk(SqliteShop(tmp_path / "shop.sqlite"))
    service.say(text)
    assert service.act == act


def test_a_colour_that_was_named_stays_when_the_size_changes(tmp_path: Path) -> None:
    service = talk(tmp_path)
    told = service.say("Make the navy jumper in TF10000001 an XXL")
    assert "→" not in told


def test_a_thing_is_exchanged_instead_of_another_of_its_kind(tmp_path: Path) -> None:
    service = talk(tmp_path, orders=(DELIVERED,))
    service.say("From TF10000002: jumper in M instead of S (same navy), difference to my card")
    service.say("yes")
    assert service.order("TF10000002").exchanging == (Swap("JU-1-S", "JU-1-M"),)
