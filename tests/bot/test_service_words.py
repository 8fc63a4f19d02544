"""What words ask for: requests, things, options and wishes, without a shop's rules."""

import pytest

from bot.service.addresses import read_address
from bot.service.goods import Names
from bot.service.payments import named_methods
from bot.service.questions import asked_about
from bot.service.requests import read_requests
from bot.service.routing import answer_to, wanted
from bot.service.values import hits
from bot.service.wants import fitting, options_of, read_wants
from bot.session import Lang
from bot.shop.records import Address, Product
from tests.bot.service_samples import CARD, GIFT, JUMPER, KETTLE, LAMP, PAYPAL, PRODUCTS

ORDER = r"TF\d{8}"


@pytest.mark.parametrize(
    ("text", "ops"),
    [
        ("I want to return the kettle.", ["return"]),
        ("Please cancel order TF10000001, I ordered it by mistake.", ["cancel"]),
        ("Cancel TF10000001 and return the kettle I received.", ["cancel", "return"]),
        ("I'd like to swap the jumper for a red one.", ["exchange"]),
        ("Could you deliver TF10000001 to 9 Quay Street instead?", ["address"]),
        ("Please change the address of my order to my default address.", ["address"]),
        ("Change my default address to 9 Quay Street, Boston, MA 02199.", ["account_address"]),
        ("Switch the payment method of TF10000001 to PayPal.", ["payment"]),
        ("What is the tracking number of my cancelled order?", []),
        ("How long do I have to return something?", []),
        ("我要退掉那个水壶", ["return"]),
        ("帮我把羊毛衫换成红色的", ["exchange"]),
        ("取消订单TF10000001，拍错了", ["cancel"]),
        ("TF10000001改寄到上海市浦东新区张杨路500号", ["address"]),
        ("我的默认地址改成上海市浦东新区张杨路500号", ["account_address"]),
        ("水壶退货，另外把灯换成黑色的", ["return", "exchange"]),
        ("TF10000001不要了，拍错了；TF10000004寄到上海市浦东新区张杨路500号", ["cancel", "address"]),
        ("TF10000001取消，不需要了", ["cancel"]),
        ("退货要几天？", []),
        ("nice weather today", []),
    ],
)
def test_requests_are_read_in_their_order(text: str, ops: list[str]) -> None:
    assert [request.op for request in read_requests(text)] == ops


def test_what_is_wanted_otherwise_stays_with_its_request() -> None:
    (request,) = read_requests("Change the lamp to black. If that is not available, cancel the whole order.")
    assert request.op == "exchange"
    assert request.otherwise is not None
    assert request.otherwise.op == "cancel"
    (zh,) = read_requests("把灯换成黑色的，如果没有，就取消整个订单")
    assert zh.otherwise is not None
    assert zh.otherwise.op == "cancel"


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        ("Can I return a lamp after three weeks?", False),
        ("Do opened earbuds go back?", False),
        ("I want to cancel my newsletter", False),
        ("please check the status of my refund", False),
        ("你们的退货政策是什么，几天内可以退？", False),
        ("I want to return the lamp I bought", True),
        ("请问可以退货吗？", False),
        ("我想退掉阅读灯", True),
        ("can you cancel TF10000001?", True),
    ],
)
def test_a_question_about_the_rules_is_no_request(text: str, wants: bool) -> None:
    assert bool(wanted(text, ORDER)) is wants


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("the kettle", ["KE-1"]),
        ("my lamps and the wool jumper", ["LA-1", "JU-1"]),
        ("a light jumper", ["JU-1"]),
        ("item ke-1", ["KE-1"]),
        ("阅读灯和羊毛衫", ["LA-1", "JU-1"]),
        ("my order", []),
    ],
)
def test_things_are_known_by_shortened_names(text: str, products: list[str]) -> None:
    found = Names(PRODUCTS, PRODUCTS).find(text)
    assert [mention.products[0] for mention in found] == products


