"""Commands that measure: ``tactful bench …`` and ``tactful replay``. Thin: the work is in ``serving.bench``."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Measure: speed, guard, canary check. 性能与隐私测量。")
Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
BASE_URL = "http://127.0.0.1:8080"
PUBLIC = Path("../shared/data/pii")


def say(line: str) -> None:
    """Progress goes to standard error."""
    print(line, file=sys.stderr)


def show(result: dict[str, Any], table: str, as_json: bool) -> None:
    """The report on standard output."""
    print(json.dumps(result, ensure_ascii=False) if as_json else table)


@app.command()
def serve(
    url: str = BASE_URL,
    shop: Annotated[Path, typer.Option(help="shop folder that the server serves")] = Path(".tactful/shop"),
    runs: int = 1,
    crowd: int = 16,
    as_json: Json = False,
) -> None:
    """Time a running server: first word and whole turn, for one customer and many. 测量响应时间。

    Start it with TACTFUL_SERVER__REQUESTS_PER_MINUTE=100000. Example: tactful bench serve --runs 2
    """
    from serving.bench.machine import table
    from serving.bench.serve import ServerNotReady, bench_serve

    try:
        result = bench_serve(url, shop, runs=runs, crowd=crowd, progress=say)
    except ServerNotReady as error:
        say(str(error))
        raise typer.Exit(1) from None
    show(result, table(result), as_json)


@app.command()
def start(lang: str = "en", runs: int = 1, as_json: Json = False) -> None:
    """Time `tactful serve` from nothing running to its first answer. 测量启动时间。 Example: tactful bench start"""
    from serving.bench.machine import table
    from serving.bench.serve import bench_start

    command = [sys.executable, "-c", "from serving.cli import main; main()", "serve"]
    result = bench_start(command, BASE_URL, runs=runs, lang="zh" if lang == "zh" else "en")
    show(result, table(result), as_json)


@app.command()
def guard(
    public: Annotated[Path, typer.Option(help="folder of marked public messages; left out if missing")] = PUBLIC,
    every: Annotated[bool, typer.Option("--every", help="all of its lines, not every second one")] = False,
    messages: Annotated[int, typer.Option(help="own messages with and without values, each language")] = 600,
    planted: Annotated[int, typer.Option(help="replies with an unsupported claim, each language")] = 1000,
    peers: Annotated[str, typer.Option(help="other systems in the same run, or none")] = "presidio,langchain",
    seed: int = 1,
    attacks: Annotated[
        Path | None, typer.Option(help="what `tactful bench attacks --json` wrote: which attacks succeed 攻击测量结果")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure all guards: recognition, streaming, attacks, claims. 测量全部防护。 Exit 100 if a must is missed.

    Example: tactful bench guard --public ../shared/data/pii
    """
    from serving.bench.guard import bench_guard, gate_table
    from serving.bench.machine import table

    chosen = [name for name in peers.split(",") if name not in ("", "none")]
    if unknown := set(chosen) - {"presidio", "langchain"}:
        raise typer.BadParameter(f"expected presidio, langchain or none, got {', '.join(sorted(unknown))}")
    result = bench_guard(
        public=public,
        every=every,
        messages=messages,
        planted=planted,
        attacked=_attacked(attacks) if attacks else None,
        peers=chosen,
        seed=seed,
        progress=say,
    )
    show(result, gate_table(result) + "\n" + table(result), as_json)
    raise typer.Exit(100 if result["missed"] else 0)


def _attacked(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        for lang in ("en", "zh"):
            float(found[lang]["success"]), int(found[lang]["n"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise typer.BadParameter(
            f"expected the JSON of `tactful bench attacks --json` in {file}, got {type(error).__name__}"
        ) from None
    return found


@app.command()
def attacks(
    model_url: Annotated[
        str | None, typer.Option(help="OpenAI-compatible endpoint; without it vLLM is started")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="every n-th attack only")] = 1,
    without_model: Annotated[bool, typer.Option("--without-model", help="the degraded mode")] = False,
    replies: Annotated[
        Path | None, typer.Option(help="file for every reply that the model worded or that shows a sign, to be read")
    ] = None,
    as_json: Json = False,
) -> None:
    """Attack the whole assistant: which attacks reach what they want. 攻击整个助手。 Exit 100 if the must is missed.

    Example: tactful bench attacks
    """
    import asyncio

    from serving import logging as our_logging
    from serving.bench.attacks import attack_table, bench_attacks
    from serving.settings_sources import load

    our_logging.setup()
    settings = load({"model.url": model_url}).settings
    result = asyncio.run(bench_attacks(settings, every=every, without_model=without_model, say=say, replies=replies))
    show(result, attack_table(result), as_json)
    raise typer.Exit(100 if result["missed"] else 0)


@app.command()
def canary(
    model_url: Annotated[str, typer.Option(help="OpenAI-compatible endpoint, e.g. a server's own engine")],
    folder: Annotated[Path, typer.Option(help="empty folder for the server's data")],
    seed: int = 1,
    as_json: Json = False,
) -> None:
    """Plant personal values in 200 messages and look for them everywhere. 隐私泄漏检查。 Exit 100 if one is found.

    Example, beside a `TACTFUL_ENGINE__PORT=8001 tactful serve`:
    tactful bench canary --model-url http://127.0.0.1:8001/v1 --folder build/canary
    """
    from serving.bench.canary import bench_canary, table

    result = bench_canary(model_url, folder, seed=seed, progress=lambda done, of: say(f"{done} of {of}"))
    show(result, table(result), as_json)
    raise typer.Exit(result["exit_code"])


def replay(
    dialogues: Path,
    out: Path,
    url: str = BASE_URL,
    transcripts: Annotated[Path | None, typer.Option(help="the server's transcript folder")] = None,
    as_json: Json = False,
) -> None:
    """Play the customer turns of dialogues through a running server. 回放对话。

    Example: tactful replay fewshot.jsonl out.jsonl --transcripts .tactful/transcripts
    """
    from serving.replay import replay as run

    report = run(dialogues, url, out, transcripts=transcripts, progress=lambda done, of: say(f"{done} of {of}"))
    show(report.to_json(), json.dumps(report.to_json(), indent=1), as_json)
