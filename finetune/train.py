"""Trains a LoRA adapter on generated examples: plain AdamW, no privacy noise.

For data that is nobody's. The passport that comes with the adapter says so; training on customers'
dialogues needs differential privacy and is not done here.

A run is bounded by epochs, by minutes, or by both; the learning rate follows whichever is further, so
that it has decayed to zero when the run ends. Equal settings, data and base give equal adapters (bounded
by epochs, on the same kind of processor), also when the run was stopped and resumed.
"""

import json
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch

from finetune import lora
from finetune.base import Base
from finetune.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from finetune.errors import BadBase, BadExamples, Diverged
from finetune.examples import Encoded, batches, encode, read_examples, split
from finetune.loss import completion_loss
from finetune.passport import PASSPORT, code_hash, file_hashes, public_passport, sha256_file, write_documents

LOG: Final = "log.jsonl"


@dataclass(frozen=True)
class TrainSettings:
    """How to train. Times in minutes, sizes in tokens."""

    epochs: int = 3
    max_minutes: float | None = None
    learning_rate: float = 1e-3
    warmup: float = 0.03  # share of the run
    batch_tokens: int = 1024  # padded tokens of one step
    rank: int = 16
    alpha: float = 32.0
    clip_norm: float = 1.0
    valid_share: float = 0.02
    valid_max: int = 100
    eval_every: int = 100  # steps
    checkpoint_every: int = 50  # steps
    seed: int = 1
    threads: int = 2


@dataclass(frozen=True)
class Result:
    """What a run has reached."""

    folder: Path
    steps: int
    tokens: int
    minutes: float
    train_loss: float  # nats per completion token, mean of the last tenth of the steps
    valid_loss: float | None
    passport: dict[str, Any]


@dataclass
class _Progress:
    step: int = 0
    tokens: int = 0
    elapsed_s: float = 0.0


Report = Callable[[dict[str, Any]], None]
Clock = Callable[[], float]


def learning_rate(settings: TrainSettings, done: float) -> float:
    """Linear warm-up, then a cosine to zero; ``done`` is the share of the run behind us, 0 to 1."""
    if done < settings.warmup:
        return settings.learning_rate * max(done, 1e-3) / settings.warmup
    along = (done - settings.warmup) / max(1e-9, 1 - settings.warmup)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, along)))


def train(
    examples_file: Path,
    base: Base,
    out: Path,
    work: Path,
    settings: TrainSettings,
    *,
    start: Path | None = None,
    resume: bool = False,
    prompts: str | None = None,
    report: Report = lambda line: None,
    clock: Clock = time.monotonic,
) -> Result:
    """Trains and writes the artifact folder ``out``; it appears whole or not at all.

    Args:
        examples_file: JSONL of examples.
        base: the base model; a LoRA is added to it in place.
        out: artifact folder, replaced.
        work: folder for log and checkpoint of this run.
        settings: how to train.
        start: an adapter to go on from, of this base and of public stages only; its rank is kept.
        resume: go on from the checkpoint in ``work`` where there is one.
        prompts: the fingerprint of the prompts the examples were rendered with, for the passport.
        report: called with every line of the log.
        clock: seconds.

    Raises:
        BadExamples: a line of the file is not an example, or is a customer's.
        BadBase: ``start`` is of another base, or has seen customers' data.
        CannotResume: the checkpoint is of other data, base or settings.
        Diverged: the loss is no longer a number; ``out`` is left as it was.
    """
    torch.set_num_threads(settings.threads)
    hashes = {"base": base.hash, "data": sha256_file(examples_file), "prompts": prompts}
    before = public_ledger(start, base.hash) if start else []
    run = asdict(settings) | hashes | {"start": sha256_file(start / lora.ADAPTER_WEIGHTS) if start else None}
    examples = read_examples(examples_file)
    if any(example.customer for example in examples):
        raise BadExamples(f"{examples_file} holds customers' examples: `tactful finetune private` trains on those")
    learn, held_out = split(examples, settings.valid_share, settings.valid_max)
    encoded = [encode(example, base.tokenizer) for example in learn]
    valid = [encode(example, base.tokenizer) for example in held_out]
    if start:
        lora.load(base.model, start)
    else:
        lora.add_lora(base.model, rank=settings.rank, alpha=settings.alpha, seed=settings.seed)
    work.mkdir(parents=True, exist_ok=True)
    with (work / LOG).open("a" if resume else "w", encoding="utf-8") as log:

        def tell(line: dict[str, Any]) -> None:
            log.write(json.dumps(line) + "\n")
            log.flush()
            report(line)

        loop = _Loop(base, encoded, valid, settings, work, run, tell, clock)
        if resume:
            loop.resume()
        loop.run()
    utility = {"valid_loss": loop.valid_loss, "train_loss": loop.train_loss(), "n_valid": len(valid)}
    ledger = {"stage": "public", "examples": len(learn), "steps": loop.at.step, "tokens": loop.at.tokens}
    recipe = ledger | {"settings": asdict(settings), "data": hashes["data"]}
    passport = _write(base, out, hashes, [*before, recipe], utility)
    minutes = loop.at.elapsed_s / 60
    return Result(out, loop.at.step, loop.at.tokens, minutes, loop.train_loss(), loop.valid_loss, passport)


