"""Policies in passages: how they are cut and how they are found."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue.passages import MAX_PASSAGE_CHARS, Passages, split
from bot.commands import Topic
from bot.session import Lang
from bot.shop.records import Policy
from tests.bot.catalogue_samples import WordEncoder

RETURNS = """# Returns

You can send things back within 7 days. Keep the tags on, e.g. the paper ones.

## What stays with you

We do not take back:

- **Opened** skincare
- Underwear, see [the list](https://shop.example.com/list)

| Level | Days |
|---|---|
| Gold | 30 |

## Refunds

Money comes back in 3.5 days. It goes to the card you paid with.
"""
RETURNS_ZH = """# 退货

签收后7天内可以退货。吊牌要齐全！“不影响二次销售”即可。
部分商品除外。

## 退款

退款3天内到账。
"""
SHIPPING = "# Shipping\n\nParcels leave within 48 hours.\n\n## Costs\n\nDelivery is free from 99 yuan."
POLICIES = (
    Policy("returns", "en", "Returns", "policies/returns.en.md", RETURNS),
    Policy("returns", "zh", "退货", "policies/returns.zh.md", RETURNS_ZH),
    Policy("shipping", "en", "Shipping", "policies/shipping.en.md", SHIPPING),
)
PASSAGES = Passages.build(POLICIES, WordEncoder(), None)


def test_passages_are_whole_sentences_under_their_heading() -> None:
    assert [(p.heading, p.text) for p in split(POLICIES[0])] == [
        ("Returns", "You can send things back within 7 days. Keep the tags on, e.g. the paper ones."),
        ("What stays with you", "We do not take back: Opened skincare; Underwear, see the list; Gold: 30."),
        ("Refunds", "Money comes back in 3.5 days. It goes to the card you paid with."),
    ]
    assert [p.text for p in split(POLICIES[1])] == [
        "签收后7天内可以退货。吊牌要齐全！“不影响二次销售”即可。部分商品除外。",
        "退款3天内到账。",
    ]


@given(
    st.lists(
        st.tuples(st.integers(1, 120), st.sampled_from(["。", ". ", "！", "? "]), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_no_passage_is_too_long_and_no_sentence_is_cut(plan: list[tuple[int, str, bool]]) -> None:
    sentences, text = [], ""
    for length, end, paragraph in plan:
        word = "退" if end in "。！" else "A"
        sentences.append(word * length + end.strip())
        text += word * length + end + ("\n\n" if paragraph else "")
    passages = split(Policy("returns", "zh", "T", "p", text))
    assert all(len(p.text) <= MAX_PASSAGE_CHARS for p in passages)
    remaining = " ".join(p.text for p in passages)
    assert remaining.replace(" ", "") == "".join(sentences)
    assert all(p.text[-1] in "。.！?" for p in passages)


@pytest.mark.parametrize("text", ["x" * 2000, "很" * 2000, "word " * 400, "a, " * 500, "长句，" * 300])
def test_only_a_sentence_longer_than_a_passage_is_cut(text: str) -> None:
    passages = split(Policy("returns", "en", "T", "p", text))
    assert all(0 < len(p.text) <= MAX_PASSAGE_CHARS for p in passages)
    assert "".join(p.text for p in passages).replace(" ", "") == text.replace(" ", "")


def test_a_bare_list_begins_with_its_heading() -> None:
    english = split(Policy("returns", "en", "T", "p", "## What cannot be returned\n\n- Opened tea\n- Jeans we hemmed"))
    chinese = split(Policy("returns", "zh", "T", "p", "## 不支持退货的商品\n- 已拆封的茶叶\n- 礼品卡"))
    assert [p.text for p in english] == ["What cannot be returned: Opened tea; Jeans we hemmed."]
    assert [p.text for p in chinese] == ["不支持退货的商品：已拆封的茶叶；礼品卡。"]
    long = split(Policy("returns", "en", "T", "p", "## Not taken\n" + "- something of a certain length\n" * 40))
    assert all(p.text.startswith("Not taken: ") and len(p.text) <= MAX_PASSAGE_CHARS for p in long)


@given(st.text(max_size=600))
def test_any_markdown_can_be_split(text: str) -> None:
    assert all(0 < len(p.text) <= MAX_PASSAGE_CHARS for p in split(Policy("returns", "en", "T", "p", text or "x")))


@pytest.mark.parametrize(
    ("query", "lang", "topic", "said"),
    [
        ("when do I get my money", "en", "returns", "Money comes back"),
        ("is opened skincare taken back", "en", "returns", "Opened skincare"),
        ("how much is delivery", "en", "shipping", "Delivery is free"),
        ("delivery costs", "en", None, "Delivery is free"),
        ("退款几天到账", "zh", "returns", "退款3天内"),
        ("七天可以退货吗", "zh", None, "7天内可以退货"),
        ("", "zh", "returns", "7天内可以退货"),
        ("", "en", "shipping", "48 hours"),
    ],
)
def test_the_passage_that_answers_comes_first(query: str, lang: Lang, topic: Topic | None, said: str) -> None:
    (hit,) = PASSAGES.search(query, lang, topic)
    assert said in hit.passage
    assert hit.policy.lang == lang


def test_what_is_missing_in_one_language_is_answered_in_the_other() -> None:
    (hit,) = PASSAGES.search("运费多少", "zh", "shipping")
    assert (hit.policy.topic, hit.policy.lang) == ("shipping", "en")


def test_a_topic_without_policy_is_looked_for_in_all() -> None:
    (hit,) = PASSAGES.search("delivery costs", "en", "membership")
    assert hit.policy.topic == "shipping"


def test_hits_are_distinct_and_a_shop_without_policies_has_none() -> None:
    hits = PASSAGES.search("return money days", "en", None, limit=9)
    assert len({hit.passage for hit in hits}) == len(hits) == 5
    assert Passages.build((), WordEncoder(), None).search("returns", "en", None) == []


def test_vectors_come_from_the_cache(tmp_path: Path) -> None:
    Passages.build(POLICIES, WordEncoder(), tmp_path)
    again = WordEncoder()
    Passages.build(POLICIES, again, tmp_path)
    assert again.encoded == []
