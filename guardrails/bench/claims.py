"""Unsupported claims, measured: faithful replies in varied wording, and the same with exactly one claim planted.

Facts, replies and claims are generated with a seed from templates in both languages (``claims_en.json``,
``claims_zh.json``) and values (``claim_values.py``), written before the guard's patterns were looked at. Templates,
names and spellings come in two sets: failures of ``dev`` may be read while the guard is worked on, those of ``check``
never are; only its shares are. ``beyond`` are claims of which no value tells: free shipping, a way to pay, a carrier,
a true value said of the wrong thing. Negations are not planted: they are out of the guard's reach.

    python -m guardrails.bench.claims --json
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from guardrails.bench.claim_scenes import LANGS, Case, Scene, Split
from guardrails.bench.claim_values import Lang
from guardrails.grounding import check

SPLITS: Final[tuple[Split, ...]] = ("dev", "check")
SHOP_NAMES: Final = ("Tactful Home", "妥帖家居")
DOMAINS: Final = ("shop.example",)


@dataclass(slots=True)
class Tally:
    """Replies and how many of them the guard stopped."""

    replies: int = 0
    stopped: int = 0

    def add(self, stopped: bool) -> None:
        """Count one."""
        self.replies += 1
        self.stopped += stopped

    @property
    def share(self) -> float:
        """Stopped of all."""
        return self.stopped / self.replies if self.replies else 0.0


@dataclass(slots=True)
class Measured:
    """Shares of one language and set. ``missed`` and ``alarms`` hold the cases themselves (made up, never logged)."""

    lang: Lang
    split: Split
    planted: Tally = field(default_factory=Tally)
    faithful: Tally = field(default_factory=Tally)
    beyond: Tally = field(default_factory=Tally)
    by_claim: dict[str, Tally] = field(default_factory=dict)
    missed: list[Case] = field(default_factory=list)
    alarms: list[Case] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """What may be printed of either set."""
        return {
            "lang": self.lang,
            "set": self.split,
            "planted": self.planted.replies,
            "caught": round(self.planted.share, 4),
            "faithful": self.faithful.replies,
            "false_alarms": round(self.faithful.share, 4),
            "beyond": round(self.beyond.share, 4),
            "by_claim": {
                name: {"n": t.replies, "caught": round(t.share, 4)} for name, t in sorted(self.by_claim.items())
            },
        }


def stopped(case: Case) -> bool:
    """Whether the guard finds anything in the reply, asked as the bot asks it."""
    found = check(case.reply, case.facts, SHOP_NAMES, product_names=case.names, domains=DOMAINS, apart=case.apart)
    return bool(found)


def cases(seed: int, lang: Lang, split: Split, make: Callable[[Scene], Case | None]) -> Iterable[Case]:
    """Endless cases, the same for the same seed."""
    rng = random.Random(f"{seed} {lang} {split}")
    while True:
        if case := make(Scene(lang, split, rng)):
            yield case


def measure(
    seed: int, planted: int = 1000, faithful: int = 1000, lang: Lang = "en", split: Split = "check", beyond: int = 200
) -> Measured:
    """What is caught of planted claims and what is stopped of faithful replies."""
    result = Measured(lang, split)
    for case, _ in zip(cases(seed, lang, split, Scene.planted), range(planted), strict=False):
        caught = stopped(case)
        result.planted.add(caught)
        result.by_claim.setdefault(str(case.claim), Tally()).add(caught)
        if not caught:
            result.missed.append(case)
    for case, _ in zip(cases(seed + 1, lang, split, Scene.faithful), range(faithful), strict=False):
        alarm = stopped(case)
        result.faithful.add(alarm)
        if alarm:
            result.alarms.append(case)
    for case, _ in zip(cases(seed + 2, lang, split, Scene.beyond), range(beyond), strict=False):
        caught = stopped(case)
        result.beyond.add(caught)
        result.by_claim.setdefault(f"beyond: {case.claim}", Tally()).add(caught)
    return result


def main() -> int:
    """Measure both languages and sets, and print."""
    parser = argparse.ArgumentParser(
        description="Unsupported claims: caught and false alarms. 无依据陈述：检出与误报。"
    )
    parser.add_argument("--seed", type=int, default=7, help="seed of the cases 随机种子")
    parser.add_argument(
        "--planted", type=int, default=1000, help="replies with a claim, each language and set 每组错误回复数"
    )
    parser.add_argument(
        "--faithful", type=int, default=1000, help="faithful replies, each language and set 每组正确回复数"
    )
    parser.add_argument("--json", action="store_true", help="report as JSON 输出 JSON")
    parser.add_argument(
        "--missed", type=int, default=0, help="failures of the dev set to show, each language 显示样例数"
    )
    options = parser.parse_args()
    rows = [measure(options.seed, options.planted, options.faithful, lang, split) for lang in LANGS for split in SPLITS]
    if options.json:
        sys.stdout.write(json.dumps([row.to_json() for row in rows], ensure_ascii=False, indent=1) + "\n")
        return 0
    for row in rows:
        sys.stdout.write(_line(row))
        if row.split == "dev":
            sys.stdout.writelines(
                _shown(case) for case in (row.missed[: options.missed] + row.alarms[: options.missed])
            )
    return 0


def _line(row: Measured) -> str:
    weak = Counter({name: t.replies - t.stopped for name, t in row.by_claim.items() if t.stopped < t.replies})
    lost = ", ".join(f"{name} {many} of {row.by_claim[name].replies}" for name, many in weak.most_common())
    return (
        f"{row.lang} {row.split:5}  caught {row.planted.share:.4f} of {row.planted.replies}  false alarms "
        f"{row.faithful.share:.4f} of {row.faithful.replies}  beyond {row.beyond.share:.3f}\n"
        f"          not caught: {lost}\n"
    )


def _shown(case: Case) -> str:
    what = f"missed {case.claim} ({case.planted})" if case.claim else "false alarm"
    return f"   {what}\n      {case.reply}\n      {' | '.join(case.facts)}\n"


if __name__ == "__main__":
    raise SystemExit(main())
