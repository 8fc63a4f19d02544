"""The pieces of which a private release is made, each replaceable, and a watcher that sees what passes between them.

Checks look at a pipeline from outside, as it runs on the toy model; bugs replace one piece. What the watcher has seen
is the independent count against which the ledger is held.
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from finetune import lora
from finetune.audit.toy import CUSTOMERS, Toy, ToyTokenizer, toy_examples
from finetune.dp import customers as dp_customers
from finetune.dp.accountant import Mechanism
from finetune.dp.clipping import Clipping
from finetune.dp.crew import Alone
from finetune.dp.customers import Customers
from finetune.dp.gradients import PerExampleLora
from finetune.dp.randomness import Randomness, SecureRandomness
from finetune.dp.settings import Plan, PrivateSettings, plan
from finetune.dp.train import PrivateRun, Trained, commitment, prepare
from finetune.examples import Example

Floats = NDArray[np.float64]
LONG, SHORT, CUT = 96, 12, 6
BATCH: Final = 4
FIXED: Final = Clipping("fixed", 0.2)
TRIAL: Final = Mechanism(0.1, 20, 1.5)
NOISE: Final = 2.0


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A folder that is gone afterwards; in memory where there is such a place: a run writes every step."""
    memory = Path("/dev/shm")  # noqa: S108 (a private folder is made in it)
    with tempfile.TemporaryDirectory(prefix="tactful-audit-", dir=memory if memory.is_dir() else None) as work:
        yield Path(work)


class Stopped(Exception):
    """The run was killed, as far as it can tell."""


def toy_plan(settings: PrivateSettings, customers: Customers) -> Plan:
    """The real plan with a noise multiplier of 2: the search for one takes longer than all that follows."""
    return replace(plan(replace(settings, epsilon=None)), noise_multiplier=NOISE)


@dataclass(frozen=True)
class Pipeline:
    """What makes a release; the defaults are the real pieces."""

    run: type[PrivateRun] = PrivateRun
    group: Callable[[Sequence[Example], Any, int], Customers] = dp_customers.group
    plan: Callable[[PrivateSettings, Customers], Plan] = toy_plan
    commit: Callable[[bytes, Path], str] = commitment
    merge: Callable[[torch.nn.Module], None] = lora.merge_in_place
    randomness: Callable[[], Randomness] = SecureRandomness


class Watcher(Alone):
    """Sees who was drawn, the sum, and the sum with noise, of every step; may stop the run in the midst of one."""

    def __init__(self, stop_at: int = 0) -> None:
        self.drawn: list[tuple[tuple[int, int], ...]] = []
        self.sums: list[torch.Tensor] = []
        self.noisy: list[torch.Tensor] = []
        self._stop_at = stop_at

    def tell(self, value: Any) -> Any:
        """Who was drawn."""
        self._drawn = tuple(value)
        return value

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """The sum before the noise; the last one counts."""
        self._sum = flat(tensors)

    def spread(self, tensors: Sequence[torch.Tensor]) -> None:
        """The sum after it, which makes a step."""
        self.drawn.append(self._drawn)
        self.sums.append(self._sum)
        self.noisy.append(flat(tensors))
        if len(self.noisy) == self._stop_at:
            raise Stopped


@dataclass
class Trace:
    """A run and what was seen of it; ``trained`` is missing where it was stopped."""

    run: PrivateRun
    watcher: Watcher
    start: list[torch.Tensor]
    gradients: list[torch.Tensor]
    owners: tuple[str, ...]
    trained: Trained | None = None
    last: torch.Tensor | None = None  # the weights when the last step was reported

    @property
    def entry(self) -> dict[str, Any]:
        """The ledger's entry."""
        assert self.trained is not None  # noqa: S101 (only stopped runs have none, and nobody asks those)
        return self.trained.entry

    @property
    def noise(self) -> Floats:
        """(steps, numbers): what was added to the sums, in units of the noise that the ledger tells."""
        added = torch.stack(self.watcher.noisy).double() - torch.stack(self.watcher.sums).double()
        return np.asarray(added.numpy() / (self.run.constants.noise_multiplier * self.run.settings.clipping.bound))

    @property
    def taken(self) -> Floats:
        """(steps, owners): how many examples of each owner were summed in each step."""
        names = sorted(set(self.owners))
        counts = np.zeros((len(self.watcher.drawn), len(names)))
        for step, drawn in enumerate(self.watcher.drawn):
            for unit, example in drawn:
                counts[step, names.index(self.owners[self.run.customers.places[unit][example]])] += 1
        return counts


