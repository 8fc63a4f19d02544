"""Where private training looks: the directions of a layer's inputs that matter in public examples.

A matrix A drawn at random hears r of hundreds of directions, at the same strength whether anything happens there; most
of what a customer could teach is lost before the noise comes, and noise on A soon drowns A itself. Public examples are
nobody's data and cost no privacy. With gᵢₜ the gradient of a layer's output at token t of example i and xᵢₜ its input,
the example's gradient is Gᵢ = Σₜ gᵢₜ xᵢₜᵀ; the directions are the eigenvectors v of Σᵢ GᵢᵀGᵢ / |Gᵢ|² with the largest
eigenvalues w. A holds the first r, each times √(w̄ / w), so that a clipped gradient is not spent on the few directions
that all inputs share. A stays as it is; B alone is trained, within the s directions of the output that matter in the
same way (of Σᵢ GᵢGᵢᵀ / |Gᵢ|²): noise goes into r·s numbers of a layer and nowhere else.

Source: Zhou et al. (2021) for subspaces of public gradients, Li et al. (2022) for scales from public data, Sun et al.
(2024) for B alone; put together here. Measured in README.md.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from finetune import lora
from finetune.dp import gradients
from finetune.dp.crew import Alone, Crew
from finetune.errors import BadExamples, BadPrivacy
from finetune.examples import Encoded, Example, Tokenizer, encode, read_examples
from finetune.loss import example_losses

SAMPLE: Final = 300
"""Public examples that are looked at."""
LENGTH: Final = 3**-0.5
"""Of the row of a direction with the mean eigenvalue: that of a row drawn at random."""
_BATCH_TOKENS: Final = 1024
_LEAST: Final = 1e-6
"""Share of the largest eigenvalue below which a direction counts as empty."""


def read_nobodys(path: Path) -> list[Example]:
    """Examples that get no noise, because they are nobody's.

    Raises:
        BadPrivacy: an example names a customer.
        BadExamples: there is none, or a line is not one.
    """
    examples = read_examples(path)
    if any(example.customer for example in examples):
        raise BadPrivacy(f"{path} holds customers' examples: what is taken without noise may come of public ones only")
    return examples


def read_public(path: Path, sample: int = SAMPLE) -> list[Example]:
    """Examples of understanding, of nobody: the same ones of the same file.

    Raises:
        BadPrivacy: an example names a customer.
        BadExamples: there is none that can be used.
    """
    found = [example for example in read_nobodys(path) if example.task == "understand"]
    if not found:
        raise BadExamples(f"{path}: expected public examples of understanding, found none")
    return random.Random(f"directions:{len(found)}").sample(found, min(sample, len(found)))


def aim(model: Any, tokenizer: Tokenizer, public: Path, outputs: int = 0, crew: Crew | None = None) -> str:
    """Lays every A along the directions of ``public``, freezes it and puts B in a frame; returns the file's hash.

    Args:
        model: with the layers of ``finetune.dp.train.prepare``.
        tokenizer: of the model.
        public: examples of nobody.
        outputs: directions of a layer's output that B may use, at most all; 0: all.
        crew: the processes: all take the first one's directions.

    Raises:
        BadPrivacy, BadExamples: see ``read_public``; the rank is more than a layer has inputs.
    """
    examples = [encode(example, tokenizer) for example in read_public(public)]
    found = directions(model, examples)
    rows = [_rows(ins, layer.lora_a.shape[0]) for layer, (ins, _) in zip(gradients.layers(model), found, strict=True)]
    frames = [_frame(outs, outputs) for _, outs in found] if outputs else []
    (crew or Alone()).spread([*rows, *frames])
    with torch.no_grad():
        for place, layer in enumerate(gradients.layers(model)):
            layer.lora_a.copy_(rows[place])
            if frames:
                layer.put_in_frame(frames[place])
    lora.freeze_a(model)
    return hashlib.sha256(public.read_bytes()).hexdigest()


def directions(model: Any, examples: Sequence[Encoded]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """For every layer to be trained Σᵢ GᵢᵀGᵢ / |Gᵢ|² (in, in) and Σᵢ GᵢGᵢᵀ / |Gᵢ|² (out, out)."""
    sums: list[tuple[torch.Tensor, torch.Tensor]] = []
    for batch in _batches(examples):
        seen = _inputs_and_gradients(model, batch)
        products = [(x, g, x @ x.transpose(1, 2), g @ g.transpose(1, 2)) for x, g in seen]
        # |Gᵢ|² = Σₜₛ (gₜ·gₛ)(xₜ·xₛ), over all layers together as clipping takes it
        squares = torch.stack([(gg * xx).sum(dim=(1, 2)) for _, _, xx, gg in products]).sum(dim=0)
        shares = 1 / (squares + 1e-12)[:, None, None]
        more = [(_outer(x, gg @ x * shares), _outer(g, xx @ g * shares)) for x, g, xx, gg in products]
        sums = [(a + c, b + d) for (a, b), (c, d) in zip(sums, more, strict=True)] if sums else more
    return sums


def _outer(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return torch.einsum("bti,btj->ij", one, other)


def _rows(total: torch.Tensor, rank: int) -> torch.Tensor:
    """A (r, in)."""
    if rank > len(total):
        raise BadExamples(f"expected a rank up to the {len(total)} inputs of a layer, got {rank}")
    values, vectors = _largest(total, rank)
    values = values.clamp_min(_LEAST * float(values[0]) or 1.0)
    rows: torch.Tensor = (vectors * (values.mean() / values).sqrt() * LENGTH).T
    return rows.to(total).contiguous()


def _frame(total: torch.Tensor, outputs: int) -> torch.Tensor:
    """F (out, s)."""
    return _largest(total, min(outputs, len(total)))[1].to(total).contiguous()


def _largest(total: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The ``count`` largest eigenvalues and, as columns, their vectors."""
    values, vectors = torch.linalg.eigh(total.double().cpu())
    return values.flip(0)[:count], vectors.flip(1)[:, :count]


def _batches(examples: Sequence[Encoded]) -> Iterator[list[Encoded]]:
    batch: list[Encoded] = []
    for example in sorted(examples, key=lambda e: len(e.ids)):
        if batch and len(example.ids) * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(example)
    if batch:
        yield batch


def _inputs_and_gradients(model: Any, batch: Sequence[Encoded]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Of each layer to be trained: inputs (n, tokens, in) and the loss' gradients of its outputs (n, tokens, out)."""
    layers = gradients.layers(model)
    inputs: dict[int, torch.Tensor] = {}
    of_outputs: dict[int, torch.Tensor] = {}

    def watch(place: int) -> Any:
        def seen(layer: Any, given: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            inputs[place] = given[0].detach().float()
            output.register_hook(lambda gradient: of_outputs.__setitem__(place, gradient.detach().float()))  # type: ignore[no-untyped-call]  # torch has no types here

        return seen

    handles = [layer.register_forward_hook(watch(place)) for place, layer in enumerate(layers)]
    try:
        example_losses(model, batch).sum().backward()  # type: ignore[no-untyped-call]  # torch has no types here
    finally:
        for handle in handles:
            handle.remove()
    gradients.take(model)  # they were left in the layers and are of nobody
    return [(inputs[place], of_outputs[place]) for place in range(len(layers))]
