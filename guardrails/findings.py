"""What a guard found, and the text types that say what has been checked.

``Finding`` never holds the matched text: kind, place, score and rule only.
``Concealed`` is text in which personal values have been replaced by handles.
Only this package makes one; the model client, the dialogue state and the log accept
nothing else. It does not prove that every value was found: see README.md for measured recall.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NewType, Self, get_args

Kind = Literal[
    "PERSON",
    "ADDRESS",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "CREDIT_CARD",
    "BANK_ACCOUNT",
    "ID_CARD",
    "PASSPORT",
    "IP_ADDRESS",
    "SOCIAL_ACCOUNT",
    "LICENCE_PLATE",
    "POSTAL_CODE",
    "DATE_OF_BIRTH",
    "SECRET",
    "URL_PERSONAL",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Origin = Literal["customer", "record", "shop", "model"]
Audience = Literal["customer", "human_agent", "model", "tool", "log"]

VaultOwner = NewType("VaultOwner", str)
"""Whose values: a verified customer's id or ``visitor:<session id>``. Opaque, never a name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One personal value: ``start`` and ``end`` in Unicode code points, end exclusive; score in (0, 1]."""

    kind: Kind
    start: int
    end: int
    score: float
    rule: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"expected 0 <= start < end, got start={self.start} end={self.end}")


_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class Concealed:
    """Text that passed the guard. Built by ``guardrails`` only; see ``Concealed.fixed`` for program text."""

    text: str
    _seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("Concealed text is made by guardrails: use Guardrails.conceal, or Concealed.fixed")

    @classmethod
    def fixed(cls, text: str) -> Self:
        """Text of the program itself or of the shop's public catalogue and policies: nobody's data."""
        return cls(text, _SEAL)

    @classmethod
    def join(cls, separator: str, parts: "Iterable[Concealed]") -> Self:
        """The parts with ``separator`` (program text) between them."""
        return cls(separator.join(part.text for part in parts), _SEAL)

    def fill(self, **parts: "Concealed | int") -> "Concealed":
        """``str.format`` on a fixed template whose parts are concealed text or whole numbers."""
        values = {k: v.text if isinstance(v, Concealed) else v for k, v in parts.items()}
        return Concealed(self.text.format(**values), _SEAL)

    def clip(self, max_chars: int) -> "Concealed":
        """At most ``max_chars`` characters (plus a mark): the beginning and the end, which say most."""
        if len(self.text) <= max_chars:
            return self
        head = max_chars * 2 // 3
        return Concealed(f"{self.text[:head]} … {self.text[head - max_chars :]}", _SEAL)

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)


def _sealed(text: str) -> Concealed:
    """For this package: text that a guard has just concealed."""
    return Concealed(text, _SEAL)
