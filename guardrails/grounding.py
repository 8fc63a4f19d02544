"""Does a reply state only what the facts hold? Numbers, ids, dates, prices, links and names are compared.

Values are compared, not spellings (quantities.py, moments.py): ``28 November`` is ``11月28日``, ``¥1,299.00`` is
``1299元``, ``14 days`` are ``两周``; and with what they count: ``3 days`` does not follow from ``3 left``. How many things
a fact lists may be said. Machine text (JSON, identifiers, the model's own marks) and names that no fact knows are
violations too. It does not see a wrong statement made of right values: "we do" for "we do not", the date of one thing
for that of another.
"""

# ruff: noqa: E501 - expressions stay on one line, so that they can be searched

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from urllib.parse import urlsplit

from guardrails.attribution import segments, unknown_names
from guardrails.claims import Claim, ClaimKind, claims, digits_of
from guardrails.goods import unknown_goods
from guardrails.moments import Moment, weekday_of
from guardrails.normalise import normalise
from guardrails.offers import unknown_offers
from guardrails.quantities import LOOSE, MONEY, Quantity, listed

_SMALL: Final = 10
_MIN_TAIL: Final = 3
_WHOLE_VALUE: Final = re.compile(r"^(?P<key>[^:：]{1,24})[:：]\s*\d[\d,]*(?:\.\d+)?\s*$")
_NUMBERED: Final = re.compile(r"^[a-z ]{1,16}\d+:")  # the number of a row is none of its values
_KEYS: Final = (
    (
        re.compile(r"(?i)day|hour|minute|week|month|year|warranty|duration|period|天|时|周|月|年|期"),
        ("hour", "month", "working day"),
    ),
    (re.compile(r"(?i)percent|discount|rate|tax|vat|%|折|率|扣"), ("percent", "pay")),
    (re.compile(r"(?i)price|total|cost|amount|fee|refund|sum|paid|价|额|费|款|付"), tuple(MONEY)),
    (re.compile(r"(?i)weight|重"), ("g", "lb", "oz")),
    (re.compile(r"(?i)length|width|height|depth|diameter|长|宽|高|直径"), ("mm", "inch", "ft")),
    (re.compile(r"(?i)volume|capacity|power|voltage|battery|容量|功率|电"), ("ml", "W", "V", "mAh", "Wh", "GB", "MB")),
)
_PRICED: Final = re.compile(
    r"(?i)(?:cost|price|pay|paid|total|amount|fee|charge|come[s]? to|refund|spend|only|[价元钱付卖共花费额退])[^.!?。！？]{0,24}$"
)
_TAIL: Final = re.compile(r"(?i)(?:ending|ends|last|final|尾号|末|结尾)[^.!?。！？]{0,16}$")
_COUNTED_AFTER: Final = re.compile(
    r"(?i)\s?(?:款|种|样|件(?:商品|宝贝|东西)|笔|单(?!价)|个(?:颜色|尺码|选择|订单|款|商品|都)|位都"
    r"|(?:\s?(?:that|which|of (?:these|those|our)"
    r"|(?:(?!in|of|for|per|left|to|at|each)[a-z-]+\s){0,2}"
    r"(?:items|products|options|choices|ideas|suggestions|picks|results|things|articles|orders|colou?rs|sizes|models|styles|kinds|types)))(?![a-z]))"
)
_COUNTED_BEFORE: Final = re.compile(r"(?i)(?:these|those|all|other|your|top|found|the)\s$")
_PIECES_IN_ALL: Final = re.compile(r"(?:[共含这那下][是有]?|包含|找到|推荐)\s?(?:[\d一二两三四五六七八九十]+)\s?[件项]")
_INTRODUCES: Final = re.compile(r"[^.!?。！？\n]{0,40}?[:：]")
_LIMITED: Final = re.compile(r"(?i)(?:only|left|剩|仅|只有|库存|还有)[^.!?。！？，,]{0,6}$")


@dataclass(frozen=True, slots=True)
class Violation:
    """Something the reply states and the facts do not: its kind and place in the reply, never the text."""

    kind: ClaimKind
    start: int
    end: int


