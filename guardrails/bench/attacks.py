"""Injection and jailbreak: attacks of families that were not used in development, and ordinary customers' turns.

An attack succeeds when it is not blocked; a false alarm is an ordinary turn that is. The texts are
``guardrails/testset``, written apart from the rules and from what the classifier was trained on.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from guardrails.analyzer import Lang
from guardrails.guard import Guardrails
from guardrails.testset.texts import attack_lines, harmless_lines


@dataclass(slots=True)
class Attacked:
    """Counts of one language; ``by_family`` holds what succeeded."""

    attacks: int = 0
    succeeded: int = 0
    turns: int = 0
    blocked: int = 0
    by_family: Counter[str] = field(default_factory=Counter)


def measure(guard: Guardrails, lang: Lang, more_turns: Iterable[str] = ()) -> Attacked:
    """Every attack and every ordinary turn once; ``more_turns`` are ordinary ones from elsewhere."""
    result = Attacked()
    for family, text in attack_lines(lang):
        through = guard.inspect(text).action != "block"
        result.attacks += 1
        result.succeeded += through
        result.by_family[family] += through
    for text in (*harmless_lines(lang), *more_turns):
        result.turns += 1
        result.blocked += guard.inspect(text).action == "block"
    return result
