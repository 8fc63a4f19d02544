"""Findings as marks in the text (``<PHONE_NUMBER>``), and findings of texts longer than a guard reads at once.

For files and try-outs: what is marked cannot be restored, and nothing is stored. A long text is read in windows that
end where ``segments`` allows a cut, each with the text around it, so that a value at a cut is seen whole from both
sides; a value longer than ``MARGIN_CHARS`` at a cut may be found in parts.

| text | |
|---|---|
| empty | no findings, empty text |
| up to ``WINDOW_CHARS`` | exactly what the analyzer finds |
| more than ``MAX_CHARS`` | TextTooLong |
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from guardrails.errors import TextTooLong
from guardrails.findings import Finding
from guardrails.segments import pieces

if TYPE_CHECKING:  # Presidio takes two seconds to load, and whoever only hands texts on does not need it
    from guardrails.analyzer import Lang

WINDOW_CHARS: Final = 4000
MARGIN_CHARS: Final = 240
MAX_CHARS: Final = 1_000_000
Analyze = Callable[[str, "Lang | None"], Sequence[Finding]]


def marked(text: str, findings: Iterable[Finding]) -> str:
    """The text with ``<KIND>`` instead of each finding; ``findings`` in order, not overlapping.

    >>> marked("call 13800138000 now", [Finding("PHONE_NUMBER", 5, 16, 0.9, "cn_mobile")])
    'call <PHONE_NUMBER> now'
    """
    out, at = [], 0
    for finding in findings:
        out += [text[at : finding.start], f"<{finding.kind}>"]
        at = finding.end
    return "".join(out) + text[at:]


def plain(finding: Finding) -> dict[str, Any]:
    """A finding as JSON carries it."""
    score = round(finding.score, 4)
    return {
        "kind": finding.kind, "start": finding.start, "end": finding.end, "score": score, "rule": finding.rule
    }  # fmt: skip


def analyze_whole(analyze: Analyze, text: str, lang: "Lang | None" = None) -> tuple[Finding, ...]:
    """Findings of a text of up to ``MAX_CHARS``, with offsets in it, in order and not overlapping.

    Raises:
        TextTooLong: more characters than that.
        GuardError: a recognizer failed.
    """
    if len(text) > MAX_CHARS:
        raise TextTooLong(f"expected at most {MAX_CHARS} characters, got {len(text)}: split the text")
    if len(text) <= WINDOW_CHARS:
        return tuple(analyze(text, lang))
    found: list[Finding] = []
    for start, end, left, right in _windows(text):
        for f in analyze(text[left:right], lang):
            if left + f.end > start and left + f.start < end:
                found.append(Finding(f.kind, left + f.start, left + f.end, f.score, f.rule))
    return tuple(_joined(found))


def _windows(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Windows without gaps: start and end, and from where to where is read for it."""
    cuts = [0, *(end for _, end in pieces(text))]
    start = 0
    while start < len(text):
        end = cuts[bisect_right(cuts, start + WINDOW_CHARS) - 1]
        if end <= start:  # no cut allowed for so long: nothing but signs
            end = min(start + WINDOW_CHARS, len(text))
        left = cuts[max(bisect_right(cuts, start - MARGIN_CHARS) - 1, 0)]
        right = cuts[min(bisect_left(cuts, end + MARGIN_CHARS), len(cuts) - 1)]
        left, right = max(left, start - 2 * MARGIN_CHARS), min(right, end + 2 * MARGIN_CHARS)
        yield start, end, left, right
        start = end


def _joined(found: list[Finding]) -> list[Finding]:
    """What two windows saw of one value becomes one finding: all that either saw, of the surer one's kind."""
    joined: list[Finding] = []
    for finding in sorted(found, key=lambda f: (f.start, -f.end)):
        last = joined[-1] if joined else None
        if last is None or finding.start >= last.end:
            joined.append(finding)
            continue
        best = max(last, finding, key=lambda f: (f.score, f.end - f.start))
        joined[-1] = Finding(best.kind, last.start, max(last.end, finding.end), best.score, best.rule)
    return joined
