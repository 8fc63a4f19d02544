"""``tactful redact``: a JSONL file with its personal data found and marked. Thin: the work is in ``serving.redaction``.

Needs no server, no model, no vault and no network.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn

import typer

PATIENCE_S = 2.0
STREAM = "-"


def redact(
    source: Annotated[str, typer.Argument(metavar="IN.jsonl", help="one JSON object a line; - reads standard input")],
    target: Annotated[str, typer.Argument(metavar="OUT.jsonl", help="there only when whole; - writes to stdout")],
    field: Annotated[
        list[str] | None,
        typer.Option(help="the text: text (default), message.text, messages.*.content; may be repeated 文本字段"),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="write over the text itself, so that the output no longer holds it 覆盖原文"),
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="processes; one per processor, one for small files 进程数")
    ] = None,
    lang_field: Annotated[
        str | None, typer.Option(help="field that says en or zh; not needed 语言字段（可不填）")
    ] = None,
    shop: Annotated[
        Path | None, typer.Option(help="shop folder whose order numbers and product names stay readable 店铺目录")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="stop at the first line at fault 遇错即停")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Find and mark personal data in a file, offline. 离线识别并标记文件中的个人信息。

    Each line gets `findings` (kind, start, end, score, rule; code points, end exclusive) and `redacted`. The text
    itself stays in the line unless --replace; other fields are never read. With several texts in a line each finding
    has a `path`, and `redacted` is an object from path to text. A line that cannot be redacted becomes
    {"error", "line"} and the command ends with 1. Interrupted, the same command goes on where it stopped.

    每行增加 findings 和 redacted；除非使用 --replace，原文仍保留在该行；其他字段不会被读取。一行含多段文本时，
    每项发现带有 path，redacted 为“路径 → 文本”的对象。无法处理的行变为 {"error", "line"}，命令以 1 结束。
    中断后重新运行同一命令即可继续。

    Example: tactful redact chats.jsonl redacted.jsonl --field 'messages.*.content' --replace
    """
    job = _job(field or ["text"], replace, workers, lang_field, shop, strict)
    to_stdout = target == STREAM
    with _opened(source, target) as stream:
        result = _run(stream, target, job)
    report = sys.stderr if to_stdout else sys.stdout
    from serving.redaction.words import summary

    print(json.dumps(result.to_json()) if as_json else summary(result), file=report)
    if result.errors and as_json and not to_stdout:
        print(summary(result), file=sys.stderr)
    raise typer.Exit(1 if result.errors else 0)


def _job(
    fields: list[str], replace: bool, workers: int | None, lang_field: str | None, shop: Path | None, strict: bool
) -> Any:
    """Checks the options; what makes the job of a progress function."""
    from functools import partial

    from guardrails.readable import Readable
    from serving.redaction.fields import FieldError, parse
    from serving.redaction.lines import Options
    from serving.redaction.run import Job

    try:
        texts = tuple(dict.fromkeys(parse(word) for word in fields))
        options = Options(texts, replace, parse(lang_field) if lang_field else None)
    except FieldError as error:
        _fail(2, error.code)
    readable = Readable() if shop is None else _readable(shop)
    return partial(Job, options, readable, workers, strict)


def _readable(folder: Path) -> Any:
    from bot.shop.errors import ShopError
    from serving.redaction.shop import readable_of

    try:
        return readable_of(folder)
    except (ShopError, OSError, ValueError) as error:
        _fail(2, "shop", str(error) if isinstance(error, ShopError) else type(error).__name__)


def _run(stream: BinaryIO, target: str, job: Any) -> Any:
    from concurrent.futures.process import BrokenProcessPool

    from serving.redaction.part import PartBusy
    from serving.redaction.run import InputChanged, StoppedAtLine, to_file, to_stream
    from serving.redaction.words import stopped_at

    direct = target == STREAM or (Path(target).exists() and not Path(target).is_file())
    try:
        with _bar(_size(stream)) as progress:
            if direct:
                with _sink(target) as sink:
                    return to_stream(stream, sink, job(progress))
            return to_file(stream, Path(target).resolve(), job(progress))
    except StoppedAtLine as error:
        print(stopped_at(error.line, error.code), file=sys.stderr)
        raise typer.Exit(1) from None
    except PartBusy:
        _fail(1, "busy")
    except InputChanged:
        _fail(1, "input_changed")
    except BrokenProcessPool:
        _fail(1, "worker_died")
    except KeyboardInterrupt:
        _fail(1, "stopped_stream" if direct else "stopped")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more when it ends
        _fail(1, "pipe_closed")
    except OSError as error:
        _fail(1, "io", error.strerror or type(error).__name__)
    except Exception as error:  # its message or a traceback might quote a line
        _fail(1, "broke", type(error).__name__)


@contextmanager
def _opened(source: str, target: str) -> Iterator[BinaryIO]:
    """The input; refuses what cannot be an input and an output."""
    out = Path(target)
    if target != STREAM and (out.is_dir() or not out.resolve().parent.is_dir()):
        _fail(2, "no_output")
    if source == STREAM:
        yield sys.stdin.buffer
        return
    if target != STREAM and out.exists() and Path(source).exists() and out.samefile(source):
        _fail(2, "same_file")
    try:
        stream = Path(source).open("rb")  # noqa: SIM115 - closed below; only opening it may be the user's fault
    except OSError as error:
        _fail(2, "no_input", error.strerror or type(error).__name__)
    with stream:
        yield stream


@contextmanager
def _sink(target: str) -> Iterator[BinaryIO]:
    if target == STREAM:
        yield sys.stdout.buffer
        return
    with Path(target).open("wb") as sink:
        yield sink


def _size(stream: BinaryIO) -> int | None:
    """Bytes of the input, where it is a file."""
    try:
        size = os.fstat(stream.fileno()).st_size
    except OSError:
        return None
    return size or None


@contextmanager
def _bar(size: int | None) -> Iterator[Any]:
    """A progress bar on a terminal, once the work takes longer than ``PATIENCE_S``."""
    began, bar, task = time.monotonic(), None, None

    def tell(done: int, lines: int) -> None:
        nonlocal bar, task
        if bar is None and sys.stderr.isatty() and time.monotonic() - began > PATIENCE_S:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.fields[lines]} lines 行"), BarColumn(), TimeRemainingColumn())
            bar = Progress(*columns, console=Console(stderr=True), transient=True)
            bar.start()
            task = bar.add_task("", total=size, lines=0)
        if bar is not None and task is not None:
            bar.update(task, completed=done, lines=lines)

    try:
        yield tell
    finally:
        if bar is not None:
            bar.stop()


def _fail(code: int, reason: str, detail: str = "") -> NoReturn:
    from serving.redaction.words import fault

    print(fault(reason, detail), file=sys.stderr)
    raise typer.Exit(code)
