"""From a public adapter and customers' examples to a signed artifact: the private stage as a whole.

The public adapter is merged into the base in memory, the private matrices are trained on top, and the artifact holds
both side by side. It appears whole or not at all.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from finetune import lora
from finetune.base import Base
from finetune.dp.accountant import Mechanism
from finetune.dp.concealed import without_open_values
from finetune.dp.crew import Crew
from finetune.dp.customers import Customers, group, read_customers
from finetune.dp.directions import aim
from finetune.dp.rehearsal import Rehearsal
from finetune.dp.settings import PrivateSettings
from finetune.dp.train import PrivateRun, Report, Trained, commitment, prepare
from finetune.dp.vocabulary import candidates
from finetune.errors import BadPrivacy
from finetune.passport import code_hash, file_hashes, private_passport, sha256_file, write_documents
from finetune.signing import sign
from finetune.train import public_ledger
from guardrails.readable import Readable


@dataclass(frozen=True)
class Start:
    """What the private stage starts from: nobody's data so far."""

    ledger: list[dict[str, Any]]
    tensors: dict[str, torch.Tensor]
    scale: float


def start_from(base: Base, adapter: Path | None) -> Start:
    """Merges the public ``adapter`` into ``base`` in memory; with ``None`` the bare base is where it starts.

    Raises:
        BadBase: the adapter is of another base, or has seen customers' data.
    """
    if adapter is None:
        return Start([], {}, 1.0)
    ledger = public_ledger(adapter, base.hash)
    lora.load(base.model, adapter)
    tensors = {name: tensor.clone() for name, tensor in lora.state(base.model).items()}
    scale = lora.scale(base.model)
    lora.merge_in_place(base.model)
    return Start(ledger, tensors, scale)


def ready(base: Base, settings: PrivateSettings, public: Path | None, crew: Crew | None = None) -> dict[str, str]:
    """Puts in the matrices to be trained; what the ledger says of their directions.

    Raises:
        BadPrivacy: both matrices are to be trained though directions are given, or these are of customers.
        BadExamples: no direction can be taken from ``public``.
    """
    if public is None and (settings.outputs or settings.rehearsed):
        raise BadPrivacy("directions of the output and what is rehearsed are taken from public examples: give some")
    if public is not None and settings.matrices != "B":
        raise BadPrivacy("directions from public examples stay as they are: train B alone with them")
    prepare(base.model, settings)
    if public is None:
        return {"directions": "random"}
    return {"directions": aim(base.model, base.tokenizer, public, settings.outputs, crew)}


def train_private(
    examples_file: Path,
    base: Base,
    adapter: Path | None,
    work: Path,
    settings: PrivateSettings,
    *,
    readable: Readable | None,
    resume: bool = False,
    trials: Sequence[Mechanism] = (),
    crew: Crew | None = None,
    states: Path | None = None,
    public: Path | None = None,
    report: Report = lambda line: None,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Start, Trained]:
    """Trains the private matrices; nothing is written but the work folder.

    Args:
        examples_file: customers' examples, concealed.
        base: the base model, changed in place.
        adapter: the public stage.
        work: log, checkpoint, key of the commitment: private, as the data is.
        settings: the run.
        readable: what the guard must leave readable when it looks for open values; ``None`` trusts that it has looked.
        resume: go on from the checkpoint in ``work``.
        trials: other runs on the same customers whose outcome was looked at; they count.
        crew: the processes, where there are several.
        states: folder of the lower layers' states, to share among runs from the same start; the work folder's else.
        public: nobody's examples, along whose directions every A is laid, and which are rehearsed; A is drawn at
            random without.
        report: called with every line of the log.
        progress: of the look for open values.

    Raises:
        BadPrivacy: the claim would be false, or values stand openly.
        BadExamples, BadBase, CannotResume, Diverged: as ``finetune.errors`` tells.
    """
    examples = read_customers(examples_file)
    if readable is not None:
        examples = without_open_values(examples, examples_file, readable, progress)
    work.mkdir(parents=True, exist_ok=True)
    os.chmod(work, 0o700)
    start = start_from(base, adapter)
    customers: Customers = group(examples, base.tokenizer, settings.max_tokens)
    aimed = ready(base, settings, public, crew)
    first = crew is None or crew.rank == 0
    committed = commitment(examples_file.read_bytes(), work) if first else ""
    weights = sha256_file(adapter / lora.ADAPTER_WEIGHTS) if adapter else "none"
    identity = {"base": base.hash, "start": weights, "data": crew.tell(committed) if crew else committed}
    identity |= aimed
    run = PrivateRun(
        base.model,
        customers,
        settings,
        work,
        identity=identity,
        before=tuple(trials),
        crew=crew,
        states=states,
        candidates=candidates(public, base.tokenizer, base.model.lm_head.weight) if public else None,
        rehearsal=Rehearsal(public, base.tokenizer, settings.max_tokens) if public and settings.rehearsed else None,
        report=report,
    )
    return start, run.run(resume=resume)


def release(
    base: Base,
    start: Start,
    trained: Trained,
    out: Path,
    *,
    prompts: str | None,
    key: Ed25519PrivateKey,
    utility: dict[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Writes the artifact folder ``out`` with a signed passport; returns the passport.

    ``notes`` say what this training leaves uncovered besides what always is.
    """
    scale = start.scale if start.tensors else trained.scale
    tensors = lora.stacked(start.tensors, scale, trained.adapter, trained.scale) if start.tensors else trained.adapter
    ledger = [*start.ledger, trained.entry]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
        folder = Path(temporary) / out.name
        lora.write(tensors, scale, folder, base_name=base.name)
        data = next((entry.get("data") for entry in reversed(start.ledger) if entry.get("data")), None)
        hashes = {"base": base.hash, "prompts": prompts, "data": data, "code": code_hash()} | file_hashes(folder)
        passport = sign(private_passport(base.name, hashes, ledger, utility or {}, not_covered=notes), key)
        write_documents(folder, passport)
        shutil.rmtree(out, ignore_errors=True)
        folder.replace(out)
    return passport
