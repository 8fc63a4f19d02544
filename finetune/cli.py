"""``tactful finetune …``: makes the corpus, trains the adapter, the intent model and the tagger, measures them.

Found by the ``tactful`` command through the entry point ``tactful.commands``.
"""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from finetune import signing_commands
from finetune.audit import commands as audit_commands
from finetune.dp import commands as dp_commands
from finetune.errors import FinetuneError
from finetune.private import commands as private_commands

app = typer.Typer(help="Train the assistant's model on generated dialogues. 训练模型。", no_args_is_help=True)
private_commands.register(app)
signing_commands.register(app)
audit_commands.register(app)
dp_commands.register(app)

BASE = Path(".tactful/models/gemma3-270m-pruned")
WORK = Path(".tactful/finetune")
ADAPTER = Path("finetune/artifacts/default")
INTENT = Path("finetune/artifacts/intent")
PUBLIC = Path("../shared/data/nlu")
TAGGER = Path("guardrails/artifacts/tagger")

Json = Annotated[bool, typer.Option("--json", help="report as JSON on standard output")]


@app.command()
def data(
    out: Annotated[Path, typer.Argument(help="cases.jsonl to write")],
    seed: Annotated[int, typer.Option(help="the same seed gives the same bytes")] = 7,
    understand: Annotated[int, typer.Option(help="understanding cases, both languages together")] = 14_000,
    replies: Annotated[int, typer.Option(help="reply cases, both languages together")] = 5_000,
    evaluation: Annotated[bool, typer.Option("--eval", help="write the evaluation cases instead")] = False,
    unread: Annotated[
        bool, typer.Option("--unread", help="with --eval: the cases that no developer has looked at")
    ] = False,
    as_json: Json = False,
) -> None:
    """Generate the corpus: cases of understanding and of replies, nobody's data.

    生成语料。
    """
    from finetune.corpus import build
    from finetune.corpus.notation import LANGS

    out.parent.mkdir(parents=True, exist_ok=True)
    cases = (
        (case for lang in LANGS for case in build.read_eval(lang, unread=unread))
        if evaluation
        else build.generate(seed, understand, replies)
    )
    count = build.write(cases, out)
    _tell({"cases": count, "file": str(out)}, as_json)


@app.command()
def train(
    examples: Annotated[Path, typer.Argument(help="examples.jsonl, as `tactful prompts` writes it")],
    base: Annotated[Path, typer.Option(help="folder of the base model")] = BASE,
    out: Annotated[Path, typer.Option(help="artifact folder, replaced at the end")] = ADAPTER,
    work: Annotated[Path, typer.Option(help="folder of log and checkpoint")] = WORK,
    max_minutes: Annotated[
        float, typer.Option(help="end after so many minutes, 0 for no bound; the schedule follows")
    ] = 19.0,
    epochs: Annotated[int, typer.Option(min=1, help="end after so many passes")] = 1,
    learning_rate: Annotated[float, typer.Option(help="of AdamW, at its highest")] = 1e-3,
    batch_tokens: Annotated[int, typer.Option(help="tokens of one step, padding included")] = 1024,
    rank: Annotated[int, typer.Option(help="of the LoRA")] = 16,
    seed: Annotated[int, typer.Option(help="of initial weights and order")] = 1,
    threads: Annotated[int, typer.Option(help="processor threads")] = 2,
    start: Annotated[Path | None, typer.Option(help="an adapter to go on from, instead of the bare base")] = None,
    resume: Annotated[bool, typer.Option(help="go on from the checkpoint in --work")] = False,
    prompts: Annotated[str | None, typer.Option(help="fingerprint of the prompts, for the passport")] = None,
    as_json: Json = False,
) -> None:
    """Train a LoRA adapter on generated examples (no privacy noise: nobody's data).

    训练适配器。
    """
    from finetune.base import load_base
    from finetune.train import TrainSettings
    from finetune.train import train as run

    settings = TrainSettings(
        epochs=epochs,
        max_minutes=max_minutes or None,
        learning_rate=learning_rate,
        batch_tokens=batch_tokens,
        rank=rank,
        alpha=2.0 * rank,
        seed=seed,
        threads=threads,
        eval_every=200,
    )
    try:
        model, told = load_base(base), _report_line()
        result = run(examples, model, out, work, settings, start=start, resume=resume, prompts=prompts, report=told)
    except (FinetuneError, OSError) as error:
        raise _failed(error) from error
    summary = {
        "folder": str(result.folder),
        "steps": result.steps,
        "tokens": result.tokens,
        "minutes": round(result.minutes, 2),
        "train_loss": result.train_loss,
        "valid_loss": result.valid_loss,
    }
    _tell(summary, as_json)


