"""``tactful scenarios``: scripted customers against the bot. Thin: the work is in ``serving.scenarios``."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def scenarios(
    tasks: Annotated[Path, typer.Argument(help="task file (JSON): own, tau2 or tau-bench training")],
    out: Annotated[Path, typer.Option(help="folder for results.jsonl, dialogues.jsonl and report.md")],
    shop: Annotated[Path | None, typer.Option(help="shop folder; without it the settings' shop")] = None,
    wording: Annotated[str, typer.Option(help="of training tasks: full, partial or item_only")] = "full",
    only: Annotated[str, typer.Option(help="ids of tasks, with commas")] = "",
    workers: Annotated[int, typer.Option(min=1, help="tasks played at once")] = 1,
    model_url: Annotated[
        str | None, typer.Option(help="OpenAI-compatible endpoint; without it vLLM is started")
    ] = None,
    without_model: Annotated[bool, typer.Option("--without-model", help="play the degraded mode")] = False,
    fail_under: Annotated[
        list[str] | None, typer.Option(help="metric=value, e.g. success=0.8 or unwanted_writes=0; exit 100 if missed")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Play scripted customers against the bot and judge the end. 用脚本客户测试客服。

    Example: tactful scenarios serving/scenarios/own/en.json --out report
    """
    from serving.scenarios.figures import BadGate, missed, parse_gates
    from serving.scenarios.reading import BadTasks, read_tasks
    from serving.scenarios.tasks import WORDINGS

    chosen = next((known for known in WORDINGS if known == wording), None)
    if chosen is None:
        raise typer.BadParameter(f"expected {', '.join(WORDINGS)}, got {wording}")
    try:
        gates = parse_gates(fail_under or [])
        read = read_tasks(tasks, chosen, [part for part in only.split(",") if part])
    except (BadGate, BadTasks) as error:
        raise _stop(error, 2) from None
    run = _run(model_url, shop, tasks, read, out, wording=wording, workers=workers, without_model=without_model)
    from serving.scenarios.report import table

    typer.echo(json.dumps(run.to_json(), ensure_ascii=False) if as_json else table(run.figures))
    for line in (lines := missed(run.figures, gates)):
        print(line, file=sys.stderr)
    raise typer.Exit(100 if lines else 0)


def _run(model_url: str | None, shop: Path | None, *parts: Any, **options: Any) -> Any:
    from serving import logging as our_logging
    from serving.assembly import START_ERRORS
    from serving.endpoint import EngineError
    from serving.launch import LaunchError
    from serving.model_folder import ModelError
    from serving.scenarios.run import run
    from serving.settings_sources import SettingsError, load
    from serving.vocabulary import VocabularyError

    try:
        flags = {"model.url": model_url, "shop.dir": str(shop) if shop else None}
        settings = load(flags).settings
    except SettingsError as error:
        raise _stop(error, 2) from None
    our_logging.setup()
    try:
        return asyncio.run(run(settings, *parts, **options, say=lambda line: print(line, file=sys.stderr)))
    except (*START_ERRORS, EngineError, LaunchError, ModelError, VocabularyError) as error:
        raise _stop(error, 1) from None


def _stop(error: Exception, code: int) -> typer.Exit:
    print(error, file=sys.stderr)
    return typer.Exit(code)