@pytest.mark.parametrize(
    ("text", "product", "lang", "values"),
    [
        ("a white one, high brightness", LAMP, "en", {"color": "white", "brightness": "high"}),
        ("size M please", JUMPER, "en", {"size": "M"}),
        ("a medium one", JUMPER, "en", {"size": "M"}),
        ("one litre, cordless", KETTLE, "en", {"capacity": "1 l", "cordless": "yes"}),
        ("not cordless", KETTLE, "en", {"cordless": "no"}),
        ("cordless: no", KETTLE, "en", {"cordless": "no"}),
        ("红色的M码", JUMPER, "zh", {"尺码": "M", "颜色": "红色"}),
    ],
)
def test_values_of_options_are_found_as_people_write_them(
    text: str, product: Product, lang: Lang, values: dict[str, str]
) -> None:
    assert {hit.option: hit.value for hit in hits(text.lower(), options_of(product, lang))} == values


@pytest.mark.parametrize(
    ("text", "product", "old", "expected"),
    [
        ("a brighter one", LAMP, "LA-1-1", "LA-1-2"),
        ("black, everything else the same", LAMP, "LA-1-2", "LA-1-3"),
        ("one size bigger", JUMPER, "JU-1-S", "JU-1-M"),
        ("the largest one", JUMPER, "JU-1-S", "JU-1-L"),
        ("the cheapest one", KETTLE, "KE-1-2", "KE-1-1"),
        ("the most expensive one", KETTLE, "KE-1-1", "KE-1-2"),
        ("a bigger one, preferably cordless", KETTLE, "KE-1-1", "KE-1-2"),
        ("a bigger one, same otherwise", KETTLE, "KE-1-1", "KE-1-3"),
        ("red instead of navy", JUMPER, "JU-1-M", "JU-1-R"),
    ],
)
def test_the_variant_that_fits_best(text: str, product: Product, old: str, expected: str) -> None:
    bought = next(v for v in product.variants if v.sku == old)
    found = fitting(product, bought.options, old, read_wants(text, product, "en"), "en")
    assert found.exact[0].sku == expected


def test_what_is_sold_out_never_fits() -> None:
    found = fitting(LAMP, LAMP.variants[0].options, "LA-1-1", read_wants("black", LAMP, "en"), "en")
    assert found.exact == ()
    assert [v.sku for v in found.loose] == ["LA-1-3"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "445 Maple Drive, Suite 394, Fort Worth, Texas, 76165",
            Address("445 Maple Drive", "Suite 394", "Fort Worth", "TX", "76165", "USA"),
        ),
        ("101 Highway, New York, NY 10001.", Address("101 Highway", "", "New York", "NY", "10001", "USA")),
        (
            "地址改成浙江省杭州市西湖区文三路90号3幢201室 310012",
            Address("西湖区文三路90号", "3幢201室", "杭州市", "浙江省", "310012", ""),
        ),
        ("Rosenweg 9, 20095 Hamburg, Germany", Address("Rosenweg 9", "", "Hamburg", "", "20095", "Germany")),
        (
            "9 Dean Park, Flat 1, Edinburgh, EH4 1DF, United Kingdom",
            Address("9 Dean Park", "Flat 1", "Edinburgh", "", "EH4 1DF", "United Kingdom"),
        ),
        ("my office", None),
        ("下周", None),
    ],
)
def test_an_address_is_read_into_its_fields(text: str, address: Address | None) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("use my gift card", ["gift_1"]),
        ("the visa please", ["card_1"]),
        ("the card ending in 4242", ["card_1"]),
        ("my paypal account", ["wallet_1"]),
        ("用礼品卡", ["gift_1"]),
        ("with alipay", []),
        ("whatever", None),
    ],
)
def test_ways_to_pay_are_known_by_kind_brand_and_digits(text: str, ids: list[str] | None) -> None:
    found = named_methods(text, (CARD, PAYPAL, GIFT))
    assert (None if found is None else [method.method_id for method in found]) == ids


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("What is the total amount I will get back?", "back"),
        ("What is the tracking number of my cancelled order?", "tracking"),
        ("how much did I pay for the kettle?", "paid"),
        ("What is my gift card balance?", "balance"),
        ("我一共能退多少钱？", "back"),
        ("我的礼品卡余额是多少？", "balance"),
        ("How much is the kettle?", None),
        ("I want to return the kettle.", None),
    ],
)
def test_questions_about_ones_own_are_told_from_others(text: str, about: str | None) -> None:
    assert asked_about(text) == about


def test_a_question_is_no_answer_to_what_is_awaited() -> None:
    assert answer_to("items", "the kettle and the lamp") is not None
    assert answer_to("items", "how long does shipping take?") is None
    assert answer_to("refused", "what do you sell?") is None
    assert answer_to("refused", "then refund it to the gift card") is not None
