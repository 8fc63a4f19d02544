"""``tactful understand`` and ``tactful bench understand``. Thin: the work is in ``serving.understanding``."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn

import typer

STREAM = "-"
PROBE_TIMEOUT_S = 3.0
NLU = Path("../shared/data/nlu")

_FAULTS = {
    "no_input": ("the input cannot be read", "无法读取输入文件"),
    "no_output": ("the output cannot be written there", "无法写入输出文件"),
    "same_file": ("input and output are the same file", "输入与输出是同一个文件"),
    "no_model": ("no model endpoint answers there; --degraded does without", "模型接口无响应；可加 --degraded"),
    "shop": ("that is no shop folder", "不是店铺目录"),
}  # fmt: skip


def understand(
    source: Annotated[str, typer.Argument(metavar="IN.jsonl", help="one JSON object a line; - reads standard input")],
    target: Annotated[str, typer.Argument(metavar="OUT.jsonl", help="there only when whole; - writes to stdout")],
    model_url: Annotated[
        str | None, typer.Option(help="OpenAI-compatible endpoint of the language model 模型接口")
    ] = None,
    model_name: Annotated[str | None, typer.Option(help="its name there 模型名称")] = None,
    degraded: Annotated[bool, typer.Option("--degraded", help="never ask a language model 只用线性模型")] = False,
    shop: Annotated[
        Path | None, typer.Option(help="shop folder whose order numbers and product names are known 店铺目录")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Understand the messages of a file: their commands and intent. 理解文件中的消息：命令与意图。

    Each line `{text, lang?, context?}` gets `commands`, `intent`, `understood_by` (rule, llm, classifier),
    `confidence` and `in_scope`; its other fields stay. Personal values are concealed first, so commands hold
    handles such as <EMAIL_1>. The language model answers where --model-url or the setting model.url names one;
    otherwise the linear model does (degraded mode). The report says which. A line that cannot be understood
    becomes {"error", "line"} and the command ends with 1.

    每行增加 commands、intent、understood_by、confidence、in_scope，其他字段保留。个人信息先行隐藏，命令中只有
    代号。给出 --model-url 或设置 model.url 时由大模型理解，否则由线性模型理解（降级模式），报告会注明。

    Example: tactful understand messages.jsonl understood.jsonl --json
    """
    began = time.monotonic()
    asked = None if degraded else _model(model_url, model_name)
    from serving.understanding.lines import Tally

    tally = Tally()
    with _streams(source, target) as (lines, out), _reader(shop, asked) as reader:
        asyncio.run(_run(lines, out, reader, tally))
    report = {
        "lines": tally.lines,
        "mode": "model" if asked else "degraded",
        "model": asked.name if asked else None,
        "understood_by": dict(tally.by.most_common()),
        "intents": dict(tally.intents.most_common()),
        "errors": dict(tally.errors.most_common()),
        "seconds": round(time.monotonic() - began, 2),
    }
    print(json.dumps(report) if as_json else _words(report), file=sys.stderr if target == STREAM else sys.stdout)
    raise typer.Exit(1 if tally.errors else 0)


