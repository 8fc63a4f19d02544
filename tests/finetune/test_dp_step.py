"""One private step against slow, clear versions of itself."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune import lora
from finetune.base import load_base
from finetune.dp import gradients
from finetune.dp.clipping import Clipping
from finetune.dp.randomness import SecureRandomness
from finetune.dp.sampling import sample
from finetune.dp.states import LowerStates, unwrap
from finetune.dp.step import add_noise, clipped_sum, moved, optimizer, scheduled
from finetune.errors import BadBase, BadPrivacy
from finetune.examples import Encoded
from finetune.loss import example_losses
from tests.finetune.tiny import tiny_model

EXAMPLES = [
    Encoded((2, 9, 10, 11, 12), 3),
    Encoded(tuple(range(6, 26)), 15),
    Encoded((2, 30, 31, 7), 2),
    Encoded((2, *range(40, 50)), 6),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


def model_of(folder: Path, kind: type[lora.LoraLinear] = gradients.PerExampleLora, where=lambda name: True):
    model = load_base(folder, device=torch.device("cpu"), dtype=torch.float32).model
    lora.add_lora(model, rank=2, alpha=4, seed=3, kind=kind, where=where)
    generator = torch.Generator().manual_seed(5)
    for layer in model.modules():
        if isinstance(layer, lora.LoraLinear):
            layer.lora_b.data = torch.randn(layer.lora_b.shape, generator=generator) * 0.1
    return model


def losses(model, places):
    return example_losses(model, [EXAMPLES[place] for place in places])


def one_by_one(folder: Path, place: int) -> list[torch.Tensor]:
    """The gradient of one example by plain autograd."""
    model = model_of(folder, lora.LoraLinear)
    example_losses(model, [EXAMPLES[place]]).sum().backward()
    return [p.grad for p in lora.parameters(model)]


def test_per_example_gradients_are_those_of_each_example_alone(folder: Path) -> None:
    model = model_of(folder)
    losses(model, range(4)).sum().backward()
    together = gradients.take(model)
    for place in range(4):
        for own, alone in zip(together, one_by_one(folder, place), strict=True):
            assert float((own[place] - alone).norm()) <= 1e-5 * float(alone.norm())


def test_gradients_are_gone_once_taken(folder: Path) -> None:
    model = model_of(folder)
    losses(model, [0]).sum().backward()
    gradients.take(model)
    with pytest.raises(RuntimeError, match="backward pass"):
        gradients.take(model)


@pytest.mark.parametrize("clipping", [Clipping(), Clipping("fixed", 0.05), Clipping("fixed", 1e6)])
def test_the_sum_is_that_of_gradients_clipped_one_by_one(folder: Path, clipping: Clipping) -> None:
    alone = [one_by_one(folder, place) for place in range(4)]
    norms = [float(torch.cat([g.flatten() for g in each]).norm()) for each in alone]
    if clipping.method == "auto_s":
        factors = [1 / (n + 0.01) for n in norms]
    else:
        factors = [min(1.0, clipping.bound / n) for n in norms]
    for cut in ([[0, 1, 2, 3]], [[2, 0], [3], [1]]):
        total, loss = clipped_sum(model_of(folder), losses, cut, clipping)
        for place, got in enumerate(total):
            expected = sum(f * each[place] for f, each in zip(factors, alone, strict=True))
            assert torch.allclose(got, expected, rtol=1e-3, atol=1e-5)
        assert loss == pytest.approx(float(losses(model_of(folder), range(4)).detach().sum()), rel=1e-4)


def test_nobody_moves_the_sum_further_than_the_bound(folder: Path) -> None:
    for clipping in (Clipping(), Clipping("fixed", 0.05)):
        whole, _ = clipped_sum(model_of(folder), losses, [[0, 1, 2, 3]], clipping)
        for gone in range(4):
            rest, _ = clipped_sum(model_of(folder), losses, [[p for p in range(4) if p != gone]], clipping)
            moved_by = torch.cat([(a - b).flatten() for a, b in zip(whole, rest, strict=True)]).norm()
            assert float(moved_by) <= clipping.bound * (1 + 1e-4)


def test_an_example_without_numbers_adds_nothing_and_spoils_nobody(folder: Path) -> None:
    def broken(model, places):
        each = losses(model, places)
        return each * torch.tensor([float("nan") if place == 1 else 1.0 for place in places])

    with_it, _ = clipped_sum(model_of(folder), broken, [[0, 1, 2]], Clipping())
    without, _ = clipped_sum(model_of(folder), losses, [[0, 2]], Clipping())
    for a, b in zip(with_it, without, strict=True):
        assert torch.allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("norm", [float("nan"), float("inf"), 0.0, 1e-30, 3.0, 1e30])
def test_factors_bound_every_norm(norm: float) -> None:
    for clipping in (Clipping(), Clipping("fixed", 0.5)):
        factor = float(clipping.factors(torch.tensor([norm]))[0])
        assert factor == 0.0 if not np.isfinite(norm) else factor * norm <= clipping.bound


@pytest.mark.parametrize("wrong", [{"bound": 0.0}, {"bound": float("inf")}, {"method": "auto_s", "gamma": 0.0}])
def test_clipping_that_bounds_nothing_is_refused(wrong: dict) -> None:
    with pytest.raises(BadPrivacy):
        Clipping(**({"method": "fixed"} | wrong))


def test_noise_has_the_deviation_asked_for_and_is_never_the_same_twice() -> None:
    first, second = [torch.zeros(400, 300), torch.zeros(7)], [torch.zeros(400, 300), torch.zeros(7)]
    add_noise(first, 2.5, SecureRandomness())
    add_noise(second, 2.5, SecureRandomness())
    for tensors in (first, second):
        # 120,000 numbers: the deviation is off by more than 1.5 % once in 10^13 runs
        assert float(tensors[0].std()) == pytest.approx(2.5, rel=0.015)
        assert abs(float(tensors[0].mean())) < 0.06
    assert abs(float((first[0] * second[0]).mean())) < 0.15
    assert not torch.equal(first[1], second[1])


def test_no_noise_leaves_the_sum_as_it_is() -> None:
    total = [torch.ones(3)]
    add_noise(total, 0.0, SecureRandomness())
    assert torch.equal(total[0], torch.ones(3))


class Fixed:
    """Numbers that a test chooses."""

    name = "fixed"

    def __init__(self, *rows: list[float]) -> None:
        self.rows = list(rows)

    def uniforms(self, n: int):
        row = self.rows.pop(0)
        assert len(row) == n
        return np.array(row)

    def normals(self, n: int):
        return self.uniforms(n)


def test_every_customer_is_drawn_by_a_coin_of_their_own_and_gives_one_example() -> None:
    drawn = sample(Fixed([0.05, 0.5, 0.01, 0.09, 0.02], [0.0, 0.99, 0.5]), [1, 3, 3, 2, 0], 0.1)
    assert drawn == [(0, 0), (2, 2), (3, 1)]


def test_a_step_may_draw_nobody() -> None:
    assert sample(Fixed([0.5, 0.5], []), [1, 1], 0.1) == []


def test_sizes_of_steps_vary_as_coins_do() -> None:
    sizes = [len(sample(SecureRandomness(), [1] * 2000, 0.1)) for _ in range(400)]
    # mean 200 ± 0.67, variance 180 ± 12.7: both bounds are above six standard errors
    assert abs(np.mean(sizes) - 200) < 4.2
    assert abs(np.var(sizes) - 180) < 80


@settings(max_examples=30)
@given(st.integers(min_value=0, max_value=50))
def test_random_numbers_are_inside_their_range(n: int) -> None:
    source = SecureRandomness()
    assert ((source.uniforms(n) > 0) & (source.uniforms(n) < 1)).all()
    assert np.isfinite(source.normals(n)).all()


def test_kept_states_give_the_same_losses_and_gradients(folder: Path, tmp_path: Path) -> None:
    def upper(name: str) -> bool:
        return "layers.1." in name

    whole = model_of(folder, where=upper)
    losses(whole, range(4)).sum().backward()
    expected = gradients.take(whole)
    kept = model_of(folder, where=upper)
    states = LowerStates(kept, 1, EXAMPLES, tmp_path / "states.bin")
    states.check(example_losses, [0, 1])
    for _ in range(2):  # made, then read
        each = example_losses(kept, EXAMPLES, states.of(range(4)))
        each.sum().backward()
        for got, want in zip(gradients.take(kept), expected, strict=True):
            assert torch.allclose(got, want, rtol=1e-3, atol=1e-5)
    unwrap(kept)
    assert torch.allclose(example_losses(kept, EXAMPLES), example_losses(whole, EXAMPLES), atol=1e-5)


def test_states_below_the_first_layer_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadBase, match="depth"):
        LowerStates(model_of(folder), 0, EXAMPLES, tmp_path / "states.bin")


def test_weights_that_stay_or_break_are_noticed() -> None:
    old = [torch.ones(2), torch.ones(2)]
    assert moved(old, [torch.zeros(2), torch.zeros(2)])
    assert not moved(old, [torch.zeros(2), torch.ones(2)])
    assert not moved(old, [torch.zeros(2), torch.tensor([float("nan"), 1.0])])


def test_the_learning_rate_is_held_and_falls_to_nothing_after_the_last_step() -> None:
    assert [scheduled(2.0, n, 10) for n in range(11)] == pytest.approx([2.0] * 7 + [1.5, 1.0, 0.5, 0.0])


def weight_of_steps(adam: torch.optim.Optimizer, rates: list[float]) -> torch.Tensor:
    """How much of each step's noise is in what comes out where all is noise."""
    parameter = adam.param_groups[0]["params"][0]
    noise = torch.randn(len(rates), len(parameter), generator=torch.Generator().manual_seed(1))
    for rate, row in zip(rates, noise, strict=True):
        adam.param_groups[0]["lr"] = rate
        parameter.grad = row
        adam.step()
    return noise @ -parameter.detach() / len(parameter)


