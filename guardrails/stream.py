"""Model output on its way to somebody: this owner's handles become values, foreign values become a mark.

Sans-IO. For every way of cutting a text into deltas the result is the same, because the text is cut and judged by
its own segments (segments.py). A value that the owner's vault does not hold is of unknown origin: redacted.
What comes out is for the audience only: it is personal, never store it.
"""

import re
from collections.abc import Callable, Set
from time import monotonic
from typing import Final, cast

from guardrails import handles, policy
from guardrails.analyzer import Analyzer
from guardrails.errors import GuardTimeout
from guardrails.findings import Audience, Finding, Kind, Origin, VaultOwner
from guardrails.segments import CONTEXT_CHARS, Cutter, pieces
from guardrails.vault import Stored, Vault

MARK: Final = {"en": "[hidden]", "zh": "[已隐藏]"}
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_WORTH_JUDGING: Final = re.compile(r"[0-9A-Z@]|[^\x00-\x7f]")
_CUE_NEAR: Final = re.compile(r"(?i)name|call|recipient|attn|contact|pass|pin|code|key|token|secret|bearer|\bat\b|dear")


class Judge:
    """Findings of one segment, given what came before it. Pure: segment and context decide."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer

    def findings(self, context: str, segment: str, deadline: float | None = None) -> list[Finding]:
        """Findings with offsets in ``segment``; ``context`` is the text before it."""
        if not _WORTH_JUDGING.search(segment) and not _CUE_NEAR.search(context + segment):
            return []
        shift = len(context)
        return [
            Finding(f.kind, max(f.start - shift, 0), f.end - shift, f.score, f.rule)
            for f in self._analyzer.quick(context + segment, deadline)
            if f.end > shift
        ]

    def whole(self, text: str, deadline: float | None = None, context: str = "") -> list[Finding]:
        """Findings of all segments with offsets in ``text``: what a stream of this text after ``context`` redacts."""
        shift, all_text = len(context), context + text
        return [
            Finding(f.kind, start + f.start, start + f.end, f.score, f.rule)
            for start, end in pieces(text)
            for f in self.findings(
                all_text[max(0, shift + start - CONTEXT_CHARS) : shift + start], text[start:end], deadline
            )
        ]


class RevealStream:
    """One reply under way. ``feed`` deltas, then ``finish``; joined they are the reply as its audience may read it.

    ``context`` is text before it that its judge reads and nobody gets. ``only`` are the handles (``handles.named``)
    whose values may be given back at all; ``None`` means all of the owner's.
    """

    def __init__(
        self,
        judge: Judge,
        vault: Vault,
        owner: VaultOwner,
        audience: Audience,
        timeout_s: float,
        *,
        context: str = "",
        only: Set[handles.Named] | None = None,
    ) -> None:
        self._judge = judge
        self._vault = vault
        self._owner = owner
        self._audience = audience
        self._timeout_s = timeout_s
        self._cutter = Cutter()
        self._held = ""
        self._context = context[-CONTEXT_CHARS:]
        self._only = only

    @property
    def held_chars(self) -> int:
        """How many characters wait for what follows them."""
        return len(self._held)

    def feed(self, delta: str) -> str:
        """What may go out now; often less than ``delta``, sometimes more.

        Raises:
            GuardError: the rest of the reply must not be sent.
        """
        out: list[str] = []
        for char in delta:
            self._held += char
            keep = self._cutter.push(char)
            if keep is not None:
                out.append(self._release(len(self._held) - keep))
        return "".join(out)

    def finish(self) -> str:
        """The rest."""
        return self._release(len(self._held)) if self._held else ""

    def _release(self, length: int) -> str:
        segment, self._held = self._held[:length], self._held[length:]
        text = self._reveal(segment)
        self._context = (self._context + segment)[-CONTEXT_CHARS:]
        return text

    def _reveal(self, segment: str) -> str:
        deadline = monotonic() + self._timeout_s
        own = list(handles.find(segment))
        foreign = self._judge.findings(self._context, segment, deadline)
        if not own and not foreign:
            return segment
        stored = self._vault.get(self._owner, [handle for _, _, handle in own])
        known = self._vault.find(self._owner, [(f.kind, segment[f.start : f.end]) for f in foreign])
        if monotonic() > deadline:
            raise GuardTimeout(f"revealing {len(segment)} characters took longer than {self._timeout_s} s")
        mark = MARK["zh" if _HAN.search(self._context + segment) else "en"]
        parts = [(start, end, self._show(stored.get(handle), None, mark)) for start, end, handle in own]
        for f in foreign:
            written = segment[f.start : f.end]
            parts.append((f.start, f.end, self._show(known.get((f.kind, written)), written, mark)))
        out, at = [], 0
        for start, end, text in sorted(parts):
            out.append(segment[at:start])
            out.append(text)
            at = end
        return "".join(out) + segment[at:]

    def _show(self, stored: Stored | None, written: str | None, mark: str) -> str:
        """What stands for a value; ``written`` is the spelling the model used, where it used one."""
        if stored is None or (self._only is not None and stored.handle.named not in self._only):
            return mark
        value = stored.value if written is None else written
        if stored.handle.kind == handles.LITERAL:
            return str(stored.handle) if self._audience in ("model", "log") else value
        kind = cast(Kind, stored.handle.kind)
        actions: dict[str, Callable[[], str]] = {
            "show": lambda: value,
            "mask": lambda: policy.mask(kind, value),
            "handle": lambda: str(stored.handle),
            "remove": lambda: mark,
        }
        return actions[policy.action(kind, cast(Origin, stored.origin), self._audience)]()