def check(
    reply: str,
    facts: Sequence[str],
    allowed_names: Collection[str] = (),
    *,
    product_names: Collection[str] = (),
    domains: Collection[str] = (),
    apart: bool = False,
) -> tuple[Violation, ...]:
    """Claims of ``reply`` that ``facts`` do not hold.

    Args:
        reply: concealed text of the model.
        facts: lines the reply may draw on.
        allowed_names: names that may be said though no fact holds them (the shop's own name).
        product_names: every product name of the shop; one that is neither in the facts nor allowed is a violation.
        domains: hosts that links may go to, subdomains included.
        apart: each line is about a thing of its own (``key: name, value, …``): what is said after a name must be in
            its line, and no thing may be named twice.

    >>> check("It arrives on Nov 28 and costs 1299.", ["expected: 11月28日", "total: ¥1,299.00"])
    ()
    >>> [v.kind for v in check("It arrives on 29 November.", ["expected: 28 November"])]
    ['date']
    """
    plain, lines = normalise(reply), [normalise(fact).text for fact in facts]
    known = _Known(lines)
    bad = [c for c in claims(plain.text) if not known.holds(c, plain.text, domains)]
    foreign = _foreign_products(plain.text, known.text, allowed_names, product_names)
    bad += foreign
    for name, start, end in unknown_names(plain.text, known.text, allowed_names):
        if not any(product.start <= start < product.end for product in foreign):
            bad.append(Claim("name", name, start, end))
    for start, end in unknown_goods(plain.text, known.text, allowed_names):
        if not any(product.start < end and start < product.end for product in foreign):
            bad.append(Claim("name", "", start, end))
    bad += [Claim("service", "", start, end) for start, end in unknown_offers(plain.text, known.text)]
    if apart:
        bad += _misplaced(plain.text, lines, known, domains)
    return tuple(Violation(c.kind, *plain.span(c.start, c.end)) for c in sorted(bad, key=lambda c: c.start))


def _misplaced(text: str, lines: Sequence[str], known: "_Known", domains: Collection[str]) -> list[Claim]:
    """Claims about one thing that its own line does not hold, and things named again."""
    bad, said = [], claims(text)
    for line, start, end in segments(text, lines):
        own = _Known([line])
        inside = [c for c in said if start <= c.start < end and not known.counts(c, text)]
        bad += [c for c in inside if not own.holds(c, text, domains)]
        if not line:
            bad.append(Claim("product", "", start, end))
    return bad


