"""The evaluation set: the same for the same seed, marks where the values are, no leftovers, made-up values only."""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.testset import names, numbers
from guardrails.testset.fill import choose, pieces, spans
from guardrails.testset.ordinary import kept_ids, ordinary_messages
from guardrails.testset.personal import PERSONAL_VALUES, personal_messages
from guardrails.testset.shop_values import SHOP_VALUES
from guardrails.testset.texts import Lang, attack_lines, harmless_lines, lines

LANGS: tuple[Lang, ...] = ("en", "zh")
KINDS = {"PERSON", "ADDRESS", "PHONE_NUMBER", "EMAIL_ADDRESS", "CREDIT_CARD", "BANK_ACCOUNT", "ID_CARD", "PASSPORT"}
KINDS |= {"IP_ADDRESS", "SOCIAL_ACCOUNT", "LICENCE_PLATE", "POSTAL_CODE", "DATE_OF_BIRTH", "SECRET"}
LEFTOVER = re.compile(r"\{[a-z_]+[0-9]*\}|\\n")
CHOICE = re.compile(r"\[[^\[\]]*\|[^\[\]]*\]")
RNG = numbers.Random
CHECK = dict(zip(range(11), "10X98765432", strict=True))


def right_check(number: str) -> bool:
    """ISO 7064 MOD 11-2, written apart from the generator: weights are powers of two."""
    return CHECK[sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17])) % 11] == number[17]


