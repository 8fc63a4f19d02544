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

from bot.service.wording import (
    ALSO,
    ASKED_FOR,
    EXPLICIT,
    IF_NOT,
    IF_SO,
    METHODS,
    OPEN,
    OPS,
    QUESTION,
    RECEIVED,
    SOURCE,
    Op,
)

MAX_CHARS: Final = 4000
MAX_BARE: Final = 4
_SENTENCE: Final = re.compile(
    r"(?<=[!?;。！？；])|(?<=\.)\s+(?=[^\d])|\n+|(?<=[,;])\s(?=(?:otherwise|or\selse|failing\sthat)\b)"
)
_START: Final = (
    r"(?:please\s|also\s|then\s|i\s(?:also\s)?(?:want|need|would\slike)\sto\s|i'd\s(?:also\s)?like\sto\s)*"
    r"(?:cancel|return|exchange|swap|replace|change|modify|update|remove|send\sback|refund|confirm"
    r"|(?:ship|deliver|send|redirect)\s(?:it|them|that|this|the|my|everything))\b"
)
_AND: Final = re.compile(
    rf",?\s(?:and|but|plus)\s(?={_START}|my\s(?:profile|account|default|home)\s(?:\w+\s)?address\b)|(?:[，,；]|,?\sand\s)(?=#?[A-Z]{{1,2}}\d{{6,}})|[，,](?=(?:还有|另外|顺便|同时|再|并且|然后|也)|(?:帮我)?(?:把|取消|退|换|改))",
    re.IGNORECASE,
)
_DEPENDS: Final = re.compile(r"\bif\b|\bwhen\b|\bunless\b|如果|要是|万一", re.IGNORECASE)
_HAPPENED: Final = re.compile(
    r"\b(?:is|are|was|were|has|had|came|arrived|got|bought|ordered|received|went|moved|does(?:n't)?|did(?:n't)?|doesn't|leaks?|broke)\b",
    re.IGNORECASE,
)
_THEN_DO: Final = re.compile(
    r",\s(?=(?:(?:please|so|then)\s){0,2}(?:change|cancel|return|exchange|swap|replace|update|send|refund)\s(?:it|them|that|this|the|my)\b)",
    re.IGNORECASE,
)
"""“... was sent there by mistake, change it to my address”: a wish after what is told."""
_POLITE: Final = re.compile(
    r"^(?:and|then|so|also|ok(?:ay)?|well|fine|alright|damn\sit|please|(?:在吗|在么|你好|您好|亲)+|那|那么|好吧|行吧|请)"
    r"[,，.…!！?？\s]+",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[A-Za-z]{1,2}\d{6,}")
_TAKES_BACK: Final = re.compile(
    r"^(?:(?:oh|no|wait|sorry|actually|hang\son|scratch\sthat)[,.!\s]+)*(?:don'?t|do\snot|not)\s(?:cancel|return|exchange|change)\w*$"
    r"|^(?:啊|呃|哦|嗯|等等|不对|算了)*[,，]?(?:不|别|不用|先不|先别)(?:要)?(?:取消|退货?|换货?|改)(?:了|吧)*$",
    re.IGNORECASE,
)
"""A clause that only takes back what the one before it asked for."""
_RETHINKS: Final = re.compile(
    r"(?:\.{2,}|…+|——)\s*(?=\w)|(?<=[不别][退换改]了)[，,]|(?<=[不别]取消)[，,]|(?<=[不别]取消了)[，,]|[，,](?=(?:不对|还是算了)[，,])"
)
_TOLD_OF: Final = re.compile(
    r"\b(?:is|are|was|were|has|should|goes|go|stays?|came|arriv\w+|will|had)\b|(?:是|要|应该|留|不动|没|已经|到)",
    re.IGNORECASE,
)
_HERE: Final = re.compile(
    r"<address_\d+>|\b(?:new\s)?address\b|\bmoved\b|\bnew\s(?:flat|house|home|place)\b|地址|搬家|新家"
)
_PUT: Final = re.compile(
    r"\b(?:use|put|apply|take|save)\s(?:it|this|that)\b|\b(?:update|change|set)\s(?:my|the)\s(?:profile|account)\b"
    r"|都?用(?:这|那|它)|都?改成(?:这|那)",
    re.IGNORECASE,
)
_ACCOUNT: Final = re.compile(r"\b(?:account|profile)\b|账户|账号|资料", re.IGNORECASE)
_OTHER_WAY: Final = re.compile(
    r"\b(?:instead\sof|rather\sthan|off|than)\s(?:(?:with|by|using|the|my|a)\s)*(?:credit\s|debit\s|gift\s)?"
    r"(?:card|visa|master\s?card|amex|pay\s?pal|alipay|wechat|unionpay)\b|\binstead\sof\s(?:that|this)\scard\b"
    r"|而不是(?:用)?(?:支付宝|微信|银联|信用卡|银行卡|礼品卡)"
)
_GOODS_MOVE: Final = re.compile(r"\b(?:return|refund|exchang|swap|replac|send)\w*|退|换货")
_IF_THING: Final = re.compile(
    r"\bif\s(?:the|an?)\s(?P<thing>[^,.;]{3,80}?(?:\d\.\d[^,.;]{0,40}?)?)\s(?P<when>(?:costs?|is|are)\s[^,;]{2,60}?),\s"
    r"(?P<ask>(?:please\s|then\s)?(?:change|exchange|swap|switch|replace)\s[^,.;]{1,60}?)\s"
    r"(?P<to>to|for|with)\s(?:it|that\sone|that|this\sone|this|them|those)\b",
    re.IGNORECASE,
)
_RETHOUGHT: Final = re.compile(
    r"^(?:(?:oh|hmm+|wait|sorry|well)[,.!\s]+)*(?:actually\b|no[,\s]+(?:wait|actually|instead|rather)\b|scratch\sthat\b|on\ssecond\sthoughts?\b)"
    r"|^(?:啊|呃|哦|嗯|等等)?[,，]?(?:不对|还是算了|算了)[,，]",
    re.IGNORECASE,
)
"""What follows is wanted instead of what was asked for just before."""
_APART: Final = re.compile(r"\b(?:other|another|different|separate)\s(?:\w+\s)?order|另(?:外|一)个?订单|别的订单")
_OTHERWISE: Final = re.compile(
    r"^(?:otherwise|or\selse|failing\sthat|否则|不然)[,:，]?\s?(?:就)?(?P<then>.+)", re.IGNORECASE
)
_GOES_BACK: Final = re.compile(r"\breturn|\bback\b|退货|退掉|退了")
_POINTS: Final = re.compile(
    r"^(?:(?:can|could|would|will)\syou\s)?(?:(?:please|still|also|just)\s)*(?:change|switch|swap|do|make|fix|sort|arrange)\s(?:it|that|this)(?:\sfor\sme)?\W*$",
    re.IGNORECASE,
)
_NOT_WANTED: Final = re.compile(r"不想?要了|\b(?:don'?t|do\snot|no\slonger)\s(?:need|want)\b")
_CALLED_OFF: Final = re.compile(r"\bcancel|\bcall\soff|取消|撤", re.IGNORECASE)
_HINT: Final = re.compile(
    r"\b(?:any|a|all|or|and|of|for|my|possible|payments?)\s(?:\w+\s)?refunds?\b"
    r"|\brefund\s(?:(?:it|them|that|this|everything|me|the\smoney)\s)?(?:to|on|onto|via|through)\b|退款(?:请|就|都)?(?:退|到|用)|退到"
)
"""How money shall come back: no wish for a return of its own."""
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
    for raw in _clauses(_turned(tidy(text))):
        clause = IF_SO.sub("", raw)
        if found and (other := _only_fallback(clause)):
            found[-1] = _with_otherwise(found[-1], other)
            continue
        fallback = IF_NOT.search(clause)
        if fallback and not found and not operations(clause[: fallback.start()]) and operations(_then(fallback)):
            clause, fallback = _then(fallback), None  # what it depends on is not for us to judge: it is asked for
        request = _request(clause[: fallback.start()] if fallback else clause)
        if found and (corrected := _corrected(found[-1], clause, request)):
            found[-1] = corrected
            continue
        if found and _PUT.search(request.text) and _HERE.search(found[-1].text.lower()):
            request = _addressed(request)
        if fallback:
            request = _with_otherwise(request, _request(_then(fallback)))
        if found and _belongs(request, found[-1]):
            if _tells_of_another(found[-1], request):  # what is told of one order must not be done to another
                found.append(request)
            else:
                found[-1] = _joined(found[-1], request)
        else:
            found.append(request)
    asked = [request for request in found if request.op]
    # "I ordered a jacket by mistake and want to ..." told before it is asked
    if asked and found[0].op is None and not _tells_of_another(asked[0], found[0]):
        asked[0] = replace(asked[0], text=f"{found[0].text}. {asked[0].text}")
    return tuple(asked)


def _only_fallback(clause: str) -> Request | None:
    """What is to be done where the request before cannot be: "if not, cancel it", "otherwise return it"."""
    other, fallback = _OTHERWISE.match(clause), IF_NOT.search(clause)
    if other and operations(other["then"]):
        return _request(other["then"])
    return _request(_then(fallback)) if fallback and fallback.start() < 12 else None


def _corrected(before: Request, clause: str, request: Request) -> Request | None:
    """The request before as it is wanted after all, where a clause takes it back or wants another thing instead."""
    if _TAKES_BACK.match(request.text):
        return replace(before, op=None, ops=())
    return request if request.op and _RETHOUGHT.match(clause) and not ALSO.search(clause.lower()) else None


def _belongs(request: Request, before: Request) -> bool:
    """Whether a clause tells more of the request before it, rather than asks for something of its own."""
    own = bool(_NUMBER.search(request.text)) and request.op != before.op
    asks = EXPLICIT.search(request.text.lower()) is not None and _NUMBER.match(request.text) is None
    told = not own and request.op != "account_address" and not asks
    return request.op is None or _settles(request) or told or _says_again(before, request) or _alike(request, before)


def tidy(text: str) -> str:
    """Compatibility forms folded, white space single, one kind of apostrophe; letters as they were typed."""
    folded = " ".join(unicodedata.normalize("NFKC", text[:MAX_CHARS]).split())
    return folded.replace("\u2019", "'").replace("\u2018", "'")


def _turned(text: str) -> str:
    """“If the glass one costs under $20, change mine to it” with the wish first and the condition behind it."""
    return _IF_THING.sub(r"\g<ask> \g<to> the \g<thing> if it \g<when>", text)


def operations(text: str) -> tuple[Op, ...]:
    """What the words ask to be done, the one that decides first. A question about an order asks for nothing."""
    text = text.lower()
    if QUESTION.search(text) and not ASKED_FOR.search(text):
        return ()
    if _OTHER_WAY.search(text) and not _GOODS_MOVE.search(text) and any(p.search(text) for p in METHODS.values()):
        return ("payment",)
    what = re.search(r"\baddress(?:es)?\b.*?\b(?:to|as)\b", text)
    aims = SOURCE.sub(" to address ", text[: what.end()] if what else text)  # "to my address" is not what is to change
    found = [op for op, pattern in OPS.items() if pattern.search(aims if op == "account_address" else text)]
    if "account_address" in found and not re.search(r"\border|订单|[a-z]{1,2}\d{6,}", aims):
        found = [op for op in found if op != "address"]
    if {"cancel", "exchange"} <= set(found) and _NOT_WANTED.search(text) and not _CALLED_OFF.search(text):
        found.remove("cancel")  # it is not wanted because another one is
    if "payment" in found and "exchange" in found and re.search(r"\bstill\b|\bas\sbefore\b|还是用|照旧", text):
        found.remove("payment")  # how it is paid stays
    if "payment" in found and not re.search(r"\border|单|method|how\si\spa|方式|\d{6,}[^.]*[\u4e00-\u9fff]", text):
        found.remove("payment")
    return tuple(found)


def _addressed(request: Request) -> Request:
    """“use it for TF10000001 and for my account”, after a new address."""
    if request.op not in (None, "account_address", "exchange"):
        return request
    ops: list[Op] = ["account_address"] if _ACCOUNT.search(request.text) else []
    ops += (
        ["address"]
        if not ops or re.search(r"\borders?\b|订单|单", request.text) or _NUMBER.search(request.text)
        else []
    )
    return replace(request, op=ops[0], ops=tuple(ops))


def _tells_of_another(request: Request, more: Request) -> bool:
    """Whether a clause says of an order of its own something else than what is to be done to the other one."""
    numbers = set(_NUMBER.findall(more.text))
    if request.op is None or more.op is not None or not numbers or numbers <= set(_NUMBER.findall(request.text)):
        return False
    return bool(_NUMBER.search(request.text)) and _TOLD_OF.search(_NUMBER.sub("", more.text)) is not None


def _alike(request: Request, before: Request) -> bool:
    """Whether two wishes are one: what is changed or sent back of an order can be so once, so all goes together."""
    one, other = before.text.lower(), request.text.lower()
    apart = _APART.search(other) or before.otherwise or _NUMBER.search(request.text)
    same = all(bool(p.search(one)) == bool(p.search(other)) for p in (RECEIVED, OPEN))
    paid = any(pattern.search(text) for pattern in METHODS.values() for text in (one, other))
    return bool(request.op == before.op in ("exchange", "return") and same and not apart and not paid)


def _settles(request: Request) -> bool:
    """Whether a clause only tells how money is to come back or to be paid."""
    text = request.text.lower()
    by_a_method = any(pattern.search(text) for pattern in METHODS.values())
    hint = by_a_method and request.ops == ("return",) and _HINT.search(text) and not _GOES_BACK.search(text)
    return bool(hint or _SETTLED.match(request.text))


def _says_again(request: Request, more: Request) -> bool:
    """The same wish in a few bare words (“想退” after “能退吗”), or one only pointed at: "can you switch it?"."""
    if _POINTS.match(more.text):
        return True
    return request.op is not None and request.op == more.op and len(more.text) <= MAX_BARE and more.text.isalpha()


def _then(match: re.Match[str]) -> str:
    return str(match["then"] or match["would"] or match["else"] or match["zh_then"])


def _clauses(text: str) -> list[str]:
    whole = (part for piece in _RETHINKS.split(text) for part in _SENTENCE.split(piece))
    sentences = (part for one in whole for part in _told_and_done(one))
    parts = (part for sentence in sentences for part in _AND.split(sentence))
    return [clean for part in parts if (clean := _POLITE.sub("", part.strip(" ,，。.")))]


def _told_and_done(sentence: str) -> list[str]:
    """“It was sent there by mistake, change it” as two: what is told, and the wish. A condition stays with its wish."""
    match = _THEN_DO.search(sentence)
    if match is None or _DEPENDS.search(sentence):
        return [sentence]
    before, wish = sentence[: match.start()], sentence[match.end() :]
    return [before, wish] if _HAPPENED.search(before) and not operations(before) else [sentence]


def _request(clause: str) -> Request:
    ops = operations(clause)
    return Request(ops[0] if ops else None, clause.strip(), ops)


def _with_otherwise(request: Request, other: Request) -> Request:
    if request.otherwise is None:
        return replace(request, otherwise=other)
    return replace(request, otherwise=_with_otherwise(request.otherwise, other))


def _joined(request: Request, more: Request) -> Request:
    instead = request.op == "cancel" and more.op == "exchange" and not _CALLED_OFF.search(request.text)
    op, ops = (request.op, request.ops) if request.op and not instead else (more.op, more.ops)
    joined = replace(request, op=op, ops=ops, text=f"{request.text}. {more.text}")
    return _with_otherwise(joined, more.otherwise) if more.otherwise else joined
