"""How well unsupported claims are caught, on generated replies; and what numbers and moments mean."""
# ruff: noqa: E501 - one case a line

from itertools import islice

import pytest

from guardrails.bench.claim_scenes import Scene
from guardrails.bench.claim_values import Lang, chinese, english
from guardrails.bench.claims import SPLITS, cases, measure
from guardrails.grounding import check
from guardrails.moments import moments
from guardrails.numerals import numbers
from guardrails.quantities import quantities

CASES = 400
BOTH: tuple[Lang, ...] = ("en", "zh")


@pytest.mark.parametrize("lang", BOTH)
@pytest.mark.parametrize("split", SPLITS)
def test_planted_claims_are_caught_and_faithful_replies_pass(lang: Lang, split: str) -> None:
    found = measure(20, CASES, CASES, lang, "dev" if split == "dev" else "check", beyond=100)
    assert found.planted.share >= 0.99
    assert found.faithful.share <= 0.01
    offers = [tally for name, tally in found.by_claim.items() if name.startswith("beyond") and "mis" not in name]
    assert all(tally.share == 1 for tally in offers)


@pytest.mark.parametrize("lang", BOTH)
def test_cases_are_the_same_for_the_same_seed_and_differ_by_the_claim_alone(lang: Lang) -> None:
    first, again = (list(islice(cases(3, lang, "dev", Scene.planted), 50)) for _ in range(2))
    assert first == again
    assert all(case.claim and case.planted.casefold() in case.reply.casefold() for case in first)
    assert len({case.claim for case in islice(cases(4, lang, "check", Scene.planted), 400)}) > 20


def test_numbers_in_words_are_read_as_they_are_written() -> None:
    for number in (*range(1, 400), 777, 1000, 1001, 1010, 1100, 1203, 4999, 9999):
        assert [n.value for n in numbers(english(number))] == [number], english(number)
        assert [n.value for n in numbers(chinese(number))] == [number], chinese(number)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("two weeks", [("hour", 336)]), ("a fortnight", [("hour", 336)]), ("14天", [("hour", 336)]),
        ("within a year", [("month", 12)]), ("半年", [("month", 6)]), ("half a year", [("month", 6)]),
        ("3–5 working days", [("working day", 3), ("working day", 5)]), ("三到五个工作日", [("working day", 3), ("working day", 5)]),
        ("1.5kg", [("g", 1500)]), ("三斤", [("g", 1500)]), ("150 × 200 cm", [("mm", 1500), ("mm", 2000)]),
        ("¥59.00–¥79.00", [("CNY", 59), ("CNY", 79)]), ("1299块", [("CNY", 1299)]), ("$5", [("USD", 5)]), ("五十美元", [("USD", 50)]),
        ("85折", [("pay", 85)]), ("八五折", [("pay", 85)]), ("百分之十五", [("percent", 15)]), ("15 per cent", [("percent", 15)]),
        ("3 parcels", [("count", 3)]), ("两件", [("count", 2)]), ("size 42", [("size", 42)]), ("2.4千克", [("g", 2400)]),
        ("this one, 一款, 十分, 第三天, twice a day", []),
    ],
)  # fmt: skip
def test_quantities_are_the_same_in_every_spelling(text: str, said: list[tuple[str, float]]) -> None:
    assert [(q.dim, float(q.value)) for q in quantities(text, bytearray(len(text)))] == said


@pytest.mark.parametrize(
    "same",
    [
        ("28 November", "Nov 28", "the 28th of November", "11月28日", "十一月二十八号", "11 月 28 日"),
        ("Friday", "Fri.", "周五", "星期五", "礼拜五"),
        ("18:00", "6 pm", "6 p.m.", "six pm", "下午6点", "晚上六点", "18点"),
        ("9:30 am", "9:30", "上午9点半", "早上九点半"),
        ("2026-11-28", "28 November 2026", "2026年11月28日", "2026/11/28"),
    ],
)
def test_moments_are_the_same_in_every_spelling(same: tuple[str, ...]) -> None:
    first = next(iter(moments(same[0])))
    for text in same:
        said = next(iter(moments(text)))
        assert (said.kind, bool(said.values & first.values)) == (first.kind, True), text


