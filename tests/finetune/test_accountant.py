"""Epsilon against published numbers and limits that can be worked out by hand."""

import math

import pytest

from finetune.dp.accountant import Mechanism, epsilon, epsilon_rdp, noise_for
from finetune.errors import BadPrivacy


@pytest.mark.parametrize(
    ("customers", "batch", "steps", "target", "noise"),
    [(12_174, 512, 238, 3, 1.16), (4_000, 512, 156, 1, 5.20), (2_000, 256, 156, 8, 1.09)],
)
def test_noise_is_that_of_the_published_table(
    customers: int, batch: int, steps: int, target: int, noise: float
) -> None:
    delta = customers**-1.1
    found = noise_for(target, batch / customers, steps, delta)
    assert found == pytest.approx(noise, abs=0.006)
    spent = epsilon([Mechanism(batch / customers, steps, found)], delta)
    assert 0.98 * target <= spent <= target
    assert spent <= epsilon_rdp([Mechanism(batch / customers, steps, found)], delta)


def test_one_gaussian_step_on_everybody_is_the_analytic_gaussian_mechanism() -> None:
    """Source: Balle and Wang (2018), theorem 8: delta = Φ(1/2σ − εσ) − e^ε Φ(−1/2σ − εσ)."""
    sigma, delta = 1.5, 1e-5

    def phi(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2))

    low, high = 0.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        at = phi(1 / (2 * sigma) - middle * sigma) - math.exp(middle) * phi(-1 / (2 * sigma) - middle * sigma)
        low, high = (middle, high) if at > delta else (low, middle)
    assert epsilon([Mechanism(1.0, 1, sigma)], delta) == pytest.approx(high, abs=2e-3)


def test_no_steps_cost_nothing_and_no_noise_costs_all() -> None:
    assert epsilon([], 1e-5) == epsilon([Mechanism(0.1, 0, 1.0)], 1e-5) == 0
    assert epsilon([Mechanism(0.1, 1, 0.0)], 1e-5) == math.inf


def test_runs_on_the_same_customers_add_up() -> None:
    once = Mechanism(0.05, 30, 1.0)
    assert epsilon([once, once], 1e-5) == pytest.approx(epsilon([Mechanism(0.05, 60, 1.0)], 1e-5), abs=2e-3)


@pytest.mark.parametrize("wrong", [(0.0, 1, 1.0), (1.1, 1, 1.0), (0.5, -1, 1.0), (0.5, 1, float("nan"))])
def test_a_mechanism_that_is_none_is_refused(wrong: tuple[float, int, float]) -> None:
    with pytest.raises(BadPrivacy):
        Mechanism(*wrong).event()
