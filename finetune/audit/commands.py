"""``tactful finetune audit``: tries to refute what a private run claims, and shows that known bugs do not pass."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from finetune.dp.commands import Directions, Module, OnlyB, Outputs, settings_of
from finetune.errors import FinetuneError
from guardrails.errors import GuardError

BASE = Path(".tactful/models/gemma3-270m-pruned")
WORK = Path(".tactful/finetune/audit")


def register(app: typer.Typer) -> None:
    """Adds both commands to ``tactful finetune``."""
    app.command()(audit)
    app.command()(exposure)


def audit(
    examples: Annotated[
        Path | None, typer.Argument(help="customers' examples.jsonl, concealed. 顾客样本（已脱敏）")
    ] = None,
    zoo: Annotated[bool, typer.Option("--zoo", help="known bugs on a toy model instead. 改为检查已知错误集")] = False,
    clean_runs: Annotated[int, typer.Option(min=0, help="with --zoo: runs without a bug. 无错误的运行次数")] = 3,
    start: Annotated[Path | None, typer.Option(help="the public stage's adapter. 公共阶段的适配器")] = None,
    base: Annotated[Path, typer.Option(help="folder of the base model. 基础模型目录")] = BASE,
    canaries: Annotated[int, typer.Option(min=4, help="invented customers. 虚构的“金丝雀”顾客数")] = 1000,
    guesses: Annotated[int, typer.Option(min=2, help="fixed beforehand, even. 预先定下的猜测数（偶数）")] = 200,
    control_guesses: Annotated[int, typer.Option(min=2, help="of the run without noise. 无噪声对照的猜测数")] = 300,
    customers: Annotated[int, typer.Option(min=0, help="other customers, the first. 其余顾客数")] = 300,
    epsilon: Annotated[float, typer.Option(help="of the release. 发布时的 ε")] = 8.0,
    delta: Annotated[float, typer.Option(help="of claim and bound. 声明与下界的 δ")] = 1e-5,
    batch: Annotated[int, typer.Option(help="customers of a step, in the mean. 每步平均顾客数")] = 256,
    steps: Annotated[int, typer.Option(min=1, help="how many. 步数")] = 40,
    learning_rate: Annotated[float, typer.Option(help="of AdamW, at the first step. 初始学习率")] = 1e-2,
    top_layers: Annotated[int, typer.Option(help="trained layers from above, 0 for all. 训练的顶部层数")] = 6,
    rank: Annotated[int, typer.Option(help="of the private matrices. 秩")] = 4,
    module: Module = None,
    only_b: OnlyB = False,
    directions: Directions = None,
    outputs: Outputs = 0,
    by: Annotated[
        Literal["gradient", "text"],
        typer.Option(
            help="what a canary adds: one number of the adapter of its own, or what its text gives. 金丝雀类型"
        ),
    ] = "text",
    refresh: Annotated[int, typer.Option(min=1, help="steps between canaries' gradients. 梯度刷新间隔步数")] = 2,
    control: Annotated[
        bool, typer.Option("--control/--no-control", help="also run without noise. 是否做无噪声对照")
    ] = True,
    work: Annotated[Path, typer.Option(help="folder of canaries, coins, runs: private. 工作目录（保密）")] = WORK,
    out: Annotated[Path | None, typer.Option(help="write the report to this JSON file too. 报告文件")] = None,
    record: Annotated[
        Path | None, typer.Option(help="write the findings into the passport of this adapter. 写入该适配器的护照")
    ] = None,
    threads: Annotated[int, typer.Option(help="processor threads. 线程数")] = 2,
    resume: Annotated[bool, typer.Option(help="go on in --work. 继续中断的审计")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON. 以 JSON 输出")] = False,
) -> None:
    """Train with canaries among the customers and bound epsilon from below; or, with --zoo, check known bugs.

    在顾客中加入金丝雀进行训练，从下方估计 ε；加 --zoo 则检查已知的隐私错误。

    A bound above the claim refutes it. A bound below proves nothing. Never the release's own run.

    Example: tactful finetune audit build/private.jsonl --start build/public --epsilon 8 --out build/audit.json
    """
    if zoo:
        raise typer.Exit(_zoo(clean_runs, out, as_json))
    if examples is None:
        raise typer.BadParameter("expected examples.jsonl, or --zoo")
    from finetune.audit.run import AuditSettings
    from finetune.audit.run import audit as run
    from finetune.base import load_base
    from finetune.passport import record_audit

    try:
        asked = AuditSettings(
            canaries, guesses, control_guesses if control else guesses, customers, refresh, by=by, directions=directions
        )
        settings = settings_of(
            rank,
            module,
            only_b,
            directions,
            public_customers=customers + canaries // 2,
            epsilon=epsilon,
            delta=delta,
            batch=batch,
            steps=steps,
            learning_rate=learning_rate,
            top_layers=top_layers,
            outputs=outputs,
            threads=threads,
        )
        report = run(
            examples,
            lambda: load_base(base),
            start,
            work,
            settings,
            asked,
            control=control,
            resume=resume,
            report=_line,
        )
        signed = record is None or record_audit(record, report)["signature"] is not None
    except (FinetuneError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    _tell(report, out, as_json)
    if not signed:
        typer.echo(f"the passport is not signed now: tactful finetune sign {record}", err=True)
    if report["refuted"]:
        raise typer.Exit(1)


def exposure(
    examples: Annotated[Path, typer.Argument(help="customers' examples.jsonl, concealed. 顾客样本（已脱敏）")],
    out: Annotated[
        Path, typer.Argument(help="folder of coins and runs, private; goes on where it was. 工作目录（保密）")
    ],
    start: Annotated[Path | None, typer.Option(help="the public stage's adapter. 公共阶段的适配器")] = None,
    base: Annotated[Path, typer.Option(help="folder of the base model. 基础模型目录")] = BASE,
    tellers: Annotated[int, typer.Option(min=2, help="invented people with a value each. 虚构顾客数")] = 200,
    customers: Annotated[int, typer.Option(min=0, help="others, the first of the file. 其余顾客数")] = 300,
    epsilon: Annotated[float, typer.Option(help="of the runs with noise. 带噪声训练的 ε")] = 8.0,
    batch: Annotated[int, typer.Option(help="customers of a step, in the mean. 每步平均顾客数")] = 100,
    steps: Annotated[int, typer.Option(min=1, help="how many. 步数")] = 60,
    learning_rate: Annotated[float, typer.Option(help="of AdamW, at the first step. 初始学习率")] = 2e-2,
    top_layers: Annotated[int, typer.Option(help="trained layers from above, 0 for all. 训练的顶部层数")] = 6,
    rank: Annotated[int, typer.Option(help="of the private matrices. 秩")] = 4,
    module: Module = None,
    directions: Directions = None,
    outputs: Outputs = 0,
    exposed: Annotated[int, typer.Option(min=1, help="values ranked, of either kind. 每类评估的数值个数")] = 40,
    threads: Annotated[int, typer.Option(help="processor threads. 线程数")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON. 以 JSON 输出")] = False,
) -> None:
    """Exposure of personal values after training with concealment, with noise, with both, with neither.

    个人信息的暴露程度：仅脱敏、仅加噪、两者都有、两者都无。

    Bits out of 7 by which the model helps to find a value; one that it never saw has 1.44 in the mean.

    Example: tactful finetune exposure build/private.jsonl build/exposure --start build/public
    """
    from finetune.audit import layers
    from finetune.audit.run import first_customers
    from finetune.base import load_base
    from finetune.dp.customers import read_customers
    from finetune.dp.randomness import SecureRandomness

    try:
        settings = settings_of(
            rank,
            module,
            False,
            directions,
            public_customers=customers + tellers // 2,
            epsilon=epsilon,
            batch=batch,
            steps=steps,
            learning_rate=learning_rate,
            top_layers=top_layers,
            outputs=outputs,
            threads=threads,
        )
        others = first_customers(read_customers(examples), customers)
        people = layers.invent(tellers, seed=1)
        result = layers.survey(
            others,
            people,
            lambda: load_base(base),
            start,
            out,
            settings,
            SecureRandomness(),
            exposed=exposed,
            directions=directions,
            report=_line,
        )
    except (FinetuneError, GuardError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(result) if as_json else layers.table(result))


def _zoo(clean_runs: int, out: Path | None, as_json: bool) -> int:
    from finetune.audit.zoo.survey import survey

    found = survey(clean_runs, _share())
    if out is not None:
        out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        for row in found["bugs"]:
            typer.echo(f"{row['bug']:24} {row['wrong']:52} {', '.join(row['caught_by']) or 'NOT CAUGHT'}")
        for name in ("caught", "of", "clean_runs", "false_alarms", "false_alarm_probability", "seconds"):
            typer.echo(f"{name}: {found[name]}")
    return int(found["caught"] < found["of"] or bool(found["false_alarms"]))


def _tell(report: dict[str, Any], out: Path | None, as_json: bool) -> None:
    if out is not None:
        out.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    typer.echo(json.dumps(report) if as_json else "\n".join(f"{name}: {value}" for name, value in report.items()))


def _line(line: dict[str, Any]) -> None:
    typer.echo(" ".join(f"{name} {value:.4g}" for name, value in line.items()), err=True)


def _share() -> Callable[[int, int], None]:
    def report(done: int, of: int) -> None:
        if done == of or done % 10 == 0:
            typer.echo(f"{done} of {of}", err=True)

    return report