@app.command()
def evaluate(
    examples: Annotated[Path, typer.Argument(help="held-out examples.jsonl")],
    adapter: Annotated[Path | None, typer.Option(help="artifact folder; without it the bare base answers")] = None,
    base: Annotated[Path, typer.Option(help="folder of the base model")] = BASE,
    limit: Annotated[int, typer.Option(help="at most so many understanding examples, evenly spaced")] = 600,
    batch: Annotated[int, typer.Option(help="examples answered together")] = 32,
    mistakes: Annotated[Path | None, typer.Option(help="write wrong answers to this JSONL")] = None,
    record: Annotated[bool, typer.Option(help="write the figures into the adapter's passport and card")] = False,
    as_json: Json = False,
) -> None:
    """Measure understanding: greedy answers to held-out examples, by language.

    评测理解能力。
    """
    from finetune import lora
    from finetune.base import load_base
    from finetune.evaluate import evaluate as run
    from finetune.evaluate import shown
    from finetune.examples import read_examples
    from finetune.passport import record_utility

    try:
        asked = [e for e in read_examples(examples) if e.task == "understand"]
        model = load_base(base)
        if adapter is not None:
            lora.load(model.model, adapter)
            lora.merge_in_place(model.model)
        step = max(1, -(-len(asked) // max(1, limit)))
        result = run(model, asked[::step], batch=batch, progress=_report_share())
    except (FinetuneError, OSError) as error:
        raise _failed(error) from error
    if mistakes is not None:
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in shown(result)]
        mistakes.write_text("".join(lines), "utf-8")
    if record and adapter is not None:
        passport = record_utility(adapter, result.to_json())
        if passport["signature"] is None:
            typer.echo(f"the passport is not signed now: tactful finetune sign {adapter}", err=True)
    _tell(result.to_json(), as_json)


@app.command()
def intent(
    cases: Annotated[Path, typer.Argument(help="cases.jsonl of the corpus")],
    evaluation: Annotated[Path | None, typer.Option("--eval", help="cases.jsonl to measure on")] = None,
    public: Annotated[
        Path, typer.Option(help="folder of public utterances that add wording; left out if missing")
    ] = PUBLIC,
    out: Annotated[Path, typer.Option(help="artifact folder")] = INTENT,
    work: Annotated[Path, typer.Option(help="folder that keeps sentence vectors for the next run")] = WORK,
    vector_share: Annotated[
        float, typer.Option(min=0.05, max=1.0, help="of texts whose sentence vectors are made, for a quicker run")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="of the solver, the sample and the slips")] = 1,
    as_json: Json = False,
) -> None:
    """Train the small intent model that understands when the language model is away.

    训练意图模型。
    """
    from finetune.intent import Labelled, accuracy, read_labelled, train_intents, with_typos
    from finetune.intent_folder import save_intents
    from finetune.public import read_public
    from finetune.sentences import encoder, encoder_fingerprint

    try:
        own, sources = read_labelled(cases), read_public(public, seed)
        wording = [Labelled(text, "en", label) for source in sources for text, label in source.rows]
        encode = encoder(work / "sentences.npz", _report_share("encoded"))
        weights = train_intents(with_typos([*own, *wording], seed), encode=encode, vector_share=vector_share, seed=seed)
        size = save_intents(
            weights, out, encoder=encoder_fingerprint(), own_cases=len(own), sources=sources, vector_share=vector_share
        )
        summary: dict[str, Any] = {"folder": str(out), "labels": len(weights.labels), "bytes": size}
        summary |= {"temperature": weights.temperature, "public": {s.name: len(s.rows) for s in sources}}
        if evaluation is not None:
            shares = accuracy(weights, read_labelled(evaluation), encode)
            summary["accuracy"] = {lang: share.to_json() for lang, share in shares.items()}
    except (FinetuneError, OSError, ImportError) as error:
        raise _failed(error) from error
    _tell(summary, as_json)


@app.command()
def tagger(
    out: Annotated[Path, typer.Option(help="artifact folder, replaced at the end")] = TAGGER,
    work: Annotated[Path, typer.Option(help="folder of log and checkpoint")] = WORK / "tagger",
    layers: Annotated[int, typer.Option(min=1, max=12, help="of the encoder, from below")] = 6,
    messages_en: Annotated[int, typer.Option(help="English messages")] = 80_000,
    messages_zh: Annotated[int, typer.Option(help="Chinese messages")] = 26_000,
    max_minutes: Annotated[float, typer.Option(help="end after so many minutes, 0 for no bound")] = 0.0,
    start: Annotated[Path | None, typer.Option(help="artifact to go on from: the second run alone")] = None,
    trained: Annotated[Path | None, typer.Option(help="checkpoint.pt of a run that was trained: do the rest")] = None,
    limits_only: Annotated[
        bool,
        typer.Option("--limits-only", help="train nothing: choose for --out anew what counts as a name, an attack"),
    ] = False,
    seed: Annotated[int, typer.Option(help="of messages, initial head and order")] = 1,
    threads: Annotated[int, typer.Option(help="processor threads")] = 2,
    as_json: Json = False,
) -> None:
    """Train the recognizer of names and addresses on generated messages (no privacy noise: nobody's data).

    训练姓名与地址识别模型。
    """
    from finetune.tagger.build import build, choose_limits
    from finetune.tagger.train import TaggerSettings
    from guardrails.errors import GuardError

    settings = TaggerSettings(
        layers=layers,
        messages_en=messages_en,
        messages_zh=messages_zh,
        max_minutes=max_minutes or None,
        seed=seed,
        threads=threads,
    )
    try:
        if limits_only:
            config = choose_limits(out, seed)
        else:
            config = build(out, settings, work=work, report=_report_line(), start=start, trained=trained)
    except (FinetuneError, GuardError, OSError, ImportError) as error:
        raise _failed(error) from error
    _tell(
        {"folder": str(out), "layers": config["recipe"]["layers"], "attack": config["attack"]} | config["measured"],
        as_json,
    )


def _report_line() -> Any:
    """Shows a line of the training log every two seconds at most."""
    last = 0.0

    def report(line: dict[str, Any]) -> None:
        nonlocal last
        if "valid_loss" in line or time.monotonic() - last > 2:
            last = time.monotonic()
            typer.echo(" ".join(f"{key} {value}" for key, value in line.items()), err=True)

    return report


def _report_share(what: str = "answered") -> Any:
    def report(done: int, of: int) -> None:
        typer.echo(f"{what} {done} of {of}", err=True)

    return report


def _failed(error: Exception) -> typer.Exit:
    typer.echo(f"error: {error}", err=True)
    return typer.Exit(1)


def _tell(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    for key, value in summary.items():
        typer.echo(f"{key}: {value}")
