"""Names of people who do not exist, from lists of many countries, and names that no list holds.

Lists of given and family names in Latin letters come from Faker's locales; a part of the family names is made up
letter by letter (an order-3 Markov chain over the lists), so that a model learns from where a name stands rather than
from a list. ``half`` keeps the lists of training and of development apart: no name is in both.
"""
# ruff: noqa: E501, SIM905 - lists and frames stay on one line, so that they can be searched

import hashlib
import importlib
import pkgutil
import random
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from finetune.tagger.synthesis.words import Words
from guardrails.testset.names import english_names

Half = Literal["train", "dev"]
_LATIN: Final = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-Ž][A-Za-zÀ-ÖØ-öø-ÿĀ-ž'’-]{1,20}(?: [A-ZÀ-Ž][A-Za-zÀ-ÖØ-öø-ÿ'’-]+)?")
_ANGLO: Final = ("en_US", "en_GB", "en_NZ", "en_IE", "en")
_GIVEN: Final = ("first_names", "first_names_female", "first_names_male", "first_names_unisex", "first_romanized_names")
_FAMILY: Final = ("last_names", "last_names_female", "last_names_male", "last_romanized_names")
_INITIALS: Final = (
    "b",
    "p",
    "m",
    "f",
    "d",
    "t",
    "n",
    "l",
    "g",
    "k",
    "h",
    "j",
    "q",
    "x",
    "zh",
    "ch",
    "sh",
    "r",
    "z",
    "c",
    "s",
    "y",
    "w",
)
_CAPITALS: Final = "ABCDEFGHJKLMNPRSTW"
_FINALS: Final = ("a", "o", "e", "i", "u", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "ing", "in", "ong", "ia", "ie", "iao", "ian", "iang", "ua", "uo", "ui", "uan", "un", "uang")  # fmt: skip
_PINYIN_FAMILY: Final = (
    "Wang Li Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Sun Hu Zhu Gao Lin He Guo Luo Zheng Liang Xie Song Tang Deng Han "
    "Feng Cao Peng Zeng Xiao Tian Dong Yuan Pan Yu Jiang Cai Du Ye Cheng Su Wei Lu Ding Ren Shen Yao Cui Tan Fan Jin Shi "
    "Liao Jia Xia Fu Fang Bai Zou Meng Qin Qiu Hou Yin Xue Yan Lei Duan Long Tao Gu Kong Mao Ouyang Situ Lau Wong Chan Ng "
    "Cheung Leung Lam Kwok Tsai Hsu Hsieh Chiang"
).split()


@dataclass(frozen=True)
class _Lists:
    anglo_given: tuple[str, ...]
    anglo_family: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    by_locale: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


