"""What a message asks beside its requests, told by its words: where a parcel is, how long a refund takes, a rule.

A small model adds to a request what only sounds like it ("stop it before it goes anywhere" is no question where it
is). What stands beside a request must be asked by a clause of its own. Reads words only; knows no record and no page.
"""

import re
from typing import Final

from bot.clauses import clauses
from bot.commands import Command, ServiceKind, Topic
from bot.service.requests import read_requests, tidy
from bot.service.wording import QUESTION

RULE_TOPICS: Final[dict[ServiceKind, Topic]] = {
    "return": "returns", "exchange": "exchanges", "cancel": "shipping", "change": "shipping", "refund": "returns",
    "invoice": "invoices", "warranty": "warranty", "payment": "payment",
}  # fmt: skip
"""Where the rules of a kind of service stand."""
_TRACKS: Final = re.compile(
    r"\bwhere(?:'s|\sis|\sare)\b|\bwhen\b[^.?]{0,60}\b(?:arriv\w*|com(?:e|es|ing)|get\shere|be\shere|be\sdelivered|due|land)\b|\bon\strack\b"
    r"|\b(?:shipping|delivery|parcel|package|order)\sstatus\b|\bstatus\sof\s(?:my|the|that|order)\b"
    r"|\bwill\b[^.?]{0,30}\b(?:be\shere|arrive|come|get\shere)\b|能[^。？，,]{0,8}到(?:吗|么|不)|到得了吗|(?:什么时候|啥时候|何时|几号|哪天|(?<!前)几天|多久)[^。？?，,]{0,6}(?:到(?!账|期)|送(?!货地)|收到)|到哪|到了没|走到|(?:物流|快递|包裹)[^。？?]{0,6}(?:信息|状态|情况|进度)"
)
_GENERAL: Final = re.compile(
    r"\bif\si\sorder\b|\bin\sgeneral\b|\bgenerally\b|\busually\b|\bnormally\b|\bsomething\slike\s(?:this|that)\b|\bthings\slike\b|一般|通常|这种|这类|此类"
)
_RULE: Final = re.compile(
    r"\b(?:how\s)?many\s(?:days|weeks)\b|\bhow\slong\b|\bwhat\s(?:do|does|is|are)\b[^.?]{0,40}\b(?:need\w*|require\w*|deadline|limit|period|fee)\b"
    r"|多久|多长|(?<![前这好])几天|多少天|(?:需要|要)[^。？]{0,6}(?:什么|哪些)|(?:期限|规则|条件)[^。？]{0,4}(?:是|什么)"
)
_OWN: Final = re.compile(r"\b(?:my|mine|this|that|these)\s(?!case|many)\w+|\b[a-z]{1,3}\d{6,}|我的|我那|那单|这单")
_REFUND_TIME: Final = re.compile(
    r"(?=.*\b(?:how\slong|how\smany\sdays|when\s(?:do|will|would|can)|how\ssoon|how\sfast)\b)(?=.*\b(?:refund\w*|money\sback|(?:my|the)\smoney)\b)"
    r"|(?=.*(?:多久|多长|几天|什么时候|何时))(?=.*(?:退款|退到|退回|到账|钱.{0,8}退|退.{0,6}钱))"
)
_GOODS: Final = re.compile(
    r"\b(?:recommend\w*|suggest\w*|looking\sfor|do\syou\s(?:have|sell|stock|carry)|have\syou\sgot|in\sstock|show\sme|cheap\w*|price|buy)\b"
    r"|推荐|有没有|有货|想买|卖|多少钱|库存|看看|介绍|适合"
)
_SENDS: Final = re.compile(
    r"\bdo\syou\s(?:also\s)?(?:ship|deliver|send|post)\b|\bcan\syou\s(?:ship|deliver)\b[^.?]*\babroad\b|(?:能|可以)?(?:发|寄|送)(?:到)?(?:国外|海外|境外)|包邮"
)
_ORDERS: Final = re.compile(r"\borders\b|(?:哪些|所有|全部|我的)订单")
_BESIDE_ORDERS: Final[frozenset[ServiceKind]] = frozenset(("invoice", "warranty"))
"""Kinds of service that nobody asks for unless he says so; a complaint, money or an account come up in many stories."""
_TELLS: Final = re.compile(r"\w+(?:\W+\w+){2}|[\u4e00-\u9fff]{4}")
"""More than a courtesy."""


def asks_where(text: str) -> bool:
    """Whether somebody asks where a parcel is or when it comes.

    >>> [asks_where(t) for t in ("and when does the lamp arrive?", "台灯几号到", "When can I return it?")]
    [True, True, False]
    """
    words = tidy(text).lower()
    return bool(_TRACKS.search(words)) and not _GENERAL.search(words) and not _REFUND_TIME.search(words)


def asks_refund_time(text: str) -> bool:
    """Whether somebody asks how long money takes to come back, of no return in particular."""
    return bool(_REFUND_TIME.search(tidy(text).lower()))


def asks_rule(text: str) -> bool:
    """Whether somebody asks what the shop's rule is, and of no order of his own.

    >>> [asks_rule(t) for t in ("How many days do I have to send it back?", "一般多久能退？", "Can I return my lamp?")]
    [True, True, False]
    """
    words = tidy(text).lower()
    questions = [
        part for part in re.split(r"(?<=[.?!。？！，])\s*|(?<=[\u4e00-\u9fff]),", words) if part and _asked(part)
    ]
    if not questions:
        return False
    general = bool(_GENERAL.search(words))
    return general or (not _OWN.search(questions[-1]) and bool(_RULE.search(questions[-1])))


def rule_asked(text: str) -> Command | None:
    """The rule that a message plainly asks for, whatever else the model sees in it."""
    if asks_refund_time(text):
        return Command("ask_policy", topic="returns")
    if _SENDS.search(tidy(text).lower()):
        return Command("ask_policy", topic="shipping")
    return None


def beside(text: str, commands: tuple[Command, ...], order_pattern: str) -> tuple[Command, ...]:
    """Of what was understood beside requests, what a clause of its own asks; where a parcel is, by its words alone."""
    others = [tidy(part) for part in clauses(text) if not read_requests(part)]
    kept: dict[Command, None] = {}
    for part in others:
        if rule := rule_asked(part):
            kept[rule] = None
        elif asks_where(part):
            found = re.search(order_pattern, part, re.IGNORECASE)
            kept[Command("track_order", order=found.group() if found else None)] = None
    asked = any(_asked(part.lower()) and not asks_where(part) for part in others)
    for command in commands:
        rest = " ".join(others).lower()
        if (
            command.name == "human"
            or (command.name == "list_orders" and _ORDERS.search(rest))
            or (command.name == "service" and command.kind in _BESIDE_ORDERS and _TELLS.search(rest))
            or (command.name == "ask_policy" and asked and not any(c.name == "ask_policy" for c in kept))
            or (command.name in ("find_product", "ask_product") and _GOODS.search(rest))
        ):
            kept[command] = None
    return tuple(kept)


def _asked(part: str) -> bool:
    return bool(QUESTION.search(part)) or part.rstrip().endswith(("?", "？"))
