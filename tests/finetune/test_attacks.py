import random
import re
from collections import Counter
from itertools import islice

import pytest

from finetune.tagger.synthesis.attacks import (
    COLLECTIONS,
    HERE,
    PLAIN,
    AttackMessage,
    Lang,
    attack_messages,
    collected,
    families,
    filled,
    words,
)
from guardrails.testset.texts import attack_lines, harmless_lines

LANGS: tuple[Lang, ...] = ("en", "zh")
SIDES = ("attacks", "harmless")
FILES = [(side, lang) for side in SIDES for lang in LANGS]
COUNT = 2000


def bare(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def templates(side: str, lang: Lang) -> list[str]:
    return [line for part in COLLECTIONS for lines in families(f"{side}{part}_{lang}").values() for line in lines]


@pytest.fixture(scope="module", params=LANGS)
def drawn(request: pytest.FixtureRequest) -> list[AttackMessage]:
    return list(attack_messages(request.param, 5, COUNT))


@pytest.mark.parametrize("lang", LANGS)
def test_a_seed_gives_the_same_messages_and_another_seed_others(lang: Lang) -> None:
    first, again, other = (list(attack_messages(lang, seed, 200)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert list(islice(attack_messages(lang, 1, 5000), 200)) == first, "a longer run begins like a shorter one"


@pytest.mark.parametrize(("side", "lang"), FILES)
def test_every_template_fills_with_all_of_its_choices(side: str, lang: Lang) -> None:
    slot = re.compile(r"\{(" + "|".join(words(lang)) + r")\}")
    for template in templates(side, lang):
        plain = re.sub(r"\[[^\[\]]*\|[^\[\]]*\]", "", template)
        assert not set("[]") & set(plain), f"a literal bracket is {{lb}} or {{rb}}: {template}"
        braces = re.sub(r"\{\{|\}\}|\{\w+\}", "", template)
        assert not set("{}") & set(braces), f"a literal brace is doubled: {template}"
        for seed in range(8):
            text = filled(template, lang, random.Random(seed))
            assert text.strip(), template
            assert not slot.search(text), template


@pytest.mark.parametrize("lang", LANGS)
def test_an_unknown_slot_is_refused(lang: Lang) -> None:
    with pytest.raises(KeyError):
        filled("{nothing_of_that_name}", lang, random.Random(0))


@pytest.mark.parametrize("lang", LANGS)
def test_brackets_braces_and_line_ends_come_out_as_written(lang: Lang) -> None:
    assert filled("{lb}a{rb} {{b}} {{{{c}}}}", lang, random.Random(0)) == "[a] {b} {{c}}"
    assert any("\n" in text for text in families(f"attacks_{lang}")["chat_marks"])


@pytest.mark.parametrize("lang", LANGS)
def test_the_texts_are_many_and_of_many_families(lang: Lang) -> None:
    attacks, harmless = families(f"attacks_{lang}"), families(f"harmless_{lang}")
    assert len(attacks) >= 25
    assert all(len(lines) >= 16 for lines in attacks.values()), {name: len(lines) for name, lines in attacks.items()}
    assert sum(map(len, attacks.values())) >= 400
    assert sum(len(lines) for name, lines in harmless.items() if name != PLAIN) >= 350
    assert len(harmless[PLAIN]) >= 120


@pytest.mark.parametrize(("side", "lang"), FILES)
def test_no_template_is_written_twice(side: str, lang: Lang) -> None:
    assert [text for text, n in Counter(templates(side, lang)).items() if n > 1] == []


@pytest.mark.parametrize("lang", LANGS)
def test_no_slot_is_named_twice_and_each_is_used(lang: Lang) -> None:
    lines = (HERE / f"attack_words_{lang}.txt").read_text("utf-8").splitlines()
    names = [line.partition(": ")[0] for line in lines if not line.startswith("#")]
    assert len(names) == len(set(names))
    used = {name for side in SIDES for text in templates(side, lang) for name in re.findall(r"\{(\w+)\}", text)}
    assert set(names) <= used


@pytest.mark.parametrize("lang", LANGS)
def test_no_attack_is_among_the_harmless_texts(lang: Lang) -> None:
    texts: dict[str, set[str]] = {}
    for side in SIDES:
        filled_texts = (filled(text, lang, random.Random(n)) for text in templates(side, lang) for n in range(25))
        texts[side] = {bare(text) for text in filled_texts} - {""}
    assert texts["attacks"] & texts["harmless"] == set()


@pytest.mark.parametrize("lang", LANGS)
def test_no_text_of_the_guards_exam_is_trained_on(lang: Lang) -> None:
    exam = {bare(text) for _, text in attack_lines(lang)} | {bare(text) for text in harmless_lines(lang)}
    trained = {
        bare(filled(text, lang, random.Random(n))) for side in SIDES for text in templates(side, lang) for n in (0, 1)
    }
    shared = {text for text in exam & trained if len(text) > 24}  # "how much is it" is everybody's
    assert not shared


@pytest.mark.parametrize("lang", LANGS)
def test_as_many_collections_are_drawn_from_as_asked(lang: Lang) -> None:
    for many in (2, len(COLLECTIONS)):
        found = {message.family for message in attack_messages(lang, 3, 5000, many)}
        written = {name for side in SIDES for part in COLLECTIONS[:many] for name in families(f"{side}{part}_{lang}")}
        assert found == written - {"plain_more"}


@pytest.mark.parametrize(("side", "lang"), FILES)
def test_no_family_is_of_two_collections(side: str, lang: Lang) -> None:
    names = [name for part in COLLECTIONS for name in families(f"{side}{part}_{lang}")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("lang", LANGS)
def test_the_broad_collection_has_many_small_families(lang: Lang) -> None:
    attacks, harmless = families(f"attacks_broad_{lang}"), families(f"harmless_broad_{lang}")
    assert len(attacks) >= 100
    assert len(harmless) >= 60
    assert all(3 <= len(lines) <= 5 for lines in (*attacks.values(), *harmless.values()))


@pytest.mark.parametrize("lang", LANGS)
def test_a_slot_has_one_value_within_a_message(lang: Lang) -> None:
    values = {filled("{persona}~{persona}", lang, random.Random(seed)) for seed in range(40)}
    assert len(values) > 5
    assert all(first == second for first, _, second in (value.partition("~") for value in values))


def test_half_are_attacks_and_their_families_come_evenly(drawn: list[AttackMessage]) -> None:
    attacks = Counter(message.family for message in drawn if message.attack)
    harmless = Counter(message.family for message in drawn if not message.attack)
    assert attacks.total() == harmless.total() == COUNT // 2
    assert max(attacks.values()) - min(attacks.values()) <= 1
    lang = drawn[0].lang
    assert set(attacks) == set(collected("attacks", lang))
    assert set(families(f"harmless_{lang}")) <= set(harmless)
    # A fifth at least: of 600 draws of 0.3, fewer than 120 are a chance below 1e-7.
    assert harmless[PLAIN] >= 120


def test_messages_share_no_text_between_the_halves_and_are_not_empty(drawn: list[AttackMessage]) -> None:
    sides = [{message.text for message in drawn if message.attack is attack} for attack in (True, False)]
    assert sides[0] & sides[1] == set()
    assert all(message.text.strip() for message in drawn)
    assert len(sides[0]) > 0.85 * COUNT / 2, "most attacks differ"


def test_some_are_damaged_and_some_attacks_disguised(drawn: list[AttackMessage]) -> None:
    attacks = [message.text for message in drawn if message.attack]
    assert any("\u200b" in text or "\u200c" in text or "\u2060" in text or "\u00ad" in text for text in attacks)
    assert any(re.search(r"[Ａ-Ｚａ-ｚ！-／]", text) for text in attacks)
    lower = [text for text in attacks if text == text.lower() and re.search("[a-z]", text)]
    assert lower
