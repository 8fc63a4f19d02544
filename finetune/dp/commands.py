"""``tactful finetune private``: the second stage of training, on customers' examples under differential privacy."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from finetune.errors import FinetuneError
from finetune.signing import KEY_FILE

BASE = Path(".tactful/models/gemma3-270m-pruned")
WORK = Path(".tactful/finetune/private-run")


def register(app: typer.Typer) -> None:
    """Adds the command to ``tactful finetune``."""
    app.command()(private)


def private(
    examples: Annotated[Path, typer.Argument(help="customers' examples.jsonl, concealed. 顾客样本（已脱敏）")],
    out: Annotated[Path, typer.Argument(help="artifact folder, replaced at the end. 输出目录")],
    start: Annotated[Path | None, typer.Option(help="the public stage's adapter. 公共阶段的适配器")] = None,
    base: Annotated[Path, typer.Option(help="folder of the base model. 基础模型目录")] = BASE,
    customers: Annotated[
        int, typer.Option(help="how many customers there are about: a public round number. 顾客总数（公开的约数）")
    ] = 10_000,
    epsilon: Annotated[float, typer.Option(help="user-level epsilon to stay within. 顾客级 ε 上限")] = 8.0,
    delta: Annotated[float, typer.Option(help="0: customers to the power of -1.1. 0 即顾客数的 -1.1 次方")] = 0.0,
    batch: Annotated[int, typer.Option(help="customers of a step, in the mean. 每步平均顾客数")] = 512,
    steps: Annotated[int, typer.Option(help="how many. 步数")] = 60,
    learning_rate: Annotated[float, typer.Option(help="of AdamW, at the first step. 初始学习率")] = 1e-2,
    top_layers: Annotated[int, typer.Option(help="trained layers from above, 0 for all. 训练的顶部层数")] = 6,
    rank: Annotated[int, typer.Option(help="of the private matrices. 秩")] = 4,
    trial: Annotated[
        list[str] | None,
        typer.Option(help="RATE,STEPS,NOISE of another run on these customers, looked at. 其他看过结果的训练"),
    ] = None,
    readable: Annotated[
        Path | None, typer.Option(help="JSON of what stays readable, else the demo shop's. 保留的编号与商品名")
    ] = None,
    work: Annotated[Path, typer.Option(help="folder of log, checkpoint and key: private. 工作目录（保密）")] = WORK,
    key: Annotated[Path, typer.Option(help="signs the passport; made on first use. 护照签名私钥")] = KEY_FILE,
    prompts: Annotated[str | None, typer.Option(help="fingerprint of the prompts. 提示词指纹")] = None,
    threads: Annotated[int, typer.Option(help="processor threads. 线程数")] = 2,
    resume: Annotated[bool, typer.Option(help="go on from the checkpoint in --work. 继续中断的训练")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON. 以 JSON 输出")] = False,
) -> None:
    """Train on customers' examples under differential privacy; the customer is the unit.

    以差分隐私训练（以顾客为单位）。

    Example: tactful finetune private build/private.jsonl build/adapter --start build/public --customers 10000
    """
    from finetune.base import load_base
    from finetune.dp.crew import crew
    from finetune.dp.release import release, train_private
    from finetune.dp.settings import PrivateSettings
    from finetune.private import lists
    from finetune.signing import make_or_load

    settings = PrivateSettings(
        public_customers=customers,
        epsilon=epsilon,
        delta=delta or None,
        batch=batch,
        steps=steps,
        learning_rate=learning_rate,
        top_layers=top_layers,
        rank=rank,
        alpha=2.0 * rank,
        threads=threads,
    )
    try:
        model, processes = load_base(base), crew()
        begun, trained = train_private(
            examples,
            model,
            start,
            work,
            settings,
            readable=lists.demo_readable() if readable is None else lists.read_readable(readable),
            resume=resume,
            trials=[_trial(text) for text in trial or ()],
            crew=processes,
            report=_report,
        )
        if processes.rank:
            return
        passport = release(model, begun, trained, out, prompts=prompts, key=make_or_load(key))
    except (FinetuneError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    summary = {"folder": str(out), "epsilon": passport["epsilon"], "delta": passport["delta"]}
    summary |= {"steps": trained.mechanism.steps, "noise_multiplier": trained.mechanism.noise_multiplier}
    typer.echo(json.dumps(summary) if as_json else "\n".join(f"{name}: {value}" for name, value in summary.items()))


def _trial(text: str) -> Any:
    from finetune.dp.accountant import Mechanism
    from finetune.errors import BadPrivacy

    try:
        rate, steps, noise = text.split(",")
        return Mechanism(float(rate), int(steps), float(noise))
    except ValueError:
        raise BadPrivacy(f"expected --trial RATE,STEPS,NOISE such as 0.05,60,0.7, got {text!r}") from None


def _report(line: dict[str, Any]) -> None:
    typer.echo(" ".join(f"{name} {value:.4g}" for name, value in line.items()), err=True)
