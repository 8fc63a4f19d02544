"""The private run: DP-SGD on LoRA matrices, the customer as the unit, a ledger that says what was done.

Every step is noted before it is made (``steps.json``), a checkpoint is written after it. A run that was stopped goes on
with fresh draws and fresh noise; a step that was begun and lost is counted as made, because its outcome may have been
seen. Losses go to the log in the work folder, which is private, and nowhere else.
"""

import hashlib
import hmac
import json
import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch

from finetune import lora
from finetune.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from finetune.dp import accountant
from finetune.dp.accountant import Mechanism
from finetune.dp.crew import Alone, Crew
from finetune.dp.customers import Customers
from finetune.dp.gradients import PerExampleLora
from finetune.dp.randomness import Randomness, SecureRandomness
from finetune.dp.rehearsal import Rehearsal
from finetune.dp.sampling import sample
from finetune.dp.settings import Plan, PrivateSettings, described, plan
from finetune.dp.states import LowerStates, unwrap
from finetune.dp.step import add_noise, clipped_sum, microbatches, moved, optimizer, scheduled, set_gradients
from finetune.errors import BadPrivacy, CannotResume, Diverged
from finetune.loss import Candidates, example_losses

LOG: Final = "private.log.jsonl"
STARTED: Final = "steps.json"
KEY: Final = "commitment.key"

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Trained:
    """A finished run: the private matrices under PEFT's names, and what the ledger says."""

    adapter: dict[str, torch.Tensor]
    entry: dict[str, Any]
    scale: float
    mechanism: Mechanism
    last_loss: float
    """Mean of the last tenth of the steps, nats per token. Private."""


def prepare(model: Any, settings: PrivateSettings) -> None:
    """Puts the matrices to be trained beside ``settings.modules`` of the uppermost layers."""
    depth = lower_depth(model, settings)

    def chosen(name: str) -> bool:
        parts = name.split(".")
        layer = next((int(part) for part in parts if part.isdigit()), -1)
        return parts[-1] in settings.modules and layer >= depth

    lora.add_lora(
        model, rank=settings.rank, alpha=settings.alpha, seed=settings.seed, kind=PerExampleLora, where=chosen
    )
    if settings.matrices == "B":
        lora.freeze_a(model)


def lower_depth(model: Any, settings: PrivateSettings) -> int:
    """How many layers stay as they are."""
    layers = len(model.model.layers)
    return max(0, layers - settings.top_layers) if settings.top_layers else 0


def commitment(data: bytes, work: Path) -> str:
    """A hash of private data under a key that stays in ``work``: a bare hash would answer guesses about the data."""
    file = work / KEY
    if not file.exists():
        file.write_text(secrets.token_hex(32), "utf-8")
        file.chmod(0o600)
    return hmac.new(bytes.fromhex(file.read_text("utf-8").strip()), data, hashlib.sha256).hexdigest()


