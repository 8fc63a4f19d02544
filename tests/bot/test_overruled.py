"""Where the classifier is sure of a whole message, rules about single words do not turn it into something else."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest

from bot.commands import Command
from bot.model_client import Completion, ModelUnavailable
from bot.prompts import Context, Prompting
from bot.session import Lang
from bot.understand import Understander
from guardrails.findings import Concealed

ORDERS = r"TF\d{8}"


@dataclass(frozen=True)
class Says:
    """One answer to every text, or to a clause that holds a word."""

    label: str
    share: float = 0.99
    by_word: tuple[tuple[str, str], ...] = ()

    def predict(self, text: str, lang: Lang) -> Sequence[tuple[str, float]]:
        found = [label for word, label in self.by_word if word in text]
        label = found[0] if found else self.label
        return [(label, self.share), ("unclear", 1 - self.share)]


class Away:
    async def complete(self, *_: Any, **__: Any) -> NoReturn:
        raise ModelUnavailable("away")


def understood(
    text: str, intents: Says, lang: Lang = "en", context: Context | None = None, *, known: bool = False
) -> list[Command]:
    understander = Understander(Away(), intents, "tuned", ORDERS)  # type: ignore[arg-type]  # asks for no stream
    found = understander.understand(Concealed.fixed(text), context or Context(), lang, known=known)
    return list(asyncio.run(found).commands)


@pytest.mark.parametrize(
    ("text", "lang", "label", "command"),
    [
        ("I want to switch to the gold level", "en", "service:account", Command("service", kind="account")),
        ("cancel my dentist on friday", "en", "out_of_scope", Command("out_of_scope")),
        ("帮我取消下周的体检预约", "zh", "out_of_scope", Command("out_of_scope")),
    ],
)
def test_a_sure_reading_of_one_clause_stands(text: str, lang: Lang, label: str, command: Command) -> None:
    assert understood(text, Says(label), lang) == [command]
    assert understood(text, Says(label, 0.6), lang) != [command], "the rules know better than a doubtful one"


@pytest.mark.parametrize(
    ("text", "lang", "label", "name"),
    [
        # what is the customer's own has no label in the classifier
        ("how much did I pay for TF10293847", "en", "ask_policy:payment", "ask_account"),
        ("TF10293847是哪家快递", "zh", "ask_policy:shipping", "ask_account"),
        # a thing that is to become another is no search
        ("I want to exchange the kettle for a red one", "en", "find_product", "service"),
        # an order number is a shop's business, and so is a refund where a rule knows what of it
        ("how long does a refund take to reach my card?", "en", "out_of_scope", "ask_policy"),
        ("cancel TF10293847", "en", "out_of_scope", "service"),
    ],
)
def test_rules_stand_where_they_know_what_the_classifier_cannot(text: str, lang: Lang, label: str, name: str) -> None:
    assert [command.name for command in understood(text, Says(label), lang)] == [name]


def test_money_back_for_a_thing_is_a_return_and_money_alone_is_not() -> None:
    refund = Says("service:refund")
    assert understood("please refund the blue kettle", refund) == [Command("service", kind="return")]
    assert understood("I want a refund of 40 euros", refund) == [Command("service", kind="refund")]


def test_a_known_customer_may_ask_what_sounds_like_no_business_of_a_shop() -> None:
    outside = Says("out_of_scope")
    assert understood("how much do I owe in all?", outside) == [Command("out_of_scope")]
    assert [c.name for c in understood("how much do I owe in all?", outside, known=True)] == ["ask_account"]


def test_what_was_asked_before_is_for_the_rules() -> None:
    waiting = Context(awaiting="order", doing="service")
    assert understood("cancel my dentist", Says("out_of_scope"), context=waiting) == [Command("service", kind="cancel")]


@pytest.mark.parametrize(
    ("text", "lang", "by_word", "labels"),
    [
        (
            "I want to send the vase back, and please mail me the bill as well",
            "en",
            (("vase", "service:return"), ("bill", "service:invoice")),
            {"return", "invoice"},
        ),
        (
            "where is TF10293847? and my toaster has a fault, mend it",
            "en",
            (("where", "track_order"), ("toaster", "service:warranty")),
            {"track_order", "warranty"},
        ),
        (
            "TF10293847到哪了？能把地址改了吗",
            "zh",
            (("哪", "track_order"), ("地址", "service:change")),
            {"track_order", "change"},
        ),
    ],
)
def test_a_second_request_is_kept_beside_what_the_rules_find(
    text: str, lang: Lang, by_word: tuple[tuple[str, str], ...], labels: set[str]
) -> None:
    found = understood(text, Says("track_order", 0.9, by_word), lang)
    assert {command.kind or command.name for command in found} == labels


class Speaks:
    """A language model that answers every message with a request of its own."""

    def __init__(self, answer: str, confidence: float = 0.9) -> None:
        self._answer, self._confidence = answer, confidence

    async def complete(self, *_: Any, **__: Any) -> Completion:
        return Completion(self._answer, self._confidence)


@pytest.mark.parametrize(
    ("label", "share", "names"),
    [
        ("out_of_scope", 0.6, ["out_of_scope"]),  # a small model hardly ever says so
        ("service:invoice", 0.8, ["service"]),
        ("service:invoice", 0.45, ["find_product"]),  # where both are unsure, the one that knows the dialogue
    ],
)
def test_a_likely_reading_stands_against_a_language_model_alone(label: str, share: float, names: list[str]) -> None:
    model = Speaks('[{"name":"find_product"}]')
    understander = Understander(model, Says(label, share), "tuned", ORDERS)  # type: ignore[arg-type]  # asks for no stream
    found = asyncio.run(understander.understand(Concealed.fixed("tell about the owls"), Context(), "en"))
    assert [command.name for command in found.commands] == names
    assert found.by == ("llm" if names == ["find_product"] else "classifier")
    assert found.in_scope is not None


def read_by(
    model: Speaks, intents: Says, text: str, lang: Lang = "en", prompting: Prompting = "tuned"
) -> tuple[Command, ...]:
    understander = Understander(model, intents, prompting, ORDERS)  # type: ignore[arg-type]  # asks for no stream
    return asyncio.run(understander.understand(Concealed.fixed(text), Context(), lang)).commands


@pytest.mark.parametrize(
    ("text", "lang"),
    [("I must hand in another address, how do I do it?", "en"), ("我得交一个新地址，你能帮我吗", "zh")],
)
def test_a_clause_that_only_begs_for_help_does_not_save_the_models_reading(text: str, lang: Lang) -> None:
    wrong = Speaks('[{"name":"ask_policy","topic":"privacy"}]')
    assert read_by(wrong, Says("service:change", 0.9), text, lang) == (Command("service", kind="change"),)


def test_where_the_model_sees_two_requests_the_classifiers_one_does_not_stand() -> None:
    two = Speaks('[{"name":"ask_policy","topic":"privacy"},{"name":"list_orders"}]')
    found = read_by(two, Says("service:invoice", 0.9), "the owls came at dawn, the moles at dusk; also, the bats")
    assert [command.name for command in found] == ["ask_policy", "list_orders"]


@pytest.mark.parametrize(
    ("text", "lang", "query"),
    [
        ("cancel TF10293847, and can you show me a cheaper kettle?", "en", "cheaper kettle"),
        ("取消TF10293847，还有推荐一下便宜点的水壶", "zh", "便宜点的水壶"),
    ],
)
def test_what_is_looked_for_is_in_the_words_of_its_own_clause(text: str, lang: Lang, query: str) -> None:
    model = Speaks('[{"name":"service","kind":"cancel","order":"TF10293847"},{"name":"find_product"}]')
    found = read_by(model, Says("unclear", 0.2), text, lang)
    assert [command.query for command in found if command.name == "find_product"] == [query]


@pytest.mark.parametrize(("share", "name"), [(0.9, "list_orders"), (0.99, "service")])
def test_a_larger_model_is_overruled_by_a_sure_reading_only(share: float, name: str) -> None:
    larger = Speaks('[{"name":"list_orders"}]')
    found = read_by(larger, Says("service:invoice", share), "tell about the owls", prompting="few_shot")
    assert [command.name for command in found] == [name]


@pytest.mark.parametrize(("share", "kinds"), [(0.9, ["cancel", "invoice"]), (0.7, [None])])
@pytest.mark.parametrize("text", ["drop the kettle thing. and the bill please", "水壶那单别弄了，另外账单给我一下"])
def test_what_clauses_make_plain_is_not_lost_by_a_small_model(text: str, share: float, kinds: list[str | None]) -> None:
    words = (("kettle", "service:cancel"), ("bill", "service:invoice"), ("水壶", "service:cancel"))
    clauses = Says("list_orders", share, (*words, ("账单", "service:invoice")))
    found = read_by(Speaks('[{"name":"find_product"}]'), clauses, text, "zh" if "水" in text else "en")
    assert [command.kind for command in found] == kinds


@pytest.mark.parametrize(
    ("text", "lang", "query"),
    [
        ("a warm blanket under 30. My phone is <PHONE_1>", "en", "warm blanket under 30"),
        ("想买条暖和的毯子，三百以内？我电话<PHONE_1>", "zh", "暖和的毯子，三百以内"),
        ("a warm blanket for <PERSON_1>", "en", "warm blanket for"),
    ],
)
def test_a_search_said_twice_by_the_model_is_one_and_holds_no_handle(text: str, lang: Lang, query: str) -> None:
    twice = Speaks('[{"name":"find_product"},{"name":"find_product"}]')
    wish = Says("find_product", 0.9, (("phone", "give"), ("电话", "give")))
    assert read_by(twice, wish, text, lang) == (Command("find_product", query=query),)


@pytest.mark.parametrize(
    ("text", "sure", "name"),
    [
        ("blorp fnargle zzz", 0.44, "unclear"),
        ("the lamp sounds lovely", 0.44, "choose"),
        ("that bluish sort of thing", 0.9, "choose"),
        ("呜啦啦咕噜噜", 0.44, "unclear"),
    ],
)
def test_an_unsure_pick_needs_a_word_for_it(text: str, sure: float, name: str) -> None:
    understander = Understander(Speaks('[{"name":"choose","n":2}]', sure), Says("unclear", 0.2), "tuned", ORDERS)  # type: ignore[arg-type]  # asks for no stream
    context = Context(awaiting="choice", doing="find_product", offered=("Fjord Throw", "Aurora Lamp"))
    (found,) = asyncio.run(understander.understand(Concealed.fixed(text), context, "en")).commands
    assert found.name == name


@pytest.mark.parametrize(
    ("text", "label", "name"),
    [
        ("blorp fnargle 77 zzz", "unclear", "unclear"),
        ("what's the weather", "out_of_scope", "out_of_scope"),
        ("呜啦啦咕噜噜", "unclear", "unclear"),
        ("有没有暖和的毯子", "find_product", "find_product"),
    ],
)
def test_nonsense_is_no_search_while_it_is_asked_who_writes(text: str, label: str, name: str) -> None:
    understander = Understander(Speaks('[{"name":"find_product"}]'), Says(label, 0.9), "tuned", ORDERS)  # type: ignore[arg-type]  # asks for no stream
    context = Context(awaiting="identity", doing="track_order")
    (found,) = asyncio.run(understander.understand(Concealed.fixed(text), context, "zh")).commands
    assert found.name == name
