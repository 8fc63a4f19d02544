"""``tactful finetune simulate`` and ``conceal``: invented customers' transcripts, and transcripts → cases."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from finetune.errors import FinetuneError
from guardrails.errors import GuardError

WORK = Path(".tactful/finetune/private")
Json = Annotated[bool, typer.Option("--json", help="report as JSON on standard output. 以JSON输出")]


def register(app: typer.Typer) -> None:
    """Adds both commands to ``tactful finetune``."""
    app.command()(simulate)
    app.command()(conceal)


def simulate(
    out: Annotated[Path, typer.Argument(help="transcripts.jsonl to write. 要写入的对话记录")],
    customers: Annotated[int, typer.Option(min=1, help="how many, half in each language. 顾客数，中英文各半")] = 12_000,
    seed: Annotated[int, typer.Option(help="the same seed gives the same bytes. 同一种子得到同样的文件")] = 11,
    as_json: Json = False,
) -> None:
    """Write transcripts of invented customers of the demo shop, personal values (all made up) standing openly.

    模拟示例商店的顾客对话。
    """
    from finetune.private import simulate as simulation

    out.parent.mkdir(parents=True, exist_ok=True)
    count = simulation.write(out, seed, customers)
    _tell({"customers": customers, "dialogues": count, "file": str(out)}, as_json)


def conceal(
    transcripts: Annotated[Path, typer.Argument(help="the shop's transcripts, a dialogue a line. 对话记录")],
    training: Annotated[Path, typer.Argument(metavar="OUT_TRAIN", help="cases of training customers. 训练用例")],
    evaluation: Annotated[Path, typer.Argument(metavar="OUT_EVAL", help="cases of the others, a tenth. 评测用例")],
    per_customer: Annotated[int, typer.Option(min=1, help="examples of a customer at most. 每位顾客最多用例数")] = 4,
    concealed: Annotated[
        bool, typer.Option("--concealed", help="the file claims to be concealed: check, refuse if not. 已脱敏，只检查")
    ] = False,
    readable: Annotated[
        Path | None,
        typer.Option(help="JSON of patterns and names that stay readable, else the demo shop's. 保留的编号与商品名"),
    ] = None,
    work: Annotated[Path, typer.Option(help="folder that keeps the key of customers' names. 保存密钥的目录")] = WORK,
    processes: Annotated[int, typer.Option(min=1, help="that conceal at the same time. 进程数")] = 2,
    as_json: Json = False,
) -> None:
    """Conceal transcripts and draw examples of each customer who consents, training and evaluation apart.

    对话脱敏，按顾客抽取训练用例。
    """
    from finetune.private import cases, lists

    try:
        summary = cases.conceal(
            transcripts,
            training,
            evaluation,
            work,
            lists.demo_readable() if readable is None else lists.read_readable(readable),
            per_customer=per_customer,
            concealed=concealed,
            processes=processes,
            progress=_report(),
        )
    except (FinetuneError, GuardError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    _tell(summary.to_json() | {"training": str(training), "evaluation": str(evaluation)}, as_json)


def _report() -> Callable[[int, int], None]:
    """Shows every twentieth of the way."""
    shown = 0

    def report(done: int, of: int) -> None:
        nonlocal shown
        if done * 20 // of > shown:
            shown = done * 20 // of
            typer.echo(f"concealed {done} of {of} customers", err=True)

    return report


def _tell(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    for key, value in summary.items():
        typer.echo(f"{key}: {value}")
