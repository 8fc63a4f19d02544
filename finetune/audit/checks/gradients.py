"""What one customer can do to a sum, against slow and clear versions: plain autograd, one example at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import torch
from torch import nn

from finetune import lora
from finetune.audit.pipeline import FIXED, Evidence, flat, plain_model
from finetune.audit.toy import CUSTOMERS, toy_examples
from finetune.dp.clipping import Clipping
from finetune.dp.train import PrivateRun

_CLIPPINGS: Final = (FIXED, Clipping())
_PLACES: Final = tuple(range(2, 16))


def sums(evidence: Evidence) -> Iterator[str]:
    """The pipeline's sum against clipped gradients that are added one by one."""
    for clipping in _CLIPPINGS:
        run = evidence.at_random_weights(clipping)
        model, total = plain_model(run), torch.zeros(())
        for place in _PLACES:
            gradient = _alone(model, run.customers.examples[place])
            norm = float(gradient.norm())
            factor = min(1.0, clipping.bound / norm) if clipping.method == "fixed" else 1 / (norm + clipping.gamma)
            total = gradient * factor + total
        got = _sum(run, _PLACES)
        if not torch.allclose(got, total, rtol=1e-3, atol=1e-4 * clipping.bound):
            yield f"the sum is another with {clipping.method} clipping"


def sensitivity(evidence: Evidence) -> Iterator[str]:
    """Takes each of some examples away."""
    for clipping in _CLIPPINGS:
        run = evidence.at_random_weights(clipping)
        whole = _sum(run, _PLACES)
        rests = (_sum(run, [place for place in _PLACES if place != gone]) for gone in _PLACES)
        furthest = max(float((whole - rest).norm()) for rest in rests)
        if not furthest <= clipping.bound * (1 + 1e-3):
            yield f"one example moves the sum by {furthest / clipping.bound:.3g} bounds with {clipping.method} clipping"


def own_loss(evidence: Evidence) -> Iterator[str]:
    """Each example alone against the same one beside longer and shorter ones."""
    run = evidence.at_random_weights(FIXED)
    with torch.no_grad():
        alone = torch.cat([run._losses_at(run.model, [place]) for place in _PLACES])
        together = run._losses_at(run.model, list(_PLACES))
        oracle = torch.stack([_loss(run.model, run.customers.examples[place]) for place in _PLACES])
    for name, losses in (("alone", alone), ("in a batch", together)):
        if not torch.allclose(losses, oracle, rtol=1e-4):
            yield f"the loss of an example {name} is not the mean over its own tokens"


def not_a_number(evidence: Evidence) -> Iterator[str]:
    """An example whose loss is no number, in a sum and in a whole run."""
    examples = toy_examples(poisoned=[CUSTOMERS - 1])
    for clipping in _CLIPPINGS:
        run = evidence.at_random_weights(clipping, examples)
        with_it, without = _sum(run, [*_PLACES, len(examples) - 1]), _sum(run, _PLACES)
        if not torch.allclose(with_it, without, rtol=1e-4, atol=1e-5):
            yield f"an example without a loss changes the sum with {clipping.method} clipping"


def _sum(run: PrivateRun, places: Sequence[int]) -> torch.Tensor:
    total, _ = run._sum(list(places))
    return flat(total)


def _loss(model: Any, example: Any) -> torch.Tensor:
    ids = torch.tensor([example.ids])
    logits = model.lm_head(model.model(input_ids=ids).last_hidden_state)[0, example.prompt_tokens - 1 : -1]
    return nn.functional.cross_entropy(logits, ids[0, example.prompt_tokens :])


def _alone(model: Any, example: Any) -> torch.Tensor:
    parameters = lora.parameters(model)
    return flat(torch.autograd.grad(_loss(model, example), parameters))
