"""What each tool answers, in both languages: orders and products."""

import dataclasses
from pathlib import Path
from typing import get_args

import pytest

from bot.session import Lang
from bot.shop.records import ORDER_STATUSES
from bot.state import Mention
from bot.tools.orders import STATUS
from bot.tools.toolbox import Call, Found, Miss, ToolName
from guardrails.findings import VaultOwner
from tests.bot.shop_samples import ADA, LIN, order
from tests.bot.tool_samples import CONTENTS, MEI, NOAH, WEI, Wired, found, lines, old, wire

LANGS: tuple[Lang, ...] = get_args(Lang)
VISITOR = VaultOwner("visitor:s1")
FOREIGN, MISSING, OWN = "TF10000004", "TF99999999", "TF10000002"


# Orders.


@pytest.mark.parametrize("asked", [OWN, f"#{OWN}", OWN.lower(), f" #{OWN.lower()} ", "ＴＦ１００００００２"])
@pytest.mark.parametrize("lang", LANGS)
def test_an_order_is_tracked_by_its_number_however_it_is_typed(wired: Wired, asked: str, lang: Lang) -> None:
    outcome = wired.run(Call("track_order", order=asked), ADA, lang)
    assert isinstance(outcome, Found)
    assert outcome.topic == Mention("order", OWN, OWN)
    assert not outcome.choose


def test_a_tracked_order_says_where_it_is_and_of_its_address_the_place_only(wired: Wired) -> None:
    english, chinese = (wired.run(Call("track_order", order=OWN), ADA, lang) for lang in LANGS)
    assert lines(english) == [
        "order: TF10000002",
        "status: on its way",
        "placed: 9 November",
        "items: Green Tea",
        "total: ¥53.00",
        "carrier: SF Express",
        "tracking: SF10000002",
        "last event: 11 November Left the sorting centre",
        "expected: 28 November",
        "deliver to: Bristol, UK",
    ]
    assert found(english).plain.text == (
        "Order TF10000002: on its way. Latest news: 11 November Left the sorting centre. Carrier: SF Express. "
        "Tracking number: SF10000002. Expected on: 28 November. Items: Green Tea. Address: Bristol, UK."
    )
    assert found(chinese).plain.text == (
        "订单TF10000002：运输中。最新动态：11月11日 已离开分拣中心。承运：顺丰速运。运单号：SF10000002。"
        "预计送达：11月28日。商品：绿茶。收货地址：Bristol，UK。"
    )


@pytest.mark.parametrize("order", ["TF10000001", "TF10000005"])
def test_an_order_without_an_address_or_that_goes_nowhere_names_no_place(wired: Wired, order: str) -> None:
    customer = ADA if order == "TF10000001" else LIN
    for lang in LANGS:
        told = lines(wired.run(Call("track_order", order=order), customer, lang))
        assert told and not any(line.startswith("deliver to") for line in told)


def test_every_state_of_an_order_has_words_in_both_languages() -> None:
    assert set(STATUS) == set(ORDER_STATUSES)
    assert all(set(words) == set(LANGS) and all(words.values()) for words in STATUS.values())


def test_a_delivered_order_says_when_and_not_when_it_was_expected(wired: Wired) -> None:
    plain = found(wired.run(Call("track_order", order="TF10000006"), MEI)).plain.text
    assert plain == "Order TF10000006: delivered. Delivered on: 8 November. Items: Green Tea."


@pytest.mark.parametrize(("lang", "told"), [("en", "Handed over, signed for by"), ("zh", "已签收，签收人：")])
def test_what_a_courier_wrote_of_a_person_leaves_as_handles(wired: Wired, lang: Lang, told: str) -> None:
    outcome = wired.run(Call("track_order", order="TF10000004"), LIN, lang)
    (event,) = [line for line in lines(outcome) if line.startswith("last event")]
    assert told in event and "<PERSON_" in event and "<PHONE_" in event
    assert "林小雨" not in event and "13800130001" not in event


def test_an_older_order_under_way_is_found_behind_newer_ones_that_arrived(tmp_path: Path) -> None:
    late = [order("TF20000001", NOAH, 1), *(old(20000010 + n, NOAH, 10 + n) for n in range(6))]
    with wire(tmp_path, dataclasses.replace(CONTENTS, orders=tuple(late))) as shop:
        outcome = shop.run(Call("track_order"), NOAH)
    assert isinstance(outcome, Found)
    assert outcome.topic == Mention("order", "TF20000001", "TF20000001")


@pytest.mark.parametrize("order", [FOREIGN, MISSING, "", "' OR 1=1 --", "TF1000000_", "林小雨"])
def test_an_order_that_is_not_the_customers_is_not_found(wired: Wired, order: str) -> None:
    for lang in LANGS:
        assert wired.run(Call("track_order", order=order), ADA, lang) == Miss("order_not_found", "order")


def test_without_a_number_the_one_order_under_way_is_tracked(wired: Wired) -> None:
    for lang in LANGS:
        outcome = wired.run(Call("track_order"), ADA, lang)
        assert outcome == wired.run(Call("track_order", order=OWN), ADA, lang)


