"""Made-up facts, faithful replies to them, and replies with one unsupported claim, from templates in both languages.

It knows templates (``claims_en.json``, ``claims_zh.json``) and values (``claim_values.py``), not the guard.
"""

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from guardrails.bench.claim_values import Key, Lang, draw, plain, same, spell, within

Split = Literal["dev", "check"]
LANGS: Final[tuple[Lang, ...]] = ("en", "zh")
_SLOT: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_KIND: Final = {
    "money": "amount", "day": "date", "order": "order_id", "product": "catalogue_name", "invented": "invented_name",
    "foreign": "foreign_link",
}  # fmt: skip
_FIXED: Final = frozenset({"text"})
_HAS_DIGIT: Final = re.compile(r"\d")
_IN_WORDS: Final = frozenset({"amount", "count", "duration", "span", "percent", "zhe", "date"})


@dataclass(frozen=True, slots=True)
class Case:
    """A reply with its facts. ``claim`` names what was planted; None where the reply is faithful."""

    lang: Lang
    shape: str
    facts: tuple[str, ...]
    reply: str
    apart: bool
    names: frozenset[str]
    claim: str | None = None
    planted: str = ""


@cache
def _texts(lang: Lang) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads((files(__package__) / f"claims_{lang}.json").read_text(encoding="utf-8"))
    return loaded


