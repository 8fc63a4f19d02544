"""The tokens that compete in a private step: what a loss among them is, and where they come from."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from finetune.base import Base, load_base
from finetune.dp.release import train_private
from finetune.dp.settings import PrivateSettings
from finetune.dp.vocabulary import candidates
from finetune.errors import BadPrivacy
from finetune.examples import encode, read_examples, write_examples
from finetune.loss import Candidates, example_losses
from tests.finetune.tiny import tiny_model
from tests.finetune.tiny import write_examples as write_tiny

WORDS, WIDTH = 12, 5
HEAD = torch.randn(WORDS, WIDTH, generator=torch.Generator().manual_seed(3))
tokens = st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=6)


def hidden(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(seed)).requires_grad_()


@given(tokens, tokens, st.integers(0, 99))
def test_a_token_competes_with_the_candidates_and_itself(ids: list[int], targets: list[int], seed: int) -> None:
    states = hidden(len(targets), seed)
    found = Candidates(HEAD, ids).losses(states, torch.tensor(targets))
    for place, target in enumerate(targets):
        competing = sorted({*ids, target})
        logits = HEAD[competing] @ states[place]
        expected = cross_entropy(logits[None], torch.tensor([competing.index(target)]))
        assert float(found[place].detach()) == pytest.approx(float(expected.detach()), abs=1e-5)
        mine = torch.autograd.grad(found[place], states, retain_graph=True)[0][place]
        assert torch.allclose(mine, torch.autograd.grad(expected, states)[0][place], atol=1e-5)


@given(tokens, tokens, tokens, st.integers(0, 99))
def test_no_loss_depends_on_what_others_say(ids: list[int], own: list[int], others: list[int], seed: int) -> None:
    among, states = Candidates(HEAD, ids), hidden(len(own) + len(others), seed)
    together = among.losses(states, torch.tensor([*own, *others]))
    alone = among.losses(states[: len(own)], torch.tensor(own))
    assert torch.allclose(together[: len(own)], alone, atol=1e-6)


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return load_base(tiny_model(tmp_path / "tiny"), device=torch.device("cpu"), dtype=torch.float32)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "public.jsonl")


def test_all_tokens_of_public_examples_compete_and_nobody_elses(base: Base, public: Path, tmp_path: Path) -> None:
    head = base.model.lm_head.weight
    seen = {token for example in read_examples(public) for token in encode(example, base.tokenizer).ids}
    assert len(candidates(public, base.tokenizer, head)) == len(seen) < len(head)
    examples = read_examples(public)
    write_examples([*examples[:-1], replace(examples[-1], customer="c1")], public)
    with pytest.raises(BadPrivacy, match="public ones only"):
        candidates(public, base.tokenizer, head)


def test_a_run_with_public_examples_takes_their_tokens(base: Base, public: Path, tmp_path: Path) -> None:
    examples = read_examples(public)
    write_examples(examples[: len(examples) // 2], public)
    private = tmp_path / "private.jsonl"
    write_examples([replace(example, customer=f"c{n}") for n, example in enumerate(examples)], private)
    among = candidates(public, base.tokenizer, base.model.lm_head.weight)
    encoded = [encode(example, base.tokenizer) for example in examples]
    with torch.no_grad():
        expected = float(example_losses(base.model, encoded, candidates=among).mean())
        whole = float(example_losses(base.model, encoded).mean())
    settings = PrivateSettings(
        public_customers=len(examples), epsilon=None, batch=len(examples), steps=1, rank=2, top_layers=1, matrices="B"
    )  # everybody at the only step
    train_private(private, base, None, tmp_path / "work", settings, readable=None, public=public)
    first = json.loads((tmp_path / "work" / "private.log.jsonl").read_text().splitlines()[0])["loss"]
    assert first == pytest.approx(expected, abs=1e-4)
    assert abs(first - whole) > 0.01
