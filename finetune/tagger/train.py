"""Trains the tagger on generated messages: cross-entropy per piece and per text, AdamW, the vocabulary's rows kept.

Nobody's data, so no privacy noise. Bounded by steps or by minutes; bounded by steps, equal settings give equal
weights on the same kind of processor.
"""

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch.nn import functional

from finetune.errors import Diverged
from finetune.tagger.labels import IGNORED, labels_of
from finetune.tagger.model import Tagger
from finetune.tagger.synthesis.attacks import COLLECTIONS, AttackMessage
from finetune.tagger.synthesis.messages import Message
from guardrails.normalise import normalise

PAD: Final = 1
UNKNOWN: Final = 3
SECOND: Final = 14
"""Of every 80 marked messages of the first run, so many come in the second, or names would be forgotten."""


@dataclass(frozen=True)
class TaggerSettings:
    """How to train. Sizes in messages and pieces, times in minutes."""

    layers: int = 6
    messages_en: int = 80_000
    messages_zh: int = 26_000
    attacks: int = 20_000  # in each language, half of them harmless texts that look like attacks
    collections: int = 2  # of attacks, from the first
    turns: int = 0  # of customers in each language, as harmless texts
    max_minutes: float | None = None
    attack_weight: float = 0.3  # of the loss per text, beside that per piece
    blend: float = 1.0  # how much of the trained weights is kept; the rest is what the run began with
    learning_rate: float = 3e-4
    masked: float = 0.15  # of the pieces outside values, in every second message
    warmup: float = 0.05
    batch_pieces: int = 1536
    latin_pieces: int = 16_000  # of the vocabulary
    chinese_pieces: int = 6_000
    dropout: float = 0.1
    clip_norm: float = 1.0
    checkpoint_minutes: float = 3.0
    seed: int = 1
    threads: int = 2


def second(settings: TaggerSettings) -> TaggerSettings:
    """The run that goes on from the first: mostly attacks, of all collections, and what customers say."""
    return replace(
        settings,
        messages_en=settings.messages_en * SECOND // 80,
        messages_zh=settings.messages_zh * SECOND // 80,
        attacks=settings.attacks * 3 // 4,
        collections=len(COLLECTIONS),
        turns=settings.attacks * 3 // 10,
        attack_weight=1.0,
        blend=0.7,
        learning_rate=settings.learning_rate / 2,
        seed=settings.seed + 1000,
    )


@dataclass(frozen=True)
class Encoded:
    """A message as pieces and labels of equal length, and whether it is an attack."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]
    attack: bool = False


Report = Callable[[dict[str, Any]], None]


def encode(message: Message, tokenizer: Tokenizer, longest: int = 128) -> Encoded:
    """Pieces and labels, cut at ``longest``."""
    found = tokenizer.encode(message.text)
    labels = labels_of(message.text, message.marks, found.offsets)
    return Encoded(tuple(found.ids[:longest]), tuple(labels[:longest]))


def encode_attack(message: AttackMessage, tokenizer: Tokenizer, longest: int = 128) -> Encoded:
    """Pieces of a text that teaches what an attack is, and nothing about names in it."""
    return replace(encode_harmless(message.text, tokenizer, longest), attack=message.attack)


def encode_harmless(text: str, tokenizer: Tokenizer, longest: int = 128) -> Encoded:
    """Pieces of a text that is no attack, as the guard reads it; what is in it is not said."""
    ids = tuple(tokenizer.encode(normalise(text).text).ids[:longest])
    return Encoded(ids, (IGNORED,) * len(ids))


def masked(example: Encoded, share: float, rng: random.Random) -> Encoded:
    """Every second example with some pieces unknown, so that no template is learned by heart; labels stay.

    Source: Dai and Adel (2020), An Analysis of Simple Data Augmentation for Named Entity Recognition, for the idea.
    """
    if rng.random() < 0.5:
        return example
    ids = [
        UNKNOWN if label in (0, IGNORED) and n not in (0, 2) and rng.random() < share else n
        for n, label in zip(example.ids, example.labels, strict=True)
    ]
    return replace(example, ids=tuple(ids))


def batches(examples: Sequence[Encoded], pieces: int, seed: str) -> Iterator[list[Encoded]]:
    """Batches of like length in random order, each of about ``pieces`` pieces with padding."""
    rng = random.Random(seed)
    order = sorted(range(len(examples)), key=lambda n: (len(examples[n].ids), rng.random()))
    made: list[list[Encoded]] = []
    batch: list[Encoded] = []
    for number in order:
        if batch and (len(batch) + 1) * len(examples[number].ids) > pieces:
            made.append(batch)
            batch = []
        batch.append(examples[number])
    made += [batch] if batch else []
    rng.shuffle(made)
    yield from made


def tensors(batch: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, mask and labels, padded on the right, each (n, longest), and attacks (n)."""
    longest = max(len(example.ids) for example in batch)
    ids = torch.full((len(batch), longest), PAD, dtype=torch.long)
    labels = torch.full((len(batch), longest), IGNORED, dtype=torch.long)
    for row, example in enumerate(batch):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        labels[row, : len(example.labels)] = torch.tensor(example.labels)
    return ids, ids != PAD, labels, torch.tensor([float(example.attack) for example in batch])


