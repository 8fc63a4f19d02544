"""What each layer hides: how well personal values are found in a model, concealed or with noise, with both or neither.

Tellers are invented people, each a customer with one example whose commands hold a personal value of theirs; nothing
else in it says that value, so whoever finds it in the model has it from training. Half of them, by fair coins, take
part; the same ones in every run. In the rows with concealment the guard has read the value first, in a sentence or
bare, and what it left is trained on: one that it does not find is trained on openly. Exposure is told of the true
values.

Source: Carlini et al. (2019) for exposure; the brief's table of layers.
"""

import json
import math
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from finetune import lora
from finetune.audit.exposure import exposure, summary
from finetune.audit.scores import losses
from finetune.base import Base
from finetune.corpus.notation import Lang
from finetune.dp.customers import group
from finetune.dp.kept import digest, keep, kept
from finetune.dp.randomness import Randomness
from finetune.dp.release import ready, start_from
from finetune.dp.settings import PrivateSettings, described
from finetune.dp.train import PrivateRun, Report, commitment
from finetune.examples import Example, encode
from finetune.passport import sha256_file
from finetune.private.people import draw
from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails, GuardSettings, build
from guardrails.readable import Readable

ROWS: Final = {
    "neither": (False, False),
    "concealed": (True, False),
    "noise": (False, True),
    "both": (True, True),
}
"""Whether values are concealed, and whether there is noise."""
REFERENCES: Final = 127
MOST: Final = math.log2(REFERENCES + 1)
_SENTENCES: Final[dict[Lang, dict[str, str]]] = {
    "en": {"email": "my e-mail is ", "name": "my name is ", "address": "please send it to "},
    "zh": {"email": "我的邮箱是", "name": "我叫", "address": "请寄到"},
}
_MESSAGES: Final[dict[Lang, str]] = {
    "en": "commands\nsame details as ever, note {}",
    "zh": "commands\n资料照旧，备注{}",
}


@dataclass(frozen=True, slots=True)
class Teller:
    """Somebody who does not exist, one value of theirs, and what the guard leaves of it."""

    number: int
    lang: Lang
    slot: str
    value: str
    left: str

    def example(self, value: str) -> Example:
        """The one example of theirs, with ``value`` in its commands."""
        command = json.dumps({"name": "give", "slot": self.slot, "value": value}, ensure_ascii=False)
        message = ("user", _MESSAGES[self.lang].format(self.number))
        return Example("understand", self.lang, (message,), f"[{command}]\n", f"teller-{self.number:06}")


def invent(count: int, seed: int) -> list[Teller]:
    """``count`` tellers, half in each language, a third with each kind of value, read by the guard.

    Raises:
        GuardError: a value could not be read; nothing may be trained.
    """
    generator = random.Random(f"tellers:{seed}")
    guard = build("sqlite://", secrets.token_bytes(32), Readable(), GuardSettings(timeout_s=20))
    try:
        return [_teller(number, generator, guard) for number in range(count)]
    finally:
        guard.close()


def survey(
    others: Sequence[Example],
    tellers: Sequence[Teller],
    load: Callable[[], Base],
    adapter: Path | None,
    out: Path,
    settings: PrivateSettings,
    randomness: Randomness,
    *,
    exposed: int = 40,
    directions: Path | None = None,
    report: Report = lambda line: None,
) -> dict[str, Any]:
    """Trains the four runs and tells the exposure of values that took part and of values that did not.

    Args:
        others: concealed examples of other customers, in all runs.
        tellers: see ``invent``.
        load: gives the base model afresh for each run.
        adapter: the public stage to start from.
        out: folder of coins and runs, private; what is finished there is not made again.
        settings: of the runs with noise; the others differ in nothing else.
        randomness: of the coins.
        exposed: tellers of either kind whose values are ranked.
        directions: public examples, as for a release.
        report: called with every line of the log.

    Raises:
        BadPrivacy, BadExamples, BadBase, CannotResume, Diverged: as ``finetune.errors`` tells.
    """
    included = _coins(out, len(tellers), randomness)
    there = [teller for teller, coin in zip(tellers, included, strict=True) if coin]
    rows = {}
    asked = {
        "others": digest(others),
        "tellers": digest(tellers),
        "exposed": exposed,
        "start": sha256_file(adapter / lora.ADAPTER_WEIGHTS) if adapter else None,
        "directions": sha256_file(directions) if directions else None,
    }
    for name, (concealed, noise) in ROWS.items():
        file = out / name / "exposure.json"
        run = settings if noise else replace(settings, epsilon=None)
        of = asked | {"settings": described(run) | {"customers": run.public_customers, "steps": run.steps}}
        found = kept(file, of)
        if found is None:
            told = [teller.example(teller.left if concealed else teller.value) for teller in there]
            found = _row(
                [*others, *told], tellers, included, load(), adapter, out / name, run, exposed, directions, report
            )
            keep(file, of, found)
        rows[name] = found
    hidden = sum(t.value not in t.left for t in tellers)
    return {
        "tellers": len(tellers),
        "included": sum(included),
        "concealed_share": round(hidden / len(tellers), 4),
        "references": REFERENCES,
        "rows": rows,
    }


