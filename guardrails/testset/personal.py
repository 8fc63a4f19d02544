"""Customer-service messages with marked personal data, English and Chinese, customer's and agent's side.

Marks are the value alone: titles, cue words and order numbers stay outside. A surname with a title (王女士, Mrs Vogel)
is marked as PERSON. Does not model whole dialogues; typos are only in the template's words, never inside a value.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from guardrails.testset import accounts, numbers, places_en, places_zh
from guardrails.testset.fill import Piece, pieces, rounds, spans
from guardrails.testset.names import Person, person
from guardrails.testset.shop_values import SHOP_VALUES
from guardrails.testset.texts import Lang, lines

Maker = Callable[[Person, Random], str]


@dataclass(frozen=True)
class Marked:
    """A message and the places of personal values in it: (start, end, kind), end exclusive, in code points."""

    text: str
    lang: Lang
    spans: tuple[tuple[int, int, str], ...]


def _plain(make: Callable[[Random], str]) -> Maker:
    return lambda _, rng: make(rng)


_BOTH: dict[str, tuple[str, Maker]] = {
    "name": ("PERSON", lambda who, _: who.name),
    "given": ("PERSON", lambda who, _: who.given),
    "family": ("PERSON", lambda who, _: who.family),
    "pinyin": ("PERSON", lambda who, _: who.pinyin),
    "pinyin_caps": ("PERSON", lambda who, _: who.pinyin.upper()),
    "name_caps": ("PERSON", lambda who, _: who.name.upper()),
    "family_first": ("PERSON", lambda who, _: f"{who.family}, {who.given}"),
    "initial": ("PERSON", lambda who, _: f"{who.given[0]}. {who.family}"),
    "email": ("EMAIL_ADDRESS", accounts.email),
    "card": ("CREDIT_CARD", _plain(numbers.card)),
    "iban": ("BANK_ACCOUNT", _plain(numbers.iban)),
    "passport": ("PASSPORT", _plain(numbers.passport)),
    "ip": ("IP_ADDRESS", accounts.ip),
    "ipv_six": ("IP_ADDRESS", accounts.ipv6),
    "handle": ("SOCIAL_ACCOUNT", accounts.handle),
    "nickname": ("SOCIAL_ACCOUNT", accounts.nickname),
    "wechat": ("SOCIAL_ACCOUNT", accounts.wechat),
    "qq": ("SOCIAL_ACCOUNT", accounts.qq),
    "password": ("SECRET", accounts.password),
    "api_key": ("SECRET", accounts.api_key),
    "otp": ("SECRET", accounts.one_time_code),
}
PERSONAL_VALUES: dict[Lang, dict[str, tuple[str, Maker]]] = {
    "en": {
        **_BOTH,
        "phone": ("PHONE_NUMBER", _plain(numbers.phone_en)),
        "address": ("ADDRESS", _plain(places_en.address)),
        "address_block": ("ADDRESS", _plain(places_en.address_block)),
        "street": ("ADDRESS", _plain(places_en.street)),
        "postcode": ("POSTAL_CODE", _plain(places_en.postcode)),
        "email_said": ("EMAIL_ADDRESS", accounts.email_said),
        "account": ("BANK_ACCOUNT", _plain(numbers.account_en)),
        "ssn": ("ID_CARD", _plain(numbers.ssn)),
        "nino": ("ID_CARD", _plain(numbers.nino)),
        "dni": ("ID_CARD", _plain(numbers.dni)),
        "aadhaar": ("ID_CARD", _plain(numbers.aadhaar)),
        "plate": ("LICENCE_PLATE", _plain(numbers.plate_en)),
        "born": ("DATE_OF_BIRTH", accounts.born_en),
    },
    "zh": {
        **_BOTH,
        "foreign": ("PERSON", lambda _, rng: person("en", rng).name),
        "phone": ("PHONE_NUMBER", _plain(numbers.phone_zh)),
        "phone_said": ("PHONE_NUMBER", _plain(numbers.phone_said_zh)),
        "phone_wide": ("PHONE_NUMBER", _plain(lambda rng: numbers.wide(numbers.mobile_zh(rng)))),
        "landline": ("PHONE_NUMBER", _plain(numbers.landline_zh)),
        "address": ("ADDRESS", _plain(places_zh.address)),
        "address_block": ("ADDRESS", _plain(places_zh.address_block)),
        "estate": ("ADDRESS", _plain(places_zh.estate)),
        "locker": ("ADDRESS", _plain(places_zh.locker)),
        "village": ("ADDRESS", _plain(places_zh.village)),
        "postcode": ("POSTAL_CODE", _plain(places_zh.postcode)),
        "email_said": ("EMAIL_ADDRESS", accounts.email_said_zh),
        "bank_card": ("BANK_ACCOUNT", _plain(numbers.bank_card_zh)),
        "resident_id": ("ID_CARD", _plain(numbers.resident_id)),
        "resident_id_wrong": ("ID_CARD", _plain(numbers.resident_id_wrong)),
        "resident_id_old": ("ID_CARD", _plain(numbers.resident_id_15)),
        "plate": ("LICENCE_PLATE", _plain(numbers.plate_zh)),
        "born": ("DATE_OF_BIRTH", accounts.born_zh),
    },
}
_LOWERED = frozenset({"PERSON", "ADDRESS", "EMAIL_ADDRESS", "POSTAL_CODE", ""})


def personal_messages(lang: Lang, seed: int, count: int) -> Iterator[Marked]:
    """`count` messages with personal data; the same seed gives the same messages."""
    rng = Random(f"personal {lang} {seed}")
    for template in rounds(lines(f"personal_{lang}.txt"), rng, count):
        parts = _written(lang, pieces(template, rng, values(lang, rng)), rng)
        marks = tuple((start, end, kind) for start, end, slot in spans(parts) if (kind := kind_of(lang, slot)))
        yield Marked("".join(part.text for part in parts), lang, marks)


def values(lang: Lang, rng: Random) -> Callable[[str], str]:
    """The slot values of one message: its first, second … person and what is theirs."""
    people: dict[str, Person] = {}

    def value(slot: str) -> str:
        name = slot.rstrip("0123456789")
        if name in SHOP_VALUES[lang]:
            return SHOP_VALUES[lang][name](rng)
        who = slot.removeprefix(name)
        if who not in people:
            people[who] = person(lang, rng)
        return PERSONAL_VALUES[lang][name][1](people[who], rng)

    return value


def kind_of(lang: Lang, slot: str) -> str:
    """The kind of personal data of a slot, empty where it has none."""
    return PERSONAL_VALUES[lang][slot][0] if slot in PERSONAL_VALUES[lang] else ""


def _written(lang: Lang, parts: list[Piece], rng: Random) -> list[Piece]:
    """One of six English messages comes in lower case, one of nine messages has slips in its own words."""
    slip = rng.random() < 0.11
    lower = lang == "en" and rng.random() < 0.16
    if slip:
        parts = [part if part.slot else Piece(_slipped(lang, part.text, rng)) for part in parts]
    return [_lowered(part, lang) for part in parts] if lower else parts


def _lowered(part: Piece, lang: Lang) -> Piece:
    lowered = part.text.lower()
    return Piece(lowered, part.slot) if kind_of(lang, part.slot) in _LOWERED else part


def _slipped(lang: Lang, text: str, rng: Random) -> str:
    if lang == "zh":
        return text.replace("，", rng.choice((" ", ",", ""))).replace("。", rng.choice((" ", "")))
    if len(text) < 8 or "{" in text or '"' in text:
        return text
    at = rng.choice([at for at in range(1, len(text) - 2)])
    if not text[at - 1 : at + 2].isalpha():
        return text
    return rng.choice((text[:at] + text[at + 1] + text[at] + text[at + 2 :], text[:at] + text[at + 1 :]))
