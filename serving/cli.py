"""The ``tactful`` command. Each command is thin: it reads settings, calls one function and reports.

Exit codes: 0 done, 1 failed, 2 usage, 100 a gate was missed. Heavy imports happen inside the commands.
"""

import asyncio
import json
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.session import Lang
from serving.commands import measure, passport, privacy, talk
from serving.commands import shop as shops
from serving.commands.redact import redact
from serving.commands.scenarios import scenarios
from serving.commands.understand import bench_understand, understand

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold what a customer wrote
    help="Customer service that keeps personal data to itself. 保护个人信息的智能客服。",
)
model_app = typer.Typer(no_args_is_help=True, help="The language model. 语言模型。")
app.add_typer(model_app, name="model")
app.add_typer(shops.app, name="shop")
app.add_typer(measure.app, name="bench")
app.add_typer(privacy.app, name="privacy")
app.add_typer(passport.app, name="passport")
app.command()(measure.replay)
app.command()(talk.chat)
app.command()(redact)
app.command()(scenarios)
app.command()(understand)
measure.app.command("understand")(bench_understand)

Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


def _settings(**flags: Any) -> Any:
    from serving.settings_sources import SettingsError, load

    try:
        return load({key.replace("__", "."): value for key, value in flags.items()}).settings
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None


@app.command()
def serve(
    host: str | None = None, port: int | None = None, model_url: str | None = None, shop: Path | None = None
) -> None:
    """Start the server, and vLLM with it unless --model-url names an endpoint. 启动服务。

    Example: tactful serve --port 8080 --model-url http://127.0.0.1:8000/v1
    """
    from serving.run import run

    settings = _settings(host=host, port=port, model__url=model_url, shop__dir=str(shop) if shop else None)
    raise typer.Exit(asyncio.run(run(settings)))


@app.command()
def settings(as_json: Json = False) -> None:
    """Print every setting with its source. 查看设置。 Example: tactful settings --json"""
    from serving.settings_sources import SettingsError, load

    try:
        rows = load().rows()
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    if as_json:
        print(json.dumps({key: {"value": str(value), "source": source} for key, value, source in rows}, indent=1))
        return
    for key, value, source in rows:
        print(f"{key:32} {value!s:40} {source}")


@app.command()
def prompts(source: Path, target: Path) -> None:
    """Render training cases as examples with the bot's own prompts. 生成训练样例。 Example: tactful prompts IN OUT"""
    from bot.prompts import render_cases

    try:
        print(f"{render_cases(source, target)} examples written to {target}")
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None


@app.command()
def evaluate(
    transcripts: list[Path],
    out: Annotated[Path, typer.Option(help="folder for the report")],
    fail_under: Annotated[list[str] | None, typer.Option(help="metric=value; exit 100 below it")] = None,
    lang: Annotated[str, typer.Option(help="language of the report: en or zh")] = "en",
    as_json: Json = False,
) -> None:
    """Evaluate transcripts offline. 离线评估对话。

    Example: tactful evaluate .tactful/transcripts --out report --fail-under answered=0.9
    """
    from serving.compose import build_analyze, build_intents
    from serving.evaluation.evaluate import evaluate as run
    from serving.evaluation.evaluate import print_table
    from serving.evaluation.gates import parse_gates
    from serving.evaluation.transcripts import NothingToEvaluate, UsageError

    try:
        gates = parse_gates(fail_under or [])
        report_lang: Lang = "zh" if lang == "zh" else "en"
        result = run(transcripts, out, gates, analyze=build_analyze(), intents=build_intents(), lang=report_lang)
    except UsageError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    except NothingToEvaluate as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    print(json.dumps(result.to_json(), ensure_ascii=False) if as_json else print_table(result))
    raise typer.Exit(result.exit_code)


@model_app.command("fetch")
def model_fetch(name: str = "gemma3-270m") -> None:
    """Fetch, convert and check a model. 下载并转换模型。 Example: tactful model fetch"""
    from serving.model import fetch

    def progress(message: str, fraction: float) -> None:
        print(f"  {message} ({fraction:.0%})", file=sys.stderr)

    try:
        folder = fetch(_settings().data_dir, name=name, progress=progress)
    except Exception as error:  # every one of them says what to do
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    print(f"{folder.name}: {folder.path}")


def main() -> None:
    """The entry point. Packages that serving must not import add commands of their own by name."""
    for point in entry_points(group="tactful.commands"):
        if point.name in sys.argv[1:2]:
            app.add_typer(point.load(), name=point.name)
    app()
