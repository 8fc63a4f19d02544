"""Replies that stay within the facts, and replies that do not."""
# ruff: noqa: E501 - one case a line

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.grounding import check

ORDER_ZH = [
    "order: TF10293847",
    "status: 运输中",
    "placed: 11月20日",
    "items: 云感蚕丝被 x1, 竹纤维毛巾 x2",
    "total: ¥1,299.00",
    "carrier: 顺丰",
    "tracking: SF1234567890123",
    "expected: 11月28日",
    "deliver to: <ADDRESS_1>",
]
ORDER_EN = [
    "order: TF10293847",
    "status: on its way",
    "placed: 20 November",
    "items: Cloud Quilt x1, Bamboo Towel x2",
    "total: ¥1,299.00",
    "carrier: SF Express",
    "tracking: SF1234567890123",
    "expected: 28 November",
    "deliver to: <ADDRESS_1>",
]
POLICY = [
    "title: Returns",
    "passage: You can return goods within 30 days of delivery. Refunds take 3-5 business days. Shipping costs $8.50 below $50.",
]
PRODUCT = [
    "product: Aurora Lamp",
    "price: ¥129.00",
    "stock: 12 in stock",
    "options: white, black",
    "details: 2.5 kg, 40cm, 9W, USB-C",
]
NAMES = ("Aurora Lamp", "Aurora Lamp Mini", "Cloud Quilt", "Bamboo Towel", "云感蚕丝被", "竹纤维毛巾")

GROUNDED = [
    ("您的订单TF10293847正在运输中，预计11月28日送达。", ORDER_ZH),
    ("订单#tf10293847共1299元，顺丰单号SF1234567890123。", ORDER_ZH),
    ("您的订单含两件商品，会送到<ADDRESS_1>。", ORDER_ZH),
    ("Your order TF10293847 is on its way and should arrive on November 28th.", ORDER_EN),
    ("It should arrive on Nov 28; the total is 1299 yuan for 2 items.", ORDER_EN),
    ("Expected 11/28? It says 28 November.", [*ORDER_EN, "11/28"]),
    ("You can return it within 30 days; the refund takes 3 to 5 business days.", POLICY),
    ("You have thirty days to return it.", POLICY),
    ("Shipping is $8.50 for orders under $50.", POLICY),
    ("The Aurora Lamp costs ¥129 and weighs 2.5kg; 12 are in stock.", PRODUCT),
    ("The 1st option is white.", PRODUCT),
    ("Hello! How can I help you?", []),
    ("Yes, I'm sure: it's the Lamp. Anything else?", PRODUCT),
    ("Good choices are the Aurora’s white and black ones.", PRODUCT),
    ("", []),
    ("See shop.example.com/returns", POLICY),
    ("The courier comes on Sunday.", ["last event: on Sunday again"]),
    ("周日再派送一次。", ["last event: 周日再次派送"]),
]
UNGROUNDED = [
    ("预计11月29日送达。", ORDER_ZH, "date"),
    ("共1399元。", ORDER_ZH, "price"),
    ("订单TF10293848正在运输中。", ORDER_ZH, "id"),
    ("十五天内送达。", ORDER_ZH, "number"),
    ("It arrives on December 28.", ORDER_EN, "date"),
    ("It should be with you by Friday.", ORDER_EN, "date"),
    ("It arrives tomorrow.", ORDER_EN, "date"),
    ("明天就到。", ORDER_ZH, "date"),
    ("下周三送达。", ORDER_ZH, "date"),
    ("It arrives on 28 November 2031.", ["expected: 28 November 2026"], "date"),
    ("Tracking SF9999999999999.", ORDER_EN, "id"),
    ("The total is $99.", ORDER_EN, "price"),
    ("You can return it within 60 days.", POLICY, "number"),
    ("You have sixty days.", POLICY, "number"),
    ("Call 4008001234.", POLICY, "number"),
    ("Visit http://evil.example.net/pay now", POLICY, "link"),
    ("Try the Cloud Quilt instead.", PRODUCT, "product"),
    ("也可以看看云感蚕丝被。", PRODUCT, "product"),
    ("The Aurora Lamp Mini costs ¥129.", PRODUCT, "product"),
    ("It goes to <ADDRESS_2>.", ORDER_EN, "handle"),
    ("It has 64GB.", PRODUCT, "number"),
    ("The Aurrora Lamp is ¥129.", PRODUCT, "name"),
    ("Aurrora Lamp: ¥129.", PRODUCT, "name"),
    ("It is in our Berlin branch.", PRODUCT, "name"),
    ("极光灯（¥129，00货）", PRODUCT, "price"),
    ("极光灯，00货", PRODUCT, "number"),
    ("It costs ¥0.", PRODUCT, "price"),
    ('the page names it as "service","kind":', POLICY, "markup"),
    ("Found one (postal_code).", POLICY, "markup"),
    ("Yes.<end_of_turn>", POLICY, "markup"),
    ("Returns]", POLICY, "markup"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "facts"), GROUNDED)
