"""Unsupported claims, measured: faithful replies in varied wording, and the same with exactly one claim planted.

Facts, replies and claims are generated with a seed from templates in both languages (``claims_en.json``,
``claims_zh.json``) and values (``claim_values.py``), written before the guard's patterns were looked at. Templates,
names and spellings come in two sets: failures of ``dev`` may be read while the guard is worked on, those of ``check``
never are; only its shares are. ``beyond`` are claims of which no value tells: free shipping, a way to pay, a carrier,
a true value said of the wrong thing. Negations are not planted: they are out of the guard's reach.

    python -m guardrails.bench.claims --json
"""

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from guardrails.bench.claim_values import Key, Lang, draw, plain, same, spell, within
from guardrails.grounding import check

Split = Literal["dev", "check"]
SPLITS: Final[tuple[Split, ...]] = ("dev", "check")
LANGS: Final[tuple[Lang, ...]] = ("en", "zh")
SHOP_NAMES: Final = ("Tactful Home", "妥帖家居")
DOMAINS: Final = ("shop.example",)
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


@dataclass(slots=True)
class Tally:
    """Replies and how many of them the guard stopped."""

    replies: int = 0
    stopped: int = 0

    def add(self, stopped: bool) -> None:
        """Count one."""
        self.replies += 1
        self.stopped += stopped

    @property
    def share(self) -> float:
        """Stopped of all."""
        return self.stopped / self.replies if self.replies else 0.0


@dataclass(slots=True)
class Measured:
    """Shares of one language and set. ``missed`` and ``alarms`` hold the cases themselves (made up, never logged)."""

    lang: Lang
    split: Split
    planted: Tally = field(default_factory=Tally)
    faithful: Tally = field(default_factory=Tally)
    beyond: Tally = field(default_factory=Tally)
    by_claim: dict[str, Tally] = field(default_factory=dict)
    missed: list[Case] = field(default_factory=list)
    alarms: list[Case] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """What may be printed of either set."""
        return {
            "lang": self.lang,
            "set": self.split,
            "planted": self.planted.replies,
            "caught": round(self.planted.share, 4),
            "faithful": self.faithful.replies,
            "false_alarms": round(self.faithful.share, 4),
            "beyond": round(self.beyond.share, 4),
            "by_claim": {
                name: {"n": t.replies, "caught": round(t.share, 4)} for name, t in sorted(self.by_claim.items())
            },
        }


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
            return None if self.shape in denied else self._case(sentences, [*map(self._fill, sentences), extra], claim, extra)
        pairs = [
            (i, a, b)
            for i, s in enumerate(sentences)
            for a in {m[1] for m in _SLOT.finditer(s)}
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


def stopped(case: Case) -> bool:
    """Whether the guard finds anything in the reply, asked as the bot asks it."""
    found = check(case.reply, case.facts, SHOP_NAMES, product_names=case.names, domains=DOMAINS, apart=case.apart)
    return bool(found)


def cases(seed: int, lang: Lang, split: Split, make: Callable[[Scene], Case | None]) -> Iterable[Case]:
    """Endless cases, the same for the same seed."""
    rng = random.Random(f"{seed} {lang} {split}")
    while True:
        if case := make(Scene(lang, split, rng)):
            yield case


def measure(
    seed: int, planted: int = 1000, faithful: int = 1000, lang: Lang = "en", split: Split = "check", beyond: int = 200
) -> Measured:
    """What is caught of planted claims and what is stopped of faithful replies."""
    result = Measured(lang, split)
    for case, _ in zip(cases(seed, lang, split, Scene.planted), range(planted), strict=False):
        caught = stopped(case)
        result.planted.add(caught)
        result.by_claim.setdefault(str(case.claim), Tally()).add(caught)
        if not caught:
            result.missed.append(case)
    for case, _ in zip(cases(seed + 1, lang, split, Scene.faithful), range(faithful), strict=False):
        alarm = stopped(case)
        result.faithful.add(alarm)
        if alarm:
            result.alarms.append(case)
    for case, _ in zip(cases(seed + 2, lang, split, Scene.beyond), range(beyond), strict=False):
        caught = stopped(case)
        result.beyond.add(caught)
        result.by_claim.setdefault(f"beyond: {case.claim}", Tally()).add(caught)
    return result


def main() -> int:
    """Measure both languages and sets, and print."""
    parser = argparse.ArgumentParser(description="Unsupported claims: caught and false alarms. 无依据陈述：检出与误报。")
    parser.add_argument("--seed", type=int, default=7, help="seed of the cases 随机种子")
    parser.add_argument("--planted", type=int, default=1000, help="replies with a claim, each language and set 每组错误回复数")
    parser.add_argument("--faithful", type=int, default=1000, help="faithful replies, each language and set 每组正确回复数")
    parser.add_argument("--json", action="store_true", help="report as JSON 输出 JSON")
    parser.add_argument("--missed", type=int, default=0, help="failures of the dev set to show, each language 显示样例数")
    options = parser.parse_args()
    rows = [measure(options.seed, options.planted, options.faithful, lang, split) for lang in LANGS for split in SPLITS]
    if options.json:
        sys.stdout.write(json.dumps([row.to_json() for row in rows], ensure_ascii=False, indent=1) + "\n")
        return 0
    for row in rows:
        sys.stdout.write(_line(row))
        if row.split == "dev":
            sys.stdout.writelines(_shown(case) for case in (row.missed[: options.missed] + row.alarms[: options.missed]))
    return 0


def _line(row: Measured) -> str:
    weak = Counter({name: t.replies - t.stopped for name, t in row.by_claim.items() if t.stopped < t.replies})
    lost = ", ".join(f"{name} {many} of {row.by_claim[name].replies}" for name, many in weak.most_common())
    return (
        f"{row.lang} {row.split:5}  caught {row.planted.share:.4f} of {row.planted.replies}  false alarms "
        f"{row.faithful.share:.4f} of {row.faithful.replies}  beyond {row.beyond.share:.3f}\n          not caught: {lost}\n"
    )


def _shown(case: Case) -> str:
    what = f"missed {case.claim} ({case.planted})" if case.claim else "false alarm"
    return f"   {what}\n      {case.reply}\n      {' | '.join(case.facts)}\n"


if __name__ == "__main__":
    raise SystemExit(main())
