"""Search over a small catalogue, with an encoder that knows shared words only."""

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue.search import Catalogue, Hit
from bot.session import Lang
from tests.bot.catalogue_samples import PRODUCTS, WordEncoder

CATALOGUE = Catalogue.build(PRODUCTS, WordEncoder(), None)


def ids(hits: list[Hit]) -> list[str]:
    return [hit.product.product_id for hit in hits]


@pytest.mark.parametrize(
    ("query", "lang", "first"),
    [
        ("waterproof backpack", "en", "P3"),
        ("防水背包", "zh", "P3"),
        ("有没有 waterproof 的背包", "zh", "P3"),
        ("wireless headpones", "en", "P5"),
        ("真丝枕套", "zh", "P2"),
        ("silk pillow case", "en", "P2"),
        ("linen shirt in XL", "en", "P7"),
    ],
)
def test_the_right_product_comes_first(query: str, lang: Lang, first: str) -> None:
    assert ids(CATALOGUE.search(query, lang))[0] == first


@pytest.mark.parametrize(
    ("query", "lang", "expected", "why"),
    [
        ("backpack under 200", "en", ["P4"], ("up to ¥200",)),
        ("200元以内的背包", "zh", ["P4"], ("200元以内",)),
        ("black backpack", "en", ["P3"], ("black",)),
        ("绿色的背包", "zh", ["P3"], ("绿色",)),
        ("cotton bedding", "en", ["P1"], ("cotton",)),
        ("纯棉床品", "zh", ["P1"], ("纯棉",)),
        ("blue shirt", "en", ["P7"], ("blue",)),
        ("shirt size L", "en", ["P8"], ("size L",)),
        ("Linden shirt without wool", "en", ["P7"], ("Linden",)),
        ("不要羊毛的衬衫", "zh", ["P7"], ()),
    ],
)
def test_wishes_narrow_and_are_named(query: str, lang: Lang, expected: list[str], why: tuple[str, ...]) -> None:
    hits = CATALOGUE.search(query, lang)
    assert ids(hits) == expected
    assert hits[0].why == why
    assert hits[0].missed == ()


def test_wishes_must_hold_for_one_and_the_same_variant() -> None:
    (hit,) = CATALOGUE.search("white linen shirt in size XL", "en", limit=1)
    assert [v.options for v in hit.variants] == [{"color": "White", "size": "XL"}]
    (hit,) = CATALOGUE.search("blue linen shirt size M", "en", limit=1)
    assert hit.why == ("linen", "blue")
    assert hit.missed == ("size M",)


def test_a_price_that_nothing_meets_is_given_up_and_said() -> None:
    hits = CATALOGUE.search("headphones under 50", "en")
    assert set(ids(hits)) <= {"P5", "P6"}
    assert hits
    assert all(hit.why == () and hit.missed == ("up to ¥50",) for hit in hits)


def test_a_colour_is_given_up_before_the_price() -> None:
    (hit, *_) = CATALOGUE.search("pink backpack under 150", "en")
    assert hit.product.product_id == "P4"
    assert (hit.why, hit.missed) == (("up to ¥150",), ("pink",))


def test_sold_out_products_come_last() -> None:
    assert ids(CATALOGUE.search("sport earphones headphones", "en"))[-1] == "P6"
    assert ids(CATALOGUE.search("耳机", "zh")) == ["P5", "P6"]
    (hit,) = CATALOGUE.search("headphones in stock", "en")
    assert (hit.product.product_id, hit.why) == ("P5", ("in stock",))


def test_a_category_is_a_wish_only_where_nothing_else_is_asked_for() -> None:
    assert ids(CATALOGUE.search("show me your bedding", "en")) == ["P1", "P2"]
    assert ids(CATALOGUE.search("箱包 200元以内", "zh")) == ["P4"]
    assert ids(CATALOGUE.search("a headphone with luggage", "en"))[0] == "P5"


def test_an_option_or_feature_moves_up_and_is_named_and_takes_nothing_away() -> None:
    hits = CATALOGUE.search("forest green backpack", "en")
    assert hits[0].why == ("Forest Green",)
    assert [v.sku for v in hits[0].variants] == ["SKU-3-1"]
    hits = CATALOGUE.search("waterproof backpack", "en")
    assert (hits[0].product.product_id, hits[0].why) == ("P3", ("waterproof",))
    assert all("waterproof" not in hit.why for hit in hits[1:])


