"""Customers who do not exist: names, e-mails, telephones and addresses for simulated transcripts.

Given and family names are drawn apart from the lists of the guard's exam; e-mails are at reserved domains, telephone
numbers in ranges kept for fiction or never given out, streets are invented. Nobody's data, by construction.
"""

import random
from dataclasses import dataclass
from functools import cache
from typing import Final

from finetune.corpus.notation import Lang
from guardrails.testset.names import chinese_names, english_names

_ROADS: Final = (
    "Bramble",
    "Heron",
    "Saltmarsh",
    "Quarry",
    "Juniper",
    "Weaver",
    "Larkfield",
    "Tannery",
    "Osier",
    "Mill",
)
_WAYS: Final = ("Row", "Road", "Lane", "Street", "Close", "Avenue", "Terrace", "Drive")
_TOWNS: Final = (
    ("Leeds", "LS"), ("Bristol", "BS"), ("Norwich", "NR"), ("Belfast", "BT"), ("Dundee", "DD"), ("Cardiff", "CF"),
)  # fmt: skip
_CITIES: Final = (("Portland, OR", "972"), ("Austin, TX", "787"), ("Madison, WI", "537"), ("Raleigh, NC", "276"))
_CHINESE_CITIES: Final = (
    ("杭州市西湖区", "3100"), ("成都市锦江区", "6100"), ("沈阳市和平区", "1100"), ("广州市天河区", "5100"),
)  # fmt: skip
_CHINESE_ROADS: Final = ("槐安里", "听雨路", "青瓦街", "石鼓巷", "晚渡路", "银杏街", "竹溪路")


@dataclass(frozen=True, slots=True)
class Person:
    """What a customer may type of themselves, and one name of somebody close to them."""

    name: str
    given: str
    email: str
    phone: str
    address: str
    postcode: str
    other: str


def draw(rng: random.Random, lang: Lang) -> Person:
    """A new person who writes in ``lang``."""
    return _chinese(rng) if lang == "zh" else _english(rng)


@cache
def _english_lists() -> tuple[tuple[str, ...], tuple[str, ...]]:
    return english_names("given"), english_names("family")


@cache
def _chinese_lists() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    return chinese_names("surname"), chinese_names("given")


def _english(rng: random.Random) -> Person:
    givens, families = _english_lists()
    given, family = rng.choice(givens), rng.choice(families)
    road = f"{rng.randint(1, 240)} {rng.choice(_ROADS)} {rng.choice(_WAYS)}"
    if rng.random() < 0.6:
        town, area = rng.choice(_TOWNS)
        letters = "".join(rng.choice("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2))
        postcode = f"{area}{rng.randint(1, 19)} {rng.randint(1, 9)}{letters}"
        phone = rng.choice(
            (f"07700 900{_digits(rng, 3)}", f"07700900{_digits(rng, 3)}", f"+44 7700 900{_digits(rng, 3)}")
        )
    else:
        town, area = rng.choice(_CITIES)
        postcode = area + _digits(rng, 2)
        phone = rng.choice(("{}-555-01{}", "({}) 555-01{}", "+1 {} 555 01{}")).format(
            rng.choice((206, 312, 415, 617, 718)), _digits(rng, 2)
        )
    email = _email(rng, given, family, ("example.com", "example.org", "example.net"))
    other = f"{rng.choice(givens)} {rng.choice(families)}"
    return Person(f"{given} {family}", given, email, phone, f"{road}, {town} {postcode}", postcode, other)


def _chinese(rng: random.Random) -> Person:
    surnames, givens = _chinese_lists()
    surname, given = rng.choice(surnames), rng.choice(givens)
    city, area = rng.choice(_CHINESE_CITIES)
    postcode = area + _digits(rng, 6 - len(area))
    number, house, door = rng.randint(1, 398), rng.randint(1, 19), rng.randint(1, 26)
    address = f"{city}{rng.choice(_CHINESE_ROADS)}{number}号{house}幢{door}0{rng.randint(1, 6)}室"
    email = _email(rng, surname[1], given[1], ("example.com", "example.cn", "example.org"))
    other = rng.choice(surnames)[0] + rng.choice(givens)[0]
    name = surname[0] + given[0]
    return Person(name, given[0], email, f"1380013{_digits(rng, 4)}", address, postcode, other)


def _email(rng: random.Random, first: str, last: str, domains: tuple[str, ...]) -> str:
    plain = ["".join(c for c in part.lower() if c.isascii() and c.isalnum()) or "shopper" for part in (first, last)]
    local = rng.choice(("{0}.{1}", "{0}{1}", "{0}_{1}", "{0}{1}{2}", "{1}.{0}{2}")).format(*plain, rng.randint(2, 99))
    return f"{local}@{rng.choice(domains)}"


def _digits(rng: random.Random, n: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(n))