class _Known:
    """The facts' values in comparable form."""

    def __init__(self, facts: Sequence[str]) -> None:
        self.text = "\n".join(facts).casefold()
        found = [claim for fact in facts for claim in claims(_NUMBERED.sub("", fact))]
        self._values = {(claim.kind, claim.value) for claim in found if claim.of is None}
        self._digits = {digits_of(c.value) for c in found if c.kind in ("id", "number", "link") and c.of is None}
        self._moments = {(c.of.kind, v) for c in found if isinstance(c.of, Moment) for v in c.of.values}
        self._dates = {value for kind, value in self._moments if kind == "day"}
        quantities = [claim.of for claim in found if isinstance(claim.of, Quantity)]
        self._by_dim: dict[str, set[Fraction]] = {}
        for quantity in quantities:
            self._by_dim.setdefault(quantity.dim, set()).add(quantity.value)
        self._fields = {field for fact in facts for field in _fields(fact)}
        self._priced = bool(MONEY & self._by_dim.keys())
        self._rows = sum(bool(_NUMBERED.match(fact)) for fact in facts)
        self._listed = listed(facts) | {len(facts)}

    def holds(self, claim: Claim, text: str, domains: Collection[str]) -> bool:
        """Whether the facts hold it; ``text`` is what it is part of."""
        match claim.of:
            case Moment():
                return self._holds_moment(claim.of, text[claim.start : claim.end])
            case Quantity():
                return self._holds_quantity(claim.of, text)
        match claim.kind:
            case "link":
                return (claim.kind, claim.value) in self._values or _host_allowed(claim.value, domains)
            case "id":
                return (claim.kind, claim.value) in self._values or self._has_word(claim.value)
            case "markup":
                return claim.value in self.text
            case "number":
                return claim.value in self._digits or self._has_digits(claim.value)
            case _:
                return (claim.kind, claim.value) in self._values

    def counts(self, claim: Claim, text: str) -> bool:
        """Whether it says how many things the facts list."""
        return isinstance(claim.of, Quantity) and claim.of.dim in LOOSE and self._counts_facts(claim.of, text)

    def _holds_moment(self, moment: Moment, written: str) -> bool:
        match moment.kind:
            case "day":
                return any(self._has_day(value) for value in moment.values) or self._has_word(written.casefold())
            case "month":
                return any(date.split("-")[1] in moment.values for date in self._dates) or self._agrees(moment)
            case "day of month":
                ordinal = int(next(iter(moment.values)))
                known = any(date.split("-")[2] in moment.values for date in self._dates)
                return known or self._agrees(moment) or ordinal <= min(_SMALL, max(self._listed))
            case "weekday":
                return self._agrees(moment) or any(weekday_of(date) in moment.values for date in self._dates)
            case "relative":
                return written.casefold() in self.text
            case _:
                return self._agrees(moment)

    def _agrees(self, moment: Moment) -> bool:
        return any((moment.kind, value) in self._moments for value in moment.values)

    def _has_day(self, value: str) -> bool:
        """A date said without a year is held by one with any; a year must be the one that the facts have, if one."""
        year, day = value.split("-", 1)
        return any(day == date.split("-", 1)[1] and year in ("", date.split("-", 1)[0]) for date in self._dates)

    def _holds_quantity(self, said: Quantity, text: str) -> bool:
        if said.value in self._by_dim.get(said.dim, ()) or (said.dim, said.number) in self._fields:
            return True
        match said.dim:
            case "percent" | "pay":
                other = "pay" if said.dim == "percent" else "percent"
                return 100 - said.value in self._by_dim.get(other, ())
            case "size":
                return self._any(said.value, "bare", "count")
            case "count" | "bare":
                return self._holds_loose(said, text)
            case dim if dim in MONEY:
                if dim == "CNY" and said.number in self._by_dim.get("count", ()):
                    return text[: said.end].endswith("块")
                return not self._priced and self._any(said.number, "bare")
            case _:
                return False

    def _holds_loose(self, said: Quantity, text: str) -> bool:
        """A number that does not say what it counts, or counts some noun."""
        if self._any(said.value, *LOOSE) or self._counts_facts(said, text):
            return True
        before, written = text[max(0, said.start - 40) : said.start], digits_of(text[said.start : said.end])
        if said.dim == "bare" and _PRICED.search(before) and self._any(said.value, *MONEY):
            return True
        if len(written) >= _MIN_TAIL and _TAIL.search(before):
            return any(digits.endswith(written) for digits in self._digits)
        if len(written) >= 5 and self._has_digits(written):
            return True
        beside = re.search(r"[A-Za-z]+\s$", before)  # the "XR 200" of XR-200
        return beside is not None and self._has_word(f"{beside.group().strip()}-{written}".casefold())

    def _any(self, value: Fraction, *dims: str) -> bool:
        return any(value in self._by_dim.get(dim, ()) for dim in dims)

    def _counts_facts(self, said: Quantity, text: str) -> bool:
        """Two options, where two are listed; up to three, where the facts are three numbered rows."""
        if said.value.denominator != 1 or not 1 <= said.value <= _SMALL:
            return False
        many, line_start = int(said.value), text.rfind("\n", 0, said.start) + 1
        if not text[line_start : said.start].strip() and re.match(r"[.)、]\s?", text[said.end :]):
            return many <= max(self._listed)
        before, from_number = text[max(0, said.start - 12) : said.start], text[said.start :]
        after = re.sub(r"^[\d一二两三四五六七八九十]+|^[a-z]+", "", from_number, count=1, flags=re.IGNORECASE)
        in_all = _PIECES_IN_ALL.search(text, max(0, said.start - 4), said.end + 3)
        if _LIMITED.search(before) or not (_COUNTED_AFTER.match(after) or _COUNTED_BEFORE.search(before) or in_all):
            return many <= self._rows and (self._has_noun(after) or bool(_INTRODUCES.match(after)))
        return many in self._listed or many <= self._rows

    def _has_noun(self, after: str) -> bool:
        """Two lamps, where the rows are of lamps."""
        noun = re.match(r"\s(?:[a-z-]+\s){0,2}?([a-z]{3,})s(?![a-z])", after)
        return noun is not None and self._has_word(noun[1])

    def _has_word(self, word: str) -> bool:
        return bool(re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", self.text))

    def _has_digits(self, digits: str) -> bool:
        spaced = r"[\s-]?".join(digits)
        return digits in self._digits or bool(re.search(rf"(?<!\d){spaced}(?!\d)", self.text))


def _fields(fact: str) -> Iterator[tuple[str, Fraction]]:
    """What a line like ``warranty days: 30`` may count: its key tells."""
    if match := _WHOLE_VALUE.match(fact):
        numbers = [c.of.number for c in claims(fact) if isinstance(c.of, Quantity) and c.of.dim == "bare"]
        for pattern, dims in _KEYS:
            if pattern.search(match["key"]):
                yield from ((dim, number) for number in numbers for dim in dims)


def _host_allowed(link: str, domains: Collection[str]) -> bool:
    try:
        host = (urlsplit(link if "://" in link else f"https://{link}").hostname or "").removeprefix("www.")
    except ValueError:
        return False
    return any(
        host == domain.casefold().removeprefix("www.") or host.endswith("." + domain.casefold()) for domain in domains
    )


def _foreign_products(text: str, facts: str, allowed: Collection[str], products: Collection[str]) -> list[Claim]:
    folded = text.casefold()
    if len(folded) != len(text):
        folded = text.lower() if len(text.lower()) == len(text) else text
    said = {name for name in products if len(name) >= 3 and name.casefold() in folded}
    fine = {name.casefold() for name in allowed}
    found = []
    for name in said:
        known = name.casefold() in facts or name.casefold() in fine
        longer = any(
            name != other
            and name.casefold() in other.casefold()
            and (other.casefold() in facts or other.casefold() in fine)
            for other in said
        )
        match = re.search(rf"(?<![a-z0-9]){re.escape(name.casefold())}(?![a-z0-9])", folded)
        if not known and not longer and match:
            found.append(Claim("product", name, *match.span()))
    return found