EN = [
    "order: TF10293847", "items: Cloud Quilt × 2; Bamboo Towel", "total: £1,299.00", "carrier: SF Express",
    "tracking: SF1234567890123", "expected: Friday 28 November, between 9:00 and 18:00", "kept: 14 days",
    "warranty: 2 years", "discount: 15%", "refund: 3–5 working days", "phone: 800-555-0142", "size: M, L",
]  # fmt: skip
ZH = [
    "order: TF10293847", "items: 云感蚕丝被 × 2；竹纤维毛巾", "total: ¥1,299.00", "carrier: 顺丰速运",
    "expected: 11月28日 星期五 9:00到18:00", "kept: 14天", "warranty: 2年", "discount: 85折", "refund: 3–5个工作日",
    "phone: 400-820-1234", "size: M、L",
]  # fmt: skip
FAITHFUL = [
    "It arrives Fri 28th Nov between 9am and 6pm.", "From 9 to 6 pm, on the 28th.", "The total is GBP 1,299.",
    "Three to five business days.", "It is kept for two weeks (a fortnight).", "A two-year warranty: 24 months.",
    "Call (800) 555-0142 or 8005550142.", "The tracking number ending in 0123.", "Two Cloud Quilts and one Bamboo Towel: 3 items.",
    "In M or size L, both sizes.", "Hi there! Good news: SF Express has it.", "Feel free to ask; it's BPA-free, I hope.",
    "11月28号周五上午9点到下午6点送达。", "礼拜五九点到18点。", "一千二百九十九元，也就是1299块。", "保管两个星期，质保24个月。",
    "打八五折。", "三至五个工作日。", "请打4008201234。", "共3件商品，两床云感蚕丝被和一条竹纤维毛巾。", "M、L两个尺码都有。",
    "十分抱歉，千万别急，这款很百搭，四季皆宜。", "万一有问题，请用手机或者快递柜。",
]  # fmt: skip
UNSUPPORTED = [
    ("It is kept for 2 days.", "number"), ("Only 14 are left.", "number"), ("A warranty of three weeks.", "number"),
    ("The total is $1,299.00.", "price"), ("一共1299美元。", "price"), ("It comes on Saturday.", "date"), ("周六送到。", "date"),
    ("Between 9 and 7 pm.", "date"), ("晚上8点送到。", "date"), ("It comes in size XL.", "id"), ("有XL码。", "id"),
    ("还有三周。", "number"), ("百分之二十。", "number"), ("打八折。", "number"), ("再等三天。", "number"),
    ("Use the code THANKS.", "service"), ("Delivery is free.", "service"), ("这单包邮。", "service"), ("可以用花呗。", "service"),
    ("DHL brings it.", "service"), ("由中通快递派送。", "service"), ("请在fast-returns.io/start确认。", "link"),
    ("也可以看看月光记忆枕。", "name"), ("还有“月光宝盒”。", "name"), ("搭配清风蚕丝被更好。", "name"),
    ("There are two weeks and 15 hours.", "number"), ("The tracking number ending in 9999.", "number"),
]  # fmt: skip


@pytest.mark.parametrize("reply", FAITHFUL)
def test_what_the_facts_say_in_other_words_passes(reply: str) -> None:
    assert check(reply, ZH if any("一" <= char <= "鿿" for char in reply) else EN) == ()


@pytest.mark.parametrize(("reply", "kind"), UNSUPPORTED)
def test_a_right_number_of_the_wrong_thing_and_an_offer_nobody_made_are_caught(reply: str, kind: str) -> None:
    facts = ZH if any("一" <= char <= "鿿" for char in reply) else EN
    assert kind in {violation.kind for violation in check(reply, facts)}


def test_a_bare_field_counts_what_its_key_says() -> None:
    facts = ["delivery days: 3", "parcels: 5", "price: 1299"]
    assert check("It takes 3 days, costs 1299 yuan and comes in 5 parcels.", facts) == ()
    assert [v.kind for v in check("It takes 5 days.", facts)] == ["number"]


def test_a_price_belongs_to_the_thing_it_is_said_of() -> None:
    offers = [
        "product 1: Cloud Quilt, ¥899.00",
        "product 2: Bamboo Towel, ¥59.00",
        "product 3: 云感蚕丝被，¥1,299.00，有货",
    ]
    fine = (
        "If you would rather spend ¥59, take the Bamboo Towel. The Cloud Quilt is ¥899.",
        "Here are three ideas: the ¥899.00 Cloud Quilt, ¥59.00的Bamboo Towel和¥1,299.00的云感蚕丝被。",
    )
    for reply in fine:
        assert check(reply, offers, apart=True) == ()
    assert [v.kind for v in check("If you would rather spend ¥899, take the Bamboo Towel.", offers, apart=True)] == [
        "price"
    ]
