"""What a private run is asked to do, and what follows from it: rate, divisor, delta, noise.

Everything that enters the mechanism is public and fixed before the data is looked at: the number of customers is a
round number that the shop gives, not a count of the file. A wish whose claim would be false is refused.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from finetune.dp import accountant
from finetune.dp.accountant import Mechanism
from finetune.dp.clipping import Clipping
from finetune.errors import BadPrivacy

MODULES: Final = ("q_proj", "v_proj")


@dataclass(frozen=True, slots=True)
class PrivateSettings:
    """A run. ``epsilon=None``: no noise, for comparison on data that is nobody's; such a run claims nothing."""

    public_customers: int
    """How many customers there are about: a public number, from which rate and delta follow."""
    epsilon: float | None = 8.0
    delta: float | None = None  # public_customers ** -1.1 unless told
    batch: int = 512  # customers of a step, in the mean
    steps: int = 60
    learning_rate: float = 1e-2
    rank: int = 4
    alpha: float = 8.0
    top_layers: int = 6  # 0: all
    modules: tuple[str, ...] = MODULES
    matrices: Literal["B", "both"] = "both"  # B alone: half the numbers to add noise to, and no product of two noises
    outputs: int = 0  # directions of a layer's output that B may use, from public examples; 0: all
    rehearsed: int = 0  # public examples of a step, each weighing as a customer: what was learnt before is kept up
    clipping: Clipping = field(default_factory=Clipping)
    microbatch_tokens: int = 1024  # what a layer computes of more no longer fits a core's cache
    max_tokens: int = 256  # of one example; longer ones lose the beginning of their prompt
    seed: int = 1  # of the initial A, nothing else
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The constants of the mechanism."""

    rate: float
    steps: int
    divisor: float
    delta: float
    noise_multiplier: float

    def mechanism(self, steps: int | None = None) -> Mechanism:
        """What the accountant is told; ``steps`` where more were made than planned."""
        return Mechanism(self.rate, self.steps if steps is None else steps, self.noise_multiplier)


def plan(settings: PrivateSettings, before: tuple[Mechanism, ...] = ()) -> Plan:
    """The constants of a run; ``before`` are runs on the same customers whose outcome was looked at.

    Raises:
        BadPrivacy: all that is wrong with the settings.
    """
    customers, batch = settings.public_customers, settings.batch
    delta = settings.delta if settings.delta is not None else max(1, customers) ** -1.1
    faults = [text for wrong, text in _faults(settings, delta) if wrong]
    if faults:
        raise BadPrivacy("; ".join(faults))
    rate = batch / customers
    if settings.epsilon is None:
        noise = 0.0
    else:
        noise = accountant.noise_for(settings.epsilon, rate, settings.steps, delta, before)
    return Plan(rate, settings.steps, float(batch), delta, noise)


def _faults(settings: PrivateSettings, delta: float) -> list[tuple[bool, str]]:
    customers, batch, epsilon = settings.public_customers, settings.batch, settings.epsilon
    return [
        (customers < 2, f"expected at least 2 customers, got {customers}"),
        (batch < 1, f"expected at least 1 customer a step, got {batch}"),
        (batch > customers, f"{batch} customers a step are more than the {customers} there are: take a smaller batch"),
        (settings.steps < 1, f"expected at least 1 step, got {settings.steps}"),
        (
            not 0 < delta < 1 / max(1, customers),
            f"delta {delta:g} must lie between 0 and 1/{customers}: a larger one allows giving a customer away whole",
        ),
        (
            epsilon is not None and not (math.isfinite(epsilon) and epsilon > 0),
            f"expected an epsilon above 0, got {epsilon!r}",
        ),
        (settings.outputs < 0, f"expected a number of output directions, 0 for all, got {settings.outputs}"),
        (settings.rehearsed < 0, f"expected a number of public examples a step, got {settings.rehearsed}"),
        (not settings.modules, "expected at least one module to train"),
        (not settings.learning_rate > 0, f"expected a learning rate above 0, got {settings.learning_rate!r}"),
    ]


def described(settings: PrivateSettings) -> dict[str, Any]:
    """The settings for ledger and checkpoint."""
    return {
        "batch": settings.batch,
        "learning_rate": settings.learning_rate,
        "rank": settings.rank,
        "alpha": settings.alpha,
        "top_layers": settings.top_layers,
        "modules": list(settings.modules),
        "matrices": settings.matrices,
        "outputs": settings.outputs,
        "rehearsed": settings.rehearsed,
        "clipping": settings.clipping.to_json(),
        "max_tokens": settings.max_tokens,
        "target_epsilon": settings.epsilon,
        "seed": settings.seed,
        "optimizer": "AdamW, betas 0 0.999, no decay; rate held for 0.6 of the steps, then linearly to 0",
    }
