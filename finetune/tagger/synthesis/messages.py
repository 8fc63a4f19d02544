"""Marked chat messages from templates: seeded, nobody's data.

``[a|b]`` picks one, ``{slot}`` is filled, ``{{`` and ``}}`` are braces. Then messages are damaged as people type:
lower case, no punctuation, typos outside of values, two messages joined. Marks follow every change.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal

from finetune.corpus import build as corpus
from finetune.tagger.synthesis.frames import frame
from finetune.tagger.synthesis.people import Half
from finetune.tagger.synthesis.things import MARKED, Things
from finetune.tagger.synthesis.words import read_templates

Lang = Literal["en", "zh"]
_CHOICE: Final = re.compile(r"\[([^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{\{|\}\}|\{(\w+)\}")
PERSONAL_SHARE: Final = 0.5
_LOWER, _UPPER, _BARE, _TYPO, _JOIN = 0.16, 0.02, 0.08, 0.10, 0.22


_WRITTEN: Final[dict[Lang, float]] = {"en": 0.45, "zh": 0.8}
"""How many messages come from written templates; the rest is composed, or shop talk of the assistant's own corpus."""
_SHOP_SHARE: Final = 0.15


@dataclass(frozen=True)
class Mark:
    """A personal value: offsets in code points, end exclusive."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Message:
    """A text and its marks, in order, not overlapping."""

    text: str
    lang: Lang
    marks: tuple[Mark, ...]


class Writer:
    """Writes messages of one language from the templates and names of one half."""

    def __init__(self, lang: Lang, half: Half = "train") -> None:
        prefix = f"{lang}_" if half == "train" else f"dev_{lang}_"
        self.lang: Lang = lang
        self._half = half
        self._things = Things(lang, half)
        self._personal = read_templates(f"{prefix}personal")
        self._ordinary = read_templates(f"{prefix}ordinary")

    def write(self, rng: random.Random) -> Message:
        """One message, with personal data or without."""
        message = self._one(rng, rng.random() < PERSONAL_SHARE)
        if rng.random() < _JOIN and "{" not in message.text:
            other = self._one(rng, personal=bool(message.marks) and rng.random() < 0.4)
            first, second = (message, other) if rng.random() < 0.5 else (other, message)
            message = joined(first, second, "" if self.lang == "zh" else " ")
        return damaged(message, rng)

    def _one(self, rng: random.Random, personal: bool) -> Message:
        kind = rng.random() if self._half == "train" else 0.0
        if kind > 1 - _SHOP_SHARE and not personal:
            return Message(rng.choice(_shop_talk(self.lang)), self.lang, ())
        composed = kind > _WRITTEN[self.lang]
        written = self._personal if personal else self._ordinary
        template = frame(self.lang, rng, personal=personal) if composed else rng.choice(written)
        return filled(template, self.lang, self._things, rng)


@cache
def _shop_talk(lang: Lang) -> tuple[str, ...]:
    """What customers say in the corpus of the adapter, without handles: nobody's data."""
    cases = corpus.generate(11, 6000, 0)
    texts = sorted({str(case["text"]) for case in cases if case["lang"] == lang})
    return tuple(text for text in texts if "<" not in text and len(text) < 200)


def messages(lang: Lang, seed: int, count: int, half: Half = "train") -> Iterator[Message]:
    """``count`` messages; the same seed gives the same ones."""
    writer, rng = Writer(lang, half), random.Random(f"{lang}:{half}:{seed}")
    return (writer.write(rng) for _ in range(count))


def filled(template: str, lang: Lang, things: Things, rng: random.Random) -> Message:
    """A template with choices made and slots filled."""
    while (choice := _CHOICE.search(template)) is not None:
        template = template[: choice.start()] + rng.choice(choice.group(1).split("|")) + template[choice.end() :]
    out, marks, at = "", [], 0
    for slot in _SLOT.finditer(template):
        out += template[at : slot.start()]
        at = slot.end()
        if slot.group(1) is None:
            out += slot.group()[0]
            continue
        before, value = things.draw(slot.group(1), rng)
        out += before
        if slot.group(1) in MARKED:
            marks.append(Mark(MARKED[slot.group(1)], len(out), len(out) + len(value)))
        out += value + things.after(slot.group(1), rng)
    return Message(out + template[at:], lang, tuple(marks))


def joined(first: Message, second: Message, between: str) -> Message:
    """Two messages as one."""
    if between and first.text and first.text[-1].isalnum():
        between = ". " if first.lang == "en" else "，"
    shift = len(first.text) + len(between)
    moved = tuple(replace(mark, start=mark.start + shift, end=mark.end + shift) for mark in second.marks)
    return Message(first.text + between + second.text, first.lang, first.marks + moved)


def damaged(message: Message, rng: random.Random) -> Message:
    """The message as people type it."""
    text, machine = message.text, "{" in message.text or "\n" in message.text
    if not machine and rng.random() < _TYPO:
        text = _typo(message, rng)
    if not machine and rng.random() < _LOWER and len(text.lower()) == len(text):
        text = text.lower()
    elif not machine and rng.random() < _UPPER and len(text.upper()) == len(text):
        text = text.upper()
    message = replace(message, text=text)
    return _bare(message) if not machine and rng.random() < _BARE else message


def _typo(message: Message, rng: random.Random) -> str:
    """Two neighbouring letters of a literal word swapped; nothing where there is none."""
    text = message.text
    inside = {at for mark in message.marks for at in range(mark.start - 1, mark.end + 1)}
    places = [
        at
        for at in range(1, len(text) - 2)
        if text[at - 1 : at + 2].isalpha() and text[at : at + 2].isascii() and not {at, at + 1} & inside
    ]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _bare(message: Message) -> Message:
    """Without commas and full stops outside of values."""
    inside = {at for mark in message.marks for at in range(mark.start, mark.end)}
    out: list[str] = []
    new_at: list[int] = []
    for at, char in enumerate(message.text):
        new_at.append(len(out))
        if char not in ",.!?，。！？" or at in inside or message.text[at - 1 : at].isdigit():
            out.append(char)
    new_at.append(len(out))
    marks = tuple(Mark(mark.kind, new_at[mark.start], new_at[mark.end - 1] + 1) for mark in message.marks)
    return Message("".join(out), message.lang, marks)
