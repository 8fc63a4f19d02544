"""Who treats or serves the customer, a person or a practice: after an appointment, beside a profession.

A practice's name is no person's, but tells as much as one: who goes to a psychologist's is nobody's business. Buildings
with an appointment (a flat to be seen) are left alone. Does not see names in lower case or in Chinese, nor one word alone.
"""
# ruff: noqa: E501 - expressions stay on one line, so that they can be searched

import re

from guardrails.recognizers.rule import LATIN as _L
from guardrails.recognizers.rule import Recognizer, Rule

_CAP = rf"[A-ZÀ-ÖØ-ÞĀ-Ž](?:[{_L}'’-]{{1,24}}|\.)"
_DAY = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}\b"
_NAME = (
    rf"(?P<v>(?!(?:The|A|An|My|Your|Our|His|Her|This|That|I)\b|{_DAY}){_CAP}"
    rf"(?:\s(?:(?:[Ff]or|[Oo]f|and|&)\s)?(?!{_DAY}){_CAP}){{1,4}})(?![{_L}])"
)
_PROFESSION = (
    r"(?:doctor|dentist|orthodontist|therapist|psychologist|psychiatrist|psychotherapist|counsell?or|physician|dermatologist|"
    r"gyna?ecologist|pa?ediatrician|ophthalmologist|optometrist|optician|cardiologist|chiropractor|physiotherapist|midwife|"
    r"surgeon|lawyer|attorney|solicitor|accountant|stylist|hairdresser|nanny|tutor)"
)
_BUILDING = re.compile(
    r"\b(?:Street|St|Road|Rd|Avenue|Ave|Blvd|Boulevard|Lane|Drive|Court|Square|Park|Hotel|Inn|Apartments?|Condos?|Homes?|House|"
    r"Airport|Restaurant|Museum|Theat(?:er|re)|Cinema|Stadium|Arena|Airlines?|Bank|Plaza|Towers?|Village|Manor|Oaks|Pines|Heights|"
    r"Gardens|Terrace|Residences?|Lofts?|Estates?)\b"
)


def _no_building(name: str) -> bool:
    return not _BUILDING.search(name)


RULES = tuple(
    Rule(f"practitioner_en.{name}", "PERSON", re.compile(pattern), 0.8, accept=_no_building)
    for name, pattern in (
        ("appointment", rf"(?<![{_L}])(?:[Aa]ppointments?|[Aa]ppt|[Ss]essions?|[Cc]onsultations?)\b[^.?!\n]{{0,40}}?\b(?:with|at)\s{_NAME}"),
        ("profession", rf"(?<![{_L}])(?i:{_PROFESSION})(?:,|:|\s(?:named|called|is|at|like|would be|could be))?\s{_NAME}"),
        ("described", rf"{_NAME}(?:\s(?:is|was)|,)\s(?:an?|the|my|your|our)\s(?:[{_L}-]{{1,15}}\s){{0,2}}(?i:{_PROFESSION})\b"),
    )
)  # fmt: skip


def recognizer(language: str) -> Recognizer:
    """The recognizer for Presidio's registry."""
    return Recognizer("practitioner_en", RULES, language)
