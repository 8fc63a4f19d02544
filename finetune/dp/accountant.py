"""What a run costs: epsilon of Poisson-subsampled Gaussian mechanisms, by privacy loss distributions.

Neighbours differ by one customer who is added or removed. The numbers are ``dp-accounting``'s; Renyi accounting stands
beside as a check (it may only say more). It knows mechanisms as three numbers and nothing of models.

| given | answer |
|---|---|
| no steps | epsilon 0 |
| noise multiplier 0, at least one step | infinite |
| rate 1 | the Gaussian mechanism without sampling |

Source: Koskela et al. (2020); Doroshenko et al. (2022), Connect the Dots; Mironov et al. (2019).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from finetune.errors import BadPrivacy

_RDP_ORDERS: Final = (*range(2, 65), 80, 96, 128, 192, 256, 512)
_FINE: Final = 1e-4
"""Grid of privacy losses; the estimate is pessimistic, so a coarser grid only says more."""
_COARSE: Final = 2e-3
MIN_NOISE: Final = 0.3
MAX_NOISE: Final = 500.0


@dataclass(frozen=True, slots=True)
class Mechanism:
    """``steps`` releases of a sum over customers, each sampled with ``rate``, with Gaussian noise.

    ``noise_multiplier`` is the standard deviation of the noise divided by how far one customer can move the sum.
    """

    rate: float
    steps: int
    noise_multiplier: float

    def event(self) -> Any:
        """The mechanism as ``dp-accounting`` writes it."""
        import dp_accounting

        if not 0 < self.rate <= 1 or self.steps < 0 or not self.noise_multiplier >= 0:
            raise BadPrivacy(
                "expected a rate in (0, 1], steps and a noise multiplier of 0 or more, "
                f"got rate={self.rate!r}, steps={self.steps!r}, noise_multiplier={self.noise_multiplier!r}"
            )
        gaussian = dp_accounting.GaussianDpEvent(self.noise_multiplier)
        one = dp_accounting.PoissonSampledDpEvent(self.rate, gaussian) if self.rate < 1 else gaussian
        return dp_accounting.SelfComposedDpEvent(one, self.steps)


def epsilon(mechanisms: Sequence[Mechanism], delta: float) -> float:
    """Epsilon of all ``mechanisms`` together, one after the other on the same customers."""
    return _pld(tuple(mechanisms), delta, _FINE)


@lru_cache(maxsize=256)
def _pld(mechanisms: tuple[Mechanism, ...], delta: float, grid: float) -> float:
    from dp_accounting import pld

    return _spent(pld.PLDAccountant(value_discretization_interval=grid), mechanisms, delta)


def epsilon_rdp(mechanisms: Sequence[Mechanism], delta: float) -> float:
    """The same by Renyi differential privacy: an upper bound that is 10 to 20 % larger here."""
    from dp_accounting import rdp

    return _spent(rdp.RdpAccountant(orders=_RDP_ORDERS), mechanisms, delta)


def _spent(accountant: Any, mechanisms: Sequence[Mechanism], delta: float) -> float:
    busy = [m for m in mechanisms if m.steps]
    if any(m.noise_multiplier == 0 for m in busy):
        return math.inf
    for mechanism in busy:
        accountant.compose(mechanism.event())
    return float(accountant.get_epsilon(delta)) if busy else 0.0


def noise_for(target: float, rate: float, steps: int, delta: float, before: Sequence[Mechanism] = ()) -> float:
    """The least noise multiplier (to 0.001, rounded up) with which ``before`` and the new run cost at most ``target``.

    Raises:
        BadPrivacy: no noise up to 500 reaches it, or so little is asked for that less than 0.3 would do.
    """
    if not (math.isfinite(target) and target > 0):
        raise BadPrivacy(f"expected an epsilon above 0, got {target!r}")
    # Renyi accounting takes milliseconds and asks for more noise: PLD searches between a part of its answer and it
    bound = _least(lambda noise: _rdp_cost(noise, rate, steps, delta, before), target, MIN_NOISE, MAX_NOISE)
    if bound is None:
        raise BadPrivacy(
            f"epsilon {target:g} at delta {delta:g} cannot be met with rate {rate:g} and {steps} steps: "
            "take fewer steps, a smaller batch, or a larger epsilon"
        )

    def cost(noise: float) -> float:
        return _pld((*before, Mechanism(rate, steps, noise)), delta, _COARSE)

    found = _least(cost, target, max(MIN_NOISE, 0.8 * bound), bound)
    noise = math.ceil((bound if found is None else found) * 1000) / 1000
    if noise <= MIN_NOISE + 2e-3:
        raise BadPrivacy(f"epsilon {target:g} would need less noise than {MIN_NOISE} a step: that protects nobody")
    return noise


def _rdp_cost(noise: float, rate: float, steps: int, delta: float, before: Sequence[Mechanism]) -> float:
    return epsilon_rdp([*before, Mechanism(rate, steps, noise)], delta)


def _least(cost: Callable[[float], float], target: float, low: float, high: float) -> float | None:
    """The least noise in [low, high] whose cost is at most ``target``, to 0.0005; nothing where ``high`` costs more."""
    if cost(high) > target:
        return None
    if cost(low) <= target:
        return low
    while high - low > 5e-4 * max(1.0, low):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if cost(middle) > target else (low, middle)
    return high