def test_cheap_puts_low_prices_first() -> None:
    assert ids(CATALOGUE.search("cheap backpack", "en"))[0] == "P4"
    assert ids(CATALOGUE.search("便宜的背包", "zh"))[0] == "P4"


def test_only_a_wish_is_answered_across_categories() -> None:
    hits = CATALOGUE.search("something under 300", "en", limit=4)
    assert len({hit.product.category for hit in hits[:3]}) == 3
    assert all(min(v.price_minor for v in hit.variants) <= 30_000 for hit in hits)


def test_a_general_request_is_answered_with_things_in_stock() -> None:
    hits = CATALOGUE.search("推荐一下", "zh")
    assert len(hits) == 3
    assert all(hit.product.stock for hit in hits)


@pytest.mark.parametrize("query", ["", "   ", "😀😀", "?!", "。。。"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    assert CATALOGUE.search(query, "en") == []
    assert CATALOGUE.lookup(query, "en") is None


@pytest.mark.parametrize("query", ["x" * 50_000, "背包" * 20_000, "\ud800 bag", "a\0b", "<PERSON_1> wants a bag"])
def test_odd_queries_do_not_break_search(query: str) -> None:
    CATALOGUE.search(query, "zh")
    CATALOGUE.lookup(query, "zh")


def test_an_empty_catalogue_finds_nothing() -> None:
    empty = Catalogue.build((), WordEncoder(), None)
    assert empty.search("backpack", "en") == []
    assert empty.lookup("backpack", "en") is None
    assert empty.names == frozenset()


_PIECES = st.sampled_from(
    ["backpack", "背包", "under 300", "500以内", "red", "黑色", "cotton", "不要", "without", "size XL", "Murmur",
     "cheap", "便宜的", "有货", "wool", "between 100 and 300", "headphones", "耳机", "M码", "的"]
)  # fmt: skip


@given(st.lists(_PIECES, min_size=1, max_size=6), st.sampled_from(["en", "zh"]), st.integers(1, 8))
def test_hits_are_distinct_and_what_they_say_is_true(pieces: list[str], lang: Lang, limit: int) -> None:
    hits = CATALOGUE.search(" ".join(pieces), lang, limit)
    assert len(set(ids(hits))) == len(hits) <= limit
    for hit in hits:
        assert all(variant in hit.product.variants for variant in hit.variants)
        assert not set(hit.why) & set(hit.missed)
        if {"up to ¥300", "300元以内"} & set(hit.why):
            assert all(variant.price_minor <= 30_000 for variant in hit.variants)
        if {"red", "红色"} & set(hit.why):
            assert all(variant.options["color"] == "Red" for variant in hit.variants)
        if {"in stock", "有货"} & set(hit.why):
            assert all(variant.stock for variant in hit.variants)
    stocks = [hit.product.stock > 0 for hit in hits]
    assert stocks == sorted(stocks, reverse=True)


@given(st.text(max_size=80))
def test_no_text_breaks_search(text: str) -> None:
    hits = CATALOGUE.search(text, "en")
    assert len(set(ids(hits))) == len(hits)
    CATALOGUE.lookup(text, "zh")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Trailhead Waterproof Backpack", "P3"),
        ("is the trailhead waterproof backpack in stock?", "P3"),
        ("行山防水双肩背包多少钱", "P3"),
        ("how much is the Murmur wireless headpones", "P5"),
        ("林间亚麻衬衫有货吗", "P7"),
        ("亚麻衬衫多少钱", "P7"),
        ("sku-4-0 price", "P4"),
        ("P2", "P2"),
        ("the backpack", None),
        ("Linden shirt", None),
        ("耳机", None),
        ("Linden Linen Shirt or Linden Wool Shirt", None),
        ("a lawn mower", None),
        ("where is my order", None),
    ],
)
def test_a_product_is_named_or_not(query: str, expected: str | None) -> None:
    found = CATALOGUE.lookup(query, "en")
    assert (found and found.product_id) == expected


def test_names_hold_names_and_brands_of_both_languages() -> None:
    assert {"Trailhead", "Linden Wool Shirt", "林间羊毛衬衫"} <= CATALOGUE.names
    assert "" not in CATALOGUE.names


def test_threads_search_one_catalogue_at_once() -> None:
    expected = ids(CATALOGUE.search("防水背包", "zh"))
    results: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: results.append(ids(CATALOGUE.search("防水背包", "zh")))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


def test_nothing_is_printed_and_no_file_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    Catalogue.build(PRODUCTS, WordEncoder(), None).search("防水背包", "zh")
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
