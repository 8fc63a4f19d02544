"""What privacy costs in quality: the same private stage at several epsilons, beside no privacy and no private stage.

Every run has the settings of the others and differs in noise alone, or in where it starts. Each is kept in a folder of
its own with its answer, so that a comparison that was stopped goes on where it was. Comparing looks at many runs on the
same customers: on a real shop's data each of them is a trial that counts; here the customers are simulated.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from finetune import lora
from finetune.base import Base, load_base
from finetune.dp.crew import Crew
from finetune.dp.kept import digest, keep, kept
from finetune.dp.release import start_from, train_private
from finetune.dp.settings import PrivateSettings, described
from finetune.errors import BadExamples
from finetune.evaluate import ALONE, evaluate
from finetune.examples import Example
from finetune.passport import sha256_file
from finetune.replies import MEASURES as REPLY_MEASURES
from finetune.replies import evaluate_replies

RESULT: Final = "result.json"
MEASURES: Final = ("command_exact", "command_names", "slot_f1")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison. ``epsilon=None`` trains without noise; ``trains=False`` not at all."""

    name: str
    from_public: bool = True
    trains: bool = True
    epsilon: float | None = None


def rows(epsilons: Sequence[float], *, without_public: bool) -> list[Row]:
    """Base, public stage alone, without privacy, then each epsilon; the largest once more from the bare base."""
    found = [Row("base", from_public=False, trains=False), Row("public only", trains=False), Row("no privacy")]
    found += [Row(f"epsilon {value:g}", epsilon=value) for value in epsilons]
    if without_public and epsilons:
        found.append(Row(f"epsilon {max(epsilons):g}, no public stage", from_public=False, epsilon=max(epsilons)))
    return found


def chosen(found: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """The rows of these names, all of them unless told.

    Raises:
        BadExamples: there is no such row.
    """
    unknown = sorted(set(names) - {row.name for row in found})
    if unknown:
        known = ", ".join(f"'{row.name}'" for row in found)
        raise BadExamples(f"expected rows among {known}, got '{unknown[0]}'")
    return [row for row in found if not names or row.name in names]


def compare(
    private: Path,
    tests: Mapping[str, Sequence[Example]],
    base: Path,
    public: Path,
    out: Path,
    settings: PrivateSettings,
    wanted: Sequence[Row],
    say: Callable[[str], None] = lambda text: None,
    directions: Path | None = None,
    crew: Crew = ALONE,
) -> dict[str, Any]:
    """Trains what is missing, evaluates, and gives rows and shares of the gain.

    Args:
        private: customers' examples, concealed and looked through before.
        tests: examples to measure on, by name; gains are told for each.
        base: folder of the base model.
        public: the public stage's adapter.
        out: folder of the runs.
        settings: of every run but for epsilon.
        wanted: the rows.
        say: called with what begins.
        directions: public examples for them; of no use to rows without the public stage, which train both matrices.
        crew: the processes, where there are several.

    Raises:
        CannotResume: a row in ``out`` is of other settings, data or tests.
        BadPrivacy, BadExamples, BadBase, Diverged: as ``finetune.errors`` tells.
    """
    made = {
        row.name: _row(row, private, tests, base, public, out, settings, say, directions, crew)
        for row in sorted(wanted, key=lambda row: not row.from_public)  # what begins at the bare base comes last
    }
    results = {row.name: made[row.name] for row in wanted}
    return {"rows": results, "gain_kept": {name: gain_kept(results, name) for name in tests}}


def gain_kept(results: dict[str, Any], test: str) -> dict[str, float]:
    """Of what the private stage gains without privacy in exact commands, the share that each epsilon keeps.

    >>> def row(v): return {"tests": {"t": {"command_exact": {"en": {"value": v, "n": 1}}}}}
    >>> gain_kept({"public only": row(0.5), "no privacy": row(0.9), "epsilon 8": row(0.8)}, "t")
    {'epsilon 8': 0.75}
    """
    values = {name: _mean(result["tests"][test]["command_exact"]) for name, result in results.items()}
    if "no privacy" not in values or "public only" not in values:
        return {}
    start, gain = values["public only"], values["no privacy"] - values["public only"]
    kept = {name: value for name, value in values.items() if name.startswith("epsilon") and "," not in name}
    return {name: round((value - start) / gain, 4) for name, value in kept.items()} if gain > 0 else {}


def _mean(shares: dict[str, Any]) -> float:
    """Over all examples of all languages."""
    count = sum(share["n"] for share in shares.values())
    return float(sum(share["value"] * share["n"] for share in shares.values()) / max(1, count))


def _row(
    row: Row,
    private: Path,
    tests: Mapping[str, Sequence[Example]],
    base: Path,
    public: Path,
    out: Path,
    settings: PrivateSettings,
    say: Callable[[str], None],
    directions: Path | None,
    crew: Crew,
) -> dict[str, Any]:
    folder = out / row.name.replace(" ", "-").replace(",", "")
    start = public if row.from_public else None
    aims = directions if row.from_public else None
    run = replace(settings, epsilon=row.epsilon)
    run = run if aims or not directions else replace(run, matrices="both", outputs=0, rehearsed=0)
    of = {
        "tests": {name: digest(examples) for name, examples in tests.items()},
        "start": sha256_file(start / lora.ADAPTER_WEIGHTS) if start else None,
        "settings": described(run) | {"customers": run.public_customers, "steps": run.steps} if row.trains else None,
        "data": sha256_file(private) if row.trains else None,
        "directions": sha256_file(aims) if row.trains and aims else None,
    }
    found = kept(folder / RESULT, of)
    crew.gather(None)  # nobody writes a row before everybody has looked for it
    if found is not None:
        return found
    say(row.name)
    model = load_base(base)
    told: dict[str, Any] = {}
    if row.trains:
        states = out / ("states-public" if row.from_public else "states-base")
        _, trained = train_private(
            private, model, start, folder, run, readable=None, resume=True, states=states, public=aims, crew=crew
        )
        told = {"epsilon": trained.entry["epsilon"]["pld"], "noise_multiplier": trained.mechanism.noise_multiplier}
    else:
        start_from(model, start)
    result = told | {"tests": _measured(model, tests, crew, merged=not row.trains)}
    if crew.rank == 0:
        keep(folder / RESULT, of, result)
    return result


def _measured(model: Base, tests: Mapping[str, Sequence[Example]], crew: Crew, *, merged: bool) -> dict[str, Any]:
    if not merged:
        lora.merge_in_place(model.model)
    model.model.eval()
    return {
        name: evaluate(model, examples, crew=crew).to_json() | evaluate_replies(model, examples, crew)
        for name, examples in tests.items()
    }


def table(result: dict[str, Any]) -> str:
    """The comparison as Markdown: a row a run, the measures of each test by language."""
    tests = next(iter(result["rows"].values()))["tests"]
    columns = [
        (test, lang, measure)
        for test, found in tests.items()
        for lang in ("en", "zh")
        for measure in (*MEASURES, *(name for name in REPLY_MEASURES if name in found))
    ]
    heads = [" ".join(column) for column in columns]
    lines = ["| run | epsilon | " + " | ".join(heads) + " |", "|---" * (len(heads) + 2) + "|"]
    for name, row in result["rows"].items():
        values = (row["tests"][test].get(measure, {}).get(lang, {}) for test, lang, measure in columns)
        spent = row.get("epsilon")
        cells = ["–" if spent is None else f"{spent:.2f}", *(f"{v.get('value', float('nan')):.3f}" for v in values)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
