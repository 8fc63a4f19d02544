"""Which sets are measured, and how the report reads: the outer half of ``tactful bench understand``."""

import random
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.model_client import Model
from bot.prompts import Prompting
from serving.bench.machine import table as machine_table
from serving.compose import build_intents
from serving.understanding.evaluate import Beside, evaluate
from serving.understanding.plain import Plain
from serving.understanding.reader import reader_over
from serving.understanding.sets import OUT_OF_SCOPE, BadSet, Case, label_of, read_set

OWN: Final = Path(__file__).parents[2] / "finetune" / "corpus" / "eval"
OWN_SETS: Final = ("en", "zh", "mixed", "several")


@dataclass(frozen=True, slots=True)
class Asked:
    """A language model, its name, and how it is asked."""

    model: Model = field(repr=False)
    name: str
    prompting: Prompting = "tuned"


DEV_SETS: Final = ("bitext/dev.csv", "clinc150/data_train_val.json")
TRAIN_OF_PLAIN: Final = "bitext/train.csv"


def bench(
    artifact: Path,
    files: Sequence[Path],
    public: Path | None,
    *,
    far: int = 300,
    plain: bool = True,
    seed: int = 1,
    model: Asked | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measures all of it; one to three minutes, with a language model longer.

    Args:
        artifact: folder of the intent model, whose ``public.toml`` says what foreign labels are.
        files: labelled messages of others. CSV and JSON count as public: their figures have bounds, and where there
            is one of a kind it takes the place of the development set of that kind.
        public: folder with the development sets; left out where it is ``None``.
        far: at most so many messages that are far from a shop's business.
        plain: whether to train and measure the plain way too.
        seed: of slips and samples.
        model: the language model that reads too, and how it is asked; without it the degraded mode is measured.
        progress: told what comes next.

    Raises:
        BadSet: a file cannot be read.
    """
    table, sets = artifact / "public.toml", {f"own {name}": OWN / f"{name}.jsonl" for name in OWN_SETS}
    own = {name: _named(read_set(path, table), name) for name, path in sets.items()}
    given = {f"{path.parent.name}/{path.stem}": path for path in files}
    kinds = {path.suffix for path in files}
    if public is not None:
        given |= {
            f"{path.parent.name}/{path.stem}": path
            for name in DEV_SETS
            if (path := public / name).is_file() and path.suffix not in kinds
        }
    other = {name: _thinned(read_set(path, table), far, seed) for name, path in given.items()}
    bounded = frozenset(name for name, path in given.items() if path.suffix in (".csv", ".json"))
    beside = _beside(public, table) if plain and bounded else None
    prompting = model.prompting if model else "tuned"
    with reader_over(build_intents(), model=model.model if model else None, prompting=prompting) as reader:
        result = evaluate({**own, **other}, reader, public=bounded, beside=beside, seed=seed, progress=progress)
    return {"model": model.name if model else None} | result


def _named(cases: list[Case], name: str) -> list[Case]:
    if not cases:
        raise BadSet(f"expected messages in {name}, got none")
    return cases


def _thinned(cases: list[Case], far: int, seed: int) -> list[Case]:
    """A set of a shop's business as it is.

    Of one that is mostly other business: what is near to a shop's and a sample of the rest, without its small talk.
    """
    other = [case for case in cases if case.labels[0] == OUT_OF_SCOPE]
    if 2 * len(other) < len(cases):
        return cases
    distant = [case for case in other if case.theirs != "oos"]
    chosen = distant if len(distant) <= far else random.Random(seed).sample(distant, far)
    return [*(case for case in other if case.theirs == "oos"), *chosen]


def _beside(public: Path | None, table: Path) -> Beside | None:
    path = public / TRAIN_OF_PLAIN if public else None
    if path is None or not path.is_file():
        return None
    labels = tomllib.loads(table.read_text("utf-8"))["bitext"]
    return Beside(Plain.of_csv(path, labels["column"]), lambda theirs: label_of(theirs, labels))


def table(result: Mapping[str, Any]) -> str:
    """The bounds, what was confused, the figures and the machine, as Markdown."""
    gates = [
        f"| {g['figure']} | {g['measured']:.4f} | ≥ {g['must']} | {'yes' if g['met'] else 'NO'} |"
        for g in result["gates"]
    ]
    wrong = [
        f"- {name}: " + ", ".join(f"{pair} ({n})" for pair, n in pairs.items())
        for name, pairs in result["confused"].items()
        if pairs
    ]
    rows = [f"| {name} | {f['median']:.4f} | {f['n']} |" for name, f in result["figures"].items()]
    parts = ["| must | measured | bound | met |", "|---|---|---|---|", *gates, ""] if gates else []
    parts += ["| figure | share | n |", "|---|---|---|", *rows, "", "Confused 混淆:", *wrong, ""]
    return "\n".join([*parts, machine_table(dict(result) | {"figures": {}, "ratios": {}}).splitlines()[-1]])
