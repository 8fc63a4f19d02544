"""Offline evaluation of transcripts: reads, judges, adds up, writes four files, gives one verdict.

``results.jsonl`` (a dialogue a line, no text), ``report.html``, ``junit.xml``, ``manifest.json``. The
same transcripts give the same results. It talks to no model and to no network.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.session import Lang
from serving.evaluation import gates, junit, manifest, report
from serving.evaluation.gates import Gate
from serving.evaluation.metrics import METRICS
from serving.evaluation.privacy import Analyze
from serving.evaluation.tally import ALL, NumberName, Outcome, Share, Tally, judge, quantile
from serving.evaluation.transcripts import BadLine, Dialogue, Format, NothingToEvaluate, UsageError, files, read
from serving.evaluation.turns import Intents

MAX_SHOWN: Final = 200
"""Dialogues shown in the report: failed ones first. All of them are in results.jsonl."""
EXIT_PASSED: Final = 0
EXIT_GATE_MISSED: Final = 100
NUMBERS: Final[tuple[NumberName, ...]] = ("turns", "reply_chars", "first_word_s", "turn_s", "guard_s")


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """What was found. ``passed`` and ``exit_code`` are read off ``gates``, nothing else decides."""

    out: Path
    dialogues: int
    failed: int
    tally: Tally
    gates: tuple[Gate, ...]
    bad_lines: tuple[BadLine, ...]

    @property
    def passed(self) -> bool:
        """Every gate was reached."""
        return all(gate.passed for gate in self.gates)

    @property
    def exit_code(self) -> int:
        """0, or 100 when a gate was missed."""
        return EXIT_PASSED if self.passed else EXIT_GATE_MISSED

    @property
    def verdict(self) -> str:
        """For people: one line a gate, then the sum."""
        if not self.gates:
            return "no gates set"
        missed = sum(not gate.passed for gate in self.gates)
        return "\n".join([*map(str, self.gates), "PASSED" if self.passed else f"FAILED: {missed} gate(s) missed"])

    def to_json(self) -> dict[str, Any]:
        """The summary as ``--json`` prints it and ``manifest.json`` keeps it."""
        return {
            "dialogues": self.dialogues,
            "failed_dialogues": self.failed,
            "bad_lines": len(self.bad_lines),
            "passed": self.passed,
            "gates": [
                {"metric": g.metric, "at_least": g.at_least, "value": g.share.value, "n": g.share.n, "passed": g.passed}
                for g in self.gates
            ],
            "metrics": {one: _shares(self.tally, one) for one in self.tally.slices()},
            "numbers": {one: _numbers(self.tally, one) for one in self.tally.slices()},
            "intents": dict(self.tally.intents.most_common()),
            "understood_by": dict(self.tally.understood_by.most_common()),
            "personal_values_left": dict(sorted(self.tally.left.items())),
            "texts_not_checked": self.tally.unchecked,
            "repeated_ids": self.tally.repeated_ids,
        }


def evaluate(
    paths: Iterable[Path],
    out: Path,
    fail_under: Mapping[str, float] | None = None,
    *,
    analyze: Analyze | None = None,
    intents: Intents | None = None,
    settings: Mapping[str, Any] | None = None,
    lang: Lang = "en",
    seed: int = 0,
    fmt: Format = "auto",
) -> EvaluationResult:
    """Evaluates every dialogue in ``paths`` and writes the four files to ``out``.

    Args:
        paths: JSONL files, or folders of them.
        out: a folder, made if missing; files of an earlier run are replaced.
        fail_under: metric name → the least share that passes.
        analyze: ``Guardrails.analyze``. Without it no text is shown and ``concealed`` counts nothing.
        intents: names the request of turns that carry no commands of the server.
        settings: for the hash in the manifest only.
        lang: the language the report opens in; it holds both.
        seed: noted in the manifest; nothing here is random.
        fmt: the transcripts' format; ``auto`` tells per line.

    Raises:
        UsageError: an unknown metric, an impossible threshold, a missing path.
        NothingToEvaluate: no line could be read.
    """
    fail_under = dict(fail_under or {})
    gates.check_gates(fail_under)
    sources = files(list(paths))
    if out.exists() and not out.is_dir():
        raise UsageError(f"expected a folder for the results, {out} is a file")
    out.mkdir(parents=True, exist_ok=True)
    tally, bad = Tally(), []
    kept, total, failed = Shortlist(MAX_SHOWN), 0, 0
    partial = out / "results.jsonl.partial"
    with partial.open("w", encoding="utf-8") as results:
        for item in read(sources, fmt):
            if isinstance(item, BadLine):
                bad.append(item)
                tally.bad_line()
                continue
            outcome = judge(item, analyze, intents)
            tally.add(outcome)
            kept.add(outcome)
            total, failed = total + 1, failed + bool(outcome.faults)
            results.write(json.dumps(line_of(outcome), ensure_ascii=False) + "\n")
    if not total:
        partial.unlink()
        first = f"; first: {bad[0].source} line {bad[0].line}: {bad[0].problem}" if bad else ""
        raise NothingToEvaluate(f"expected at least one dialogue, {len(bad)} line(s) could not be read{first}")
    os.replace(partial, out / "results.jsonl")
    result = EvaluationResult(out, total, failed, tally, gates.judge_gates(fail_under, tally), tuple(bad))
    described = manifest.describe(sources, settings, seed)
    _write(out / "manifest.json", json.dumps({**described, "result": result.to_json()}, ensure_ascii=False, indent=2))
    _write(out / "report.html", report.render(result, kept.outcomes(), described, lang))
    junit.write(out / "junit.xml", out / "results.jsonl", result.gates, result.bad_lines)
    return result


class Shortlist:
    """The dialogues to show: those with most faults, earlier ones first. Holds ``limit`` at most."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: list[tuple[int, int, Outcome]] = []
        self._seen = 0

    def add(self, outcome: Outcome) -> None:
        """Keeps the dialogue if it is among the worst so far."""
        self._kept.append((-len(outcome.faults), self._seen, outcome))
        self._seen += 1
        if len(self._kept) > 2 * self.limit:
            self._trim()

    def outcomes(self) -> list[Outcome]:
        """The worst first."""
        self._trim()
        return [outcome for _, _, outcome in self._kept]

    def _trim(self) -> None:
        self._kept.sort(key=lambda item: item[:2])
        del self._kept[self.limit :]


