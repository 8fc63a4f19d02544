"""``tactful finetune private``: the second stage of training, on customers' examples under differential privacy."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finetune.errors import FinetuneError
from finetune.signing import KEY_FILE

if TYPE_CHECKING:  # torch is imported when a command runs
    from finetune.dp.settings import PrivateSettings

BASE = Path(".tactful/models/gemma3-270m-pruned")
WORK = Path(".tactful/finetune/private-run")
Module = Annotated[
    list[str] | None,
    typer.Option(
        help="layers to train by the end of their name, one or more; q_proj and v_proj unless told. 训练的模块"
    ),
]
OnlyB = Annotated[bool, typer.Option("--only-b", help="train B alone, half the numbers. 只训练 B 矩阵")]
Directions = Annotated[
    Path | None,
    typer.Option(
        "--directions",
        help="public examples.jsonl: A is laid along what matters there, B trained. 由公开样本确定 A 矩阵",
    ),
]
Outputs = Annotated[
    int,
    typer.Option(
        "--outputs", min=0, help="with --directions: of a layer's output, how many B may use; 0: all. 输出方向数"
    ),
]

Rehearse = Annotated[
    int,
    typer.Option(
        "--rehearse", min=0, help="with --directions: public examples of each step, against forgetting. 每步公开样本数"
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the commands to ``tactful finetune``."""
    app.command()(private)
    app.command()(compare)
    app.command()(bench)


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
    module: Module = None,
    only_b: OnlyB = False,
    directions: Directions = None,
    outputs: Outputs = 0,
    rehearse: Rehearse = 0,
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
    note: Annotated[
        list[str] | None, typer.Option(help="what else the passport does not cover, a sentence. 护照另外未涵盖的内容")
    ] = None,
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
    from finetune.private import lists
    from finetune.signing import make_or_load

    settings = settings_of(
        rank,
        module,
        only_b,
        directions,
        public_customers=customers,
        epsilon=epsilon,
        delta=delta or None,
        batch=batch,
        steps=steps,
        learning_rate=learning_rate,
        top_layers=top_layers,
        outputs=outputs,
        rehearsed=rehearse,
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
            public=directions,
            report=_report,
        )
        if processes.rank:
            return
        passport = release(model, begun, trained, out, prompts=prompts, key=make_or_load(key), notes=note or ())
    except (FinetuneError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    summary = {"folder": str(out), "epsilon": passport["epsilon"], "delta": passport["delta"]}
    summary |= {"steps": trained.mechanism.steps, "noise_multiplier": trained.mechanism.noise_multiplier}
    typer.echo(json.dumps(summary) if as_json else "\n".join(f"{name}: {value}" for name, value in summary.items()))


def compare(
    examples: Annotated[Path, typer.Argument(help="customers' examples.jsonl, concealed. 顾客样本（已脱敏）")],
    evaluation: Annotated[Path, typer.Argument(help="examples.jsonl of other customers. 其他顾客的评测样本")],
    out: Annotated[Path, typer.Argument(help="folder of runs and results; goes on where it was. 结果目录，可续跑")],
    start: Annotated[Path, typer.Option(help="the public stage's adapter. 公共阶段的适配器")],
    natural: Annotated[Path | None, typer.Option(help="examples.jsonl worded apart from both. 另写的评测样本")] = None,
    base: Annotated[Path, typer.Option(help="folder of the base model. 基础模型目录")] = BASE,
    customers: Annotated[int, typer.Option(help="public number of customers. 顾客总数（公开的约数）")] = 10_000,
    epsilon: Annotated[list[float] | None, typer.Option(help="one or more; 8 and 3 unless told. 可多个")] = None,
    batch: Annotated[int, typer.Option(help="customers of a step, in the mean. 每步平均顾客数")] = 400,
    steps: Annotated[int, typer.Option(help="how many. 步数")] = 40,
    learning_rate: Annotated[float, typer.Option(help="of AdamW, at the first step. 初始学习率")] = 1e-2,
    top_layers: Annotated[int, typer.Option(help="trained layers from above, 0 for all. 训练的顶部层数")] = 6,
    rank: Annotated[int, typer.Option(help="of the private matrices. 秩")] = 4,
    module: Module = None,
    only_b: OnlyB = False,
    directions: Directions = None,
    outputs: Outputs = 0,
    rehearse: Rehearse = 0,
    limit: Annotated[int, typer.Option(help="evaluation examples, evenly spaced. 评测样本数上限")] = 600,
    row: Annotated[
        list[str] | None,
        typer.Option(help="make these alone, as the table names them; several processes share. 只跑这些行"),
    ] = None,
    without_public: Annotated[bool, typer.Option(help="also from the bare base. 另从基础模型直接训练")] = False,
    threads: Annotated[int, typer.Option(help="processor threads. 线程数")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON. 以 JSON 输出")] = False,
) -> None:
    """Train the private stage without privacy and at several epsilons, and measure what privacy costs in quality.

    比较不同隐私强度的效果。

    Looks at many runs on the same customers: for simulated transcripts, or declare each with --trial afterwards.
    """
    from finetune.dp import compare as comparison
    from finetune.dp.concealed import without_open_values
    from finetune.dp.crew import crew
    from finetune.dp.customers import read_customers
    from finetune.examples import read_examples, write_examples
    from finetune.private import lists

    settings = settings_of(
        rank,
        module,
        only_b,
        directions,
        public_customers=customers,
        batch=batch,
        steps=steps,
        learning_rate=learning_rate,
        top_layers=top_layers,
        outputs=outputs,
        rehearsed=rehearse,
        threads=threads,
    )
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept, processes = out / "examples.jsonl", crew()
        if processes.rank == 0 and not kept.exists():
            write_examples(without_open_values(read_customers(examples), examples, lists.demo_readable()), kept)
        processes.gather(None)
        asked = [e for e in read_examples(evaluation) if e.task == "understand"]
        tests = {"private": asked[:: max(1, -(-len(asked) // limit))]}
        tests |= {"natural": read_examples(natural)} if natural else {}
        wanted = comparison.rows(epsilon or (8.0, 3.0), without_public=without_public)
        wanted = comparison.chosen(wanted, row or ())
        result = comparison.compare(
            kept,
            tests,
            base,
            start,
            out,
            settings,
            wanted,
            lambda text: typer.echo(text, err=True),
            directions,
            processes,
        )
        if processes.rank:
            return
    except (FinetuneError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(result) if as_json else f"{comparison.table(result)}\n\ngain kept: {result['gain_kept']}")


def bench(
    base: Annotated[Path, typer.Option(help="folder of the base model. 基础模型目录")] = BASE,
    rounds: Annotated[int, typer.Option(min=1, help="of each kind. 轮数")] = 3,
    batch: Annotated[int, typer.Option(min=1, help="examples of a step. 每步样本数")] = 64,
    tokens: Annotated[int, typer.Option(min=8, help="of an example. 每个样本的词元数")] = 64,
    top_layers: Annotated[int, typer.Option(min=0, help="trained layers, 0 for all. 训练的顶部层数")] = 0,
    rank: Annotated[int, typer.Option(min=1, help="of the private matrices. 秩")] = 4,
    outputs: Outputs = 0,
    directions: Directions = None,
    opacus: Annotated[bool, typer.Option(help="beside Opacus' hooks, where it is installed. 与 Opacus 对比")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON. 以 JSON 输出")] = False,
) -> None:
    """Time and memory of a private step beside the same step without privacy, and beside Opacus.

    隐私训练的时间与内存开销。
    """
    from importlib.util import find_spec

    from finetune import bench as measuring

    kinds = measuring.KINDS if opacus and find_spec("opacus") else measuring.KINDS[:2]
    try:
        step = measuring.Step(batch, tokens, top_layers, rank, outputs, str(directions or ""))
        result = measuring.bench(base, step, rounds=rounds, kinds=kinds)
    except RuntimeError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name, figure in result["figures"].items():
        typer.echo(f"{name}: {figure['median']} {figure['unit']} ({figure['min']}–{figure['max']})")
    for name, ratio in result["ratios"].items():
        typer.echo(f"{name}: {ratio}")


def settings_of(
    rank: int, module: Sequence[str] | None, only_b: bool, directions: Path | None, **given: Any
) -> "PrivateSettings":
    """The settings of a run as the commands' options tell them; alpha is twice the rank, and a directed A stays."""
    from finetune.dp.settings import MODULES, PrivateSettings

    return PrivateSettings(
        **given,
        rank=rank,
        alpha=2.0 * rank,
        modules=tuple(module or MODULES),
        matrices="B" if only_b or directions else "both",
    )


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