def worth(weights: torch.Tensor) -> float:
    """Of a weighted sum of noisy gradients: as many as so large a share of them, all weighing alike."""
    return float(weights.sum() ** 2 / (len(weights) * weights.square().sum()))


def test_the_sum_of_noisy_gradients_is_worth_nearly_all_of_them() -> None:
    """The figures that the optimizer's docstring and README.md tell, both from noise alone."""
    parameter = torch.nn.Parameter(torch.zeros(20_000))
    ours = weight_of_steps(optimizer([parameter], 0.01), [scheduled(0.01, step, 20) for step in range(20)])
    assert worth(ours) == pytest.approx(0.90, abs=0.02)
    parameter = torch.nn.Parameter(torch.zeros(20_000))
    usual = weight_of_steps(torch.optim.AdamW([parameter], weight_decay=0.0), [0.01 * (1 - n / 20) for n in range(20)])
    assert worth(usual) == pytest.approx(0.45, abs=0.02)


def test_states_of_other_examples_or_another_model_are_not_taken(folder: Path, tmp_path: Path) -> None:
    def upper(name: str) -> bool:
        return "layers.1." in name

    other = [Encoded(tuple(reversed(example.ids)), example.prompt_tokens) for example in EXAMPLES]
    first = LowerStates(model_of(folder, where=upper), 1, EXAMPLES, tmp_path / "states.bin", "a")
    first.of(range(4))
    for examples, identity in ((other, "a"), (EXAMPLES, "b")):
        kept = model_of(folder, where=upper)
        states = LowerStates(kept, 1, examples, tmp_path / "states.bin", identity)
        got = example_losses(kept, examples, states.of(range(4)))
        unwrap(kept)
        assert torch.allclose(got, example_losses(kept, examples), atol=1e-4)
        assert (tmp_path / "states.of").read_text() != ""
