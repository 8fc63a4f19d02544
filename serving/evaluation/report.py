"""``report.html``: one file, no network, English and Chinese, failed dialogues first.

Texts are shown as the privacy check left them: what the guard still finds is masked, what it could
not read is not shown. Jinja escapes everything; the SVGs are ours.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
from markupsafe import Markup

from bot.session import Lang
from serving.evaluation import plots
from serving.evaluation.metrics import FIRST_WORD_LIMIT_S, METRICS, TURN_LIMIT_S
from serving.evaluation.tally import ALL, NumberName, Outcome, Share, quantile
from serving.evaluation.turns import Turn

if TYPE_CHECKING:
    from serving.evaluation.evaluate import EvaluationResult

MAX_TEXT_CHARS: Final = 700
"""Longer messages (tool results, mostly) are cut in the report."""
TEMPLATES: Final = Path(__file__).parent
LANGUAGES: Final[Mapping[str, tuple[str, str]]] = {
    "all": ("all", "全部"),
    "en": ("English", "英语"),
    "zh": ("Chinese", "中文"),
    "unknown": ("unknown language", "语言不明"),
}
ROLES: Final[Mapping[str, tuple[str, str]]] = {
    "user": ("Customer", "顾客"),
    "assistant": ("Assistant", "助手"),
    "tool": ("Tool", "工具"),
    "system": ("System", "系统"),
}
NUMBER_TEXTS: Final[tuple[tuple[NumberName, str, str, str], ...]] = (
    ("turns", "turns in a dialogue", "每段对话的轮数", ""),
    ("reply_chars", "characters in a reply", "每条回复的字符数", ""),
    ("first_word_s", "time to the first word", "首字用时", " s"),
    ("turn_s", "time to the whole reply", "完整回复用时", " s"),
    ("guard_s", "time in the guards, a turn", "每轮护栏用时", " s"),
)


def render(
    result: "EvaluationResult", outcomes: Sequence[Outcome], described: Mapping[str, Any], lang: Lang = "en"
) -> str:
    """The page. ``outcomes`` are shown in their order; ``described`` is the manifest's head."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    tally = result.tally
    languages = [one for one in tally.slices() if one == ALL or one.startswith("lang:")]
    return environment.get_template("report.html.jinja").render(
        lang=lang,
        result=result,
        described=described,
        columns=[LANGUAGES.get(one.removeprefix("lang:"), (one, one)) for one in languages],
        metrics=_metric_rows(result, languages),
        numbers=_number_rows(result, languages),
        intents=_intent_rows(result),
        kinds=sorted(tally.left.items()),
        plots=_plots(result, languages),
        dialogues=[_dialogue(outcome) for outcome in outcomes],
        hidden=max(0, result.dialogues - len(outcomes)),
    )


def _metric_rows(result: "EvaluationResult", languages: Sequence[str]) -> list[dict[str, Any]]:
    gated = {gate.metric: gate for gate in result.gates}
    return [
        {
            "name": m.name,
            "en": m.en,
            "zh": m.zh,
            "unit": {"turn": ("turns", "轮"), "dialogue": ("dialogues", "段对话"), "line": ("lines", "行")}[m.unit],
            "fault": m.fault,
            "gate": gated.get(m.name),
            "cells": [_cell(result.tally.share(m.name, one)) for one in languages],
        }
        for m in METRICS
        if result.tally.share(m.name).n or m.name in gated
    ]


def _cell(share: Share) -> dict[str, str] | None:
    if share.value is None:
        return None
    low, high = share.interval
    return {"value": f"{share.value:.1%}", "interval": f"{low:.1%} – {high:.1%}", "n": str(share.n)}


def _number_rows(result: "EvaluationResult", languages: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for name, en, zh, unit in NUMBER_TEXTS:
        columns = [result.tally.numbers.get(one, {}).get(name, []) for one in languages]
        if columns[0]:
            cells = [
                {"p50": f"{quantile(v, 0.5):.3g}{unit}", "p95": f"{quantile(v, 0.95):.3g}{unit}", "n": str(len(v))}
                if v
                else None
                for v in columns
            ]
            rows.append({"name": name, "en": en, "zh": zh, "cells": cells})
    return rows


def _intent_rows(result: "EvaluationResult") -> list[dict[str, Any]]:
    names = ("answered", "resolved", "contained", "grounded", "language_match")
    return [
        {"name": intent, "n": count, "cells": [_cell(result.tally.share(m, f"intent:{intent}")) for m in names]}
        for intent, count in result.tally.intents.most_common()
    ]


def _plots(result: "EvaluationResult", languages: Sequence[str]) -> dict[str, Markup]:
    tally = result.tally
    rows = [
        (
            m.name,
            {one.removeprefix("lang:"): tally.share(m.name, one) for one in languages if tally.share(m.name, one).n},
        )
        for m in METRICS
        if tally.share(m.name).n
    ]
    drawn = {"shares": plots.shares(rows)}
    if tally.intents:
        drawn["intents"] = plots.bars(tally.intents.most_common())
    timed: list[tuple[str, Sequence[float]]] = [
        (name, tally.numbers[ALL][name]) for name in ("first_word_s", "turn_s") if tally.numbers[ALL].get(name)
    ]
    if timed:
        drawn["times"] = plots.times(timed, (FIRST_WORD_LIMIT_S, TURN_LIMIT_S))
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704 (our own SVG, see module docstring)


def _dialogue(outcome: Outcome) -> dict[str, Any]:
    texts = iter(outcome.turns)
    messages = []
    turn: Turn | None = None
    number = -1
    for role, text in outcome.shown:
        if role == "user":
            turn, number = next(texts, None), number + 1
        verdict = outcome.verdicts[number] if role == "user" and turn else {}
        wrong = [m for m in METRICS if verdict.get(m.name) is False]
        cut = text[:MAX_TEXT_CHARS] + (f" … (+{len(text) - MAX_TEXT_CHARS})" if len(text) > MAX_TEXT_CHARS else "")
        intents = list(turn.intents) if turn and role == "user" else []
        messages.append({"role": role, "who": ROLES[role], "text": cut, "intents": intents, "wrong": wrong})
    return {
        "id": outcome.dialogue.id,
        "where": f"{outcome.dialogue.source}:{outcome.dialogue.line}",
        "lang": outcome.lang,
        "language": LANGUAGES.get(outcome.lang, (outcome.lang, outcome.lang)),
        "turns": len(outcome.turns),
        "intent": outcome.intent,
        "faults": [m for m in METRICS if m.name in outcome.faults],
        "left": sorted(outcome.left.items()),
        "messages": messages,
    }
