"""People who do not exist: given and family names of many countries, Chinese names with their pinyin.

Family names and given names are drawn apart, so a name of a real person can only come about by chance.
"""

from dataclasses import dataclass
from random import Random

from guardrails.testset.texts import Lang, under_heads


@dataclass(frozen=True)
class Person:
    """A made-up person: how the name is written whole, its parts, and its Latin letters for accounts."""

    name: str
    given: str
    family: str
    latin_given: str
    latin_family: str
    title: str

    @property
    def pinyin(self) -> str:
        """The name in Latin letters, family name first."""
        return f"{self.latin_family.capitalize()} {self.latin_given.capitalize()}"


def english_names(head: str) -> tuple[str, ...]:
    """The English and international names under a head: given or family."""
    return tuple(word for found, line in under_heads("names_en.txt") if found == head for word in line.split())


def chinese_names(head: str) -> tuple[tuple[str, str], ...]:
    """(characters, pinyin) under a head: surname or given."""
    words = [word for found, line in under_heads("names_zh.txt") if found == head for word in line.split()]
    return tuple((characters, pinyin) for characters, _, pinyin in (word.partition("=") for word in words))


def person(lang: Lang, rng: Random) -> Person:
    """A new person; in English lines one of eight has a Chinese name in Latin letters."""
    if lang == "zh":
        return _chinese(rng)
    if rng.random() < 0.125:
        chinese = _chinese(rng)
        given, family = chinese.latin_given.capitalize(), chinese.latin_family.capitalize()
        return Person(
            rng.choice((f"{given} {family}", f"{family} {given}")), given, family, *_latin(given, family), "Ms"
        )
    given, family = rng.choice(english_names("given")), rng.choice(english_names("family"))
    if rng.random() < 0.06:
        family = f"{family}-{rng.choice(english_names('family'))}"
    middle = f" {rng.choice('ABCDEFGHJKLMPRSTW')}." if rng.random() < 0.05 else ""
    return Person(f"{given}{middle} {family}", given, family, *_latin(given, family), rng.choice(("Mr", "Mrs", "Ms")))


def _chinese(rng: Random) -> Person:
    surname, surname_pinyin = rng.choice(chinese_names("surname"))
    given, given_pinyin = rng.choice(chinese_names("given"))
    return Person(surname + given, given, surname, given_pinyin, surname_pinyin, rng.choice(("先生", "女士")))


def _latin(given: str, family: str) -> tuple[str, str]:
    return given.lower(), family.lower().replace("'", "").replace("-", "")