class Scene:
    """One draw of facts, and replies to them."""

    def __init__(self, lang: Lang, split: Split, rng: random.Random) -> None:
        self._texts, self._lang, self._split, self._rng = _texts(lang), lang, split, rng
        self.shape = rng.choice(list(self._texts["shapes"]))
        self._parts = self._texts["shapes"][self.shape]
        self._symbol, self._sizes = rng.choice("¥¥$£€"), rng.randrange(2)
        self._keys: dict[str, tuple[str, Key]] = {}
        for slot, kind in (match.groups() for line in self._parts["facts"] for match in _SLOT.finditer(line)):
            if slot not in self._keys:
                self._keys[slot] = kind, self._new(kind, slot)

    def faithful(self) -> Case:
        """A reply that says what the facts say."""
        sentences, filler = self._sentences()
        return self._case(sentences, [self._fill(sentence) for sentence in sentences] + filler)

    def planted(self) -> Case:
        """A reply with one value that the facts do not hold: in place of a true one, or in a sentence of its own."""
        sentences, filler = self._sentences()
        slots = [(i, m[1]) for i, s in enumerate(sentences) for m in _SLOT.finditer(s) if self._plantable(m[1])]
        if not slots or self._rng.random() < 0.4:
            return self._with_extra(sentences, filler)
        at, slot = self._rng.choice(slots)
        kind = self._keys[slot][0]
        if kind == "product" and self._rng.random() < 0.4:
            kind = "invented"
        wrong, claim = self._wrong(kind)
        said = [self._fill(s, {slot: wrong} if i == at else {}) for i, s in enumerate(sentences)]
        return self._case(sentences, said + filler, claim, wrong)

    def beyond(self) -> Case | None:
        """A claim without a value of its own, or a true value said of the wrong thing; None where there is none."""
        sentences, filler = self._sentences()
        claim = self._rng.choice([*self._texts["beyond"], "misattributed", "misattributed"])
        if claim != "misattributed":
            extra = self._rng.choice(self._texts["beyond"][claim][self._split])
            denied = {"free": ("shipping", "returns"), "payment": ("refund",)}.get(claim, ())
            return (
                None
                if self.shape in denied
                else self._case(sentences, [*map(self._fill, sentences), extra], claim, extra)
            )
        pairs = [
            (i, a, b)
            for i, s in enumerate(sentences)
            for a in sorted({m[1] for m in _SLOT.finditer(s)})
            for b, (kind, key) in self._keys.items()
            if a != b and kind == self._keys[a][0] != "text" and key != self._keys[a][1] and f"{{{b}}}" not in s
        ]
        if not pairs:
            return None
        at, slot, other = self._rng.choice(pairs)
        swapped = self._spelled(*self._keys[other])
        said = [self._fill(s, {slot: swapped} if i == at else {}) for i, s in enumerate(sentences)]
        return self._case(sentences, said + filler, claim, swapped)

    def _sentences(self) -> tuple[list[str], list[str]]:
        pool = self._parts[self._split]
        chosen = self._rng.sample(pool, self._rng.randint(1, min(3, len(pool))))
        fillers = self._texts["fillers"][self._split]
        return chosen, [self._rng.choice(fillers)] if self._rng.random() < 0.4 else []

    def _with_extra(self, sentences: list[str], filler: list[str]) -> Case:
        kind = self._rng.choice(list(self._texts["extras"]))
        extra = self._rng.choice(self._texts["extras"][kind][self._split])
        slot = _SLOT.search(extra)
        assert slot is not None  # noqa: S101 (every extra has one)
        wrong, claim = self._wrong(slot[2])
        said = [self._fill(sentence) for sentence in sentences]
        said.insert(self._rng.randint(0, len(said)), extra.replace(slot[0], wrong))
        return self._case(sentences, said + filler, claim, wrong)

    def _case(self, sentences: list[str], said: list[str], claim: str | None = None, planted: str = "") -> Case:
        used = {match[1] for sentence in sentences for match in _SLOT.finditer(sentence)}
        facts = tuple(
            self._fact(line)
            for line in self._parts["facts"]
            if used & {match[1] for match in _SLOT.finditer(line)} or self._rng.random() < 0.8
        )
        reply = ("" if self._lang == "zh" else " ").join(said)
        names = frozenset(name for lang in LANGS for name in _texts(lang)["names"][self._split])
        return Case(self._lang, self.shape, facts, reply, self._parts.get("apart", False), names, claim, planted)

    def _fact(self, line: str) -> str:
        """Records write values one way; the authors of policies write them as they like."""

        def value(match: re.Match[str]) -> str:
            kind, key = self._keys[match[1]]
            free = line.startswith("passage") and self._rng.random() < 0.4
            return self._spelled(kind, key) if free else plain(kind, key, self._lang)

        return _SLOT.sub(value, line)

    def _fill(self, sentence: str, instead: Mapping[str, str] | None = None) -> str:
        chosen = instead or {}
        filled = _SLOT.sub(lambda m: chosen[m[1]] if m[1] in chosen else self._spelled(*self._keys[m[1]]), sentence)
        return filled[0].upper() + filled[1:]

    def _spelled(self, kind: str, key: Key) -> str:
        return spell(kind, key, self._lang, self._rng, held_out=self._split == "check")

    def _plantable(self, slot: str) -> bool:
        return self._keys[slot][0] not in _FIXED

    def _new(self, kind: str, slot: str = "") -> Key:
        """A value that no slot of the scene has yet."""
        drawn = self._draw(kind, slot)
        while kind not in _FIXED and any(self._alike(kind, drawn, *other) for other in self._keys.values()):
            drawn = self._draw(kind, slot)
        return drawn

    def _draw(self, kind: str, slot: str) -> Key:
        match kind:
            case "text":
                return self._rng.choice(self._texts["texts"][slot])
            case "product":
                return self._rng.choice(self._texts["names"][self._split])
            case "invented":
                return self._rng.choice(self._texts["invented"][self._split])
            case "foreign":
                return self._rng.choice(self._texts["foreign_links"][self._split])
            case _:
                return draw(kind, self._lang, self._rng, self._symbol, self._sizes)

    def _alike(self, kind: str, key: Key, other_kind: str, other: Key) -> bool:
        match kind, other_kind:
            case "duration", "span":
                return within(key, other)
            case "span", "duration":
                return within(other, key)
            case ("percent", "zhe") | ("zhe", "percent"):
                return bool(key + other == 100)
            case _:
                return kind == other_kind and same(kind, key, other)

    def _wrong(self, kind: str) -> tuple[str, str]:
        """A value that the facts do not hold, as written, and the name of the claim."""
        key, name = self._new(kind), _KIND.get(kind, kind)
        if kind == "money" and self._rng.random() < 0.15:
            owned = [k for other, k in self._keys.values() if other == "money"]
            if owned:
                minor = self._rng.choice(owned)[1]
                key, name = (self._rng.choice([s for s in "¥$£€" if s != self._symbol]), minor), "currency"
        said = self._spelled(kind, key)
        return said, f"{name}, in words" if name in _IN_WORDS and not _HAS_DIGIT.search(said) else name