class PrivateRun:
    """One run on ``model``, which ``prepare`` has made ready."""

    def __init__(
        self,
        model: Any,
        customers: Customers,
        settings: PrivateSettings,
        work: Path,
        *,
        identity: dict[str, str],
        before: tuple[Mechanism, ...] = (),
        randomness: Randomness | None = None,
        crew: Crew | None = None,
        states: Path | None = None,
        rehearsal: Rehearsal | None = None,
        candidates: Candidates | None = None,
        report: Report = lambda line: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model, self.customers, self.settings, self.work = model, customers, settings, work
        self.constants: Plan = plan(settings, before)
        self.before, self.report, self.clock = before, report, clock
        self.randomness = randomness or SecureRandomness()
        self.crew = crew or Alone()
        self.parameters = lora.parameters(model)
        self.optimizer = optimizer(self.parameters, settings.learning_rate)
        self.identity = identity | {"settings": json.dumps(described(settings), sort_keys=True)}
        self.started_from = f"{identity.get('base')} {identity.get('start')}"
        self.rehearsal = rehearsal if settings.rehearsed else None
        self.candidates = candidates
        self.states: LowerStates | None = None
        self.public_states: LowerStates | None = None
        self.states_file = (states or work) / f"states-{self.crew.rank}.bin"
        self.losses: list[float] = []
        self.step = self.started = self.resumed = self.empty = 0
        self.elapsed_s = 0.0

    def run(self, *, resume: bool = False) -> Trained:
        """All steps.

        Raises:
            BadPrivacy: a run was begun in this folder already and is not resumed.
            CannotResume: the checkpoint is of another run.
            Diverged: the weights are no numbers, or did not move.
        """
        torch.set_num_threads(self.settings.threads)
        self.work.mkdir(parents=True, exist_ok=True)
        self._begin(resume)
        self.crew.add_up([torch.zeros(1)])  # a barrier: nobody notes a step before everybody has read what was noted
        if depth := lower_depth(self.model, self.settings):
            self.states_file.parent.mkdir(parents=True, exist_ok=True)
            self.states = LowerStates(self.model, depth, self.customers.examples, self.states_file, self.started_from)
            self.states.check(self._losses, range(min(2, len(self.customers.examples))))
            if self.rehearsal is not None:
                public = self.states_file.with_name(f"public-{self.states_file.name}")
                self.public_states = LowerStates(self.model, depth, self.rehearsal.examples, public, self.started_from)
        began = self.clock() - self.elapsed_s
        try:
            while self.step < self.settings.steps:
                line = self._step()
                self.elapsed_s = self.clock() - began
                self._after(line)
        finally:
            unwrap(self.model)
        adapter = {name: tensor.clone() for name, tensor in lora.state(self.model).items()}
        scale = self.settings.alpha / self.settings.rank
        return Trained(adapter, self._entry(), scale, self._mechanism(), self._last_loss())

    def _begin(self, resume: bool) -> None:
        noted = self.work / STARTED
        found = load_checkpoint(self.work, self.identity) if resume else None
        if not resume and noted.exists():
            raise BadPrivacy(
                f"a private run was begun in {self.work} and its steps count: go on with --resume, or take another "
                "folder and declare that run with --trial"
            )
        if noted.exists():
            try:
                notes = json.loads(noted.read_text("utf-8"))
                self.started, self.resumed = int(notes["started"]), int(notes["resumed"]) + 1
                begun_with = Plan(**notes["plan"])
            except (ValueError, KeyError, TypeError) as error:
                raise CannotResume(f"{noted} cannot be read: how many steps were made is not known") from error
            if begun_with != self.constants:
                raise CannotResume(
                    f"the run in {self.work} was begun with {begun_with}, not with {self.constants}: what it spent "
                    "would be told wrongly; give the customers, batch, steps, epsilon and trials it was begun with"
                )
        if found is not None:
            lora.load_state(self.model, found.adapter)
            self.optimizer.load_state_dict(found.optimizer)
            self.step, self.elapsed_s, self.losses = found.step, found.elapsed_s, list(found.losses)

    def _note(self) -> None:
        self.started += 1
        if self.crew.rank == 0:
            temporary = self.work / f"{STARTED}.tmp"
            notes = {"started": self.started, "resumed": self.resumed, "plan": asdict(self.constants)}
            temporary.write_text(json.dumps(notes), "utf-8")
            temporary.replace(self.work / STARTED)

    def _step(self) -> dict[str, Any]:
        self._note()
        rate = scheduled(self.settings.learning_rate, self.step, self.settings.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        drawn = self.crew.tell(self._draw())
        self.empty += not drawn
        places = [self.customers.places[customer][example] for customer, example in drawn]
        mine = places[self.crew.rank :: self.crew.size]
        total, loss = self._sum(mine)
        self.crew.add_up(total)
        if self.crew.rank == 0:
            self._add_noise(total)
        self.crew.spread(total)
        self._rehearse(total)
        self._update(total, drawn)
        self.step += 1
        return {"loss": loss / max(1, len(mine)), "lr": rate, "customers": len(drawn)}

    def _draw(self) -> list[tuple[int, int]]:
        return sample(self.randomness, self.customers.counts, self.constants.rate)

    def _sum(self, places: Sequence[int]) -> tuple[list[torch.Tensor], float]:
        return clipped_sum(self.model, self._losses_at, self._microbatches(places), self.settings.clipping)

    def _rehearse(self, total: Sequence[torch.Tensor]) -> None:
        """Adds public examples to the noisy sum: they are nobody's."""
        if self.rehearsal is None:
            return
        examples, states = self.rehearsal.examples, self.public_states
        drawn = self.rehearsal.draw(self.settings.rehearsed, self.settings.seed, self.step)

        def losses_at(model: Any, places: Sequence[int]) -> torch.Tensor:
            kept = states.of(places) if states is not None else None
            return self._losses(model, [examples[place] for place in places], kept)

        groups = microbatches(examples, drawn[self.crew.rank :: self.crew.size], self.settings.microbatch_tokens)
        more, _ = clipped_sum(self.model, losses_at, groups, self.settings.clipping)
        self.crew.add_up(more)
        for tensor, own in zip(total, more, strict=True):
            tensor += own

    def _add_noise(self, total: Sequence[torch.Tensor]) -> None:
        add_noise(total, self.constants.noise_multiplier * self.settings.clipping.bound, self.randomness)

    def _update(self, total: Sequence[torch.Tensor], drawn: Sequence[Any]) -> None:
        before = [p.detach().clone() for p in self.parameters]
        set_gradients(self.parameters, total, self.constants.divisor)
        self.optimizer.step()
        if self._must_move(drawn) and not moved(before, self.parameters):
            raise Diverged(
                f"after step {self.step + 1} a matrix of the adapter has not moved or holds no numbers: "
                "nothing of this run may be used"
            )

    def _must_move(self, drawn: Sequence[Any]) -> bool:
        """With noise all move at every step; without it, B at the first step that drew somebody and A from the next."""
        return bool(self.constants.noise_multiplier) or (bool(drawn) and self.step > self.empty)

    def _losses_at(self, model: Any, places: Sequence[int]) -> torch.Tensor:
        states = self.states.of(places) if self.states is not None else None
        return self._losses(model, [self.customers.examples[place] for place in places], states)

    def _losses(self, model: Any, batch: Sequence[Any], states: torch.Tensor | None) -> torch.Tensor:
        return example_losses(model, batch, states, self.candidates)

    def _microbatches(self, places: Sequence[int]) -> list[list[int]]:
        return microbatches(self.customers.examples, places, self.settings.microbatch_tokens)

    def _after(self, line: dict[str, Any]) -> None:
        self.losses.append(line["loss"])
        per_step = self.elapsed_s / max(1, self.step)
        line = {"step": self.step, **line, "eta_s": round(per_step * (self.settings.steps - self.step))}
        if self.crew.rank == 0:
            with (self.work / LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            kept = Checkpoint(
                lora.state(self.model), self.optimizer.state_dict(), self.step, 0, self.elapsed_s, self.losses
            )
            save_checkpoint(self.work, self.identity, kept)
        self.report(line)

    def _mechanism(self) -> Mechanism:
        return self.constants.mechanism(max(self.started, self.settings.steps))

    def _last_loss(self) -> float:
        last = self.losses[-max(1, len(self.losses) // 10) :]
        return sum(last) / max(1, len(last))

    def _entry(self) -> dict[str, Any]:
        """What the ledger says of this run."""
        mechanism, delta, settings = self._mechanism(), self.constants.delta, self.settings
        alone = accountant.epsilon([mechanism], delta)
        together = accountant.epsilon([*self.before, mechanism], delta) if self.before else alone
        return {
            "stage": "private",
            "unit": "customer",
            "neighbouring": "add or remove one customer",
            "sampling": "poisson",
            "rate": mechanism.rate,
            "steps": mechanism.steps,
            "noise_multiplier": mechanism.noise_multiplier,
            "sensitivity": 1.0,
            "clipping": settings.clipping.to_json(),
            "divisor": self.constants.divisor,
            "public_size": settings.public_customers,
            "delta": delta,
            "epsilon": {
                "pld": _finite(alone),
                "rdp": _finite(accountant.epsilon_rdp([mechanism], delta)),
            },
            "trials": [
                {"rate": m.rate, "steps": m.steps, "noise_multiplier": m.noise_multiplier, "count": 1}
                for m in self.before
            ],
            "epsilon_with_trials": _finite(together),
            "noise_source": self.randomness.name,
            "resumed": self.resumed,
            "empty_batches": self.empty,
            "data_commitment": self.identity.get("data", ""),
            "trained": {
                "layers": list(range(lower_depth(self.model, settings), len(self.model.model.layers))),
                "modules": list(settings.modules),
                "rank": settings.rank,
                "directions": self.identity.get("directions", "random"),  # else the hash of public examples
                "parameters": sum(parameter.numel() for parameter in self.parameters),
            },
            "settings": described(settings),
        }


def _finite(value: float) -> float | None:
    """JSON knows no infinity: a run without noise has no epsilon."""
    return round(value, 6) if math.isfinite(value) else None