def public_ledger(adapter: Path, base_hash: str) -> list[dict[str, Any]]:
    """What has been done to an adapter that is to be trained on.

    Raises:
        BadBase: it is of another base, or its ledger cannot be read or tells of customers' data.
    """
    try:
        passport = json.loads((adapter / PASSPORT).read_text("utf-8"))
        ledger, base, weights = passport["ledger"], passport["hashes"]["base"], passport["hashes"]["adapter"]
        stages = {entry["stage"] for entry in ledger}
        own = sha256_file(adapter / lora.ADAPTER_WEIGHTS)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadBase(f"expected an adapter with its passport in {adapter}, got {type(error).__name__}") from None
    if base != base_hash or weights != own:
        raise BadBase(f"the passport in {adapter} is of another base or another adapter: start from one that fits")
    if stages != {"public"}:
        raise BadBase(f"the adapter in {adapter} has seen customers' data: public training starts from a public one")
    return list(ledger)


class _Loop:
    """The steps of one run."""

    def __init__(
        self,
        base: Base,
        examples: Sequence[Encoded],
        valid: Sequence[Encoded],
        settings: TrainSettings,
        work: Path,
        run: dict[str, Any],
        tell: Report,
        clock: Clock,
    ) -> None:
        self.model, self.examples, self.valid, self.settings = base.model, examples, valid, settings
        self.work, self.run_id, self.tell, self.clock = work, run, tell, clock
        self.parameters = lora.parameters(base.model)
        self.optimizer = torch.optim.AdamW(self.parameters, lr=0.0, betas=(0.9, 0.98), weight_decay=0.0)
        self.total_steps = sum(1 for epoch in range(settings.epochs) for _ in self._epoch(epoch))
        self.at = _Progress()
        self.losses: list[float] = []
        self.valid_loss: float | None = None

    def resume(self) -> None:
        """Goes back to the checkpoint where there is one."""
        found = load_checkpoint(self.work, self.run_id)
        if found is not None:
            lora.load_state(self.model, found.adapter)
            self.optimizer.load_state_dict(found.optimizer)
            self.at = _Progress(found.step, found.tokens, found.elapsed_s)
            self.losses = list(found.losses)

    def run(self) -> None:
        """All steps that are left."""
        started = self.clock() - self.at.elapsed_s
        plan = (batch for epoch in range(self.settings.epochs) for batch in self._epoch(epoch))
        for number, batch in enumerate(plan):
            if number < self.at.step:
                continue  # done before the run was stopped
            if self._done() >= 1:
                break
            loss, rate = self._step(batch)
            self.at = _Progress(number + 1, self.at.tokens + sum(len(e.ids) for e in batch), self.clock() - started)
            self._after_step(loss, rate)
        self.valid_loss = self._evaluate()
        self.tell({"step": self.at.step, "valid_loss": self.valid_loss, "minutes": self.at.elapsed_s / 60})

    def train_loss(self) -> float:
        """Mean over the last tenth of the steps, nats per completion token."""
        last = self.losses[-max(1, len(self.losses) // 10) :]
        return sum(last) / max(1, len(last))

    def _epoch(self, epoch: int) -> Iterator[list[Encoded]]:
        return batches(self.examples, tokens=self.settings.batch_tokens, seed=f"{self.settings.seed}:{epoch}")

    def _done(self) -> float:
        by_steps = self.at.step / max(1, self.total_steps)
        limit = self.settings.max_minutes
        return max(by_steps, self.at.elapsed_s / 60 / limit) if limit else by_steps

    def _step(self, batch: Sequence[Encoded]) -> tuple[float, float]:
        rate = learning_rate(self.settings, self._done())
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        total, count = completion_loss(self.model, batch)
        loss = total / count
        value = float(loss.detach())
        if not math.isfinite(value):
            raise Diverged(f"the loss of step {self.at.step + 1} is {value}: use a lower learning rate than {rate:.2g}")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.clip_norm)
        if not bool(torch.isfinite(norm)):
            raise Diverged(
                f"the gradient of step {self.at.step + 1} is not finite: use a lower learning rate than {rate:.2g}"
            )
        self.optimizer.step()
        return value, rate

    def _after_step(self, loss: float, rate: float) -> None:
        self.losses.append(loss)
        at, done = self.at, self._done()
        line: dict[str, Any] = {"step": at.step, "loss": round(loss, 4), "lr": rate, "tokens": at.tokens}
        line |= {"tokens_per_s": round(at.tokens / max(1e-9, at.elapsed_s), 1)}
        line |= {"eta_s": round(at.elapsed_s / max(1e-9, done) - at.elapsed_s), "done": round(done, 4)}
        if at.step % self.settings.eval_every == 0 and done < 1:
            line["valid_loss"] = self._evaluate()
        self.tell(line)
        if at.step % self.settings.checkpoint_every == 0:
            save_checkpoint(
                self.work,
                self.run_id,
                Checkpoint(
                    lora.state(self.model), self.optimizer.state_dict(), at.step, at.tokens, at.elapsed_s, self.losses
                ),
            )

    def _evaluate(self) -> float | None:
        """Nats per completion token of the held-out examples."""
        if not self.valid:
            return None
        total, count = 0.0, 0
        with torch.no_grad():
            for batch in batches(self.valid, tokens=4 * self.settings.batch_tokens, seed="valid"):
                loss, tokens = completion_loss(self.model, batch)
                total, count = total + float(loss), count + tokens
        return total / count


def _write(
    base: Base,
    out: Path,
    hashes: dict[str, str | None],
    ledger: list[dict[str, Any]],
    utility: dict[str, Any],
) -> dict[str, Any]:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
        folder = Path(temporary) / out.name
        lora.save(base.model, folder, base_name=base.name)
        made = {**hashes, **file_hashes(folder), "code": code_hash()}
        passport = public_passport(base.name, made, ledger, utility)
        write_documents(folder, passport)
        shutil.rmtree(out, ignore_errors=True)
        folder.replace(out)
    return passport
