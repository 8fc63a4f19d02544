"""The audit: the private run with canaries among the customers, in a folder of its own, and what its outcome tells.

Same code and settings as a release; never the release itself, because canaries change the model. Two controls: the same
run without noise must give itself away (a lower bound of 4 or more), and with the coins permuted nothing may be found.

The number of guesses is fixed before the run. Both scores are told; the white box is the one that counts, and each
bound holds with 95 % confidence by itself.
"""

import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from finetune.audit import canaries as made
from finetune.audit import exposure, membership
from finetune.audit.canaries import Canaries
from finetune.audit.marked import MarkedRun
from finetune.audit.one_run import CONFIDENCE, epsilon_lower, guess
from finetune.audit.scores import Observer, losses
from finetune.base import Base
from finetune.dp.customers import Customers, group, read_customers
from finetune.dp.randomness import SecureRandomness
from finetune.dp.release import ready, start_from
from finetune.dp.settings import PrivateSettings
from finetune.dp.train import PrivateRun, Report, commitment
from finetune.errors import BadPrivacy, CannotResume
from finetune.examples import Example, encode

Floats = NDArray[np.float64]
OUTCOME: Final = "outcome.json"
_PERMUTATIONS: Final = 100


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """What the audit adds to a run."""

    canaries: int = 1000
    guesses: int = 200
    control_guesses: int = 300  # the control is surer of itself, and 250 right ones are needed to show 4
    customers: int = 300  # others beside the canaries, the first of the file
    refresh: int = 2  # steps between two computations of the canaries' gradients
    exposed: int = 10  # canaries of either kind whose secrets are ranked
    references: int = 127
    seed: int = 1  # of the canaries' text or numbers, not of their coins
    by: Literal["gradient", "text"] = "text"  # what a canary adds: the gradient of its text, or one number of its own
    directions: Path | None = None  # public examples, as for the release

    def __post_init__(self) -> None:
        """Refuses numbers of guesses that cannot be."""
        for guesses in (self.guesses, self.control_guesses):
            if guesses % 2 or not 0 < guesses <= self.canaries:
                raise BadPrivacy(f"expected an even number of guesses up to {self.canaries} canaries, got {guesses}")


@dataclass(frozen=True)
class Outcome:
    """What a run tells of each canary, and what its ledger claims."""

    black_box: Floats
    white_box: Floats
    epsilon: float | None
    delta: float
    steps: int
    exposed: dict[str, dict[str, float]]


def audit(
    examples_file: Path,
    load: Callable[[], Base],
    adapter: Path | None,
    work: Path,
    settings: PrivateSettings,
    asked: AuditSettings,
    *,
    control: bool = True,
    resume: bool = False,
    report: Report = lambda line: None,
) -> dict[str, Any]:
    """Trains with canaries and says what could be found out about them.

    Args:
        examples_file: customers' examples, as for ``tactful finetune private``.
        load: gives the base model afresh for each run.
        adapter: the public stage to start from.
        work: folder of canaries, coins, checkpoints: as private as the examples.
        settings: those of the release.
        asked: canaries and guesses.
        control: make the run without noise too, which doubles the time.
        resume: go on in ``work``.
        report: called with every line of the log.

    Raises:
        BadPrivacy: an audit was begun in ``work`` and is not resumed, or the settings are wrong.
        BadExamples, BadBase, CannotResume, Diverged: as ``finetune.errors`` tells.
    """
    work.mkdir(parents=True, exist_ok=True)
    os.chmod(work, 0o700)
    base = load()
    others = first_customers(read_customers(examples_file), asked.customers)
    kept = made.load(work)
    if kept is not None and not resume:
        raise BadPrivacy(f"an audit was begun in {work}: go on with --resume, or take another folder")
    if kept is None:
        pool = made.rare_strings(base.tokenizer, (encode(example, base.tokenizer) for example in others))
        kept = made.make(asked.canaries, pool, SecureRandomness(), asked.seed)
        made.save(kept, work)
    if len(kept.examples) != asked.canaries:
        raise CannotResume(f"{work} holds {len(kept.examples)} canaries, {asked.canaries} are asked for")
    noisy = _once(base, adapter, work / "noisy", settings, asked, others, kept, resume, report)
    found = _findings(noisy, kept, asked)
    silent = None
    if control:
        quiet = replace(settings, epsilon=None)
        silent = _once(load(), adapter, work / "control", quiet, asked, others, kept, resume, report)
    return found | _controls(noisy, silent, kept, asked)


