"""Without the language model: parts of a message, slots by pattern, and when nothing is said to be clear."""

import asyncio
from collections.abc import Sequence
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clauses import clauses
from bot.commands import Command
from bot.model_client import ModelUnavailable
from bot.prompts import Context
from bot.session import Lang
from bot.slots import command_of, place_in, query_of
from bot.unaided import commands_unaided
from bot.understand import Understander
from guardrails.findings import Concealed

ORDERS = r"TF\d{8}"
OFFERED = Context(awaiting="choice", offered=("Aurora Table Lamp", "Fjord Cotton Throw", "Atlas Carry-On"))
NOTHING = Context()


class Says:
    """Knows labels by a word of the text; every other text is unclear to it."""

    def __init__(self, **by_word: tuple[str, float]) -> None:
        self._by_word = by_word

    def predict(self, text: str, lang: Lang) -> Sequence[tuple[str, float]]:
        for word, (label, share) in self._by_word.items():
            if word in text.casefold():
                rest = 1 - share
                return sorted([(label, share), ("unclear", rest)], key=lambda pair: -pair[1])
        return [("unclear", 1.0)]


SHOP = Says(
    parcel=("track_order", 0.9),
    back=("service:return", 0.9),
    bill=("service:invoice", 0.9),
    snow=("out_of_scope", 0.8),
    maybe=("service:return", 0.5),
    first=("choose", 0.9),
)


def unaided(text: str, context: Context = NOTHING) -> list[Command]:
    return list(commands_unaided(text, context, "en", SHOP, ORDERS).commands)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("where is TF10293847 and can I change the address", ("where is TF10293847", "can I change the address")),
        ("shoes and socks for my son", ("shoes and socks for my son",)),
        ("my kettle died. do you have another", ("my kettle died.", "do you have another")),
        ("查一下物流，再把发票发给我", ("查一下物流", "再把发票发给我")),
        ("黑色和白色的都要", ("黑色和白色的都要",)),
        ("怎么退货？还有，运费谁出", ("怎么退货", "运费谁出")),
        ("TF10293847, 12", ("TF10293847, 12",)),
    ],
)
def test_a_message_is_cut_where_another_request_begins(text: str, parts: tuple[str, ...]) -> None:
    assert clauses(text) == parts


@given(st.text(max_size=200))
def test_parts_are_pieces_of_the_text_in_its_order(text: str) -> None:
    at = 0
    for part in clauses(text):
        assert part in text[at:] or part == text
        at = text.find(part, at) + len(part)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("hi, do you have rain boots in size 38?", "rain boots in size 38"),
        ("I'm looking for a vegan rucksack pls", "vegan rucksack"),
        ("can you recommend some earplugs", "earplugs"),
        ("salad spinner", "salad spinner"),
        ("你好，有没有防水的登山鞋？", "防水的登山鞋"),
        ("我想买一双雪地靴，谢谢", "雪地靴"),
        ("帮我推荐一款保温杯吧", "保温杯"),
        ("do you have", "do you have"),
        ("my phone is <PHONE_1>, looking for a warm blanket, under 300", "warm blanket, under 300"),
        ("I'm <PERSON_1>. do you have rain boots", "rain boots"),
        ("我的电话是<PHONE_1>，想找一条暖和的毯子，三百以内", "暖和的毯子，三百以内"),
        ("我叫<PERSON_1>，邮编<POSTCODE_1>。有没有防水的登山鞋", "防水的登山鞋"),
        ("<PERSON_1>, <POSTCODE_1>", "<PERSON_1>, <POSTCODE_1>"),
    ],
)
def test_a_search_is_what_is_wanted_without_the_courtesies(text: str, query: str) -> None:
    assert query_of(text) == query


@given(st.text(min_size=1, max_size=300).filter(str.strip))
def test_a_search_is_never_empty_and_never_invented(text: str) -> None:
    query = query_of(text)
    assert 0 < len(query) <= 80
    assert query in text


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("the second one please", 2),
        ("number 3", 3),
        ("I'm leaning towards the last", 3),
        ("第二个吧", 2),
        ("最后那款", 3),
        ("the throw sounds lovely", 2),
        ("something else", None),
        ("I have 30 of them", None),
    ],
)
def test_a_place_in_the_list_is_told_by_number_or_name(text: str, n: int | None) -> None:
    assert place_in(text, OFFERED.offered) == n


