"""What a message is to a service case, where the words leave little doubt: an answer, a correction, a new request.

Everything else goes to the model. A question is never an answer; a request counts when somebody wants something done
to what is his, not when he asks what the rules are.
"""
# ruff: noqa: E501 - expressions and sentences stay on one line, so that they can be searched

import re
from typing import Final

from bot.commands import Command, ServiceKind, Slot
from bot.service.beside import asks_rule
from bot.service.case import Stage
from bot.service.manage import DROP
from bot.service.requests import Request, read_requests, tidy
from bot.service.wording import ASKED_FOR, METHODS, ONLY, QUESTION, Op

MAX_VALUE: Final = 48
KIND_OF: Final[dict[Op, ServiceKind]] = {
    "return": "return",
    "exchange": "exchange",
    "cancel": "cancel",
    "address": "change",
    "account_address": "change",
    "payment": "change",
}
_SLOTS: Final[dict[Stage, Slot]] = {
    "order": "order", "items": "items", "options": "options", "reason": "reason", "payment": "payment",
    "address": "address", "confirm": "items", "refused": "items",
}  # fmt: skip
_WANTS: Final = re.compile(
    r"\b(?:i|we)(?:'d|\swould|'ll)?\s(?:\w+\s){0,2}(?:want|need|wish|like|prefer|regret)\b|\bplease\b|\b(?:can|could|would|will)\syou\b"
    r"|^(?!(?:can|could|may|do|does|how|what|when|where|is|are|if|should|will|would)\b)(?:\w+[,:]?\s){0,3}(?:cancel|return|exchange|swap|replace|change|modify|update|correct|send\sback|remove|refund)\b"
    r"|\b(?:can|could|may)\si\s(?:still\s|please\s|also\s)?(?:return|send|exchange|swap|trade|cancel|change|have)\b[^.?]{0,40}"
    r"\b(?:my|mine|it|them|these|this|that|one\sof|the\sother)\b|\bcan\s(?:it|they)\sbecome\b|\bmy\smoney\sback\b"
    r"|\bgo(?:es)?\sback\b|\b(?:i've|i\shave|we've)\smoved\b|\bnew\s(?:address|flat|house)\b|\bis\snow\b|\bshould(?:'ve|\shave|\sbe)\b"
    r"|\b(?:can|could|may|might)\s(?:the|my|this|that|it|they|these|those)\b[^.?]{0,40}\b(?:be|come|become)\b[^.?]{0,60}\b(?:instead|rather\sthan|not)\b"
    r"|[,;:]\s(?:(?:please|then|just)\s)*(?:cancel|return|exchange|swap|replace|change|modify|update|send)\s(?:it|them|mine|my|the|that|this|these|those)\b|\bi'?d\srather\s(?:have|get|take)\b|\b(?:have|get|take|make)\b[^.?]{0,60}\binstead\b(?!\sof)"
    r"|\bno\slonger\s(?:need|want)|\b(?:my|mine|the\sone\si)\b.*\b(?:cancel|return|exchange|change)"
    r"|\bhow\si\spa(?:y|id)\b|<address_\d+>|\binstead\sof\b|,\snot\s(?:in\s)?\w+\W*$|\bmake\s(?:it|them|that|the|my)\b"
    r"|(?:换|改)(?:[\u4e00-\u9fff]{0,2}[绿白黑灰红蓝紫黄粉棕青]|[smlx\d])|要[\u4e00-\u9fff]{1,4}色|改下|退$|退款[，,]|退货退款"
    r"|(?:退|换|改)(?:成|了|掉|吧|为|到|个|一)|(?:换|改)(?:[绿白黑灰红蓝紫黄粉棕男女\d])|只退|[能想]退|都取消|取消$|更新|别(?:给我)?(?:寄|发)|用[^。，]{0,8}付|我(?:要|想|得|需要)|帮我?|麻烦|请(?!问)|把|给我|不想要了|退了吧|换一下|取消(?:了|吧|掉)|直接(?:退|换|取消)"
)
NOT_ORDERS: Final = re.compile(
    r"\b(?:account|profile|subscription|newsletter|membership|password|plan)\b(?![^.]*\baddress)"
    r"|\b(?:track|status|state|check|see|where|when|progress)\b[^.]{0,25}\brefunds?\b|\brefunds?\b[^.]{0,12}\b(?:status|state|progress)\b"
    r"|\bin\s(?:what|which)\scases?\b|(?:账户|账号|会员|订阅|密码)(?![^。]*(?:地址|住址))|退款(?:进度|状态|到哪)"
)
"""What can be cancelled, changed or asked back and is no order."""
_GOES_ON: Final = re.compile(
    r"^(?:ok(?:ay)?|alright|all\sright|fine|well|hmm+|sorry|damn\sit|unbelievable)?[,.!\s]*(?:then|so|instead|just|in\sthat\scase)\b"
    r"|\bthen\b|\binstead\b|is\sfine\b|^(?:那|好吧|行吧|算了)|[,，。！!]那(?!是|么)"
)


def answer_to(stage: Stage, text: str, order_pattern: str = "(?!)") -> Command | None:
    """The message as an answer to what a case waits for, or as a correction of it; ``None`` where it may be neither."""
    words = tidy(text).lower()
    if QUESTION.search(words) and not ASKED_FOR.search(words) and not DROP.search(words):
        return None
    requests = read_requests(text)
    if re.search(r"[?？]\s*$|(?:吗|呢)\s*[.。!！]?$", words) and not requests and not DROP.search(words):
        return None
    goes_on = bool(
        requests or re.search(order_pattern, text, re.IGNORECASE) or DROP.search(words) or _GOES_ON.search(words) or ONLY.search(words)
        or any(pattern.search(words) for pattern in METHODS.values())
    )  # fmt: skip
    if stage == "refused" and not goes_on:
        return None
    return Command("give", slot=_SLOTS[stage], value=text[:MAX_VALUE])


def wanted(text: str, order_pattern: str) -> tuple[Request, ...]:
    """The requests of a message that asks for something to be done; nothing where it may only ask about the rules."""
    words = tidy(text).lower()
    requests = read_requests(text)
    if asks_rule(text) and not re.search(order_pattern, text, re.IGNORECASE):
        return ()
    elsewhere = NOT_ORDERS.search(words) and not any(r.op in ("address", "account_address") for r in requests)
    if not requests or (elsewhere and not re.search(order_pattern, text, re.IGNORECASE)):
        return ()
    concrete = _WANTS.search(words) or re.search(order_pattern, text, re.IGNORECASE)
    asks = re.search(r"(?:吗|呢|么|可以不|能不能)[?？]?$", words) and not re.search(order_pattern, text, re.IGNORECASE)
    return requests if concrete and not asks else ()


def command_for(request: Request) -> Command:
    """The command that starts a request."""
    return Command("service", kind=KIND_OF[request.op] if request.op else "change")


def op_for(kind: ServiceKind, text: str) -> Op | None:
    """The operation of a kind of service that the model named, where the words themselves do not say it."""
    words = text.lower()
    if kind in ("return", "exchange", "cancel"):
        return "return" if kind == "return" else "exchange" if kind == "exchange" else "cancel"
    if kind != "change":
        return None
    if re.search(r"address|deliver|地址|寄", words):
        return "address"
    return "payment" if re.search(r"\bpay|支付|付款", words) else "exchange"
