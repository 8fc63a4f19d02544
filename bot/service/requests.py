"""Cuts a message into requests about orders: what is to be done, in which words, and what else if that cannot be.

>>> [r.op for r in read_requests("Cancel all my pending orders, and return the watch I received.")]
['cancel', 'return']
>>> read_requests("Change the shelf to 4 foot. If it is not available, cancel the whole order.")[0].otherwise.op
'cancel'

Words only: which orders and things are meant is read later, beside the customer's records.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

from bot.service.wording import ASKED_FOR, EXPLICIT, IF_NOT, IF_SO, OPS, QUESTION, SOURCE, Op

MAX_CHARS: Final = 4000
_SENTENCE: Final = re.compile(r"(?<=[!?;。！？；])|(?<=\.)\s+(?=[^\d])|\n+")
_START: Final = (
    r"(?:please\s|also\s|then\s|i\s(?:also\s)?(?:want|need|would\slike)\sto\s|i'd\s(?:also\s)?like\sto\s)*"
    r"(?:cancel|return|exchange|swap|replace|change|modify|update|remove|send\sback|refund|confirm)\b"
)
_AND: Final = re.compile(
    rf",?\s(?:and|but|plus)\s(?={_START})|(?:[，,；]|,?\sand\s)(?=#?[A-Z]{{1,2}}\d{{6,}})|[，,](?=(?:还有|另外|顺便|同时|再|并且|然后|也)|(?:帮我)?(?:把|取消|退|换|改))",
    re.IGNORECASE,
)
_POLITE: Final = re.compile(
    r"^(?:and|then|so|also|ok(?:ay)?|well|fine|alright|damn\sit|please|那|那么|好吧|行吧|请)[,，.…!\s]+", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"[A-Za-z]{1,2}\d{6,}")
_SETTLED: Final = re.compile(r"^(?:please\s)?(?:refund|charge|use|pay|put)\b|^(?:退到|退回|用|付)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """Something to be done to orders. ``op`` ``None`` leaves it to what is being done already."""

    op: Op | None
    text: str
    ops: tuple[Op, ...] = ()
    """All operations that the words name: "cancel or return" is settled by the order."""
    otherwise: "Request | None" = None


def read_requests(text: str) -> tuple[Request, ...]:
    """The requests of a message in order; nothing where no word asks for one. Hints of one request stay with it."""
    found: list[Request] = []
    for raw in _clauses(tidy(text)):
        clause = IF_SO.sub("", raw)
        fallback = IF_NOT.search(clause)
        if fallback and not found and not operations(clause[: fallback.start()]) and operations(_then(fallback)):
            clause, fallback = _then(fallback), None  # what it depends on is not for us to judge: it is asked for
        if fallback and found and fallback.start() < 12:
            found[-1] = _with_otherwise(found[-1], _request(_then(fallback)))
            continue
        request = _request(clause[: fallback.start()] if fallback else clause)
        if fallback:
            request = _with_otherwise(request, _request(_then(fallback)))
        own = bool(_NUMBER.search(request.text)) and bool(found) and request.op != found[-1].op
        told = not own and (not EXPLICIT.search(request.text.lower()) or _NUMBER.match(request.text) is not None)
        if found and (request.op is None or _SETTLED.match(request.text) or told):
            found[-1] = _joined(found[-1], request)
        else:
            found.append(request)
    asked = [request for request in found if request.op]
    if asked and found[0].op is None:  # "I ordered a jacket by mistake and want to ..." told before it is asked
        asked[0] = replace(asked[0], text=f"{found[0].text}. {asked[0].text}")
    return tuple(asked)


def tidy(text: str) -> str:
    """Compatibility forms folded, white space single, one kind of apostrophe; letters as they were typed."""
    folded = " ".join(unicodedata.normalize("NFKC", text[:MAX_CHARS]).split())
    return folded.replace("\u2019", "'").replace("\u2018", "'")


def operations(text: str) -> tuple[Op, ...]:
    """What the words ask to be done, the one that decides first. A question about an order asks for nothing."""
    text = text.lower()
    if QUESTION.search(text) and not ASKED_FOR.search(text):
        return ()
    what = re.search(r"\baddress(?:es)?\b.*?\b(?:to|as)\b", text)
    aims = SOURCE.sub(" to address ", text[: what.end()] if what else text)  # "to my address" is not what is to change
    found = [op for op, pattern in OPS.items() if pattern.search(aims if op == "account_address" else text)]
    if "account_address" in found and not re.search(r"\border|订单|[a-z]{1,2}\d{6,}", aims):
        found = [op for op in found if op != "address"]
    if "payment" in found and not re.search(r"\border|单|method|方式|\d{6,}[^.]*[\u4e00-\u9fff]", text):
        found.remove("payment")
    return tuple(found)


def _then(match: re.Match[str]) -> str:
    return str(match["then"] or match["would"] or match["else"] or match["zh_then"])


def _clauses(text: str) -> list[str]:
    parts = (part for sentence in _SENTENCE.split(text) for part in _AND.split(sentence))
    return [clean for part in parts if (clean := _POLITE.sub("", part.strip(" ,，。.")))]


def _request(clause: str) -> Request:
    ops = operations(clause)
    return Request(ops[0] if ops else None, clause.strip(), ops)


def _with_otherwise(request: Request, other: Request) -> Request:
    if request.otherwise is None:
        return replace(request, otherwise=other)
    return replace(request, otherwise=_with_otherwise(request.otherwise, other))


def _joined(request: Request, more: Request) -> Request:
    joined = replace(request, text=f"{request.text}. {more.text}")
    return _with_otherwise(joined, more.otherwise) if more.otherwise else joined
