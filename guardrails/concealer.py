"""Text in, handles instead of values out; the values go to the owner's vault.

Two passes: the recognizers read the whole text; then the concealed text is judged as a reply would be, and read again
by all rules, until nothing is found in it any more. So revealing it gives back exactly what came in. Text that only
looks like a handle is a value too (``<TEXT_1>``) when a customer typed it; in tool results and model text handles are
ours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from guardrails import handles
from guardrails.analyzer import Analyzer, Lang
from guardrails.errors import GuardError, GuardTimeout
from guardrails.findings import Finding, Origin, VaultOwner
from guardrails.segments import CONTEXT_CHARS, pieces
from guardrails.stream import Judge

_MAX_ROUNDS = 24


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands in the text and what kind it is (``handles.LITERAL`` included)."""

    kind: str
    start: int
    end: int


class Numbering(Protocol):
    """Gives handles for values, as the vault does."""

    def put(self, owner: VaultOwner, items: Sequence[tuple[str, str]], origin: str) -> list[handles.Handle]:
        """Handles for ``(kind, value)`` pairs, in their order."""


class Concealer:
    """Replaces personal values by handles. Thread-safe."""

    def __init__(self, analyzer: Analyzer, judge: Judge, vault: Numbering) -> None:
        self._analyzer = analyzer
        self._judge = judge
        self._vault = vault

    def conceal(
        self,
        owner: VaultOwner,
        text: str,
        origin: Origin,
        lang: Lang | None,
        deadline: float,
        *,
        context: str = "",
        window: int | None = None,
    ) -> tuple[str, tuple[Finding, ...]]:
        """The concealed text and what was found in ``text``.

        ``context`` is text before it that is read and not passed on. A text longer than ``window`` is read in parts.

        Raises:
            GuardError: the text must not be passed on.
        """
        findings = self._read(text, lang, context, window or len(text))
        places = [_Place(f.kind, f.start, f.end) for f in findings]
        if origin == "customer":
            places += [_Place(handles.LITERAL, start, end) for start, end, _ in handles.find(text)]
        opened: dict[handles.Handle, str] = {}
        concealed = self._replace(owner, text, places, origin, opened)
        changed = bool(places)
        for _ in range(_MAX_ROUNDS):
            _check(deadline, text)
            more: Sequence[Finding] = self._judge.whole(concealed, deadline, context)
            if not more and changed:  # a handle where a value was may let its neighbour be seen
                more, changed = self._read(concealed, lang, context, window or len(concealed), trained=False), False
            if not more:
                break
            changed = True
            concealed = self._replace(owner, concealed, [_Place(f.kind, f.start, f.end) for f in more], origin, opened)
        else:
            raise GuardError(f"findings did not come to an end in {len(text)} characters")
        if origin == "customer" and _restore(concealed, opened) != text:
            raise GuardError(f"{len(text)} characters would not come back as they were")
        _check(deadline, text)
        return concealed, findings

    def _read(
        self, text: str, lang: Lang | None, context: str, window: int, *, trained: bool = True
    ) -> tuple[Finding, ...]:
        found: list[Finding] = []
        for start, end in _windows(text, window):
            before = (context + text[:start])[-CONTEXT_CHARS:] if start else context
            shift = start - len(before)
            found += [
                Finding(f.kind, max(f.start + shift, start), f.end + shift, f.score, f.rule)
                for f in self._analyzer.analyze(before + text[start:end], lang, trained=trained)
                if f.end + shift > start
            ]
        return tuple(found)

    def _replace(
        self, owner: VaultOwner, text: str, places: list[_Place], origin: Origin, opened: dict[handles.Handle, str]
    ) -> str:
        places = _apart(text, places)
        values = [text[place.start : place.end] for place in places]
        given = self._vault.put(owner, [(p.kind, value) for p, value in zip(places, values, strict=True)], origin)
        opened.update(zip(given, values, strict=True))
        out, at = [], 0
        for place, handle in zip(places, given, strict=True):
            out += [text[at : place.start], str(handle)]
            at = place.end
        return "".join(out) + text[at:]


def _apart(text: str, places: list[_Place]) -> list[_Place]:
    """In order, each with the selectors behind it, which are not the next place's start as well."""
    apart: list[_Place] = []
    at = 0
    for place in sorted(places, key=lambda p: p.start):
        start, end = max(place.start, at), past_selectors(text, place.end)
        if start < end:
            apart.append(_Place(place.kind, start, end))
            at = end
    return apart


def _windows(text: str, window: int) -> Iterator[tuple[int, int]]:
    """Parts of at most ``window`` characters, cut where a reply would be cut too."""
    start = last = 0
    for _, end in pieces(text) if len(text) > window else ((0, len(text)),):
        if end - start > window and last > start:
            yield start, last
            start = last
        last = end
    yield start, last


def past_selectors(text: str, end: int) -> int:
    """A variation selector behind a value would be read as part of its handle: it goes with the value."""
    while end < len(text) and handles.is_selector(text[end]):
        end += 1
    return end


def _restore(concealed: str, opened: dict[handles.Handle, str]) -> str:
    out, at = [], 0
    for start, end, handle in handles.find(concealed):
        out += [concealed[at:start], opened.get(handle, "")]
        at = end
    return "".join(out) + concealed[at:]


def _check(deadline: float, text: str) -> None:
    if monotonic() > deadline:
        raise GuardTimeout(f"concealing {len(text)} characters did not finish in time")