class People:
    """Draws names. Needs the package ``faker`` (in the extra ``train``)."""

    def __init__(self, words: Words, zh: Words, half: Half) -> None:
        self._lists = _lists(half)
        self._words, self._zh, self._half = words, zh, half
        self._chain = _chain(self._lists.family + self._lists.anglo_family)

    def given(self, rng: random.Random) -> str:
        """A given name, sometimes a short form, sometimes none that is known."""
        kind = rng.random()
        if kind < 0.45:
            return rng.choice(self._lists.anglo_given)
        if kind < 0.80:
            return rng.choice(self._lists.given)
        if kind < 0.89:
            return self._words.draw("nickname", rng)
        if kind < 0.94:
            return self._words.draw("arabic", rng)
        return self._pinyin_given(rng) if kind < 0.97 else self._made_up(rng)

    def family(self, rng: random.Random) -> str:
        """A family name."""
        kind = rng.random()
        if kind < 0.35:
            return rng.choice(self._lists.anglo_family)
        if kind < 0.70:
            return rng.choice(self._lists.family)
        if kind < 0.75:
            return self._words.draw("arabicfamily", rng)
        if kind < 0.8:
            return rng.choice(_PINYIN_FAMILY)
        return self._made_up(rng)

    def full(self, rng: random.Random) -> str:
        """Given and family name, mostly of one country."""
        kind = rng.random()
        if kind < 0.08:
            family = rng.choice(_PINYIN_FAMILY)
            return (
                f"{family} {self._pinyin_given(rng)}" if rng.random() < 0.5 else f"{self._pinyin_given(rng)} {family}"
            )
        if kind < 0.45:
            givens, families = rng.choice(self._lists.by_locale)
            first, last = rng.choice(givens), rng.choice(families)
        else:
            first, last = self.given(rng), self.family(rng)
        return self._joined(first, last, rng)

    def chinese(self, rng: random.Random) -> str:
        """A Chinese name of two to four characters; in ``dev`` the given names are of another half of the characters."""
        family = self._zh.draw("surnamecn", rng)
        if family == "欧阳" or rng.random() < 0.85:
            return (
                family + self._zh.draw("givencn", rng) + (self._zh.draw("givencn", rng) if rng.random() < 0.75 else "")
            )
        return (
            rng.choice(("小", "老", "阿")) + family
            if rng.random() < 0.5 and len(family) == 1
            else family + self._zh.draw("givencn", rng)
        )

    def _joined(self, first: str, last: str, rng: random.Random) -> str:
        if rng.random() < 0.11:  # as directories and forms write it
            order = rng.choice(("{1} {0}", "{1} {0}", "{1} {0} {2}", "{1} {0} {2}.", "{1}, {0}"))
            return order.format(first, last, rng.choice(_CAPITALS))
        kind = rng.random()
        if kind < 0.06:
            return f"{first} {rng.choice(_CAPITALS)}. {last}"
        if kind < 0.10:
            return f"{first} {self.given(rng)} {last}"
        if kind < 0.14:
            return f"{first} {last}-{self.family(rng)}"
        if kind < 0.17:
            return f"{first} {last} {self.family(rng)}"
        if kind < 0.20:
            return f"{first} {rng.choice(('van', 'de', 'von', 'del', 'van der', 'de la', 'da', 'al', 'bin', 'O', 'Mc'))} {last}"
        return f"{first[0]}. {last}" if kind < 0.22 else f"{first} {last}"

    def _pinyin_given(self, rng: random.Random) -> str:
        syllables = [rng.choice(_INITIALS) + rng.choice(_FINALS) for _ in range(rng.choice((1, 2, 2)))]
        joined = rng.choice(("", "", "-", " ")).join(syllables)
        return joined.title() if " " in joined else joined.capitalize()

    def _made_up(self, rng: random.Random) -> str:
        for _ in range(50):
            out, state = "", "^^^"
            while len(out) < 12:
                letter = rng.choice(self._chain[state])
                if letter == "$":
                    break
                out, state = out + letter, (state + letter)[-3:]
            if 4 <= len(out) < 12:
                return out.capitalize()
        return "Okonjo"


def in_half(name: str, half: Half) -> bool:
    """Every fifth name, by its hash, is for development."""
    dev = hashlib.sha256(name.encode()).digest()[0] < 51
    return dev == (half == "dev")


@lru_cache(maxsize=1)
def _examined() -> frozenset[str]:
    """Names of the guards' own test set: not to be trained on."""
    return frozenset(english_names("given") + english_names("family"))


@lru_cache(maxsize=2)
def _lists(half: Half) -> _Lists:
    import faker.providers.person as package

    anglo: tuple[set[str], set[str]] = (set(), set())
    other: tuple[set[str], set[str]] = (set(), set())
    by_locale: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for found in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        provider = importlib.import_module(f"{package.__name__}.{found}").Provider
        firsts = _names(provider, _GIVEN, half)
        lasts = _names(provider, _FAMILY, half)
        if len(firsts) < 10 or len(lasts) < 10:
            continue
        by_locale.append((tuple(sorted(firsts)), tuple(sorted(lasts))))
        into = anglo if found in _ANGLO else other
        into[0].update(firsts)
        into[1].update(lasts)
    given, family = (tuple(sorted(names)) for names in other)
    anglo_given, anglo_family = (tuple(sorted(names)) for names in anglo)
    return _Lists(anglo_given, anglo_family, given, family, tuple(by_locale))


def _names(provider: type, fields: tuple[str, ...], half: Half) -> set[str]:
    found: set[str] = set()
    for field in fields:
        values = vars(provider).get(field)
        if not isinstance(values, (tuple, list, dict)):
            continue
        found |= {str(value[0] if isinstance(value, tuple) else value) for value in values}
    return {name for name in found - _examined() if _LATIN.fullmatch(name) and in_half(name, half)}


def _chain(names: tuple[str, ...]) -> dict[str, str]:
    """Which letters follow which three, as often as they do in the names."""
    following: dict[str, list[str]] = {}
    for name in names:
        state = "^^^"
        for letter in name.lower() + "$":
            following.setdefault(state, []).append(letter)
            state = (state + letter)[-3:]
    return {state: "".join(letters) for state, letters in following.items()}
