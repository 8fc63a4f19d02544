"""Is a stored text concealed? Counts what the guard still finds in it and masks that for showing.

What the guard does not recognise stays unseen here too: this checks that concealing was done, not
that it was complete (the canary check in ``serving/bench`` does that with values it knows).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from guardrails.findings import Finding, Kind
from serving.evaluation.language import HANDLE

Analyze = Callable[[str], Sequence[Finding]]
"""``Guardrails.analyze`` or anything of its shape: the findings of a text."""

NOT_SHOWN: Final = "[…]"
"""Stands for a text that could not be checked: it is not shown."""
WINDOW_CHARS: Final = 3500  # below the guard's own limit of 4,000
OVERLAP_CHARS: Final = 200  # longer than any single value


@dataclass(frozen=True, slots=True)
class Checked:
    """One text after the check. ``findings`` is ``None`` when the guard could not read it."""

    shown: str
    findings: tuple[Finding, ...] | None


def check(text: str, analyze: Analyze | None) -> Checked:
    """Findings of ``text`` outside its handles, and the text with them masked.

    Without a guard, or when the guard fails, nothing of the text is shown: the check fails closed.
    """
    if not text:
        return Checked("", ())
    if analyze is None:
        return Checked(NOT_SHOWN, None)
    try:
        found = tuple(_findings(text, analyze))
    except Exception:  # whatever went wrong in a guard: the text is neither judged nor shown
        return Checked(NOT_SHOWN, None)
    return Checked(mask(text, found), found)


def mask(text: str, findings: Iterable[Finding]) -> str:
    """``text`` with every finding replaced by its kind in brackets; overlapping ones become one."""
    parts: list[str] = []
    at = 0
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        if finding.start >= at:
            parts += [text[at : finding.start], f"[{finding.kind}]"]
        at = max(at, finding.end)
    return "".join([*parts, text[at:]])


def kinds(checks: Iterable[Checked]) -> Counter[Kind]:
    """How many values of each kind are left in some texts."""
    return Counter(finding.kind for checked in checks for finding in checked.findings or ())


def _findings(text: str, analyze: Analyze) -> Iterable[Finding]:
    handles = [match.span() for match in HANDLE.finditer(text)]
    seen: set[tuple[int, int]] = set()
    for offset in range(0, max(len(text) - OVERLAP_CHARS, 1), WINDOW_CHARS - OVERLAP_CHARS):
        for found in analyze(text[offset : offset + WINDOW_CHARS]):
            start, end = found.start + offset, found.end + offset
            if (start, end) in seen or any(s < end and start < e for s, e in handles):
                continue
            seen.add((start, end))
            yield Finding(found.kind, start, end, found.score, found.rule)