def line_of(outcome: Outcome) -> dict[str, Any]:
    """A line of ``results.jsonl``: marks and numbers, no text."""
    dialogue: Dialogue = outcome.dialogue
    return {
        "id": dialogue.id,
        "source": dialogue.source,
        "line": dialogue.line,
        "format": dialogue.format,
        "lang": outcome.lang,
        "intent": outcome.intent,
        "turns": len(outcome.turns),
        "faults": list(outcome.faults),
        "metrics": {name: {"good": good, "n": n} for name, (good, n) in outcome.marks.items() if n},
        "intents": [list(turn.intents) for turn in outcome.turns],
        "personal_values_left": dict(sorted(outcome.left.items())),
        "texts_not_checked": outcome.unchecked,
        "labels": dict(dialogue.labels),
    }


def _shares(tally: Tally, one: str) -> dict[str, Any]:
    shares = {metric.name: tally.share(metric.name, one) for metric in METRICS}
    return {
        name: {"value": s.value, "n": s.n, "low": s.interval[0], "high": s.interval[1]}
        for name, s in shares.items()
        if s.n or one == ALL
    }


def _numbers(tally: Tally, one: str) -> dict[str, Any]:
    return {
        name: {"n": len(values), "p50": quantile(values, 0.5), "p95": quantile(values, 0.95), "max": max(values)}
        for name in NUMBERS
        if (values := tally.numbers.get(one, {}).get(name))
    }


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    os.replace(partial, path)


def print_table(result: EvaluationResult) -> str:
    """The metrics as a Markdown table, overall and by language: what the README shows."""
    columns = [one for one in result.tally.slices() if one == ALL or one.startswith("lang:")]
    lines = [
        f"| metric | {' | '.join(one.removeprefix('lang:') for one in columns)} |",
        f"|---|{'---|' * len(columns)}",
    ]
    for metric in METRICS:
        if result.tally.share(metric.name).n:
            cells = [_cell(result.tally.share(metric.name, one)) for one in columns]
            lines.append(f"| `{metric.name}`: {metric.en} | {' | '.join(cells)} |")
    for name in NUMBERS:
        if result.tally.numbers[ALL].get(name):
            cells = [_quantiles(result.tally.numbers.get(one, {}).get(name, [])) for one in columns]
            lines.append(f"| {name}, p50 / p95 | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(share: Share) -> str:
    if share.value is None:
        return "–"
    low, high = share.interval
    return f"{share.value:.1%} ({low:.0%}–{high:.0%}, n={share.n})"


def _quantiles(values: list[float]) -> str:
    return f"{quantile(values, 0.5):.3g} / {quantile(values, 0.95):.3g}" if values else "–"
