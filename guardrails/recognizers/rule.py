r"""How a recognizer of this package is made: rules of one regular expression each, in Presidio's frame.

A rule's score says how sure it is; words before it (``context``) raise or, with ``unless``, forbid it;
a checksum only ever raises it. Expressions use look-arounds instead of ``\\b``, which sees no boundary
between Chinese characters and ASCII, and bounded repetition, so that no text makes them slow.
Recognizers read normalised text (guardrails/normalise.py).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from guardrails.findings import Kind
from guardrails.foreign_patterns import ForeignPattern
from guardrails.presidio import EntityRecognizer, RecognizerResult

LATIN = r"A-Za-zÀ-ÖØ-öø-ÿĀ-ſ"
"""Letters of Latin script, for a class of an expression."""
BEFORE_CHARS = 28
"""How far before a value its context words are looked for."""

ORDER_WORDS = re.compile(
    r"(?i)(?:order|purchase|bill|sku|item|product|model|tracking|waybill|parcel|invoice|ticket|case|ref(?:erence)?|serial|isbn|"
    r"shipment|consignment|package|article|part|batch|lot|return|rma|transaction|booking|reservation|barcode|upc|ean|asin|receipt|"
    r"订单|单号|运单|快递|物流|编号|货号|型号|款号|商品|条码|流水|交易|退货|退款|售后|批次|批号|包裹|发货|工单|凭证|货品|条形码|采购|sn码?)"
    r"(?:\s?(?:numbers?|no\.?|ids?|codes?|号码|号|编号|编码))?\s{0,2}[:：#是为]{0,2}\s{0,2}(?:is\s|was\s)?"
    r"(?:[A-Za-z0-9-]{5,30}\s?(?:,|、|/|和|跟|and|or)\s?){0,2}[#(\"']{0,2}\s?$"
)
"""Text that ends in words which announce an order, product or tracking number."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to see one kind. The value is group ``v`` where the expression has one, else the whole match.

    Attributes:
        score: without context, in [0, 1]; 0 means only with context.
        context: searched in the characters before the value (and ``after`` of them behind it).
        context_score: score where ``context`` is found.
        unless: searched in the characters before the value; found means no finding.
        check: true raises the score to at least ``check_score``; false takes nothing away.
        accept: false means no finding (for what an expression cannot say).
    """

    name: str
    kind: Kind
    pattern: re.Pattern[str] | ForeignPattern
    score: float
    context: re.Pattern[str] | ForeignPattern | None = None
    context_score: float = 0.0
    after: int = 0
    unless: re.Pattern[str] | ForeignPattern | None = None
    check: Callable[[str], bool] | None = None
    check_score: float = 0.95
    accept: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A value seen in normalised text."""

    kind: Kind
    start: int
    end: int
    score: float
    rule: str


def hits(rule: Rule, text: str) -> Iterator[Hit]:
    """Every value the rule sees in ``text`` with a score above 0."""
    for match in rule.pattern.finditer(text):
        start, end = match.span("v") if "v" in rule.pattern.groupindex else match.span()
        if start < 0 or start == end:
            continue
        score = _score(rule, text, start, end)
        if score > 0:
            yield Hit(rule.kind, start, end, score, rule.name)


def _score(rule: Rule, text: str, start: int, end: int) -> float:
    value, before = text[start:end], text[max(0, start - BEFORE_CHARS) : start]
    if rule.unless is not None and rule.unless.search(before):
        return 0.0
    if rule.accept is not None and not rule.accept(value):
        return 0.0
    score = rule.score
    around = before + ("\n" + text[end : end + rule.after] if rule.after else "")
    if rule.context is not None and rule.context.search(around):
        score = max(score, rule.context_score)
    if rule.check is not None and score > 0 and rule.check(value):
        score = max(score, rule.check_score)
    return score


class Recognizer(EntityRecognizer):
    """A tuple of rules as a Presidio recognizer."""

    def __init__(self, name: str, rules: tuple[Rule, ...], language: str = "en") -> None:
        self.rules = rules
        kinds: list[str] = sorted({rule.kind for rule in rules})
        super().__init__(supported_entities=kinds, name=name, supported_language=language)

    def limit_time(self) -> None:
        """From now on its expressions are interrupted when they take too long: for rules that are not ours."""
        self.rules = tuple(
            replace(
                rule,
                pattern=ForeignPattern.of(rule.pattern),
                context=rule.context and ForeignPattern.of(rule.context),
                unless=rule.unless and ForeignPattern.of(rule.unless),
            )
            for rule in self.rules
        )

    def load(self) -> None:
        """Nothing to load."""

    def find(self, text: str) -> Iterator[Hit]:
        """Values in normalised text, in no order, possibly overlapping."""
        for rule in self.rules:
            yield from hits(rule, text)

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Presidio's way to ask; the rule's name travels in the metadata."""
        return [
            RecognizerResult(hit.kind, hit.start, hit.end, hit.score, recognition_metadata={"rule": hit.rule})
            for hit in self.find(text)
            if hit.kind in entities
        ]


def words(*alternatives: str) -> re.Pattern[str]:
    """Context words, any case: ``words("phone", "电话")``."""
    return re.compile("(?i)" + "|".join(alternatives))
