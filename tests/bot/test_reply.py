"""From facts to words: a scripted model, checked by the real guard over a real vault."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts import FactKind, Facts
from bot.model_client import Completion, ModelRefused, ModelUnavailable
from bot.prompts import Message
from bot.reply import Replier, Spoken
from bot.session import Lang
from guardrails.errors import GuardError
from guardrails.findings import Concealed, VaultOwner
from guardrails.guard import Guardrails, Readable, build
from tests.bot.shop_samples import ADA, LIN

OWNER, OTHER = VaultOwner(ADA), VaultOwner(LIN)
QUESTION = Concealed.fixed("where is it, and what did I pay?")
PRODUCT_NAMES = frozenset({"City Canvas Backpack", "Trailhead Waterproof Backpack", "城市帆布背包", "行山防水双肩背包"})


@dataclass
class ScriptedModel:
    """Streams its deltas; fails where one is an error. Counts what was taken and keeps what it was asked."""

    deltas: Sequence[str | Exception] = ()
    taken: int = 0
    requests: list[list[str]] = field(default_factory=list)

    async def complete(self, messages: Sequence[Message], *, schema: dict[str, Any], max_tokens: int) -> Completion:
        raise NotImplementedError("a reply is streamed")

    async def stream(self, messages: Sequence[Message], *, max_tokens: int) -> AsyncIterator[str]:
        self.requests.append([content.text for _, content in messages])
        for delta in self.deltas:
            self.taken += 1
            if isinstance(delta, Exception):
                raise delta
            yield delta


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guardrails]:
    vault = tmp_path_factory.mktemp("reply") / "vault.db"
    guard = build(f"sqlite:///{vault}", bytes(range(32)), Readable((r"TF\d{8}",), PRODUCT_NAMES))
    assert guard.conceal_value(OWNER, "ADDRESS", "1 Mill Lane, BS6 5QA").text == "<ADDRESS_1>"
    assert guard.conceal_value(OWNER, "EMAIL_ADDRESS", "ada@example.com").text == "<EMAIL_1>"
    yield guard
    guard.close()


def facts(kind: FactKind, *lines: str, plain: str) -> Facts:
    return Facts(kind, tuple(Concealed.fixed(line) for line in lines), Concealed.fixed(plain))


SHARED = ("order: TF10000002", "total: ¥1,299.00", "deliver to: <ADDRESS_1>")
ORDER: dict[Lang, Facts] = {
    "en": facts("order", *SHARED, "status: on its way", "expected: 28 November", plain="Order TF10000002: on its way."),
    "zh": facts("order", *SHARED, "status: 运输中", "expected: 11月28日", plain="订单TF10000002：运输中。"),
}
OFFERS: dict[Lang, Facts] = {
    "en": facts(
        "products",
        "product 1: City Canvas Backpack, ¥129.00, in stock",
        "product 2: Trailhead Waterproof Backpack, ¥259.00, in stock",
        plain="These might suit you:\n1. City Canvas Backpack\n2. Trailhead Waterproof Backpack",
    ),
    "zh": facts(
        "products",
        "product 1: 城市帆布背包，¥129.00，有货",
        "product 2: 行山防水双肩背包，¥259.00，有货",
        plain="为您推荐：\n1. 城市帆布背包\n2. 行山防水双肩背包",
    ),
}
RULE: dict[Lang, Facts] = {
    "en": facts("policy", "passage: We never send payment links.", plain="We never send payment links."),
    "zh": facts("policy", "passage: 我们从不发送付款链接。", plain="我们从不发送付款链接。"),
}
ORDERS: dict[Lang, Facts] = {
    "en": facts("orders", "order 1: TF10000002, on its way", plain="These are your orders:\n1. TF10000002, on its way"),
    "zh": facts("orders", "order 1: TF10000002，运输中", plain="这是您的订单：\n1. TF10000002，运输中"),
}


async def pieces(
    guard: Guardrails,
    model: ScriptedModel,
    told: Facts,
    lang: Lang,
    spoken: Spoken | None = None,
    stopped: Callable[[], bool] = lambda: False,
    owner: VaultOwner = OWNER,
    asked: bool = True,
) -> list[str]:
    """What is said, piece by piece."""
    replier = Replier(model, guard, "tuned", PRODUCT_NAMES, frozenset({"Small Shop", "小店"}))
    sentences = replier.words(told, QUESTION, lang, owner, spoken or Spoken(), stopped, asked=asked)
    return [sentence.text async for sentence in sentences]


async def said(guard: Guardrails, text: str, told: Facts, lang: Lang, owner: VaultOwner = OWNER) -> tuple[str, Spoken]:
    spoken = Spoken()
    return "".join(await pieces(guard, ScriptedModel([text]), told, lang, spoken, owner=owner)), spoken


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("It is on its way and should arrive on 28 November. You paid ¥1299.", "en"),
        ("Your order TF10000002 goes to <ADDRESS_1>, it is on its way", "en"),
        ("您的订单正在运输中，预计11月28日送达，实付1299元。", "zh"),
        ("包裹会送到<ADDRESS_1>，还在路上", "zh"),
    ],
)
async def test_what_the_facts_hold_is_said_in_the_models_words(guard: Guardrails, text: str, lang: Lang) -> None:
    assert await said(guard, text, ORDER[lang], lang) == (text, Spoken(worded_by_model=True))


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("It should arrive on 29 November.", "en"),
        ("You paid ¥1,399.00 for it.", "en"),
        ("Your order TF10000003 is on its way.", "en"),
        ("It was sent by Mr Hargreaves himself.", "en"),
        ("Follow it at www.parcels.example.com today.", "en"),
        ("It goes with the City Canvas Backpack.", "en"),
        ('{"name": "track_order"}', "en"),
        ("预计11月29日送达。", "zh"),
        ("您实付了1399元。", "zh"),
        ("您的订单TF10000003正在运输中。", "zh"),
        ("还需要三十天才能送达。", "zh"),
        ("详见 http://parcels.example.cn/x 。", "zh"),
        ("与城市帆布背包一起寄出。", "zh"),
    ],
)
async def test_a_sentence_that_the_facts_do_not_hold_gives_way_to_the_plain_rendering(
    guard: Guardrails, text: str, lang: Lang
) -> None:
    reply, spoken = await said(guard, text, ORDER[lang], lang)
    assert reply == ORDER[lang].plain.text
    assert spoken == Spoken(violations=1)


@pytest.mark.parametrize(
    ("text", "lang", "kept"),
    [
        ("Good news: it is on its way. It arrives on 29 November. Enjoy!", "en", "Good news: it is on its way. "),
        ("It is on its way! You paid ¥1,399.00.", "en", "It is on its way! "),
        ("It is on its way, it arrives on 29 November.", "en", ""),
        ("您的订单正在运输中。预计11月29日送达。请放心！", "zh", "您的订单正在运输中。"),
        ("正在运输中，请放心！实付1399元。", "zh", "正在运输中，请放心！"),
        ("正在运输中，预计11月29日送达。", "zh", ""),
    ],
)
async def test_what_was_said_before_a_wrong_sentence_stays(guard: Guardrails, text: str, lang: Lang, kept: str) -> None:
    reply, spoken = await said(guard, text, ORDER[lang], lang)
    assert reply == kept + ORDER[lang].plain.text
    assert (spoken.violations, spoken.worded_by_model) == (1, False)


async def test_a_wrong_sentence_ends_what_is_asked_of_the_model(guard: Guardrails) -> None:
    model = ScriptedModel(["It arrives on 29 November. ", "It ", "really ", "does."])
    await pieces(guard, model, ORDER["en"], "en")
    assert model.taken == 2  # that the sentence has ended is told by the next word


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The catalogue doesn't say how to wash it.", "en"),
        ("The catalogue does not give its length.", "en"),
        ("抱歉，资料里没有说明。", "zh"),
        ("抱歉，没有提到洗护方式。", "zh"),
    ],
)
async def test_what_the_model_cannot_find_the_customer_may_look_up_in_the_facts(
    guard: Guardrails, text: str, lang: Lang
) -> None:
    told = Facts("product", (Concealed.fixed("details: Care Hand wash"),), Concealed.fixed("Lamp. Care Hand wash"))
    assert await pieces(guard, ScriptedModel([text]), told, lang) == ["Lamp. Care Hand wash"]


@pytest.mark.parametrize("deltas", [["It arrives on Nov. ", "29 with you."], ["It arrives on Nov. 29 with you."]])
async def test_an_abbreviation_ends_no_sentence(guard: Guardrails, deltas: list[str]) -> None:
    assert await pieces(guard, ScriptedModel(deltas), ORDER["en"], "en") == [ORDER["en"].plain.text]


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The City Canvas Backpack costs ¥129.00, the Trailhead Waterproof Backpack ¥259.00.", "en"),
        ("城市帆布背包¥129.00，行山防水双肩背包¥259.00。", "zh"),
    ],
)
async def test_offers_with_their_own_prices_are_said(guard: Guardrails, text: str, lang: Lang) -> None:
    assert await said(guard, text, OFFERS[lang], lang) == (text, Spoken(worded_by_model=True))


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The City Canvas Backpack costs ¥259.00 and the Trailhead Waterproof Backpack ¥129.00.", "en"),
        ("The Trailhead Waterproof Backpack is ¥129.00.", "en"),
        ("城市帆布背包¥259.00，行山防水双肩背包¥129.00。", "zh"),
        ("行山防水双肩背包只要129元。", "zh"),
    ],
)
async def test_offers_with_swapped_prices_give_way_to_the_plain_list(guard: Guardrails, text: str, lang: Lang) -> None:
    reply, spoken = await said(guard, text, OFFERS[lang], lang)
    assert reply == OFFERS[lang].plain.text
    assert spoken == Spoken(violations=1)


@pytest.mark.parametrize(
    ("first", "second", "lang"),
    [
        ("The City Canvas Backpack is a good one. ", "It costs ¥259.00.", "en"),
        ("推荐城市帆布背包。", "它只要259元。", "zh"),
    ],
)
async def test_a_sentence_is_checked_with_what_was_said_before_it(
    guard: Guardrails, first: str, second: str, lang: Lang
) -> None:
    reply, spoken = await said(guard, first + second, OFFERS[lang], lang)
    assert reply == first + OFFERS[lang].plain.text
    assert spoken == Spoken(violations=1)


@pytest.mark.parametrize("told", [*RULE.values(), *ORDERS.values()], ids=lambda told: f"{told.kind}-{told.plain}")
async def test_a_rule_and_a_list_of_orders_are_said_as_they_are_and_the_model_is_never_asked(
    guard: Guardrails, told: Facts
) -> None:
    model, spoken = ScriptedModel(["We do send payment links."]), Spoken()
    assert await pieces(guard, model, told, "en", spoken) == [told.plain.text]
    assert model.requests == []
    assert spoken == Spoken()


@pytest.mark.parametrize("told", [*ORDER.values(), *OFFERS.values()], ids=lambda told: f"{told.kind}-{told.plain}")
async def test_facts_that_no_question_in_words_asked_for_are_said_as_they_are(guard: Guardrails, told: Facts) -> None:
    model = ScriptedModel(["It is on its way."])
    assert await pieces(guard, model, told, "en", asked=False) == [told.plain.text]
    assert model.requests == []


@pytest.mark.parametrize("error", [ModelUnavailable("away"), ModelRefused("wrong name")])
@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_without_the_model_the_plain_rendering_is_said(guard: Guardrails, lang: Lang, error: Exception) -> None:
    spoken = Spoken()
    assert await pieces(guard, ScriptedModel([error]), ORDER[lang], lang, spoken) == [ORDER[lang].plain.text]
    assert spoken == Spoken(model_failed=True)


@pytest.mark.parametrize(
    ("start", "lang", "kept"),
    [
        ("It is on its way. And it", "en", "It is on its way. "),
        ("It is on its way, and", "en", ""),
        ("您的订单正在运输中。预计", "zh", "您的订单正在运输中。"),
        ("您的订单正在运输中，预计", "zh", ""),
    ],
)
async def test_a_model_that_goes_away_in_the_middle_leaves_whole_sentences_only(
    guard: Guardrails, start: str, lang: Lang, kept: str
) -> None:
    spoken = Spoken()
    parts = await pieces(guard, ScriptedModel([start, ModelUnavailable("gone")]), ORDER[lang], lang, spoken)
    assert "".join(parts) == kept + ORDER[lang].plain.text
    assert spoken == Spoken(model_failed=True)


@pytest.mark.parametrize("deltas", [(), ("",), (" ", "\t "), ("　",)])
@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_a_model_that_says_nothing_is_followed_by_the_plain_rendering(
    guard: Guardrails, lang: Lang, deltas: tuple[str, ...]
) -> None:
    spoken = Spoken()
    assert await pieces(guard, ScriptedModel(deltas), ORDER[lang], lang, spoken) == [ORDER[lang].plain.text]
    assert not spoken.worded_by_model


@pytest.mark.parametrize(
    ("deltas", "lang"),
    [
        (("It is on its way. ", "It arrives on 28 November. ", "Bye now. ", "Really. "), "en"),
        (("您的订单正在运输中。", "预计11月28日送达。", "请您放心。"), "zh"),
    ],
)
async def test_nothing_more_is_said_or_asked_once_nobody_listens(
    guard: Guardrails, deltas: tuple[str, ...], lang: Lang
) -> None:
    heard: list[str] = []
    model = ScriptedModel(deltas)
    replier = Replier(model, guard, "tuned")
    async for sentence in replier.words(ORDER[lang], QUESTION, lang, OWNER, Spoken(), lambda: bool(heard)):
        heard.append(sentence.text)
    assert heard == [deltas[0].rstrip()]
    assert model.taken < len(deltas)


async def test_nothing_is_said_where_nobody_listened_from_the_start(guard: Guardrails) -> None:
    assert await pieces(guard, ScriptedModel(["It is on its way."]), ORDER["en"], "en", stopped=lambda: True) == []


@pytest.mark.parametrize(
    ("text", "lang", "kept"),
    [
        ("It goes to <ADDRESS_1>.", "en", "It goes to <ADDRESS_1>."),
        ("It goes to < address_1 >.", "en", "It goes to <ADDRESS_1>."),
        ("包裹会送到＜ADDRESS_1＞。", "zh", "包裹会送到<ADDRESS_1>。"),
    ],
)
async def test_a_handle_of_this_customer_stays_a_handle(guard: Guardrails, text: str, lang: Lang, kept: str) -> None:
    assert (await said(guard, text, ORDER[lang], lang))[0] == kept


@pytest.mark.parametrize("handle", ["<ADDRESS_2>", "<PHONE_1>", "<EMAIL_1>", "＜PERSON_7＞"])
@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_a_handle_that_no_fact_holds_is_not_said(guard: Guardrails, handle: str, lang: Lang) -> None:
    text = f"It goes to {handle}." if lang == "en" else f"包裹会送到{handle}。"
    reply, spoken = await said(guard, text, ORDER[lang], lang)
    assert reply == ORDER[lang].plain.text
    assert spoken.violations == 1


@pytest.mark.parametrize(
    ("text", "lang", "kept"),
    [
        ("It goes to <ADDRESS_1>.", "en", "It goes to [hidden]."),
        ("包裹会送到<ADDRESS_1>。", "zh", "包裹会送到[已隐藏]。"),
    ],
)
async def test_a_handle_of_somebody_else_is_not_said_though_the_facts_hold_it(
    guard: Guardrails, text: str, lang: Lang, kept: str
) -> None:
    assert (await said(guard, text, ORDER[lang], lang, owner=OTHER))[0] == kept


@pytest.mark.parametrize(
    ("text", "owner", "lang", "kept"),
    [
        ("Please write to ada@example.com", OWNER, "en", "Please write to <EMAIL_1>"),
        ("请写信到 ada@example.com", OWNER, "zh", "请写信到 <EMAIL_1>"),
        ("Please write to ada@example.com", OTHER, "en", "Please write to [hidden]"),
        ("请写信到 ada@example.com", OTHER, "zh", "请写信到 [已隐藏]"),
    ],
)
async def test_a_personal_value_that_the_model_writes_is_concealed(
    guard: Guardrails, text: str, owner: VaultOwner, lang: Lang, kept: str
) -> None:
    assert (await said(guard, text, ORDER[lang], lang, owner=owner))[0] == kept


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_the_model_is_asked_with_the_question_and_every_fact(guard: Guardrails, lang: Lang) -> None:
    model = ScriptedModel(["OK then."])
    await pieces(guard, model, ORDER[lang], lang)
    ((asked,),) = model.requests
    assert asked.splitlines()[0] == ("reply in English" if lang == "en" else "用中文回复")
    assert {QUESTION.text, *(line.text for line in ORDER[lang].lines)} < set(asked.splitlines())


class BrokenGuard:
    """A guard whose check of replies does not run."""

    def check_reply(self, *args: object, **options: object) -> tuple[()]:
        raise GuardError("a guard failed with OSError")


async def test_nothing_of_the_model_is_said_where_it_cannot_be_checked() -> None:
    replier = Replier(ScriptedModel(["It is on its way."]), cast(Guardrails, BrokenGuard()), "tuned")
    heard = []
    with pytest.raises(GuardError):
        async for sentence in replier.words(ORDER["en"], QUESTION, "en", OWNER, Spoken()):
            heard.append(sentence.text)
    assert heard == []


FRAGMENTS: dict[Lang, tuple[str, ...]] = {
    "en": ("It is on its way. ", "You paid ¥1,299.00! ", "It goes to <ADDRESS_1>. ", "Good?",
           "Write to ada@example.com. ", "It arrives on 28 November", "29 November", "Yes",
           ", ", ". ", "...", ".", "1.5", " ", "TF10000002"),
    "zh": ("正在运输中。", "实付1299元！", "送到<ADDRESS_1>。", "好吗？", "请写信到 ada@example.com。",
           "预计11月28日送达", "11月29日", "好", "，", "。", "……", ".", "1.5", " ", "TF10000002"),
}  # fmt: skip


@given(st.data())
@settings(max_examples=150)
def test_the_same_is_said_for_every_way_to_cut_the_models_text(guard: Guardrails, data: st.DataObject) -> None:
    lang: Lang = data.draw(st.sampled_from(("en", "zh")))
    text = "".join(data.draw(st.lists(st.sampled_from(FRAGMENTS[lang]), min_size=1, max_size=8)))
    ends = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    deltas = [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]

    async def both_ways() -> tuple[list[str], list[str]]:
        one = await pieces(guard, ScriptedModel([text]), ORDER[lang], lang)
        return one, await pieces(guard, ScriptedModel(deltas), ORDER[lang], lang)

    whole, cut = asyncio.run(both_ways())
    assert cut == whole
    assert "ada@example.com" not in "".join(whole)
