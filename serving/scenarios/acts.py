"""What the bot waits for after a turn, as the customer sees it: told by the bot, else read from its words.

The words are a table of patterns, English and Chinese, the first that matches wins. It is a fallback: it does
not understand, it takes a polite "is there anything else?" for the end of a request and an offer for a question.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

Act = Literal[
    "ask_identity",
    "ask_order",
    "ask_items",
    "ask_options",
    "ask_reason",
    "ask_address",
    "ask_payment",
    "confirm",
    "refuse",
    "done",
    "handoff",
    "other",
]
ACTS: Final[tuple[Act, ...]] = get_args(Act)

_ASKING: Final = re.compile(
    r"[?？]|\b(?:please|kindly|may i|could you|can you|tell me|let me know|i need|i'll need)\b"
    r"|请|麻烦|需要您|告诉我|提供",
    re.IGNORECASE,
)
_QUESTIONS: Final[Mapping[Act, tuple[str, ...]]] = {
    "confirm": (
        r"\b(?:shall|should|may|do you want me to|would you like me to) (?:i )?"
        r"(?:go ahead|proceed|cancel|change|return|exchange|submit|do)\b",
        r"\b(?:please|do you|can you|could you) confirm\b",
        r"\bis (?:that|this|it) (?:correct|right|ok(?:ay)?|all right)\b",
        r"\b(?:yes/no|yes or no|reply .{0,3}yes)\b|\bgo ahead\?|\bproceed\?",
        r"请(?:您)?确认|是否(?:确认|继续|同意)|确认(?:吗|无误|提交|办理)",
        r"(?:可以|对|行|好)吗[?？]|要我(?:现在)?(?:办理|提交|取消|修改)",
    ),
    "ask_identity": (
        r"\b(?:verify|identify|authenticate)\b|\bwho you are\b|\b(?:zip|postal|post) ?code\b",
        r"\b(?:your|the) (?:e-?mail|full name|name and)\b",
        r"邮箱|身份|核实|姓名|邮编|邮政编码",
    ),
    "ask_reason": (r"\breason\b|\bwhy\b", "原因|为什么|为何"),
    "ask_address": (
        r"\b(?:new|full|which|what|delivery|shipping|correct) (?:\w+ )?address\b|\bwhere (?:should|shall)\b",
        r"新(?:的)?(?:收货)?地址|(?:完整|详细)(?:的)?(?:收货)?地址|(?:哪个|什么|收货)地址",
    ),
    "ask_payment": (
        r"\bpayment method\b|\bwhich (?:card|payment|account)\b|\bhow would you like to (?:pay|be refunded)\b",
        r"\brefund(?:ed)? to\b|\bpay (?:with|by|for)\b",
        r"支付方式|付款方式|退(?:款)?到(?:哪|什么)|(?:哪|什么)(?:张|种|个)?(?:卡|方式)",
    ),
    "ask_order": (
        r"\border (?:number|id|no\.?)\b|\bwhich (?:of (?:your|the|these) )?orders?\b",
        r"订单号|订单编号|(?:哪|什么)(?:一)?(?:个|笔|张)订单",
    ),
    "ask_options": (
        r"\b(?:which|what) (?:\w+ )?(?:option|variant|version|colou?r|size|style|model|one would you)s?\b",
        r"\b(?:exchange|change|swap) (?:it|them) (?:for|to)\b",
        r"(?:哪|什么)(?:一)?(?:个|种|款)?(?:颜色|尺码|尺寸|规格|款式|型号|版本)|换成(?:哪|什么)",
    ),
    "ask_items": (
        r"\b(?:which|what) (?:of (?:the|these|your) )?(?:items?|products?|articles?|pieces?)\b",
        r"(?:哪|什么)(?:一)?(?:件|些|个|样)?(?:商品|东西)|哪(?:几|一)?件",
    ),
}
_STATEMENTS: Final[Mapping[Act, tuple[str, ...]]] = {
    "handoff": (
        r"\b(?:transferr?(?:ed|ing)?|connect(?:ed|ing)?|hand(?:ed|ing)?)\b.{0,30}"
        r"\b(?:human|person|agent|colleague|representative)",
        r"(?:已|正在|这就|马上).{0,4}(?:转接|转给|转人工|转到人工)|为您转(?:接)?人工",
    ),
    "refuse": (
        r"\b(?:cannot|can't|can not|unable to|not able to|not possible|not allowed|isn't possible)\b",
        r"\b(?:couldn't|could not)\b|\bsorry, (?:but )?(?:i|we|this|that)\b",
        r"\bno longer (?:be )?(?:possible|cancel|change|return)",
        r"无法|不能|没办法|不可以|不支持|抱歉|对不起|查不到|没有找到|未找到",
    ),
    "done": (
        r"\b(?:has|have) been\b|\banything else\b|\ball set\b",
        r"\b(?:is|are) (?:now )?(?:cancell?ed|changed|updated|submitted|requested|done)\b",
        r"已(?:经)?(?:为您|帮您|给您)?(?:取消|修改|更改|更新|提交|申请|办理|退款|换货|退货|改)",
        r"还有(?:什么|其他|别的)|办好了|处理好了",
    ),
}


def _compiled(table: Mapping[Act, tuple[str, ...]]) -> tuple[tuple[Act, re.Pattern[str]], ...]:
    return tuple((act, re.compile("|".join(parts), re.IGNORECASE | re.DOTALL)) for act, parts in table.items())


_ASKED: Final = _compiled(_QUESTIONS)
_STATED: Final = _compiled(_STATEMENTS)
_SENTENCE: Final = re.compile(r"[^.!?。！？\n]*(?:[.!?。！？\n]+|$)")


def act_of(text: str) -> Act:
    """What the words of a turn ask for or say; ``other`` where no pattern matches.

    Questions are looked for in the sentences that ask; of several the last one counts, as people answer that.

    >>> act_of("Your order has been cancelled. Is there anything else?")
    'done'
    >>> act_of("请问您的订单号是多少？")
    'ask_order'
    """
    plain = text.replace("’", "'")
    asking = [part for part in _SENTENCE.findall(plain) if _ASKING.search(part)]
    asked = (_first(_ASKED, sentence) for sentence in reversed(asking))
    return next((act for act in asked if act), None) or _first(_STATED, plain) or "other"


def _first(table: tuple[tuple[Act, re.Pattern[str]], ...], text: str) -> Act | None:
    return next((act for act, pattern in table if pattern.search(text)), None)


def told_act(events: Iterable[object]) -> Act | None:
    """The act that the bot tells with a turn's ``Done``; ``None`` where it tells none, or one that nobody knows."""
    told = [getattr(event, "act", None) for event in events]
    return next((act for act in ACTS if act in told), None)


def asks(text: str) -> bool:
    """Whether the words hold a question at all: a write may only follow one that the customer could see.

    >>> asks("Cancel it? Please say yes."), asks("Noted.")
    (True, False)
    """
    return bool(_ASKING.search(text))