def blended(before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor], share: float) -> dict[str, Any]:
    """``share`` of the weights after a run and the rest of those before: what it learned, with less that it forgot.

    Source: Wortsman et al. (2022), Robust fine-tuning of zero-shot models.
    """
    return {name: torch.lerp(before[name], value, share) for name, value in after.items()}


def train(
    model: Tagger,
    examples: Sequence[Encoded],
    settings: TaggerSettings,
    *,
    work: Path | None = None,
    report: Report = lambda line: None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """One pass over the examples, in place; the number of steps.

    Raises:
        Diverged: the loss is no longer a number.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    model.word.weight.requires_grad_(False)
    learned = [p for p in model.parameters() if p.requires_grad]
    head = {id(p) for part in (model.head, model.attack) for p in part.parameters()}
    groups = [
        {"params": [p for p in learned if id(p) not in head], "times": 1.0},
        {"params": [p for p in learned if id(p) in head], "times": 5.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
    before = {name: value.clone() for name, value in model.state_dict().items()} if settings.blend < 1 else {}
    plan = list(batches(examples, settings.batch_pieces, f"{settings.seed}"))
    started = saved = clock()
    seen, step = 0, 0
    model.train()
    for step, batch in enumerate(plan, 1):
        minutes = (clock() - started) / 60
        done = max(step / len(plan), minutes / settings.max_minutes if settings.max_minutes else 0.0)
        if done > 1:
            break
        rate = _rate(settings, done)
        for group in optimizer.param_groups:
            group["lr"] = rate * group["times"]
        value = _step(model, batch, optimizer, learned, settings)
        if not math.isfinite(value):
            raise Diverged(f"the loss of step {step} is {value}: use a lower learning rate than {rate:.2g}")
        seen += sum(len(example.ids) for example in batch)
        if step % 20 == 0:
            speed = round(seen / max(1e-9, clock() - started))
            report({"step": step, "of": len(plan), "loss": round(value, 4), "lr": rate, "pieces_per_s": speed})
        if work is not None and clock() - saved > 60 * settings.checkpoint_minutes:
            saved = clock()
            torch.save(model.state_dict(), work / "checkpoint.pt")
    model.eval()
    if settings.blend < 1:
        model.load_state_dict(blended(before, model.state_dict(), settings.blend))
    if work is not None:
        torch.save(model.state_dict(), work / "checkpoint.pt")
    return step


def _step(
    model: Tagger, batch: Sequence[Encoded], optimizer: torch.optim.Optimizer, learned: list[Any], how: TaggerSettings
) -> float:
    ids, mask, labels, attacks = tensors(batch)
    with torch.autocast("cpu", torch.bfloat16):
        logits, attack = model(ids, mask)
    each = functional.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    loss = each / (labels != IGNORED).sum().clamp(min=1)
    loss = loss + how.attack_weight * functional.binary_cross_entropy_with_logits(attack.float(), attacks)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
    torch.nn.utils.clip_grad_norm_(learned, how.clip_norm)
    optimizer.step()
    return float(loss.detach())


def _rate(settings: TaggerSettings, done: float) -> float:
    """Linear warm-up, then linear to zero."""
    if done < settings.warmup:
        return settings.learning_rate * max(done, 1e-3) / settings.warmup
    return settings.learning_rate * (1 - done) / (1 - settings.warmup)
