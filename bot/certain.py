"""What code can say for certain about a turn, so that it need not wait for the model.

A bare yes, no, thank-you, greeting, number of a list, order number, or the details that were just
asked for. Whole messages only: anything with more in it goes to the model.
"""

import re
import unicodedata
from typing import Final

from bot.commands import Command, Name, Slot
from bot.prompts import Context
from guardrails.findings import Concealed

_WORDS: Final[dict[Name, str]] = {
    "affirm": "yes|yes please|confirm|confirmed|i confirm|yes go ahead|yes do it|do it|yes that's right|that's right|"
    "确认|确定|办吧|办理吧|没问题|可以的|就这么办|"
    "yep|yeah|yup|sure|ok|okay|please do|go ahead|correct|right|y|"
    "是|是的|好|好的|好啊|行|可以|对|对的|嗯|嗯嗯|没错|要|需要|麻烦了",
    "deny": "no|no thanks|no thank you|nope|nah|not now|n|不|不用|不用了|不要|不需要|没有|没有了|没了|算了不用",
    "thanks": "thanks|thank you|thank you so much|thank you very much|thanks a lot|many thanks|cheers|"
    "thx|ty|great thanks|"
    "谢谢|谢谢你|谢谢您|多谢|感谢|非常感谢|好的谢谢|谢谢啦|谢了",
    "greet": "hi|hello|hey|hi there|hello there|hey there|good morning|good afternoon|good evening|"
    "你好|您好|在吗|在么|有人吗|hello你好|哈喽|嗨|早上好|下午好|晚上好",
    "goodbye": "bye|goodbye|bye bye|see you|再见|拜拜|88",
    "human": "human|agent|a human please|talk to a human|speak to a human|talk to an agent|customer service|"
    "representative|"
    "人工|转人工|人工客服|转人工客服|找人工|我要人工|真人客服",
    "stop": "stop|cancel that|never mind|nevermind|forget it|算了|不用管了|当我没说",
    "repeat": "what|pardon|say again|come again|repeat|再说一遍|什么|没听清",
}
_BY_WORDS: Final[dict[str, Name]] = {words: name for name, many in _WORDS.items() for words in many.split("|")}
_CLOSERS: Final = (
    "that's all|that is all|thats all|that's it|that's everything|nothing else|that's all i needed|all good|great|"
    "perfect|wonderful|no more questions|没有别的问题了|没别的了|没有别的了|没有其他问题了|没其他的了|没事了|"
    "就这些|就这样|暂时没有了|没问题了"
)
_NOTHING_MORE: Final = frozenset(_CLOSERS.split("|"))
# Where a message holds several of them, the one that decides comes first: "no, thanks" is a no.
_WEIGHT: Final[tuple[Name, ...]] = (
    "human",
    "stop",
    "goodbye",
    "affirm",
    "deny",
    "repeat",
    "thanks",
    "greet",
)
_PART: Final = re.compile(r"[,.!?;~，。！？；、～…\n]+")
_NUMBER_WORDS: Final = ("1|first|one", "2|second|two", "3|third|three", "4|fourth|four", "5|fifth|five")
_ORDINALS: Final[dict[str, int]] = {
    **{word: n for n, words in enumerate(_NUMBER_WORDS, 1) for word in words.split("|")},
    **dict(zip("一二三四五", range(1, 6), strict=True)),
    "两": 2,
}  # fmt: skip
_NTH: Final = re.compile(
    r"(?:[我要选就想看那]*)(?:第([一二三四五\d])[个款号条单件]?|([一二三四五两\d])号?)[吧的呢]*"
    r"|(?:the |number |no )?([a-z\d]+)(?: one| please)*"
)
_HANDLE: Final = re.compile(r"<(EMAIL|PERSON|POSTCODE)_\d+>")
_SLOT_OF: Final[dict[str, Slot]] = {"EMAIL": "email", "PERSON": "name", "POSTCODE": "postal_code"}
MAX_WORDS_AROUND_DETAILS: Final = 8


def normal(text: str) -> str:
    """Lower case, NFKC, without punctuation and with single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() or c in "<>_'" else " " for c in folded).split())


def commands_for_certain(text: Concealed, context: Context, order_pattern: str) -> tuple[Command, ...] | None:
    """The commands of a turn that leaves no doubt; ``None`` where the model must look."""
    words = normal(text.text)
    if name := _set_phrase(text.text):
        return (Command(name),)
    if context.offered and (n := _nth(words)):
        return (Command("choose", n=n),)
    if order := re.fullmatch(order_pattern, text.text.strip(" .。!！,，"), re.IGNORECASE):
        return (Command("give", slot="order", value=order.group()),)
    return _details(text.text) if context.awaiting == "identity" else None


def _set_phrase(text: str) -> Name | None:
    """What a message says that is made of set phrases only; "thanks, that's all" is a thank-you."""
    whole = _BY_WORDS.get(normal(text))
    parts = [words for part in _PART.split(text) if (words := normal(part))]
    if whole or not all(part in _BY_WORDS or part in _NOTHING_MORE for part in parts):
        return whole
    named = {_BY_WORDS[part] for part in parts if part in _BY_WORDS}
    if {"affirm", "deny"} <= named:
        return None
    return next((name for name in _WEIGHT if name in named), "thanks" if parts else None)


def _nth(words: str) -> int | None:
    match = _NTH.fullmatch(words)
    return _ORDINALS.get(next(filter(None, match.groups()), "")) if match else None


def _details(text: str) -> tuple[Command, ...] | None:
    """Handles of what was asked for, when little else is said."""
    found = [Command("give", slot=_SLOT_OF[m.group(1)], value=m.group()) for m in _HANDLE.finditer(text)]
    rest = _HANDLE.sub(" ", text)
    around = len(re.findall(r"[A-Za-z]+", rest)) + len(re.findall(r"[\u4e00-\u9fff]", rest)) / 2
    return tuple(found[:3]) if found and around <= MAX_WORDS_AROUND_DETAILS and not re.search(r"\d", rest) else None