def test_without_a_number_the_only_order_is_tracked_though_it_has_arrived(wired: Wired) -> None:
    outcome = wired.run(Call("track_order"), MEI)
    assert isinstance(outcome, Found) and outcome.topic == Mention("order", "TF10000006", "TF10000006")


def test_without_a_number_several_orders_under_way_are_offered(wired: Wired) -> None:
    for lang in LANGS:
        outcome = wired.run(Call("track_order"), LIN, lang)
        assert isinstance(outcome, Found) and outcome.choose
        assert [mention.id for mention in outcome.offered] == ["TF10000004", "TF10000003"]
        assert outcome.topic is None


def test_without_a_number_and_with_nothing_under_way_the_orders_are_offered(wired: Wired) -> None:
    outcome = wired.run(Call("track_order"), WEI, "zh")
    assert outcome == wired.run(Call("list_orders"), WEI, "zh")
    assert isinstance(outcome, Found) and outcome.choose


@pytest.mark.parametrize("tool", ["track_order", "list_orders"])
def test_a_customer_without_orders_is_told_so(wired: Wired, tool: ToolName) -> None:
    for lang in LANGS:
        assert wired.run(Call(tool), NOAH, lang) == Miss("no_orders")


def test_orders_are_listed_newest_first_with_state_day_and_items(wired: Wired) -> None:
    english, chinese = (wired.run(Call("list_orders"), LIN, lang) for lang in LANGS)
    assert lines(english) == [
        "order 1: TF10000004, on its way, 5 November, Green Tea",
        "order 2: TF10000003, paid, being prepared, 4 November, Green Tea",
        "order 3: TF10000005, cancelled, 2 November, Green Tea",
    ]
    assert found(chinese).plain.text == (
        "这是您的订单：\n1. TF10000004，运输中，11月5日，绿茶\n2. TF10000003，已付款，备货中，11月4日，绿茶\n"
        "3. TF10000005，已取消，11月2日，绿茶"
    )
    assert isinstance(english, Found) and english.choose
    assert english.offered == tuple(Mention("order", o, o) for o in ("TF10000004", "TF10000003", "TF10000005"))


def test_a_single_order_is_listed_without_asking_which(wired: Wired) -> None:
    outcome = wired.run(Call("list_orders"), MEI)
    assert isinstance(outcome, Found) and len(outcome.offered) == 1 and not outcome.choose


def test_at_most_five_orders_are_listed(wired: Wired) -> None:
    outcome = wired.run(Call("list_orders"), WEI)
    assert isinstance(outcome, Found)
    assert [mention.id for mention in outcome.offered] == [f"TF{10000016 - n}" for n in range(5)]
    assert len(outcome.facts.lines) == 5


# Products.


@pytest.mark.parametrize(
    ("query", "lang", "plain"),
    [
        (
            "shirt",
            "en",
            "These might suit you:\n1. Linden Linen Shirt, ¥219.00–¥239.00, in stock\n"
            "2. Linden Wool Shirt, ¥459.00, in stock",
        ),
        ("防水背包", "zh", "为您推荐：\n1. 行山防水双肩背包，¥259.00–¥279.00，有货，防水"),
        ("耳机", "zh", "为您推荐：\n1. 低语无线耳机，¥599.00–¥649.00，有货\n2. 低语运动耳机，¥199.00，售罄"),
    ],
)
def test_products_that_fit_are_offered_with_price_stock_and_reason(
    wired: Wired, query: str, lang: Lang, plain: str
) -> None:
    outcome = wired.run(Call("find_products", query=query), None, lang)
    assert found(outcome).plain.text == plain
    rows = [row.partition(". ")[2] for row in plain.splitlines()[1:]]
    assert lines(outcome) == [f"product {n}: {row}" for n, row in enumerate(rows, 1)]
    assert isinstance(outcome, Found)
    assert [mention.name for mention in outcome.offered] == [card.name for card in outcome.facts.products]
    assert outcome.topic == (outcome.offered[0] if len(rows) == 1 else None)


@pytest.mark.parametrize("lang", LANGS)
def test_at_most_three_products_are_offered(wired: Wired, lang: Lang) -> None:
    query = "something under 700" if lang == "en" else "700元以内"
    assert len(found(wired.run(Call("find_products", query=query), None, lang)).products) == 3


@pytest.mark.parametrize(("text", "query"), [("a backpack under 200 please", "backpack"), ("200元以内的背包", "背包")])
def test_a_price_that_the_model_dropped_still_counts(wired: Wired, text: str, query: str) -> None:
    lang: Lang = "en" if text.isascii() else "zh"
    without = found(wired.run(Call("find_products", query=query), None, lang))
    priced = found(wired.run(Call("find_products", query=query), None, lang, text))
    assert len(without.products) == 2
    assert [card.product_id for card in priced.products] == ["P4"]


