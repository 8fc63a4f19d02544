"""Chooses a tagger's thresholds on generated messages whose templates, names and attack families are new to it.

Every message is judged as the guard would: what the rules find and what the tagger adds. A false alarm in a hundred
ordinary messages costs as much as ``FALSE_WEIGHT`` missed values in a hundred; false alarms of the rules alone do not
count against the tagger. The ordinary messages are hard ones: nearly all hold a name of a place, a work or a brand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from finetune.tagger.synthesis.attacks import attack_messages
from finetune.tagger.synthesis.messages import Lang, Message, messages
from finetune.tagger.synthesis.people import in_half
from guardrails.analyzer import Analyzer
from guardrails.findings import Kind
from guardrails.normalise import normalise
from guardrails.readable import Readable
from guardrails.tagger import Tagger, Thresholds, Word, spans

FALSE_WEIGHT: Final = 1.0
ENOUGH: Final = 0.9
"""A kind of which the rules alone find this share is left to the rules."""
OFF: Final = Thresholds(1.1, 1.1)
KINDS: Final[tuple[Kind, ...]] = ("PERSON", "ADDRESS")
STARTS: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
MORES: Final = (0.15, 0.3, 0.5)
ANY_ATTACK: Final = {"flag": 0.5, "block": 0.9}
ATTACKS: Final = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995)
ORDINARY_FALSE, HARMLESS_FALSE = 0.005, 0.03
"""How many ordinary messages may be blocked, and how many of those written to look like attacks."""


@dataclass(frozen=True)
class _Judged:
    message: Message
    rules: frozenset[int]
    words: dict[Kind, list[Word]]


def choose(folder: Path, seed: int, count: int) -> tuple[dict[str, Thresholds], dict[str, Any]]:
    """Thresholds by language and kind, and what they reach on the development messages."""
    tagger, analyzer = Tagger(folder), Analyzer(Readable())
    chosen: dict[str, Thresholds] = {}
    measured: dict[str, Any] = {}
    langs: tuple[Lang, ...] = ("en", "zh")
    for lang in langs:
        judged = [_judge(m, tagger, analyzer) for m in messages(lang, seed, count, "dev")]
        alone = figures(judged, {})
        for kind in KINDS:
            chosen[f"{lang}.{kind}"] = OFF if alone[f"core {kind}"] >= ENOUGH else _best(judged, kind)
        together = figures(judged, {kind: chosen[f"{lang}.{kind}"] for kind in KINDS})
        measured |= {f"dev {lang}, rules alone": alone, f"dev {lang}, with tagger": together}
    return chosen, measured


def choose_attack(folder: Path, seed: int, count: int) -> tuple[dict[str, float], dict[str, Any]]:
    """From which share a text is flagged and blocked, and what that reaches on families training has not seen."""
    tagger = Tagger(folder)

    def shares(texts: Iterable[str]) -> list[float]:
        return [tagger.attack(normalise(text).text) for text in texts]

    langs: tuple[Lang, ...] = ("en", "zh")
    read = {}
    for lang in langs:
        new = [m for m in attack_messages(lang, seed, count) if in_half(m.family, "dev")]
        read[lang] = (
            shares(m.text for m in new if m.attack),
            shares(m.text for m in new if not m.attack),
            shares(m.text for m in messages(lang, seed, count, "dev")),
        )

    def over(number: int, limit: float) -> float:
        return max(sum(x >= limit for x in of[number]) / max(1, len(of[number])) for of in read.values())

    fits = [x for x in ATTACKS if over(2, x) <= ORDINARY_FALSE and over(1, x) <= HARMLESS_FALSE]
    block = min(fits, default=ATTACKS[-1])
    measured = {
        f"dev {lang}, attacks": {
            "caught": round(sum(x >= block for x in attacks) / max(1, len(attacks)), 4),
            "blocked of near misses": round(sum(x >= block for x in near) / max(1, len(near)), 4),
            "blocked of ordinary": round(sum(x >= block for x in plain) / max(1, len(plain)), 4),
        }
        for lang, (attacks, near, plain) in read.items()
    }
    return {"flag": round(block / 2, 3), "block": block}, measured


def _judge(message: Message, tagger: Tagger, analyzer: Analyzer) -> _Judged:
    found = analyzer.analyze(message.text, message.lang)
    return _Judged(message, frozenset(at for f in found for at in range(f.start, f.end)), tagger.words(message.text))


def _best(judged: Sequence[_Judged], kind: Kind) -> Thresholds:
    def worth(limits: Thresholds) -> tuple[float, float]:
        share = figures(judged, {kind: limits})
        return share[f"core {kind}"] - FALSE_WEIGHT * share["added fp"], limits.start

    return max((Thresholds(start, more) for start in STARTS for more in MORES if more <= start), key=worth)


def figures(judged: Iterable[_Judged], limits: dict[Kind, Thresholds]) -> dict[str, float]:
    """Core by kind, clean, and false alarms: of rules and tagger together, and those that the tagger added."""
    covered, spans_of = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0)
    clean = personal = ordinary = false = added = 0
    for one in judged:
        hits = (hit for kind, x in limits.items() for hit in spans(one.message.text, kind, one.words.get(kind, []), x))
        found = {at for hit in hits for at in range(hit.start, hit.end)}
        if not one.message.marks:
            ordinary += 1
            false += bool(found or one.rules)
            added += bool(found and not one.rules)
            continue
        whole = found | one.rules
        missed = 0
        for mark in one.message.marks:
            kind: Kind = "PERSON" if mark.kind == "PERSON" else "ADDRESS"
            hit = whole.issuperset(range(mark.start, mark.end))
            spans_of[kind] += 1
            covered[kind] += hit
            missed += not hit
        personal += 1
        clean += not missed
    shares = {f"core {kind}": covered[kind] / max(1, spans_of[kind]) for kind in KINDS}
    shares |= {"clean": clean / max(1, personal), "fp": false / max(1, ordinary), "added fp": added / max(1, ordinary)}
    return {name: round(value, 4) for name, value in shares.items()}
