"""Public examples in a private step: what they change, and what they may not be."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from finetune.base import Base, load_base
from finetune.dp.rehearsal import Rehearsal
from finetune.dp.release import ready, train_private
from finetune.dp.settings import PrivateSettings
from finetune.dp.train import Trained
from finetune.errors import BadExamples, BadPrivacy
from finetune.examples import Example, encode, read_examples, write_examples
from finetune.loss import example_losses
from tests.finetune.tiny import tiny_model
from tests.finetune.tiny import write_examples as write_tiny

SETTINGS = PrivateSettings(
    public_customers=10**9, epsilon=None, batch=1, steps=8, learning_rate=0.05, rank=3, alpha=6, top_layers=1
)
"""One customer of a thousand million a step: nobody is drawn."""
REPLY = Example("reply", "en", (("user", "order: T1\n\nwhere is it"),), "It is on its way.\n")


@pytest.fixture
def public(tmp_path: Path) -> Path:
    path = tmp_path / "public.jsonl"
    write_examples([*read_examples(write_tiny(tmp_path / "tiny.jsonl")), REPLY], path)
    return path


def loaded(folder: Path) -> Base:
    return load_base(folder, device=torch.device("cpu"), dtype=torch.float32)


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return loaded(tiny_model(tmp_path / "tiny"))


def trained(base: Base, public: Path, work: Path, settings: PrivateSettings) -> Trained:
    private = work.with_suffix(".jsonl")
    rows = [json.loads(line) | {"customer": f"c{n}"} for n, line in enumerate(public.read_text().splitlines()[:8])]
    private.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    settings = replace(settings, matrices="B")
    return train_private(private, base, None, work, settings, readable=None, public=public)[1]


def loss(base: Base) -> float:
    with torch.no_grad():
        return float(example_losses(base.model, [encode(REPLY, base.tokenizer)]))


@pytest.mark.parametrize("top_layers", [1, 0])  # with kept states of the lower layers, and without
def test_public_examples_are_learnt_though_no_customer_is_drawn(
    base: Base, public: Path, tmp_path: Path, top_layers: int
) -> None:
    before = loss(base)
    alone = trained(base, public, tmp_path / "alone", replace(SETTINGS, top_layers=top_layers))
    assert not any(tensor.any() for name, tensor in alone.adapter.items() if "lora_B" in name)
    assert loss(base) == pytest.approx(before, abs=1e-5)
    again = loaded(tmp_path / "tiny")
    settings = replace(SETTINGS, top_layers=top_layers, rehearsed=6)
    beside = trained(again, public, tmp_path / "beside", settings)
    assert loss(again) < before - 0.02
    assert beside.entry["empty_batches"] == SETTINGS.steps
    assert beside.entry["settings"]["rehearsed"] == 6


def test_they_change_nothing_of_the_mechanism(base: Base, public: Path, tmp_path: Path) -> None:
    settings = replace(SETTINGS, public_customers=10, batch=5, epsilon=8.0, steps=2)
    alone = trained(base, public, tmp_path / "alone", settings).entry
    beside = trained(loaded(tmp_path / "tiny"), public, tmp_path / "beside", replace(settings, rehearsed=4)).entry
    for name in ("rate", "steps", "noise_multiplier", "sensitivity", "divisor", "delta", "epsilon", "clipping"):
        assert beside[name] == alone[name], name


def test_each_task_has_its_share_and_a_step_draws_the_same_ones_again(base: Base, public: Path) -> None:
    rehearsal = Rehearsal(public, base.tokenizer, 256)
    reply = encode(REPLY, base.tokenizer)
    drawn = [rehearsal.examples[place] for place in rehearsal.draw(10, 1, 3)]
    assert sum(example == reply for example in drawn) == 5
    assert rehearsal.draw(10, 1, 3) == rehearsal.draw(10, 1, 3) != rehearsal.draw(10, 1, 4)


def test_an_example_that_is_too_long_loses_its_beginning(base: Base, public: Path) -> None:
    assert max(len(example.ids) for example in Rehearsal(public, base.tokenizer, 30).examples) == 30


def test_customers_examples_are_not_rehearsed(base: Base, public: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.jsonl"
    write_examples([*read_examples(public), replace(REPLY, customer="c1")], theirs)
    with pytest.raises(BadPrivacy, match="public ones only"):
        Rehearsal(theirs, base.tokenizer, 256)
    theirs.write_text("")
    with pytest.raises(BadExamples):
        Rehearsal(theirs, base.tokenizer, 256)


def test_without_public_examples_there_is_nothing_to_rehearse(base: Base) -> None:
    with pytest.raises(BadPrivacy, match="what is rehearsed"):
        ready(base, replace(SETTINGS, rehearsed=4), None)