@pytest.mark.parametrize(
    ("label", "text", "context", "command"),
    [
        ("track_order", "where is tf10293847", NOTHING, Command("track_order", order="tf10293847")),
        ("service:return", "that one", Context(topic="TF10293847"), Command("service", "TF10293847", "return")),
        ("service:return", "that one", Context(topic="Aurora Table Lamp"), Command("service", kind="return")),
        (
            "ask_product",
            "how long is it",
            Context(topic="Atlas Carry-On"),
            Command("ask_product", query="Atlas Carry-On how long is"),
        ),
        (
            "ask_product",
            "does the third have a lock",
            OFFERED,
            Command("ask_product", query="Atlas Carry-On does the third have a lock"),
        ),
        ("give", "it is <EMAIL_1>", NOTHING, Command("give", slot="email", value="<EMAIL_1>")),
        ("give", "the one with the garden gnome", NOTHING, Command("give", slot="product", value="garden gnome")),
        ("give", "买花瓶的那单", NOTHING, Command("give", slot="product", value="花瓶")),
        ("give", "no idea", NOTHING, Command("unclear")),
        ("choose", "whichever", OFFERED, Command("unclear")),
        ("ask_policy:shipping", "postage?", NOTHING, Command("ask_policy", topic="shipping")),
    ],
)
def test_slots_come_from_the_words_and_the_dialogue(label: str, text: str, context: Context, command: Command) -> None:
    assert command_of(label, text, context, ORDERS) == command


def test_two_clear_parts_are_two_commands_each_with_its_own_order() -> None:
    assert unaided("I want TF10000001 back. where is the parcel TF10000002") == [
        Command("service", "TF10000001", "return"),
        Command("track_order", order="TF10000002"),
    ]


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("where is my parcel, can you look", [Command("track_order")]),
        ("my parcel. will it snow", [Command("track_order")]),
        ("send it back? maybe. i could", [Command("service", kind="return")]),
        ("send it back. can i have the bill. where is the parcel. my bill", None),
    ],
)
def test_unclear_and_foreign_parts_do_not_become_requests(text: str, commands: list[Command] | None) -> None:
    found = unaided(text)
    assert found == commands if commands else len(found) == 3


def test_a_message_beyond_a_shop_is_said_to_be_and_an_unsure_one_is_unclear() -> None:
    guess = commands_unaided("will it snow", NOTHING, "en", SHOP, ORDERS)
    assert (guess.commands, guess.in_scope) == ((Command("out_of_scope"),), pytest.approx(0.2))
    weak = Says(parcel=("track_order", 0.28), other=("track_order", 0.28))
    spread = [("track_order", 0.28), ("greet", 0.26), ("service:return", 0.26), ("out_of_scope", 0.2)]
    weak.predict = lambda text, lang: spread  # type: ignore[method-assign]
    assert commands_unaided("parcel", NOTHING, "en", weak, ORDERS).commands == (Command("unclear"),)


def test_nothing_is_chosen_where_nothing_was_offered() -> None:
    assert unaided("the first", OFFERED) == [Command("choose", n=1)]
    assert unaided("the first") == [Command("unclear")]


class Away:
    async def complete(self, *_: Any, **__: Any) -> NoReturn:
        raise ModelUnavailable("away")


def test_the_understander_hands_on_how_likely_a_shop_is_meant() -> None:
    understander = Understander(Away(), SHOP, "tuned", ORDERS)  # type: ignore[arg-type]  # asks for no stream
    found = asyncio.run(understander.understand(Concealed.fixed("where is my parcel TF10293847"), NOTHING, "en"))
    assert (found.by, found.commands) == ("classifier", (Command("track_order", order="TF10293847"),))
    assert found.in_scope == 1.0
