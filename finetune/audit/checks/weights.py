"""From noisy sums to what is released: a public divisor, AdamW, and nothing else on the way."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import torch

from finetune import lora
from finetune.audit.pipeline import BATCH, SHORT, Evidence, flat, toy_settings
from finetune.audit.toy import Toy
from finetune.dp.randomness import Floats, SecureRandomness
from finetune.dp.step import optimizer, scheduled
from finetune.dp.train import prepare

_PATIENCE: Final = 3 * SHORT


class _Nobody(SecureRandomness):
    """Coins that fall for nobody; after many it gives in, so that whoever draws again and again comes to an end."""

    asked = 0

    def uniforms(self, n: int) -> Floats:
        """Numbers close to 1."""
        self.asked += 1
        return super().uniforms(n) * (1e-9 if self.asked > _PATIENCE else 1e-3) + (self.asked <= _PATIENCE) * 0.998

    def normals(self, n: int) -> Floats:
        """As ever."""
        from scipy.special import ndtri

        return np.asarray(ndtri(super().uniforms(n)))


def nobody_drawn(evidence: Evidence) -> Iterator[str]:
    """A run in which no coin falls: every step is noise alone, and counted."""
    trace = evidence.finish(evidence.begin("nobody", toy_settings(SHORT), randomness=_Nobody()))
    if any(trace.watcher.drawn) or any(bool(total.any()) for total in trace.watcher.sums):
        yield "an empty draw is drawn again or filled up"
    if not all(bool(total.any()) for total in trace.watcher.noisy):
        yield "an empty step gets no noise"
    if not torch.allclose(torch.stack(trace.gradients) * BATCH, torch.stack(trace.watcher.noisy), rtol=1e-4, atol=1e-6):
        yield "the noise of an empty step does not reach the optimizer"
    if trace.entry["steps"] != SHORT or len(trace.watcher.noisy) != SHORT:
        yield f"{len(trace.watcher.noisy)} noisy sums, {trace.entry['steps']} steps in the ledger, {SHORT} asked for"


def divisor(evidence: Evidence) -> Iterator[str]:
    """The gradients that the optimizer sees, times the public batch, are the noisy sums."""
    trace = evidence.long
    if not torch.allclose(torch.stack(trace.gradients) * BATCH, torch.stack(trace.watcher.noisy), rtol=1e-4, atol=1e-6):
        yield "the optimizer sees noisy sums divided by something else than the public batch"
    if trace.entry["divisor"] != BATCH:
        yield f"the ledger tells the divisor {trace.entry['divisor']:g}"


def only_noisy_sums(evidence: Evidence) -> Iterator[str]:
    """Computes the adapter again from what was seen after the noise."""
    for trace in (evidence.long, evidence.short):
        own = [torch.nn.Parameter(p.clone()) for p in trace.start]
        rate, steps = trace.run.settings.learning_rate, trace.run.settings.steps
        again = optimizer(own, rate)
        for step, noisy in enumerate(trace.watcher.noisy):
            again.param_groups[0]["lr"] = scheduled(rate, step, steps)
            for parameter, part in zip(own, torch.split(noisy, [p.numel() for p in own]), strict=True):
                parameter.grad = part.view(parameter.shape) / BATCH
            again.step()
        assert trace.trained is not None  # noqa: S101 (the run has ended)
        if not torch.allclose(flat(list(trace.trained.adapter.values())), flat(own), rtol=1e-3, atol=1e-4):
            yield "the adapter does not follow from the noisy sums"


def frozen(evidence: Evidence) -> Iterator[str]:
    """Every weight that is not trained, bit by bit."""
    trace, fresh = evidence.short, Toy()
    prepare(fresh, trace.run.settings)
    before, after = fresh.state_dict(), trace.run.model.state_dict()
    kept = [name for name in before if "lora_" not in name]
    changed = [name for name in kept if name not in after or not _same(before[name], after[name])]
    if changed or after.keys() - before.keys():
        yield f"{len(changed)} weights that are not trained have changed"


def movement(evidence: Evidence) -> Iterator[str]:
    """Every trained matrix against its start."""
    trace = evidence.short
    stayed = sum(torch.equal(a, b) for a, b in zip(trace.start, lora.parameters(trace.run.model), strict=True))
    if stayed:
        yield f"{stayed} matrices have not moved"


def served(evidence: Evidence) -> Iterator[str]:
    """The adapter is that of the last step, and merging it gives the same losses."""
    trace = evidence.short
    assert trace.trained is not None and trace.last is not None  # noqa: S101 (the run has ended)
    if not torch.equal(flat(list(trace.trained.adapter.values())), trace.last):
        yield "the adapter is not that of the last step"
    model = Toy()
    prepare(model, trace.run.settings)
    lora.load_state(model, trace.trained.adapter)
    with torch.no_grad():
        trained = trace.run._losses(model, trace.run.customers.examples, None)
        evidence.pipeline.merge(model)
        merged = trace.run._losses(model, trace.run.customers.examples, None)
    if not torch.allclose(trained, merged, rtol=1e-4, atol=1e-4):
        yield "the merged model is not the trained one"


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.equal(torch.nan_to_num(a, 12345.0), torch.nan_to_num(b, 12345.0))