def luhn_ok(number: str) -> bool:
    doubled = [int(d) * (1 + at % 2) for at, d in enumerate(reversed(number))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_seed_gives_the_same_messages_and_another_seed_others(lang: Lang) -> None:
    for make in (personal_messages, ordinary_messages, kept_ids):
        assert list(make(lang, 3, 90)) == list(make(lang, 3, 90))
        assert list(make(lang, 3, 90)) != list(make(lang, 4, 90))


@pytest.mark.parametrize("lang", LANGS)
def test_marks_are_in_order_inside_the_text_and_not_empty(lang: Lang) -> None:
    for message in personal_messages(lang, 1, 1200):
        assert message.spans
        at = 0
        for start, end, kind in message.spans:
            assert at <= start < end <= len(message.text)
            assert message.text[start:end] == message.text[start:end].strip()
            assert kind in KINDS
            at = end


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_a_mark_lies_exactly_on_the_slot_s_value(seed: int) -> None:
    template = "[Hi|Hello [there|you]], {first} and {second2}, {first}"
    parts = pieces(template, RNG(seed), lambda slot: {"first": "Ada L.", "second2": "王小明"}[slot])
    text = "".join(part.text for part in parts)
    assert [(text[start:end], slot) for start, end, slot in spans(parts)] == [
        ("Ada L.", "first"),
        ("王小明", "second"),
        ("Ada L.", "first"),
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_of_a_template_is_left_over(lang: Lang) -> None:
    texts = [message.text for message in personal_messages(lang, 2, 1200)]
    texts += [message.text for message in ordinary_messages(lang, 2, 1200)]
    texts += [text for text, _ in kept_ids(lang, 2, 400)]
    for text in texts:
        assert not LEFTOVER.search(text)
        assert not CHOICE.search(text)


def test_json_brackets_are_not_choices() -> None:
    assert choose('[{"a": 1}, {"b": [2]}]', RNG(0)) == '[{"a": 1}, {"b": [2]}]'


@pytest.mark.parametrize("lang", LANGS)
def test_every_slot_is_known_and_every_maker_is_used(lang: Lang) -> None:
    used: Counter[str] = Counter()
    for name in ("personal", "kept", "ordinary"):
        known = set(SHOP_VALUES[lang]) | (set() if name == "ordinary" else set(PERSONAL_VALUES[lang]))
        found = [
            slot.rstrip("0123456789")
            for slot in re.findall(r"\{([a-z_]+[0-9]*)\}", "\n".join(lines(f"{name}_{lang}.txt")))
        ]
        assert set(found) <= known
        used.update(found)
    unused = (set(SHOP_VALUES[lang]) | set(PERSONAL_VALUES[lang])) - set(used)
    other_language = {"en": {"qq", "pinyin"}, "zh": {"name_caps", "family_first", "initial"}}
    assert unused <= other_language[lang]


@pytest.mark.parametrize("lang", LANGS)
def test_every_kind_occurs_in_one_round_of_templates(lang: Lang) -> None:
    found = Counter(kind for message in personal_messages(lang, 5, 300) for _, _, kind in message.spans)
    assert set(found) == KINDS
    assert min(found.values()) >= 3


@pytest.mark.parametrize("lang", LANGS)
def test_ordinary_messages_have_no_marks_and_no_mail_addresses(lang: Lang) -> None:
    for message in ordinary_messages(lang, 6, 800):
        assert message.spans == ()
        assert "@" not in message.text


@pytest.mark.parametrize("lang", LANGS)
def test_kept_ids_are_inside_and_differ_from_the_personal_values(lang: Lang) -> None:
    for text, ids in kept_ids(lang, 7, 500):
        assert ids, text
        assert all(0 <= start < end <= len(text) for start, end in ids)
        assert not any("@" in text[start:end] for start, end in ids)


def test_resident_ids_have_the_check_character_that_their_name_says() -> None:
    rng = RNG(1)
    for _ in range(300):
        assert right_check(numbers.resident_id(rng))
        assert not right_check(numbers.resident_id_wrong(rng))
        assert re.fullmatch(r"\d{15}", numbers.resident_id_15(rng))


def test_cards_and_ibans_have_right_check_digits() -> None:
    rng = RNG(2)
    for _ in range(300):
        card, bank = re.sub(r"\D", "", numbers.card(rng)), re.sub(r"\D", "", numbers.bank_card_zh(rng))
        assert len(card) in (15, 16)
        assert luhn_ok(card)
        assert len(bank) == 19
        assert luhn_ok(bank)
        iban = numbers.iban(rng).replace(" ", "")
        assert int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 == 1


def test_us_and_uk_phones_are_of_the_ranges_kept_for_fiction() -> None:
    rng = RNG(3)
    for _ in range(500):
        digits = re.sub(r"\D", "", numbers.phone_en(rng))
        if digits.startswith(("0770", "4477")):
            assert "7700900" in digits
        if len(digits) == 10 and digits[0] in "234567":
            assert digits[3:8] == "55501"


def test_the_lists_are_as_long_as_promised() -> None:
    given, family = names.english_names("given"), names.english_names("family")
    assert len(set(given)) == len(given) >= 150
    assert len(set(family)) == len(family) >= 200
    written = {a + b for a, _ in names.chinese_names("surname") for b, _ in names.chinese_names("given")}
    assert len(written) >= 300
    for lang in LANGS:
        assert len(set(lines(f"personal_{lang}.txt"))) >= 220
        assert len(set(lines(f"ordinary_{lang}.txt"))) >= 220
        assert len(set(lines(f"kept_{lang}.txt"))) >= 60


@pytest.mark.parametrize("lang", LANGS)
def test_ids_come_in_many_formats(lang: Lang) -> None:
    rng = RNG(4)
    makers = ("order", "tracking", "sku")
    drawn = [SHOP_VALUES[lang][name](rng) for name in makers for _ in range(400)]
    assert len({re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", text)) for text in drawn}) >= 15


@pytest.mark.parametrize("lang", LANGS)
def test_attacks_have_many_families_of_many_different_lines(lang: Lang) -> None:
    attacks = list(attack_lines(lang))
    assert len({text for _, text in attacks}) == len(attacks)
    families = Counter(family for family, _ in attacks)
    assert len(families) >= 14
    assert min(families.values()) >= 18
    assert "" not in families


@pytest.mark.parametrize("lang", LANGS)
def test_harmless_lines_are_many_different_and_no_attacks(lang: Lang) -> None:
    harmless = list(harmless_lines(lang))
    assert len(set(harmless)) == len(harmless) >= 600
    assert not set(harmless) & {text for _, text in attack_lines(lang)}


def test_chinese_files_are_chinese() -> None:
    for name in ("personal_zh.txt", "ordinary_zh.txt", "harmless_zh.txt", "attacks_zh.txt"):
        letters = [letter for line in lines(name) for letter in line if unicodedata.category(letter) == "Lo"]
        assert len(letters) > 2000


def test_the_readme_tells_how_many_there_are() -> None:
    readme = (Path(names.__file__).parent / "README.md").read_text(encoding="utf-8")
    for name in ("personal", "ordinary", "kept", "harmless"):
        english, chinese = (len(lines(f"{name}_{lang}.txt")) for lang in LANGS)
        assert f"{english} / {chinese}" in readme
