"""The query set and how it is scored."""

import random

import pytest

from bot.catalogue.evaluate import Query, measure, read_queries, table
from bot.shop.demo.catalogue import products
from tests.bot.catalogue_samples import PRODUCTS, WordEncoder


def test_queries_name_products_of_the_demo_shop() -> None:
    names = {product.name_en for product in products(random.Random(1))}
    queries = read_queries()
    assert {name for query in queries for name in query.accept} <= names
    assert len({(query.lang, query.query) for query in queries}) == len(queries)
    for lang in ("en", "zh"):
        assert sum(query.lang == lang for query in queries) >= 80


def test_recall_and_rank_are_counted_against_what_would_do() -> None:
    queries = [
        Query("en", "linen shirt", ("Linden Linen Shirt",), "tuned"),
        Query("en", "linen shirt", ("Murmur Sport Earphones",), "tuned"),
        Query("zh", "耳机", ("Murmur Wireless Headphones", "Linden Wool Shirt"), "tuned"),
    ]
    rows = {(row.lang, row.way): row for row in measure(PRODUCTS, queries, WordEncoder(), None)}
    english, chinese = rows["en", "both + attributes"], rows["zh", "both + attributes"]
    assert (english.n, english.recall_3) == (2, 0.5)
    assert english.mrr == pytest.approx(0.5)
    assert (chinese.n, chinese.recall_3, chinese.mrr) == (1, 0.5, 1.0)
    assert table(list(rows.values())).count("\n") == 2 + 8
