"""What is left of a run: ``results.jsonl``, ``dialogues.jsonl`` and ``report.md``, each replaced when it is whole.

Results hold ids, codes, fields and figures. Dialogues are transcripts as the bot keeps them, concealed, in the form
that ``tactful evaluate`` reads. The report's labels are in both languages.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from serving.scenarios.play import Result

RESULTS: Final = "results.jsonl"
DIALOGUES: Final = "dialogues.jsonl"
REPORT: Final = "report.md"
SHOWN_FAILURES: Final = 200
_LABELS: Final[Mapping[str, str]] = {
    "single_write": "one write · 一次修改",
    "multi_write": "several writes · 多次修改",
    "lookup_or_refuse": "look up or refuse · 查询或拒绝",
}
_COUNTS: Final[tuple[tuple[str, str], ...]] = (
    ("unwanted_writes", "unwanted writes · 不该有的修改"),
    ("unconfirmed_writes", "unconfirmed writes · 未经确认的修改"),
    ("missing_writes", "missing writes · 缺少的修改"),
    ("leaks", "other customers' values shown · 泄露他人信息"),
    ("gold_refused", "tasks whose gold writes the shop refuses · 标准答案被店铺拒绝的任务"),
)


def result_json(result: Result) -> dict[str, Any]:
    """One task as a line of ``results.jsonl``."""
    task, verdict = result.task, result.verdict
    return {
        "id": task.id,
        "lang": task.lang,
        "difficulty": task.difficulty,
        "kind": task.kind,
        "success": verdict.success,
        "end_state": verdict.end_state,
        "wrong": list(verdict.wrong),
        "unsaid": list(verdict.unsaid),
        "forbidden": list(verdict.forbidden),
        "writes": [asdict(write) for write in verdict.writes],
        "unwanted_writes": verdict.unwanted_writes,
        "unconfirmed_writes": verdict.unconfirmed_writes,
        "missing_writes": verdict.missing_writes,
        "leaks": verdict.leaks,
        "gold_refused": list(verdict.gold_refused),
        "turns": result.turns,
        "seconds": round(sum(result.seconds), 4),
    }


def write_report(
    out: Path, results: Sequence[Result], figures: Mapping[str, Any], made_from: Mapping[str, str], began: datetime
) -> None:
    """Writes the three files. ``made_from``: what the run depends on, label → value."""
    out.mkdir(parents=True, exist_ok=True)
    _put(out / RESULTS, _lines(map(result_json, results)))
    _put(out / DIALOGUES, _lines(_dialogue(result, began) for result in results))
    _put(out / REPORT, report(results, figures, made_from))


def report(results: Sequence[Result], figures: Mapping[str, Any], made_from: Mapping[str, str]) -> str:
    """The report as Markdown."""
    lines = ["# Scenarios · 场景测试", "", *(f"- {label}: {value}" for label, value in made_from.items()), ""]
    lines += [table(figures), "", "## By kind · 按类别", "", *_shares(figures["by_kind"], {})]
    failed = [result for result in results if not result.verdict.success]
    lines += ["", f"## Failed · 未通过 ({len(failed)})", ""]
    lines += [f"- `{result.task.id}`: {_why(result)}" for result in failed[:SHOWN_FAILURES]]
    if len(failed) > SHOWN_FAILURES:
        lines.append(f"- … {RESULTS}")
    return "\n".join(lines) + "\n"


def table(figures: Mapping[str, Any]) -> str:
    """The figures as two Markdown tables, also for a terminal."""
    everything = {"n": figures["tasks"], "success": figures["success"], "stderr": figures["stderr"]}
    rows = _shares({**figures["by_difficulty"], "all · 全部": everything}, _LABELS)
    counts = [f"| {label} | {figures[name]} |" for name, label in _COUNTS]
    counts.append(f"| right end state · 最终状态正确 | {_number(figures['end_state'])} |")
    counts.append(f"| turns, median · 轮数中位数 | {figures['turns']['median']:g} |")
    seconds = figures["seconds"]
    counts.append(f"| seconds a turn, p50 / p95 · 每轮秒数 | {seconds['p50']} / {seconds['p95']} |")
    counts.append(f"| left out · 跳过的任务 | {sum(figures['skipped'].values())} |")
    return "\n".join([*rows, "", "| | |", "|---|---|", *counts])


def _shares(shares: Mapping[str, Mapping[str, Any]], labels: Mapping[str, str]) -> list[str]:
    rows = ["| | n | success · 成功率 | ± stderr · 标准误 |", "|---|---|---|---|"]
    for name, row in shares.items():
        rows.append(f"| {labels.get(name, name)} | {row['n']} | {_number(row['success'])} | {_number(row['stderr'])} |")
    return rows


def _why(result: Result) -> str:
    verdict = result.verdict
    reasons = [
        *verdict.wrong,
        *(f"not said · 未说 #{place + 1}" for place in verdict.unsaid),
        *(f"said · 不该说 #{place + 1}" for place in verdict.forbidden),
        *(f"unwanted · 不该有 {write.write} (turn {write.turn})" for write in verdict.writes if not write.wanted),
        *(f"gold refused · 标准答案被拒 {code}" for code in verdict.gold_refused),
    ]
    return "; ".join(reasons)


def _dialogue(result: Result, began: datetime) -> dict[str, Any]:
    task = result.task
    return {
        "id": f"scenario:{task.id}",
        "customer": f"scenario:{task.id}",
        "started_at": began.isoformat(timespec="seconds"),
        "lang": task.lang,
        "messages": list(result.messages),
        "labels": {"difficulty": task.difficulty, "kind": task.kind, "success": result.verdict.success},
    }


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _put(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
