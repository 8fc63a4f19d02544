"""Reading a query by code: its words and what it says about price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue.prices import Money, PriceBound, amount, read_price
from bot.catalogue.ranking import Spelling, edits
from bot.catalogue.words import normalise, words


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("headphones under 500", None, 500),
        ("below ¥300", None, 300),
        ("less than $1,299", None, 1299),
        ("max 1.5k", None, 1500),
        ("200 or less", None, 200),
        ("my budget is 300 yuan", None, 300),
        ("between 100 and 200", 100, 200),
        ("¥100 - ¥200", 100, 200),
        ("100 to 200 yuan", 100, 200),
        ("over 1000", 1000, None),
        ("about 200", 150, 250),
        ("a 200 yuan gift", 150, 250),
        ("500以内", None, 500),
        ("５００元以下", None, 500),
        ("￥300以下的耳机", None, 300),
        ("不超过200元", None, 200),
        ("三百以内的四件套", None, 300),
        ("预算两百五", None, 250),
        ("百元以内", None, 100),
        ("100-200元", 100, 200),
        ("100到200之间", 100, 200),
        ("两三百块的", 200, 300),
        ("三五百", 300, 500),
        ("一百多块", 100, 199),
        ("几百块", 100, 999),
        ("200块左右", 150, 250),
        ("一千以上", 1000, None),
    ],
)
def test_price_bounds_are_read_in_both_languages(text: str, low: float | None, high: float | None) -> None:
    assert read_price(normalise(text)).bound == PriceBound(low, high)


@pytest.mark.parametrize(
    "text",
    [
        "under 5 kg",
        "for kids under 3 years",
        "at least 2 pockets",
        "within 7 days",
        "up to 128gb",
        "iphone 15 case",
        "size 42 shoes",
        "3岁以下",
        "500ml以内",
        "10寸以内",
        "5人以上",
        "四件套",
        "二三十人",
        "1.8米床",
    ],
)
def test_numbers_with_another_unit_are_no_price(text: str) -> None:
    assert read_price(normalise(text)).bound is None


def test_the_price_is_taken_out_of_the_words_searched_for() -> None:
    assert read_price("cotton sheets under 300").rest == "cotton sheets"
    assert read_price("300元以内的枕头").rest == "的枕头"


@pytest.mark.parametrize(
    "text", ["cheap headphones", "便宜的耳机", "budget headphones", "性价比高的耳机", "不要太贵的耳机"]
)
def test_a_wish_for_low_prices_is_no_bound(text: str) -> None:
    wish = read_price(text)
    assert wish.cheap
    assert wish.bound is None
    assert wish.rest in {"headphones", "耳机"}


@given(st.integers(1, 9999), st.sampled_from(["under {}", "¥{}以内", "不超过{}元", "{}块以下"]))
def test_every_whole_amount_is_read_as_written(number: int, template: str) -> None:
    assert read_price(normalise(template.format(number))).bound == PriceBound(None, number)


@given(st.text())
def test_no_text_breaks_the_readers(text: str) -> None:
    words(text)
    read_price(normalise(text))
    amount(text)


@pytest.mark.parametrize(
    ("currency", "english", "chinese"), [("CNY", "up to ¥300", "300元以内"), ("USD", "up to $300", "$300以内")]
)
def test_bounds_are_said_in_the_shops_currency(currency: str, english: str, chinese: str) -> None:
    assert Money(currency).range(PriceBound(None, 300)) == (english, chinese)
    assert Money(currency).range(PriceBound(99.9, None))[0].endswith("99.90")


def test_minor_units_follow_the_currency() -> None:
    assert Money("CNY").minor(3.5) == 350
    assert Money("JPY").minor(300) == 300


def test_chinese_is_cut_into_words_and_pairs_without_what_is_said_around_it() -> None:
    found = words("有没有防水的背包")
    assert {"防水", "背包"} <= set(found)
    assert not {"有没有", "的", "的背"} & set(found)


def test_both_languages_in_one_text() -> None:
    assert words("有没有 Waterproof 的背包") == ["waterproof", "背包"]


def test_full_width_letters_are_plain_letters() -> None:
    assert words("ＵＳＢ") == ["usb"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("headpones", "headphone"),
        ("bakcpack", "backpack"),
        ("keettle", "kettle"),
        ("headphone", "headphone"),
        ("zzzzzz", None),
    ],
)
def test_misspelt_words_are_read_as_the_nearest(typed: str, meant: str | None) -> None:
    assert Spelling(["headphone", "backpack", "kettle"]).correct(words(typed)[0]) == meant


@given(st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_edits_are_symmetric_and_zero_only_for_equal_words(a: str, b: str) -> None:
    assert edits(a, b) == edits(b, a)
    assert (edits(a, b) == 0) == (a == b)
