"""Chooses a tagger's thresholds on generated messages whose templates, names and attack families are new to it.

Every message is judged as the guard would: what the rules find and what the tagger adds. A false alarm in a hundred
ordinary messages costs as much as ``FALSE_WEIGHT`` missed values in a hundred; false alarms of the rules alone do not
count against the tagger. The ordinary messages are hard ones: nearly all hold a name of a place, a work or a brand.
"""

import hashlib
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from finetune.corpus.utterances import understand_cases
from finetune.tagger.synthesis.attacks import attack_messages
from finetune.tagger.synthesis.messages import Lang, Message, messages
from finetune.tagger.synthesis.people import Half, in_half
from guardrails.analyzer import Analyzer
from guardrails.findings import Kind
from guardrails.normalise import normalise
from guardrails.readable import Readable
from guardrails.tagger import AttackLimits, Tagger, Thresholds, Word, spans

FALSE_WEIGHT: Final = 2.0
"""Most messages hold nothing personal, and a name found in a product's takes it out of the search."""
ENOUGH: Final = 0.9
"""A kind of which the rules alone find this share is left to the rules."""
OFF: Final = Thresholds(1.1, 1.1)
KINDS: Final[tuple[Kind, ...]] = ("PERSON", "ADDRESS")
STARTS: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
MORES: Final = (0.15, 0.3, 0.5)
ANY_ATTACK: Final = {"en": AttackLimits(0.5, 0.9), "zh": AttackLimits(0.5, 0.9)}
ATTACKS: Final = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995)
ORDINARY_FALSE, HARMLESS_FALSE = 0.01, 0.05
"""How many ordinary texts may be blocked, and how many of those written to look like attacks."""
ATTACKS_FOR_EACH: Final = 5
"""Texts of attacks and near misses made for each message: one in nine is of a family kept for development."""


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


def choose_attack(folder: Path, seed: int, count: int) -> tuple[dict[str, AttackLimits], dict[str, Any]]:
    """By language from which share a text is flagged and blocked, and what that reaches on the development texts.

    Attacks and near misses are of families that training has not seen; ordinary are ``count`` generated messages and
    ``count`` turns of customers from the public corpus, which the tagger is not trained on.
    """
    tagger = Tagger(folder)

    def shares(texts: Iterable[str]) -> list[float]:
        return [tagger.attack(normalise(text).text) for text in texts]

    langs: tuple[Lang, ...] = ("en", "zh")
    chosen: dict[str, AttackLimits] = {}
    measured: dict[str, Any] = {}
    for lang in langs:
        new = [m for m in attack_messages(lang, seed, ATTACKS_FOR_EACH * count) if in_half(m.family, "dev")]
        attacks, near = shares(m.text for m in new if m.attack), shares(m.text for m in new if not m.attack)
        turns = shares(customers_turns(lang, seed, count))
        ordinary = shares(m.text for m in messages(lang, seed, count, "dev")) + turns
        block = min((x for x in ATTACKS if _fits(x, ordinary, turns, near)), default=ATTACKS[-1])
        chosen[lang] = AttackLimits(round(block / 2, 3), block)
        measured[f"dev {lang}, attacks"] = {
            "caught": _over(attacks, block),
            "blocked of near misses": _over(near, block),
            "blocked of ordinary": _over(ordinary, block),
            "blocked of customers' turns among them": _over(turns, block),
        }
    return chosen, measured


def customers_turns(lang: Lang, seed: int, count: int, half: Half = "dev") -> Iterator[str]:
    """Different turns of the public corpus, without those that are no request to a shop or hold handles.

    Every written line of the corpus is of one half: those of ``train`` are trained on, those of ``dev`` choose limits.
    """
    cases = understand_cases(random.Random(f"turns:{lang}:{seed}"), lang, lambda line: _even(line) == (half == "train"))
    texts = (c["text"] for c in cases if all(command["name"] != "out_of_scope" for command in c["commands"]))
    seen: set[str] = set()
    for text in texts:
        if len(seen) == count:
            return
        if "<" not in text and text not in seen:
            seen.add(text)
            yield text


def _fits(limit: float, ordinary: Sequence[float], turns: Sequence[float], near: Sequence[float]) -> bool:
    """Whether a limit keeps the bounds by a standard error, so that not luck alone keeps them.

    Customers' turns by themselves keep theirs too: easy messages beside them must not pay for them.
    """
    bounds = ((ordinary, ORDINARY_FALSE), (turns, ORDINARY_FALSE), (near, HARMLESS_FALSE))
    return all(_over(shares, limit) + _error(shares, limit) <= bound for shares, bound in bounds)


def _error(shares: Sequence[float], limit: float) -> float:
    """The standard error of ``_over``."""
    over = _over(shares, limit)
    return math.sqrt(over * (1 - over) / max(1, len(shares)))


def _even(line: str) -> bool:
    return hashlib.sha256(line.encode()).digest()[0] % 2 == 0


def _over(shares: Sequence[float], limit: float) -> float:
    return round(sum(share >= limit for share in shares) / max(1, len(shares)), 4)


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
