"""Measures understanding the way it is served, with the language model or without, and the plain way beside it.

Every message is concealed, read by the certain rules, by the language model where there is one, and by the linear
model. One report: intents, the same with slips of the fingers, slots, several requests, switching of languages, and
what is told from no business of a shop.
Figures of a public collection say little about a shop's own customers: ``corpus/eval`` is nearer to them.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from bot.unaided import MIN_IN_SCOPE
from bot.understand import Understanding
from serving.bench.machine import figure, report
from serving.evaluation.turns import intent_of
from serving.understanding.lines import main_intent
from serving.understanding.plain import Plain
from serving.understanding.reader import Message, Reader
from serving.understanding.scores import F1, auroc, slots_of, threshold, words_of
from serving.understanding.sets import OUT_OF_SCOPE, Case
from serving.understanding.typos import mistyped

TYPO_RATE: Final = 0.1
KEPT: Final = 0.95
AT_ONCE: Final = 16
"""Messages that wait for the language model together."""
MUSTS: Final = {"intent": 0.98, "intent, typos": 0.95, "oos rejected at 95 % kept": 0.95}
"""Of public collections, at least. ``oos``: by the score; what is answered in the end stands beside it.

Own wording has no bound: it is there to be improved.
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """The plain way, which answers with a collection's own labels, and what those are in ours."""

    plain: Plain
    ours: Callable[[str], str | None]


@dataclass(slots=True)
class _Report:
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    gates: list[dict[str, Any]] = field(default_factory=list)
    confused: dict[str, dict[str, int]] = field(default_factory=dict)

    def share(self, name: str, value: float, n: int, must: str = "") -> None:
        self.figures[name] = figure([value], "share") | {"n": n}
        if must:
            bound = MUSTS[must]
            self.gates.append({"figure": name, "measured": round(value, 4), "must": bound, "met": value >= bound})


@dataclass(slots=True)
class _Scope:
    """Scores of messages that are a shop's business, and of those that are not, near (``oos``) and far."""

    inside: list[float] = field(default_factory=list)
    outside: dict[str, list[float]] = field(default_factory=dict)
    refused: dict[str, list[bool]] = field(default_factory=dict)
    """Whether the answer was that it is no business of a shop: of ``oos``, ``far`` and ``inside``."""

    def answered(self, cases: Sequence[Case], found: Sequence[Understanding]) -> None:
        for case, understanding in zip(cases, found, strict=True):
            kind = "inside" if case.labels[0] != OUT_OF_SCOPE else "oos" if case.theirs == "oos" else "far"
            self.refused.setdefault(kind, []).append(main_intent(understanding) == OUT_OF_SCOPE)

    def add(self, cases: Sequence[Case], scores: Iterable[float]) -> None:
        for case, score in zip(cases, scores, strict=True):
            if case.labels[0] != OUT_OF_SCOPE:
                self.inside.append(score)
            else:
                self.outside.setdefault("oos" if case.theirs == "oos" else "far", []).append(score)


def evaluate(
    sets: Mapping[str, Sequence[Case]],
    reader: Reader,
    *,
    public: frozenset[str] = frozenset(),
    beside: Beside | None = None,
    seed: int = 1,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The report of ``tactful bench understand``.

    Args:
        sets: labelled messages by name.
        reader: understands as the assistant does.
        public: names of the sets whose figures have bounds.
        beside: the plain way, measured on the public sets.
        seed: of the slips.
        progress: told what comes next.
    """
    done, ours, plains = _Report(), _Scope(), _Scope()
    with asyncio.Runner() as runner:  # one loop, since a language model keeps its connections
        read = partial(_read, runner, reader)
        for name, cases in sets.items():
            progress(name)
            found = read(cases)
            business = [case for case in cases if case.labels[0] != OUT_OF_SCOPE]
            bound = name in public and bool(business)
            _intents(done, name, cases, found, "intent" if bound else "")
            _several(done, name, cases, found)
            _slots(done, name, cases, found)
            english = [case for case in business if case.lang == "en" and len(case.labels) == 1]
            slipped = [replace(case, text=mistyped(case.text, TYPO_RATE, str(seed))) for case in english]
            _intents(done, f"{name}, 10 % typos", slipped, read(slipped), "intent, typos" if bound else "")
            if name in public:
                ours.add(cases, map(scope_of, found))
                ours.answered(cases, found)
                if beside is not None:
                    plains.add(cases, [share for _, share in beside.plain.read([case.text for case in cases])])
                    _plain(done, name, english, beside)
                    _plain(done, f"{name}, 10 % typos", slipped, beside)
    for kind in ours.outside:
        _scope(done, kind, ours)
    if plains.inside and plains.outside.get("oos"):
        near = plains.outside["oos"]
        done.share("oos rejected at 95 % kept, plain TF-IDF", _below(near, threshold(plains.inside, KEPT)), len(near))
        done.share("oos AUROC, plain TF-IDF", auroc(plains.inside, near), len(near))
    missed = [gate["figure"] for gate in done.gates if not gate["met"]]
    return report(1, done.figures, {}, gates=done.gates, missed=missed, confused=done.confused)


def _plain(done: _Report, name: str, cases: Sequence[Case], beside: Beside) -> None:
    if cases:
        answers = beside.plain.read([case.text for case in cases])
        right = sum(beside.ours(label) == case.labels[0] for (label, _), case in zip(answers, cases, strict=True))
        done.share(f"intent {name}, plain TF-IDF", right / len(cases), len(cases))


def scope_of(understanding: Understanding) -> float:
    """How likely a message is a shop's business; certain where a rule decided."""
    if understanding.in_scope is not None:
        return understanding.in_scope
    return 0.0 if understanding.commands[0].name == OUT_OF_SCOPE else 1.0


def _read(runner: asyncio.Runner, reader: Reader, cases: Sequence[Case]) -> list[Understanding]:
    async def all_of_them() -> list[Understanding]:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, case: Case) -> Understanding:
            async with room:
                return await reader.read(Message(case.text, case.lang, case.context), number)

        return await asyncio.gather(*(one(number, case) for number, case in enumerate(cases, 1)))

    return runner.run(all_of_them())