def flat(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """All numbers in one row, a copy."""
    return torch.cat([t.detach().flatten() for t in tensors]).clone()


class Evidence:
    """Runs of one pipeline on the toy, made when first asked for."""

    def __init__(self, pipeline: Pipeline, work: Path) -> None:
        self.pipeline, self.work = pipeline, work

    @cached_property
    def long(self) -> Trace:
        """Many steps, clipped at a fixed norm."""
        return self.finish(self.begin("long", toy_settings(LONG, FIXED)))

    @cached_property
    def short(self) -> Trace:
        """A few steps with the default clipping, after a trial."""
        return self.finish(self.begin("short", toy_settings(SHORT)))

    @cached_property
    def neighbour(self) -> Trace:
        """The same without the last customer."""
        return self.finish(self.begin("neighbour", toy_settings(SHORT), toy_examples(CUSTOMERS - 1)))

    @cached_property
    def resumed(self) -> tuple[Trace, Trace]:
        """A run that is killed after its noise was drawn, and the one that goes on from its checkpoint."""
        first = self.begin("resumed", toy_settings(SHORT), stop_at=CUT)
        with contextlib.suppress(Stopped):
            self.finish(first)
        return first, self.finish(self.begin("resumed", toy_settings(SHORT)), resume=True)

    def begin(
        self,
        name: str,
        settings: PrivateSettings,
        examples: Sequence[Example] | None = None,
        *,
        stop_at: int = 0,
        randomness: Randomness | None = None,
    ) -> Trace:
        """A run that is ready; ``name`` is its work folder."""
        examples = toy_examples() if examples is None else examples
        model, work = Toy(), self.work / name
        work.mkdir(parents=True, exist_ok=True)
        customers = self.pipeline.group(examples, ToyTokenizer(), settings.max_tokens)
        prepare(model, settings)
        watcher, gradients = Watcher(stop_at), list[torch.Tensor]()
        run = self.pipeline.run(
            model,
            customers,
            settings,
            work,
            identity={"data": self.pipeline.commit(repr(examples).encode(), work), "base": "toy"},
            before=(TRIAL,),
            randomness=randomness or self.pipeline.randomness(),
            crew=watcher,
            report=lambda line: after(),
        )
        run.constants = self.pipeline.plan(settings, customers)
        owners = tuple(example.customer for example in examples)
        trace = Trace(run, watcher, [p.detach().clone() for p in run.parameters], gradients, owners)

        def after() -> None:
            gradients.append(flat([p.grad if p.grad is not None else torch.zeros_like(p) for p in run.parameters]))
            trace.last = flat(run.parameters)

        return trace

    def finish(self, trace: Trace, *, resume: bool = False) -> Trace:
        """Runs it to its end."""
        trace.trained = trace.run.run(resume=resume)
        return trace

    def at_random_weights(self, clipping: Clipping, examples: Sequence[Example] | None = None) -> PrivateRun:
        """A run that is not started, its matrices filled at random: for sums asked one by one."""
        digest = hashlib.sha256(repr((clipping, examples and len(examples))).encode()).hexdigest()[:12]
        run = self.begin(f"still-{digest}", toy_settings(SHORT, clipping), examples).run
        generator = torch.Generator().manual_seed(2)
        with torch.no_grad():
            for parameter in run.parameters:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
        return run


def toy_settings(steps: int, clipping: Clipping | None = None) -> PrivateSettings:
    """A run on the toy: 32 customers, 4 of them a step in the mean, several microbatches."""
    return PrivateSettings(
        public_customers=CUSTOMERS,
        epsilon=None,
        batch=BATCH,
        steps=steps,
        rank=2,
        alpha=4.0,
        top_layers=2,
        clipping=clipping or Clipping(),
        microbatch_tokens=64,
        threads=1,
    )


def plain_model(run: PrivateRun) -> Any:
    """The toy with the matrices of ``run`` under plain autograd."""
    names = {name for name, layer in run.model.named_modules() if isinstance(layer, PerExampleLora)}
    model = Toy()
    lora.add_lora(model, rank=run.settings.rank, alpha=run.settings.alpha, seed=0, where=lambda name: name in names)
    lora.load_state(model, lora.state(run.model))
    return model