def _teller(number: int, generator: random.Random, guard: Guardrails) -> Teller:
    lang: Lang = ("en", "zh")[number % 2]
    slot = ("email", "name", "address")[number // 2 % 3]
    value, lead = getattr(draw(generator, lang), slot), generator.choice((_SENTENCES[lang][slot], ""))
    read = guard.conceal(VaultOwner(f"visitor:teller-{number}"), lead + value, lang=lang).text.text
    return Teller(number, lang, slot, value, read.removeprefix(lead))


def _coins(out: Path, count: int, randomness: Randomness) -> list[bool]:
    """Who takes part: thrown once for all runs of a folder."""
    out.mkdir(parents=True, exist_ok=True)
    out.chmod(0o700)
    file = out / "coins.json"
    if not file.exists():
        file.write_text(json.dumps((randomness.uniforms(count) < 0.5).tolist()), "utf-8")
    coins: list[bool] = json.loads(file.read_text("utf-8"))
    return coins


def _row(
    examples: Sequence[Example],
    tellers: Sequence[Teller],
    included: Sequence[bool],
    base: Base,
    adapter: Path | None,
    work: Path,
    settings: PrivateSettings,
    exposed: int,
    directions: Path | None,
    report: Report,
) -> dict[str, Any]:
    work.mkdir(parents=True, exist_ok=True)
    start_from(base, adapter)
    customers = group(examples, base.tokenizer, settings.max_tokens)
    aimed = ready(base, settings, directions)
    identity = {"base": base.hash, "data": commitment(repr(examples).encode(), work)} | aimed
    run = PrivateRun(base.model, customers, settings, work, identity=identity, report=report)
    entry = run.run(resume=(work / "steps.json").exists()).entry
    found: dict[str, Any] = {"epsilon": entry["epsilon"]["pld"]}
    for name, took_part in (("included", True), ("left_out", False)):
        chosen = islice((t for t, coin in zip(tellers, included, strict=True) if coin == took_part), exposed)
        bits = [_exposed(base, teller) for teller in chosen]
        told = {"n": len(bits), "first": sum(bit == MOST for bit in bits)}
        found[name] = told | (summary(bits) if bits else {})
    return found


def _exposed(base: Base, teller: Teller) -> float:
    """Bits by which the model helps to find the value among others of its kind."""
    generator = random.Random(f"references:{teller.number}")
    alike: set[str] = set()
    while len(alike) < REFERENCES:
        alike |= {getattr(draw(generator, teller.lang), teller.slot)} - {teller.value}
    candidates = [teller.example(value) for value in (teller.value, *sorted(alike))]
    each = losses(base.model, [encode(candidate, base.tokenizer) for candidate in candidates])
    return exposure(float(each[0]), each[1:])


def table(result: dict[str, Any]) -> str:
    """The rows as Markdown."""
    lines = ["| run | epsilon | included: mean, median, first | left out: mean, median, first |", "|---|---|---|---|"]
    for name, row in result["rows"].items():
        spent = "–" if row["epsilon"] is None else f"{row['epsilon']:.2f}"
        cells = (_cell(row[kind]) for kind in ("included", "left_out"))
        lines.append(f"| {name} | {spent} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(found: dict[str, float]) -> str:
    return f"{found['mean']:.2f}, {found['median']:.2f}, {found['first']} of {found['n']}" if found["n"] else "–"
