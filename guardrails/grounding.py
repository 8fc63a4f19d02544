"""Does a reply state only what the facts hold? Numbers, ids, dates, prices, links and product names are compared.

Values are compared, not spellings: ``28 November`` is ``11月28日``, ``¥1,299.00`` is ``1299元``. Small counts
(up to ten, "2 items", 两件) and ordinals pass when they can be counted in the facts. Machine text (JSON, identifiers, the
model's own marks) and names that no fact knows are violations too. It does not see a wrong statement made of right
values: "we do" for "we do not".
"""
# ruff: noqa: E501, SIM905 - expressions stay on one line, so that they can be searched

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from guardrails import handles
from guardrails.attribution import segments, unknown_names
from guardrails.normalise import normalise

ClaimKind = Literal["number", "id", "date", "price", "link", "product", "handle", "name", "markup"]
_SMALL: Final = 10
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?(?![a-z])"
_DATES: Final = (
    re.compile(r"(?P<y>20\d\d)\s?[-/.年]\s?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})(?:\s?[日号])?(?!\d)"),
    re.compile(r"(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日号]?"),
    re.compile(rf"(?i)(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<n>{_MONTH})(?:,?\s(?P<y>20\d\d))?"),
    re.compile(rf"(?i)(?<![a-z])(?P<n>{_MONTH})\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s(?P<y>20\d\d))?"),
)
_DAY: Final = re.compile(
    r"(?i)(?<![a-z])(?:to(?:day|night|morrow)|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:this|next)\s(?:week|month|weekend))(?![a-z])"
    r"|[今明后][天日晚]|(?:周|星期|礼拜)[一二三四五六日天末](?!期)|[这下]个?(?:周|星期|礼拜|月)"
)
_LINK: Final = re.compile(
    r"(?i)(?:https?://|www\.)[^\s<>\"'，。；）)]+|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|cn|net|org|io|shop|store|co|uk|de)(?:/[^\s<>\"'，。；）)]*)?(?![\w.-]*@)"
)
_ID: Final = re.compile(
    r"(?<![A-Za-z0-9_])(?<!\d\.)#?(?=[A-Za-z0-9-]*\d)(?=[A-Za-z0-9-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?![A-Za-z0-9_])"
)
_PRICE: Final = re.compile(
    r"(?i)(?P<c>[¥￥$€£]|cny|rmb|usd|us\$)\s?(?P<v>\d[\d,]*(?:\.\d+)?)|(?P<w>\d[\d,]*(?:\.\d+)?)\s?(?:元|块|yuan|dollars?|usd|cny|rmb)"
)
_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9_.,])\d[\d,]*(?:\.\d+)?(?![A-Za-z0-9_])|\d[\d,]*(?:\.\d+)?")
_ZH_COUNT: Final = re.compile(
    r"[一二两三四五六七八九十百千]{1,7}(?=\s?(?:天|日|个工作日|小时|分钟|周|个月|年|元|块|折|倍|件|款|双|条|台|个|种|公斤|斤|米|%))"
)
_ZH_DIGITS: Final = dict(zip("一二两三四五六七八九", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_EN_COUNT: Final = {
    word: number
    for number, word in enumerate(
        """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty
    """.split()
    )
}
_EN_TENS: Final = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
_EN_WORD: Final = re.compile(
    rf"(?i)(?<![a-z-])(?:{'|'.join([*sorted(_EN_COUNT, key=len, reverse=True), *_EN_TENS])})(?=[\s-](?:business\s|working\s|calendar\s)?(?:days?|hours?|weeks?|months?|years?|minutes?|items?|percent|dollars?|yuan|pairs?|sizes?|colou?rs?)(?![a-z]))"
)
# What a model writes when it falls out of its role: JSON, identifiers, the marks of its chat format.
_MARKUP: Final = re.compile(r"[{}\[\]\\`]|\"\s*:|</?[|a-z][^<>\s]{0,40}>?|(?<![\w@./-])[a-z]+(?:_[a-z]+)+(?![\w@])")
_UNIT_ID: Final = re.compile(
    r"(?i)\d+(?:\.\d+)?(?:st|nd|rd|th|cm|mm|m|km|kg|g|mg|ml|l|w|kw|v|a|mah|gb|tb|mb|hz|inch|in|ft|oz|lb|lbs|h|hr|hrs|min|s|x|k|pcs|p|d|°c|%)?"
)


@dataclass(frozen=True, slots=True)
class Violation:
    """Something the reply states and the facts do not: its kind and place in the reply, never the text."""

    kind: ClaimKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Claim:
    kind: ClaimKind
    value: str
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
    plain = normalise(reply)
    known = _Known([normalise(fact).text for fact in facts])
    bad = [c for c in _claims(plain.text) if not known.holds(c, domains)]
    foreign = _foreign_products(plain.text, known.text, allowed_names, product_names)
    bad += foreign
    for name, start, end in unknown_names(plain.text, known.text, allowed_names):
        if not any(product.start <= start < product.end for product in foreign):
            bad.append(_Claim("name", name, start, end))
    if apart:
        bad += _misplaced(plain.text, [normalise(fact).text for fact in facts], domains)
    return tuple(Violation(c.kind, *plain.span(c.start, c.end)) for c in sorted(bad, key=lambda c: c.start))


def _misplaced(text: str, lines: Sequence[str], domains: Collection[str]) -> list[_Claim]:
    """Claims about one thing that its own line does not hold, and things named again."""
    bad = []
    for line, start, end in segments(text, lines):
        own = _Known([line])
        said = [c for c in _claims(text) if start <= c.start < end]
        bad += [c for c in said if not own.holds(c, domains)]
        if not line:
            bad.append(_Claim("product", "", start, end))
    return bad


class _Known:
    """The facts' values in comparable form."""

    def __init__(self, facts: Sequence[str]) -> None:
        self.text = "\n".join(facts).casefold()
        claims = [claim for fact in facts for claim in _claims(fact)]
        self.values = {
            kind: {c.value for c in claims if c.kind == kind}
            for kind in ("number", "id", "date", "price", "link", "handle")
        }
        self.numbers = (
            self.values["number"]
            | self.values["price"]
            | {part for date in self.values["date"] for part in date.split("-")[1:]}
        )
        self.numbers |= {number for c in claims if c.kind == "id" for number in _inner_numbers(c.value)}
        self.lines = max(len(facts), 1)
        self.countable = (
            max(self.lines, *(1 + len(re.findall(r"[,;、；，/|]", fact)) for fact in facts), 1) if facts else 1
        )
        self.dates_without_year = {date.split("-", 1)[1] for date in self.values["date"] if "-" in date}

    def holds(self, claim: _Claim, domains: Collection[str]) -> bool:
        match claim.kind:
            case "date":
                if "-" not in claim.value:
                    return claim.value in self.text
                year, day = claim.value.split("-", 1)
                return claim.value in self.values["date"] or (
                    day in self.dates_without_year and (not year or f"-{day}" in self.values["date"])
                )
            case "link":
                return claim.value in self.values["link"] or _host_allowed(claim.value, domains)
            case "id":
                return (
                    claim.value in self.values["id"]
                    or claim.value.casefold() in self.text
                    or self._is_measure(claim.value)
                )
            case "handle":
                return claim.value in self.values["handle"]
            case "markup":
                return claim.value in self.text
            case "price":
                return claim.value in self.numbers
            case _:
                return claim.value in self.numbers or self._countable(claim.value)

    def _countable(self, value: str) -> bool:
        return value.isdigit() and 1 <= int(value) <= min(_SMALL, self.countable)

    def _is_measure(self, value: str) -> bool:
        """``2kg`` where the facts say ``2 kg``; ``1st`` where something can be counted."""
        match = _UNIT_ID.fullmatch(value)
        if not match:
            return False
        number = re.match(r"\d+(?:\.\d+)?", value)
        if number is None:
            return False
        shown = _plain_number(number.group())
        return shown in self.numbers or (
            bool(re.search(r"(?:st|nd|rd|th)$", value.casefold())) and self._countable(shown)
        )


def _claims(text: str) -> list[_Claim]:
    """Everything in ``text`` that can be checked, each character in one claim only."""
    taken = bytearray(len(text))
    claims: list[_Claim] = []

    def take(kind: ClaimKind, value: str, start: int, end: int) -> None:
        if value and not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            claims.append(_Claim(kind, value, start, end))

    for start, end, handle in handles.find(text):
        take("handle", f"{handle.kind}_{handle.number}", start, end)
    for kind, pattern, value in _READERS:
        for match in pattern.finditer(text):
            take(kind, value(match), *match.span())
    return claims


def _date(match: re.Match[str]) -> str:
    groups = match.groupdict()
    month = int(groups["m"]) if groups.get("m") else _MONTHS.index(groups["n"].lower()[:3]) + 1
    day = int(groups["d"])
    return f"{groups.get('y') or ''}-{month}-{day}" if 1 <= month <= 12 and 1 <= day <= 31 else ""


def _plain_number(text: str) -> str:
    whole, _, fraction = text.replace(",", "").partition(".")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + ("." + fraction if fraction else "")


def _chinese_number(text: str) -> int:
    total, digit = 0, 0
    for char in text:
        unit = {"十": 10, "百": 100, "千": 1000}.get(char)
        if unit is None:
            digit = _ZH_DIGITS[char]
        else:
            total += (digit or 1) * unit
            digit = 0
    return total + digit


def _inner_numbers(text: str) -> set[str]:
    return (
        {_plain_number(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}
        if _UNIT_ID.fullmatch(text) or "-" in text
        else set()
    )


def _word_number(match: re.Match[str]) -> str:
    word = match.group().lower()
    return str(_EN_COUNT.get(word, _EN_TENS.get(word)))


# in this order: what one reader took is closed to the next
_READERS: Final[tuple[tuple[ClaimKind, re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    ("markup", _MARKUP, lambda match: match.group().casefold()),
    ("link", _LINK, lambda match: match.group().rstrip(".,;!?").casefold()),
    *(("date", pattern, _date) for pattern in _DATES),
    ("date", _DAY, lambda match: match.group().casefold()),
    ("price", _PRICE, lambda match: _plain_number(match.group("v") or match.group("w"))),
    ("id", _ID, lambda match: match.group().lstrip("#").casefold()),
    ("number", _NUMBER, lambda match: _plain_number(match.group())),
    ("number", _ZH_COUNT, lambda match: str(_chinese_number(match.group()))),
    ("number", _EN_WORD, _word_number),
)


def _host_allowed(link: str, domains: Collection[str]) -> bool:
    host = (urlsplit(link if "://" in link else f"https://{link}").hostname or "").removeprefix("www.")
    return any(
        host == domain.casefold().removeprefix("www.") or host.endswith("." + domain.casefold()) for domain in domains
    )


def _foreign_products(text: str, facts: str, allowed: Collection[str], products: Collection[str]) -> list[_Claim]:
    folded = text.casefold()
    if len(folded) != len(text):
        folded = text.lower() if len(text.lower()) == len(text) else text
    said = {name for name in products if len(name) >= 3 and name.casefold() in folded}
    fine = {name.casefold() for name in allowed}
    claims = []
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
            claims.append(_Claim("product", name, *match.span()))
    return claims
