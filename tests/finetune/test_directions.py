"""Directions from public examples: what A is laid along, and what may not be read for it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from finetune import lora
from finetune.base import Base, load_base
from finetune.dp import directions, gradients
from finetune.dp.release import ready, train_private
from finetune.dp.settings import PrivateSettings
from finetune.dp.train import prepare
from finetune.errors import BadExamples, BadPrivacy
from finetune.examples import Example, encode, read_examples, write_examples
from finetune.lora import LoraLinear
from finetune.loss import example_losses
from tests.finetune.tiny import tiny_model
from tests.finetune.tiny import write_examples as write_tiny

SETTINGS = PrivateSettings(
    public_customers=10, batch=5, steps=2, rank=3, alpha=6, top_layers=1, matrices="B", modules=("v_proj", "o_proj")
)


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return load_base(tiny_model(tmp_path / "tiny"), device=torch.device("cpu"), dtype=torch.float32)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "public.jsonl")


def dense(base: Base, example: Example) -> list[torch.Tensor]:
    """The gradients of the whole matrices of one example, by autograd."""
    weights = [layer.base.weight for layer in gradients.layers(base.model)]
    for weight in weights:
        weight.requires_grad_(True)
    found = torch.autograd.grad(example_losses(base.model, [encode(example, base.tokenizer)]).sum(), weights)
    for weight in weights:
        weight.requires_grad_(False)
    return list(found)


def test_rows_and_frames_are_of_whole_gradients_each_weighed_by_its_own_norm(base: Base, public: Path) -> None:
    prepare(base.model, SETTINGS)
    each = [dense(base, example) for example in directions.read_public(public)]
    directions.aim(base.model, base.tokenizer, public, outputs=4)
    shares = [1 / sum(g.square().sum() for g in own) for own in each]
    for place, layer in enumerate(gradients.layers(base.model)):
        ins = sum(own[place].T @ own[place] * share for own, share in zip(each, shares, strict=True))
        outs = sum(own[place] @ own[place].T * share for own, share in zip(each, shares, strict=True))
        values = torch.linalg.eigvalsh(ins).flip(0)[:3]
        lengths = directions.LENGTH * (values.mean() / values).sqrt()
        rows = layer.lora_a
        assert rows.norm(dim=1).tolist() == pytest.approx(lengths.tolist(), rel=1e-2)
        # every direction is heard equally loud
        assert torch.diag(rows @ ins @ rows.T).tolist() == pytest.approx([float(values.mean()) / 3] * 3, rel=1e-2)
        unit = rows / rows.norm(dim=1, keepdim=True)
        assert torch.allclose(unit @ unit.T, torch.eye(3), atol=1e-4)
        assert layer.frame is not None
        assert torch.allclose(layer.frame.T @ layer.frame, torch.eye(4), atol=1e-4)
        kept = torch.diag(layer.frame.T @ outs @ layer.frame).sum()
        assert float(kept) == pytest.approx(float(torch.linalg.eigvalsh(outs).flip(0)[:4].sum()), rel=1e-2)


def test_within_a_frame_gradients_are_those_of_autograd(base: Base, public: Path) -> None:
    ready(base, replace(SETTINGS, outputs=4), public)
    layers = gradients.layers(base.model)
    for n, layer in enumerate(layers):
        layer.lora_b.data = torch.randn(layer.lora_b.shape, generator=torch.Generator().manual_seed(n)) * 0.1
    encoded = [encode(example, base.tokenizer) for example in read_examples(public)[:3]]
    example_losses(base.model, encoded).sum().backward()
    ours = gradients.take(base.model)
    for layer in layers:
        layer.__class__ = LoraLinear
    for row, one in enumerate(encoded):
        expected = torch.autograd.grad(example_losses(base.model, [one]).sum(), [layer.lora_b for layer in layers])
        for own, right in zip(ours, expected, strict=True):
            assert torch.allclose(own[row], right, atol=1e-5)


def test_what_was_trained_in_a_frame_is_kept_and_merged_as_a_plain_adapter(base: Base, public: Path) -> None:
    ready(base, replace(SETTINGS, outputs=4), public)
    for layer in gradients.layers(base.model):
        layer.lora_b.data += 0.3
    kept = lora.state(base.model)
    b = next(tensor for name, tensor in kept.items() if name.endswith("v_proj.lora_B.weight"))
    assert b.shape == (8, 3)
    encoded = [encode(read_examples(public)[0], base.tokenizer)]
    before = example_losses(base.model, encoded)
    for layer in gradients.layers(base.model):
        layer.lora_b.data.zero_()
    assert not torch.allclose(example_losses(base.model, encoded), before)
    lora.load_state(base.model, kept)
    assert torch.allclose(example_losses(base.model, encoded), before, atol=1e-5)
    lora.merge_in_place(base.model)
    assert torch.allclose(example_losses(base.model, encoded), before, atol=1e-5)


def test_a_run_in_a_frame_that_was_stopped_goes_on_where_it_was(base: Base, public: Path, tmp_path: Path) -> None:
    private, work = customers_of(public, tmp_path), tmp_path / "w"
    settings = replace(
        SETTINGS, outputs=4, epsilon=None, public_customers=24, batch=24
    )  # everybody at every step: nothing is drawn
    _, whole = train_private(private, base, None, work, settings, readable=None, public=public)

    def stop(line: dict[str, object]) -> None:
        raise KeyboardInterrupt

    def again() -> Base:
        return load_base(tmp_path / "tiny", device=torch.device("cpu"), dtype=torch.float32)

    halves = tmp_path / "halves"
    with pytest.raises(KeyboardInterrupt):
        train_private(private, again(), None, halves, settings, readable=None, public=public, report=stop)
    _, rest = train_private(private, again(), None, halves, settings, readable=None, public=public, resume=True)
    assert rest.entry["trained"]["parameters"] == 2 * 4 * 3
    changed = [name for name in whole.adapter if not torch.allclose(whole.adapter[name], rest.adapter[name], atol=5e-3)]
    assert changed == []


def customers_of(public: Path, folder: Path) -> Path:
    private = folder / "private.jsonl"
    rows = [json.loads(line) | {"customer": f"c{n}"} for n, line in enumerate(public.read_text().splitlines())]
    private.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return private


def test_a_stays_and_the_ledger_names_the_public_examples(base: Base, public: Path, tmp_path: Path) -> None:
    _, trained = train_private(
        customers_of(public, tmp_path), base, None, tmp_path / "w", SETTINGS, readable=None, public=public
    )
    told = trained.entry["trained"]
    assert len(told["directions"]) == 64
    assert told["parameters"] == sum(layer.lora_b.numel() for layer in gradients.layers(base.model))
    again = load_base(tmp_path / "tiny", device=torch.device("cpu"), dtype=torch.float32)
    prepare(again.model, SETTINGS)
    directions.aim(again.model, again.tokenizer, public)
    for before, after in zip(gradients.layers(again.model), gradients.layers(base.model), strict=True):
        assert torch.allclose(before.lora_a, after.lora_a, atol=1e-5)
        assert not torch.equal(before.lora_b, after.lora_b)


def test_customers_examples_give_no_directions(base: Base, public: Path, tmp_path: Path) -> None:
    examples = read_examples(public)
    theirs = tmp_path / "theirs.jsonl"
    write_examples([*examples[:-1], replace(examples[-1], customer="c1")], theirs)
    with pytest.raises(BadPrivacy, match="customers"):
        ready(base, SETTINGS, theirs)
    write_examples([*examples, replace(examples[0], task="reply", customer="c1")], theirs)
    with pytest.raises(BadPrivacy, match="customers"):
        directions.read_public(theirs)
    write_examples([replace(example, task="reply") for example in examples], theirs)
    with pytest.raises(BadExamples, match="none"):
        directions.read_public(theirs)


def test_directions_that_would_be_trained_away_or_do_not_exist_are_refused(base: Base, public: Path) -> None:
    with pytest.raises(BadPrivacy, match="give some"):
        ready(base, replace(SETTINGS, outputs=4), None)
    with pytest.raises(BadPrivacy, match="B alone"):
        ready(base, replace(SETTINGS, matrices="both"), public)


def test_more_directions_than_inputs_are_refused(base: Base, public: Path) -> None:
    with pytest.raises(BadExamples, match="inputs"):
        ready(base, replace(SETTINGS, rank=40), public)