def _once(
    base: Base,
    adapter: Path | None,
    work: Path,
    settings: PrivateSettings,
    asked: AuditSettings,
    others: Sequence[Example],
    canaries: Canaries,
    resume: bool,
    report: Report,
) -> Outcome:
    """One run and its scores; a finished one is read from ``work``."""
    file = work / OUTCOME
    if resume and file.exists():
        content: dict[str, Any] = json.loads(file.read_text("utf-8"))
        if content.pop("settings") != repr((settings, asked)):
            raise CannotResume(f"{work} holds a run with other settings: take another folder")
        return Outcome(**content | {name: np.array(content[name]) for name in ("black_box", "white_box")})
    start_from(base, adapter)
    customers, places = _with_canaries(others, canaries, base, settings.max_tokens)
    aimed = ready(base, settings, asked.directions)
    encoded = [customers.examples[place] for place in places]
    marked = asked.by == "gradient"
    before = np.zeros(len(encoded)) if marked else losses(base.model, encoded)
    work.mkdir(parents=True, exist_ok=True)
    identity = {"base": base.hash, "data": commitment(repr((others, canaries.kept())).encode(), work)} | aimed
    kind = MarkedRun if marked else PrivateRun
    run = kind(base.model, customers, settings, work, identity=identity, report=report)
    if isinstance(run, MarkedRun):
        run.mark(places, asked.seed)
    run.crew = observer = Observer(places, asked.refresh, work, run.rows if isinstance(run, MarkedRun) else None)
    observer.run = run
    trained = run.run(resume=resume and (work / "steps.json").exists())
    after = before if marked else losses(base.model, encoded)
    entry = trained.entry
    outcome = Outcome(
        before - after,
        observer.scores,
        entry["epsilon"]["pld"],
        entry["delta"],
        entry["steps"],
        {} if marked else _exposures(base, canaries, asked),
    )
    content = vars(outcome) | {"black_box": outcome.black_box.tolist(), "white_box": outcome.white_box.tolist()}
    file.write_text(json.dumps(content | {"settings": repr((settings, asked))}), "utf-8")
    return outcome


def first_customers(examples: Sequence[Example], count: int) -> list[Example]:
    """All examples of the first ``count`` customers."""
    names = set(list(dict.fromkeys(example.customer for example in examples))[:count])
    return [example for example in examples if example.customer in names]


def _with_canaries(
    others: Sequence[Example], canaries: Canaries, base: Base, max_tokens: int
) -> tuple[Customers, list[int]]:
    """Customers among whom the included canaries are, and the places of all canaries' examples, included or not."""
    examples = [*others, *canaries.examples]
    everybody = group(examples, base.tokenizer, max_tokens)
    out = {e.customer for e, coin in zip(canaries.examples, canaries.included, strict=True) if not coin}
    there = tuple(own for own in everybody.places if examples[own[0]].customer not in out)
    return Customers(everybody.examples, there), list(range(len(others), len(examples)))


def _exposures(base: Base, canaries: Canaries, asked: AuditSettings) -> dict[str, dict[str, float]]:
    """Exposure of secrets that took part, and of those that did not (1.44 bits in the mean)."""
    generator = random.Random(f"references:{asked.seed}")
    found = {}
    for name, kind in (("included", True), ("left_out", False)):
        bits = []
        for place in np.flatnonzero(canaries.included == kind)[: asked.exposed]:
            example = canaries.examples[int(place)]
            secrets = [made.draw_secret(canaries.pool, generator) for _ in range(asked.references)]
            candidates = [example, *(made.with_secret(example, secret) for secret in secrets)]
            each = losses(base.model, [encode(candidate, base.tokenizer) for candidate in candidates])
            bits.append(exposure.exposure(float(each[0]), each[1:]))
        found[name] = exposure.summary(bits) if bits else {}
    return found


def _findings(outcome: Outcome, canaries: Canaries, asked: AuditSettings) -> dict[str, Any]:
    boxes = _boxes(outcome, canaries, asked.guesses, outcome.delta, asked)
    claimed = outcome.epsilon
    highest = max(boxes["epsilon_lower"], boxes.get("black_box", {}).get("epsilon_lower", 0.0))
    return {
        "by": asked.by,
        "m": len(canaries.examples),
        "included": int(canaries.included.sum()),
        "k": asked.guesses,
        "confidence": CONFIDENCE,
        "claimed_epsilon": claimed,
        "delta": outcome.delta,
        "steps": outcome.steps,
        **boxes,
        "refuted": claimed is not None and highest > claimed,
    }


def _boxes(outcome: Outcome, canaries: Canaries, guesses: int, delta: float, asked: AuditSettings) -> dict[str, Any]:
    """What is seen from inside; of canaries of text also from outside, and their exposure."""
    found = _told(outcome.white_box, canaries.included, guesses, delta)
    if asked.by == "gradient":
        return found
    return found | {
        "black_box": _told(outcome.black_box, canaries.included, guesses, delta),
        "exposure": outcome.exposed,
    }


def _told(scores: Floats, included: NDArray[np.bool_], guesses: int, delta: float) -> dict[str, Any]:
    made_guesses = guess(scores, included, guesses)
    members, others = scores[included], scores[~included]
    return {
        "guesses_right": made_guesses.right,
        "epsilon_lower": round(epsilon_lower(made_guesses, delta), 3),
        "auc": membership.auc_with_interval(members, others).to_json(),
        "tpr_at_1_fpr": membership.found_at(members, others, 0.01).to_json(),
        "tpr_at_0.1_fpr": membership.found_at(members, others, 0.001).to_json(),
    }


def _controls(noisy: Outcome, silent: Outcome | None, canaries: Canaries, asked: AuditSettings) -> dict[str, Any]:
    generator = np.random.default_rng(asked.seed)
    bounds = [
        epsilon_lower(guess(noisy.white_box, generator.permutation(canaries.included), asked.guesses), noisy.delta)
        for _ in range(_PERMUTATIONS)
    ]
    negative = {"permutations": _PERMUTATIONS, "epsilon_lower_mean": round(float(np.mean(bounds)), 3)}
    negative["epsilon_lower_above_0"] = sum(bound > 0 for bound in bounds)
    if silent is None:
        return {"positive_control": None, "negative_control": negative}
    positive = {"k": asked.control_guesses} | _boxes(silent, canaries, asked.control_guesses, noisy.delta, asked)
    return {"positive_control": positive, "negative_control": negative}
