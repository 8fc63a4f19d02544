"""One file per recognizer; ``ALL`` is the list that the analyzer reads, in no order of importance."""

from collections.abc import Callable
from typing import Final

from guardrails.recognizers import (
    address_en,
    address_zh,
    bank,
    birth,
    email,
    id_card,
    machine,
    person_en,
    person_zh,
    phone,
    postal,
    practitioner_en,
    secret,
    social,
)
from guardrails.recognizers.rule import Recognizer

ALL: Final[tuple[Callable[[str], Recognizer], ...]] = tuple(
    module.recognizer
    for module in (
        address_en,
        address_zh,
        bank,
        birth,
        email,
        id_card,
        machine,
        person_en,
        person_zh,
        phone,
        postal,
        practitioner_en,
        secret,
        social,
    )
)
