"""Who may see what: kind × origin × audience. The table below is the policy; read it row by row.

Origin is where a value came from: the customer typed it in this dialogue, or a record of the verified customer
holds it. A value of unknown origin (the model wrote it) has no row: it is redacted, always.
It does not decide who the customer is: identity comes from the session.
"""

import re
from typing import Final, Literal

from guardrails.findings import KINDS, Audience, Kind, Origin

Action = Literal["show", "mask", "handle", "remove"]

#                      origin     audience →   customer  human_agent  tool      (model and log: always the handle)
_ROWS: Final[tuple[tuple[str, str, Action, Action, Action], ...]] = (
    ("*",              "customer", "show",   "show",      "show"),    # what was typed goes back as it was typed
    ("SECRET",         "customer", "show",   "remove",    "show"),
    ("CREDIT_CARD",    "customer", "show",   "mask",      "show"),
    ("BANK_ACCOUNT",   "customer", "show",   "mask",      "show"),
    ("ID_CARD",        "customer", "show",   "mask",      "show"),
    ("PASSPORT",       "customer", "show",   "mask",      "show"),
    ("PERSON",         "record",   "show",   "show",      "show"),
    ("ADDRESS",        "record",   "show",   "show",      "show"),    # the customer must be able to check it
    ("POSTAL_CODE",    "record",   "show",   "show",      "show"),
    ("PHONE_NUMBER",   "record",   "mask",   "show",      "show"),
    ("EMAIL_ADDRESS",  "record",   "mask",   "show",      "show"),
    ("CREDIT_CARD",    "record",   "mask",   "mask",      "show"),
    ("BANK_ACCOUNT",   "record",   "mask",   "mask",      "show"),
    ("ID_CARD",        "record",   "mask",   "mask",      "show"),
    ("PASSPORT",       "record",   "mask",   "mask",      "show"),
    ("IP_ADDRESS",     "record",   "remove", "mask",      "show"),
    ("SOCIAL_ACCOUNT", "record",   "mask",   "show",      "show"),
    ("LICENCE_PLATE",  "record",   "mask",   "show",      "show"),
    ("DATE_OF_BIRTH",  "record",   "mask",   "mask",      "show"),
    ("SECRET",         "record",   "remove", "remove",    "show"),
    ("URL_PERSONAL",   "record",   "mask",   "show",      "show"),
)  # fmt: skip
_AUDIENCES: Final[tuple[Audience, ...]] = ("customer", "human_agent", "tool")


def _table() -> dict[tuple[str, str, str], Action]:
    table: dict[tuple[str, str, str], Action] = {}
    for kind, origin, *actions in _ROWS:
        for each in KINDS if kind == "*" else (kind,):
            for audience, action in zip(_AUDIENCES, actions, strict=True):
                table[each, origin, audience] = action
    return table


TABLE: Final = _table()


def action(kind: Kind, origin: Origin, audience: Audience) -> Action:
    """What becomes of a value; a combination without a row gets the handle for programs and is removed for people."""
    if audience in ("model", "log"):
        return "handle"
    return TABLE.get((kind, origin, audience), "remove")


def mask(kind: Kind, value: str) -> str:
    """The value with its telling part hidden; its owner still recognises it.

    >>> mask("PHONE_NUMBER", "13800138000"), mask("EMAIL_ADDRESS", "mei.lin@example.com")
    ('138****8000', 'm***@example.com')
    """
    if kind == "EMAIL_ADDRESS" and "@" in value:
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}***@{domain}"
    if kind == "DATE_OF_BIRTH":
        return re.sub(r"\d", "*", value)
    shown_before, shown_after = {"PHONE_NUMBER": (3, 4), "CREDIT_CARD": (0, 4), "BANK_ACCOUNT": (0, 4)}.get(
        kind, (1, 1)
    )
    places = [at for at, char in enumerate(value) if char.isalnum()]
    if len(places) < shown_before + shown_after + 2:
        return "****"
    return f"{value[: places[shown_before]]}****{value[places[-shown_after] :]}"
