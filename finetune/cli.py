"""``tactful finetune``: the corpus, the adapter and the linear intent model, from the command line."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Make the model: data, training. 训练模型。")


@app.command()
def data(out: Path, seed: int = 7, understand: int = 14_000, replies: int = 5_000) -> None:
    """Write the public corpus as cases. 生成公开语料。 Example: tactful finetune data build/cases.jsonl"""
    from finetune.corpus.build import generate, write

    print(f"{write(generate(seed, understand, replies), out)} cases written to {out}")


@app.command()
def train(
    examples: Path,
    base: Annotated[Path, typer.Option(help="model folder from `tactful model fetch`")],
    out: Annotated[Path, typer.Option(help="artifact folder to write")],
    work: Annotated[Path, typer.Option(help="folder for log and checkpoints")],
    max_minutes: float = 19.0,
    prompts: Annotated[str | None, typer.Option(help="fingerprint of the prompts, for the passport")] = None,
    resume: bool = False,
) -> None:
    """Train an adapter on examples, without privacy noise: for data that is nobody's. 训练适配器。

    Example: tactful finetune train build/examples.jsonl --base M --out A --work build/training
    """
    from finetune.base import load_base
    from finetune.train import TrainSettings
    from finetune.train import train as run

    settings = TrainSettings(epochs=1, max_minutes=max_minutes, eval_every=200)
    result = run(
        examples,
        load_base(base),
        out,
        work,
        settings,
        resume=resume,
        prompts=prompts,
        report=lambda line: print(json.dumps(line)),
    )
    print(f"{result.steps} steps, {result.tokens} tokens, {result.minutes:.1f} minutes: {result.folder}")


@app.command()
def intent(cases: Path, out: Annotated[Path, typer.Option(help="folder for the weights")]) -> None:
    """Train the linear model of the degraded mode. 训练意图模型。 Example: tactful finetune intent cases.jsonl --out D"""
    from finetune.intent import train as run

    with cases.open(encoding="utf-8") as lines:
        run([json.loads(line) for line in lines if line.strip()], out)
    print(f"weights written to {out}")
