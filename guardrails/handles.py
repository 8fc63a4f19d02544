"""What a handle looks like: ``<PHONE_1>``, the second telephone number ``<PHONE_2>``.

Numbers count per owner and kind. A value that was typed twice in different spellings keeps one handle;
which spelling it was is told by variation selectors behind the handle (invisible, ignored by ``find``).
``find`` also reads what a model may make of a handle: ``< phone_1 >``, ``＜PHONE_1＞``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from guardrails.findings import Kind

LITERAL: Final = "LITERAL"
"""Not a kind of personal data: text that a customer typed and that only looks like a handle."""

SHORT: Final[dict[str, str]] = {
    "PERSON": "PERSON",
    "ADDRESS": "ADDRESS",
    "PHONE_NUMBER": "PHONE",
    "EMAIL_ADDRESS": "EMAIL",
    "CREDIT_CARD": "CARD",
    "BANK_ACCOUNT": "BANK",
    "ID_CARD": "ID",
    "PASSPORT": "PASSPORT",
    "IP_ADDRESS": "IP",
    "SOCIAL_ACCOUNT": "ACCOUNT",
    "LICENCE_PLATE": "PLATE",
    "POSTAL_CODE": "POSTCODE",
    "DATE_OF_BIRTH": "BIRTHDATE",
    "SECRET": "SECRET",
    "URL_PERSONAL": "URL",
    LITERAL: "TEXT",
}
_LONG: Final = {short: kind for kind, short in SHORT.items()}
MAX_NUMBER: Final = 99_999
_SELECTORS: Final = "\ufe00-\ufe0f"
_NAMES: Final = "|".join(sorted(_LONG, key=len, reverse=True))
PATTERN: Final = re.compile(
    rf"[<\uff1c\u3008\u300a]\s?(?P<kind>{_NAMES})\s?[_\uff3f]\s?(?P<number>[1-9][0-9]{{0,4}})\s?"
    rf"[>\uff1e\u3009\u300b](?P<spelling>[{_SELECTORS}]{{0,4}})",
    re.IGNORECASE,
)
MAX_CHARS: Final = 28
"""No handle, mangled ones included, is longer."""


Named: TypeAlias = tuple[str, int]
"""Kind and number of a handle."""


@dataclass(frozen=True, slots=True)
class Handle:
    """One value of one owner. ``spelling`` 0 is the way it was first written."""

    kind: str
    number: int
    spelling: int = 0

    @property
    def named(self) -> Named:
        """The value, whatever its spelling."""
        return self.kind, self.number

    def __str__(self) -> str:
        return f"<{SHORT[self.kind]}_{self.number}>{_selectors(self.spelling)}"


def name(kind: Kind) -> str:
    """The short name of a kind, as handles have it."""
    return SHORT[kind]


def find(text: str) -> Iterator[tuple[int, int, Handle]]:
    """Handles in ``text`` with start and end, mangled ones included."""
    for match in PATTERN.finditer(text):
        kind = _LONG[match.group("kind").upper()]
        yield *match.span(), Handle(kind, int(match.group("number")), _number(match.group("spelling")))


def named(text: str) -> set[Named]:
    """The values whose handles stand in ``text``."""
    return {handle.named for _, _, handle in find(text)}


def parse(text: str) -> Handle | None:
    """The handle that ``text`` is, spaces around it aside."""
    match = PATTERN.fullmatch(text.strip())
    return next(find(text.strip()))[2] if match else None


def is_selector(char: str) -> bool:
    """Whether the character would be read as part of a handle before it."""
    return "\ufe00" <= char <= "\ufe0f"


def _selectors(spelling: int) -> str:
    text = ""
    while spelling > 0:
        spelling, digit = divmod(spelling - 1, 16)
        text = chr(0xFE00 + digit) + text
    return text


def _number(selectors: str) -> int:
    number = 0
    for char in selectors:
        number = number * 16 + ord(char) - 0xFE00 + 1
    return number