def test_without_a_query_the_customers_words_are_searched(wired: Wired) -> None:
    facts = found(wired.run(Call("find_products"), None, "zh", "真丝枕套"))
    assert [card.product_id for card in facts.products] == ["P2"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_search_that_finds_nothing_says_so(wired: Wired, lang: Lang) -> None:
    assert wired.run(Call("find_products", query="？？"), None, lang, "！") == Miss("nothing_found", "product")


PACK, CANVAS = (
    Mention("product", "P3", "Trailhead Waterproof Backpack"),
    Mention("product", "P4", "City Canvas Backpack"),
)
WOOL, MURMUR = Mention("product", "P8", "Linden Wool Shirt"), Mention("product", "P5", "Murmur Wireless Headphones")
WOOL_ZH, MURMUR_ZH = Mention("product", "P8", "林间羊毛衬衫"), Mention("product", "P5", "低语无线耳机")
PARCEL = Mention("order", OWN, OWN)


@pytest.mark.parametrize(
    ("text", "talked_of", "offered", "product"),
    [
        # named, in whole or by a number of its own, whatever else is there
        ("is the City Canvas Backpack in stock?", None, (), "P4"),
        ("城市帆布背包多少钱", None, (), "P4"),
        ("SKU-4-0", None, (), "P4"),
        ("City Canvas Backpack", "P1", (MURMUR,), "P4"),
        ("城市帆布背包", "P1", (MURMUR_ZH,), "P4"),
        ("the second one or the Linden Wool Shirt?", None, (PACK, CANVAS), "P8"),
        # counted out of what was offered
        ("how much is the second one", "P3", (PACK, CANVAS), "P4"),
        ("第二款有货吗", "P3", (PACK, CANVAS), "P4"),
        ("第 1 个呢", None, (PACK, CANVAS), "P3"),
        ("the first one", None, (PARCEL, CANVAS), "P4"),
        # talked about
        ("how much is it", "P4", (), "P4"),
        ("这个多少钱", "P4", (), "P4"),
        ("the third one", "P4", (PACK, CANVAS), "P4"),
        # one of those offered, by a word of its name, else the first
        ("is the shirt warm", None, (MURMUR, WOOL), "P8"),
        ("衬衫暖和吗", None, (MURMUR_ZH, WOOL_ZH), "P8"),
        ("machine washable", None, (MURMUR, WOOL), "P5"),
        ("可以机洗吗", None, (MURMUR_ZH, WOOL_ZH), "P5"),
        # the best fit
        ("waterproof backpack", None, (), "P3"),
        ("waterproof backpack", "no such product", (), "P3"),
        ("防水的双肩背包", None, (PARCEL,), "P3"),
    ],
)
def test_the_product_is_the_one_named_counted_talked_about_offered_or_the_best_fit(
    wired: Wired, text: str, talked_of: str | None, offered: tuple[Mention, ...], product: str
) -> None:
    lang: Lang = "en" if text.isascii() else "zh"
    outcome = wired.run(Call("show_product", query=text, product_id=talked_of), None, lang, text, offered=offered)
    assert isinstance(outcome, Found)
    assert outcome.topic is not None and (outcome.topic.type, outcome.topic.id) == ("product", product)
    assert [card.product_id for card in outcome.facts.products] == [product]


def test_a_product_is_shown_by_its_id_alone(wired: Wired) -> None:
    for lang in LANGS:
        assert [
            card.product_id for card in found(wired.run(Call("show_product", product_id="P4"), None, lang)).products
        ] == ["P4"]


def test_a_product_is_shown_with_price_options_details_and_what_is_sold_out(wired: Wired) -> None:
    english, chinese = (wired.run(Call("show_product", product_id="P7"), None, lang) for lang in LANGS)
    assert lines(english) == [
        "product: Linden Linen Shirt",
        "price: ¥219.00–¥239.00",
        "stock: in stock, sold out in White XL",
        "options: color White, Sky Blue; size M, XL",
        "details: fabric linen",
    ]
    head = "林间亚麻衬衫，¥219.00–¥239.00，有货，其中白色 XL售罄"
    rest = [line.partition(": ")[2] for line in lines(chinese)[3:]]
    assert rest and found(chinese).plain.text == "。".join([head, *rest])
    (card,) = found(chinese).products
    assert (card.name, card.price, card.stock) == ("林间亚麻衬衫", "¥219.00–¥239.00", "有货")
    assert card.url == "/demo?product=P7"


def test_a_product_that_is_sold_out_is_shown_so(wired: Wired) -> None:
    assert "售罄" in found(wired.run(Call("show_product", product_id="P6"), None, "zh")).plain.text
    assert "sold out. color Red. In-ear" in found(wired.run(Call("show_product", product_id="P6"))).plain.text


@pytest.mark.parametrize("lang", LANGS)
def test_no_product_is_shown_where_none_is_meant(wired: Wired, lang: Lang) -> None:
    assert wired.run(Call("show_product"), None, lang) == Miss("ask_product", "product")
    assert wired.run(Call("show_product", query="？？"), None, lang) == Miss("product_unknown", "product")