def _intents(done: _Report, name: str, cases: Sequence[Case], found: Sequence[Understanding], must: str) -> None:
    """The main intent of messages with one; for public sets also how often one message became several requests."""
    rows = [(case, u) for case, u in zip(cases, found, strict=True) if len(case.labels) == 1]
    if not rows:
        return
    wrong = Counter(f"{c.labels[0]} → {main_intent(u)}" for c, u in rows if main_intent(u) != c.labels[0])
    done.share(f"intent {name}", 1 - wrong.total() / len(rows), len(rows), must)
    done.share(
        f"intent {name}, cut in several by mistake", sum(len(u.commands) > 1 for _, u in rows) / len(rows), len(rows)
    )
    done.confused[name] = dict(wrong.most_common(8))


def _several(done: _Report, name: str, cases: Sequence[Case], found: Sequence[Understanding]) -> None:
    rows = [(case, u) for case, u in zip(cases, found, strict=True) if len(case.labels) > 1]
    if not rows:
        return
    labels, whole = F1(), 0
    for case, understanding in rows:
        got = Counter({intent_of(command.to_json()) for command in understanding.commands})
        labels.add(got, Counter(set(case.labels)))
        whole += set(got) == set(case.labels)
    done.share(f"several {name}: all of them", whole / len(rows), len(rows))
    done.share(f"several {name}: F1 of intents", labels.value, len(rows))


def _slots(done: _Report, name: str, cases: Sequence[Case], found: Sequence[Understanding]) -> None:
    rows = [(case.commands, u) for case, u in zip(cases, found, strict=True) if case.commands]
    if not rows:
        return
    slots, words, exact = F1(), F1(), 0
    for wanted, understanding in rows:
        got = [command.to_json() for command in understanding.commands]
        slots.add(slots_of(got), slots_of(wanted))
        words.add(words_of(got), words_of(wanted))
        exact += got == list(wanted)
    done.share(f"slots {name}: F1", slots.value, len(rows))
    done.share(f"slots {name}: F1 of search words", words.value, len(rows))
    done.share(f"commands {name}: names and slots exact", exact / len(rows), len(rows))


def _scope(done: _Report, kind: str, scores: _Scope) -> None:
    inside, outside = scores.inside, scores.outside[kind]
    if not inside:
        return
    must = "oos rejected at 95 % kept" if kind == "oos" else ""
    done.share(f"{kind} rejected at 95 % kept", _below(outside, threshold(inside, KEPT)), len(outside), must)
    done.share(f"{kind} AUROC", auroc(inside, outside), len(outside))
    refused = scores.refused
    done.share(f"{kind} rejected by the limit", _below(outside, MIN_IN_SCOPE), len(outside))
    done.share(f"{kind} refused in the answer", sum(refused[kind]) / len(outside), len(outside))
    done.share(f"kept in the answer, beside {kind}", 1 - sum(refused["inside"]) / len(inside), len(inside))


def _below(scores: Sequence[float], cut: float) -> float:
    return sum(score < cut for score in scores) / len(scores)
