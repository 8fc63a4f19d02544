"""What a model would read of one text, without a vault: the concealer itself, over numbers that end with the call.

Numbers begin at 1, as in a new customer's first message; in a dialogue they go on. Nothing is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from guardrails.analyzer import Analyzer, Lang
from guardrails.concealer import Concealer, past_selectors
from guardrails.findings import Concealed, Finding, VaultOwner, _sealed
from guardrails.handles import Handle
from guardrails.same_value import key
from guardrails.stream import Judge

_NOBODY: Final = VaultOwner("visitor:preview")


@dataclass(frozen=True)
class Preview:
    """Findings of a text, each one's handle, and the text as a model would read it.

    ``text`` may hold more handles than there are findings: concealing goes on until a reply's judge finds nothing.
    """

    findings: tuple[Finding, ...]
    handles: tuple[str, ...]
    text: Concealed


def preview(analyzer: Analyzer, judge: Judge, text: str, lang: Lang | None, deadline: float) -> Preview:
    """The preview of one text; ``deadline`` of ``time.monotonic``.

    Raises:
        GuardError: the text could not be read in full.
    """
    numbers = _Numbers()
    concealed, found = Concealer(analyzer, judge, numbers).conceal(_NOBODY, text, "customer", lang, deadline)
    values = [(f.kind, text[f.start : past_selectors(text, f.end)]) for f in found]
    given = numbers.put(_NOBODY, values, "customer")
    return Preview(found, tuple(str(handle) for handle in given), _sealed(concealed))


class _Numbers:
    """The vault's numbering of one text's values, in memory."""

    def __init__(self) -> None:
        self._spellings: dict[tuple[str, str], list[str]] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def put(self, owner: VaultOwner, items: Sequence[tuple[str, str]], origin: str) -> list[Handle]:
        """Handles for ``(kind, value)`` pairs: the same for the same value, new ones for new values."""
        return [self._put(kind, value) for kind, value in items]

    def _put(self, kind: str, value: str) -> Handle:
        known = (kind, key(kind, value))
        number = self._numbers.setdefault(known, 1 + sum(held == kind for held, _ in self._numbers))
        spellings = self._spellings.setdefault(known, [])
        if value not in spellings:
            spellings.append(value)
        return Handle(kind, number, spellings.index(value))
