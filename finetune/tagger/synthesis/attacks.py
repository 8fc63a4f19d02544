r"""Messages for the classifier of prompt injection and jailbreak: half attacks, half what customers really write.

The texts beside this module are written by hand, in ``COLLECTIONS`` by different hands or of different days; the last
one is broad instead of deep: a family is a goal, a cover or a manner, and many have near misses opposite them.
``# family: name`` heads a family, ``[a|b]`` picks one, ``{slot}`` is filled from ``attack_words_LANG.txt``, ``{{`` and
``}}`` are braces, ``\n`` a line end; ``{lb}`` and ``{rb}`` are square brackets. Then the messages are damaged as people
type, and some attacks are disguised.

An attack wants the assistant itself changed, opened or turned against others. A rude customer, one who asks for an
exception or for his own data is harmless. Requests that are merely off topic are in neither half.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Generic, Literal, TypeVar

Lang = Literal["en", "zh"]
T = TypeVar("T")
HERE: Final = Path(__file__).parent
PLAIN: Final = "plain"
COLLECTIONS: Final = ("", "_more", "_third", "_broad")
"""What ends the names of the files of each."""
_CHOICE: Final = re.compile(r"\[([^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{\{|\}\}|\{(\w+)\}")
_MACHINE: Final = re.compile(r"[{}<>\n=|_`]|[A-Za-z0-9+/]{16,}|[.-]{3,} ")
_PLAIN_SHARE, _MORE, _LOWER, _BARE, _TYPO, _DISGUISE, _WIDE = 0.3, 0.3, 0.16, 0.1, 0.12, 0.07, 0.01
_MARKS: Final = re.compile(r"[.,!?']+(?=\s|$)|'")
_ZH_MARKS: Final = str.maketrans("，。！？、", "     ")
_ENDS: Final = ".!?。！？…~"
_HOMOGLYPHS: Final = str.maketrans("aeopcxi", "\u0430\u0435\u043e\u0440\u0441\u0445\u0456")
_WIDE_LETTERS: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass(frozen=True)
class AttackMessage:
    """A text, the family of its main line, and whether the classifier has to call it an attack."""

    text: str
    lang: Lang
    family: str
    attack: bool


class _Deck(Generic[T]):
    """Draws in shuffled rounds: no item twice before each has been drawn once."""

    def __init__(self, items: list[T], rng: random.Random) -> None:
        self._items, self._rng, self._left = items, rng, list[T]()

    def draw(self) -> T:
        if not self._left:
            self._left = self._rng.sample(self._items, len(self._items))
        return self._left.pop()


@cache
def families(name: str) -> dict[str, tuple[str, ...]]:
    """The templates of a file beside this module, by family."""
    found: dict[str, list[str]] = {}
    for line in (HERE / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("# family: "):
            family = found.setdefault(line.removeprefix("# family: "), [])
        elif line.strip() and found:
            family.append(line.replace("\\n", "\n"))
    return {key: tuple(lines) for key, lines in found.items()}


def collected(
    sort: Literal["attacks", "harmless"], lang: Lang, collections: int = len(COLLECTIONS)
) -> dict[str, tuple[str, ...]]:
    """The families of the first ``collections`` ones."""
    parts = COLLECTIONS[:collections]
    return {name: lines for part in parts for name, lines in families(f"{sort}{part}_{lang}").items()}


@cache
def words(lang: Lang) -> dict[str, tuple[str, ...]]:
    """The values of each slot."""
    lines = (HERE / f"attack_words_{lang}.txt").read_text("utf-8").splitlines()
    pairs = (line.partition(": ") for line in lines if not line.startswith("#"))
    return {slot: tuple(value.strip() for value in values.split("; ")) for slot, _, values in pairs}


def filled(template: str, lang: Lang, rng: random.Random) -> str:
    """A template with choices made and slots filled, a slot with one value throughout; an unknown one is a KeyError."""
    chosen, values = _CHOICE.sub(lambda choice: rng.choice(choice.group(1).split("|")), template), dict[str, str]()

    def value(slot: re.Match[str]) -> str:
        name = slot[1]
        return values.setdefault(name, rng.choice(words(lang)[name])) if name else slot[0][0]

    return _SLOT.sub(value, chosen)


def attack_messages(lang: Lang, seed: int, count: int, collections: int = len(COLLECTIONS)) -> Iterator[AttackMessage]:
    """``count`` messages, every second one an attack, families evenly; the same seed gives the same ones."""
    rng = random.Random(f"attacks:{lang}:{seed}")
    attacks, harmless = collected("attacks", lang, collections), collected("harmless", lang, collections)
    harmless[PLAIN] += harmless.pop(f"{PLAIN}_more", ())
    sorts = ((True, attacks), (False, harmless))
    lines = {(name, attack): _Deck(list(texts), rng) for attack, sort in sorts for name, texts in sort.items()}
    names = {True: _Deck(list(attacks), rng), False: _Deck([name for name in harmless if name != PLAIN], rng)}
    sides = _Deck([True, False], rng)
    for _ in range(count):
        attack = sides.draw()
        family = PLAIN if not attack and rng.random() < _PLAIN_SHARE else names[attack].draw()
        parts = [_typed(filled(lines[family, attack].draw(), lang, rng), rng)]
        if attack and rng.random() < _DISGUISE:
            parts = [_disguised(parts[0], lang, rng)]
        elif not attack and rng.random() < _WIDE:
            parts = [parts[0].translate(_WIDE_LETTERS)]
        while len(parts) < 4 and rng.random() < _MORE:
            # Ordinary sentences around both halves, so that neither length nor position tells.
            other = PLAIN if attack or rng.random() < 0.6 else names[False].draw()
            parts.insert(rng.randrange(len(parts) + 1), _typed(filled(lines[other, False].draw(), lang, rng), rng))
        yield AttackMessage(_joined(parts, lang, rng), lang, family, attack)


def _joined(parts: list[str], lang: Lang, rng: random.Random) -> str:
    text = parts[0]
    for part in parts[1:]:
        after_words, after_mark = (("，", "。", " "), "") if lang == "zh" else ((". ", ", ", " "), " ")
        between = rng.choice(after_words) if text[-1] not in _ENDS else after_mark
        text += ("\n" if rng.random() < 0.15 else between) + part
    return text


def _typed(text: str, rng: random.Random) -> str:
    """The text as people type it; machine text stays as it is."""
    if _MACHINE.search(text):
        return text
    text = _with_typo(text, rng) if rng.random() < _TYPO else text
    text = text.lower() if rng.random() < _LOWER else text
    if rng.random() < _BARE:
        text = _MARKS.sub("", text).translate(_ZH_MARKS).strip() or text
    return text


def _with_typo(text: str, rng: random.Random) -> str:
    """Two neighbours swapped, one left out or one doubled, in the middle of the text."""
    if len(text) < 8:
        return text
    at = rng.randrange(1, len(text) - 2)
    kept = rng.choice((text[at + 1] + text[at], text[at], text[at] + text[at] + text[at + 1]))
    return text[:at] + kept + text[at + 2 :]


def _disguised(text: str, lang: Lang, rng: random.Random) -> str:
    """Written past a filter of words: full-width, invisible characters, spaced letters, look-alikes."""
    match rng.randrange(4):
        case 0:
            return text.translate(_WIDE_LETTERS)
        case 1:
            hidden = rng.choice("\u200b\u200c\u2060\u00ad")
            return "".join(sign + hidden * (rng.random() < 0.4) for sign in text)
        case 2 if len(text) < 60:
            return rng.choice((" ", " ", ".", "-", "*")).join(text.replace(" ", " " if lang == "en" else ""))
        case _:
            return text.translate(_HOMOGLYPHS) if lang == "en" else rng.choice(("*", "丶", " ", "/")).join(text)
