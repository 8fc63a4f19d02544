"""Trains the deeper layers: the tagger stays as it is, the encoder's layers above it learn what an attack is.

The guard asks them only about texts that the tagger's own, shallow head finds suspicious, so what ordinary texts teach
counts as much as attacks: half of the texts are harmless ones that look like attacks.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Final

import torch
from torch.nn import functional

from finetune.errors import Diverged
from finetune.tagger.model import Deeper, Tagger
from finetune.tagger.train import Encoded, Report, TaggerSettings, batches, rate_at, tensors

_SMOOTH: Final = 0.02  # of a label: some texts may be on the wrong side


def deepen(
    base: Tagger,
    model: Deeper,
    examples: Sequence[Encoded],
    settings: TaggerSettings,
    *,
    report: Report = lambda line: None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """One pass over the examples, in place; the number of steps.

    Raises:
        Diverged: the loss is no longer a number.
    """
    torch.manual_seed(settings.seed)
    base.eval()
    head = [{"params": list(model.attack.parameters()), "times": 5.0}]
    groups = [{"params": list(model.layers.parameters()), "times": 1.0}, *head]
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
    plan = list(batches(examples, settings.batch_pieces, f"deeper {settings.seed}"))
    started, seen = clock(), 0
    model.train()
    for step, batch in enumerate(plan, 1):
        rate = rate_at(settings.deeper_rate, settings.warmup, step / len(plan))
        for group in optimizer.param_groups:
            group["lr"] = rate * group["times"]
        ids, mask, _, attacks = tensors(batch)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                hidden = base.hidden(ids, mask)
            logits = model(hidden, mask)
        wanted = attacks * (1 - 2 * _SMOOTH) + _SMOOTH
        loss = functional.binary_cross_entropy_with_logits(logits.float(), wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
        optimizer.step()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise Diverged(f"the loss of step {step} is {value}: use a lower learning rate than {rate:.2g}")
        seen += sum(len(example.ids) for example in batch)
        if step % 20 == 0:
            speed = round(seen / max(1e-9, clock() - started))
            report({"deeper step": step, "of": len(plan), "loss": round(value, 4), "pieces_per_s": speed})
    model.eval()
    return len(plan)