def test_a_reply_from_the_facts_is_grounded(reply: str, facts: list[str]) -> None:
    assert check(reply, facts, (), product_names=NAMES, domains=("example.com",)) == ()


@pytest.mark.parametrize(("reply", "facts", "kind"), UNGROUNDED)
def test_a_reply_beyond_the_facts_is_caught(reply: str, facts: list[str], kind: str) -> None:
    assert [v.kind for v in check(reply, facts, (), product_names=NAMES, domains=("example.com",))] == [kind]


OFFERS = [
    "product 1: Cloud Quilt, ¥899.00, in stock, silk",
    "product 2: Bamboo Towel, ¥59.00–¥79.00, in stock",
    "product 3: 云感蚕丝被，¥1,299.00，有货",
]


@pytest.mark.parametrize(
    ("reply", "kinds"),
    [
        ("I'd suggest the Cloud Quilt (¥899.00) or the Bamboo Towel (¥59.00–¥79.00).", []),
        ("云感蚕丝被1299元，有货。", []),
        ("We have 2 that fit: the Cloud Quilt, ¥899", []),
        ("I'd suggest the Cloud Quilt (¥59.00).", ["price"]),
        ("The Cloud Quilt (¥899.00) or the Bamboo Towel (¥899.00).", ["price"]),
        ("云感蚕丝被899元。", ["price"]),
        ("The Cloud Quilt, the Bamboo Towel and the Cloud Quilt.", ["product"]),
    ],
)
def test_each_offer_keeps_its_own_price_and_is_named_once(reply: str, kinds: list[str]) -> None:
    assert [v.kind for v in check(reply, OFFERS, (), product_names=NAMES, apart=True)] == kinds


def test_an_allowed_name_may_be_said_without_a_fact() -> None:
    assert check("Thanks for shopping at Cloud Quilt!", [], {"Cloud Quilt"}, product_names=NAMES) == ()


@settings(max_examples=100, deadline=None)
@given(
    number=st.integers(11, 10**9),
    other=st.integers(11, 10**9),
    template=st.sampled_from(["It costs ¥{}.", "共{}元", "{} are left", "code AB{}", "库存{}"]),
)
def test_a_number_passes_exactly_when_the_facts_hold_it(number: int, other: int, template: str) -> None:
    assert check(template.format(number), [template.format(number)]) == ()
    if number != other:
        assert check(template.format(number), [template.format(other)]) != ()


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=80))
def test_what_is_quoted_from_the_facts_is_always_grounded(text: str) -> None:
    assert check(text, [text]) == ()


def test_a_violation_names_a_place_and_no_text() -> None:
    reply = "共９９元。"
    (violation,) = check(reply, ["total: ¥1"])
    assert reply[violation.start : violation.end] == "９９元"
    assert "９９" not in repr(violation)