def bench_understand(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="more labelled messages: .csv (Bitext), .json (CLINC150), .jsonl 更多带标注的文件"),
    ] = None,
    public: Annotated[Path, typer.Option(help="folder of public sets; left out if missing")] = NLU,
    far: Annotated[int, typer.Option(help="of messages far from a shop's business, at most so many")] = 300,
    peers: Annotated[str, typer.Option(help="plain (TF-IDF, trained in the same run) or none")] = "plain",
    seed: int = 1,
    model_url: Annotated[
        str | None, typer.Option(help="OpenAI-compatible endpoint of the language model that reads too 模型接口")
    ] = None,
    model_name: Annotated[str | None, typer.Option(help="its name there 模型名称")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Measure understanding. 测量理解能力。 Exit 100 if a must is missed.

    With --model-url as the assistant understands; without it in degraded mode, where no language model answers.
    给出 --model-url 时测量带大模型的理解，否则测量降级模式。

    Intents, slots, several requests, 10 % typos, switching of languages, and what is out of scope: on our own
    evaluation wording, the public development sets, and FILES. Without FILES nothing but those.

    Example: tactful bench understand other/test.csv --public ../shared/data/nlu
    """
    from serving.compose_engine import ARTIFACTS
    from serving.understanding.bench import bench, table
    from serving.understanding.sets import BadSet

    try:
        result = bench(
            ARTIFACTS / "intent",
            files or [],
            public if public.is_dir() else None,
            far=far,
            plain=peers == "plain",
            seed=seed,
            model=_model(model_url, model_name) if model_url else None,
            progress=lambda line: print(line, file=sys.stderr),
        )
    except BadSet as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(json.dumps(result, ensure_ascii=False) if as_json else table(result))
    raise typer.Exit(100 if result["missed"] else 0)


async def _run(lines: BinaryIO, out: BinaryIO, reader: Any, tally: Any) -> None:
    from serving.understanding.lines import understood

    async for line in understood(lines, reader, tally):
        out.write(line)


@contextmanager
def _reader(shop: Path | None, asked: Any) -> Iterator[Any]:
    from bot.shop.errors import ShopError
    from bot.shop.folder import read_info
    from serving.compose import build_intents
    from serving.redaction.shop import readable_of
    from serving.understanding.reader import reader_over

    known: dict[str, Any] = {}
    if shop is not None:
        try:
            known = {"readable": readable_of(shop), "order_pattern": read_info(shop).order_pattern}
        except (ShopError, OSError, ValueError) as error:
            _fail(2, "shop", type(error).__name__)
    if asked is not None:
        known |= {"model": asked.model, "prompting": asked.prompting}
    with reader_over(build_intents(), **known) as reader:
        yield reader


def _model(url: str | None, name: str | None) -> Any:
    """The language model that answers, as ``Asked``; ``None`` where no endpoint is named or answers."""
    from serving.settings_sources import SettingsError, load

    flags = {key: value for key, value in (("model.url", url), ("model.name", name)) if value}
    try:
        settings = load(flags).settings
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    here = f"http://127.0.0.1:{settings.engine.port}/v1" if settings.engine.port else None
    base = settings.model.url or here
    key = settings.model.api_key.get_secret_value() if settings.model.api_key else "none"
    if base is None or not _answers(base, key):
        if url:
            _fail(1, "no_model")
        return None
    from bot.model_client import ChatModel
    from serving.compose import prompting_of
    from serving.understanding.bench import Asked

    model = ChatModel.connect(base, settings.model.name, key, settings.model.timeout_s)
    return Asked(model, settings.model.name, prompting_of(settings))


def _answers(base: str, key: str) -> bool:
    import httpx

    try:
        answer = httpx.get(f"{base}/models", headers={"Authorization": f"Bearer {key}"}, timeout=PROBE_TIMEOUT_S)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


@contextmanager
def _streams(source: str, target: str) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Input and output. A file appears when it is whole; what was begun is taken away after a fault."""
    out = Path(target)
    if target != STREAM and (out.is_dir() or not out.resolve().parent.is_dir()):
        _fail(2, "no_output")
    if source != STREAM and target != STREAM and out.exists() and Path(source).exists() and out.samefile(source):
        _fail(2, "same_file")
    try:
        lines = sys.stdin.buffer if source == STREAM else Path(source).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        _fail(2, "no_input", error.strerror or type(error).__name__)
    with lines:
        if target == STREAM:
            yield lines, sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        part = out.with_name(f"{out.name}.part")
        try:
            with part.open("wb") as sink:
                yield lines, sink
            os.replace(part, out)
        except OSError as error:
            _fail(1, "no_output", error.strerror or type(error).__name__)
        finally:
            part.unlink(missing_ok=True)


def _words(report: dict[str, Any]) -> str:
    mode = (
        f"language model {report['model']!r} 大模型" if report["model"] else "linear model (degraded) 线性模型（降级）"
    )
    rows = [f"{report['lines']} messages 条消息, {mode}, {report['seconds']} s"]
    rows += [f"  {intent:24} {count}" for intent, count in report["intents"].items()]
    rows += [f"  error {code:18} {count}" for code, count in report["errors"].items()]
    return "\n".join(rows)


def _fail(code: int, reason: str, detail: str = "") -> NoReturn:
    english, chinese = _FAULTS[reason]
    print(f"error: {english}{f' ({detail})' if detail else ''} · {chinese}", file=sys.stderr)
    raise typer.Exit(code)
