"""What a label lacks to be a command: order numbers, list places, search words and details, by patterns alone.

For the degraded mode. A slot is copied from the customer's words or from what the dialogue showed; nothing is made
up. It does not correct spelling and knows no catalogue: a search keeps words that a person would leave out.
"""

import re
from typing import Final, cast

from bot.commands import MAX_QUERY_CHARS, MAX_VALUE_CHARS, Command, Name, ServiceKind, Slot, Topic
from bot.prompts import Context

_HANDLE: Final = re.compile(r"<(EMAIL|PERSON|POSTCODE)_\d+>")
_ANY_HANDLE: Final = re.compile(r"<[A-Z_]+_\d+>")
_SLOT_OF: Final[dict[str, Slot]] = {"EMAIL": "email", "PERSON": "name", "POSTCODE": "postal_code"}
_PLACES: Final = (
    r"\b(?:first|1st|1)\b|(?:number|no\.?) one\b|第一|^一号?$|一(?=[号款])",
    r"\b(?:second|2nd|two|2)\b|第?二(?=[个款号条单件]|$)|第二",
    r"\b(?:third|3rd|three|3)\b|第?三(?=[个款号条单件]|$)|第三",
)
_LAST: Final = re.compile(r"\b(?:last|bottom)\b|最后|末尾", re.IGNORECASE)
_LEAD: Final = re.compile(
    r"(?:hi|hello|hey|um|ok so|please|pls|excuse me)\b[\s,!.]*"
    r"|(?:(?:i'?m|i am|we'?re|we are)\s+)?(?:just\s+)?(?:looking|searching|hunting|shopping|after)\b(?:\s+for)?\s*"
    r"|(?:i|we)(?:'d| would)?\s+(?:really\s+)?(?:want|need|like|love)(?:\s+to\s+(?:buy|get|order|find|see))?\s+"
    r"|(?:do|would)\s+(?:you|u|ya)(?:\s+(?:guys|lot|people))?\s+(?:have|sell|stock|carry|do|got)\s+"
    r"|have\s+(?:you|u)(?:\s+got)?\s+|(?:are|is)\s+there\s+|(?:got|need|want|show me|find me|get me|find|after)\s+"
    r"|(?:can|could|would|will)\s+(?:you|u)\s+(?:please\s+)?"
    r"(?:recommend|suggest|find|show|help me (?:find|pick|choose)|help)(?:\s+me)?\s+"
    r"|(?:recommend|suggest)(?:\s+me)?\s+|(?:any|some|a|an|the)\s+(?=\w)"
    r"|(?:你好|您好|亲亲?|在吗|请问|麻烦问下|打扰一下|那个|老板|hi|哈喽)[，,。！？\s]*"
    r"|(?:请)?(?:帮我|给我|能不能|可以|能|麻烦)?(?:推荐|找|选|看看|搜|介绍)(?:一下|下|一?[个款些条双件])?"
    r"|(?:我|俺|咱)?(?:就)?(?:想|要|想要|需要|打算)(?:买|找|看|入手|弄|来|购买)?(?:一?[个款些条双件把台])?"
    r"|(?:你们?|店里|咱家)?(?:这里|这儿|家)?(?:有没有|有)(?:卖|什么)?|买(?:一?[个款些条双件把台])?",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"(?:[\s,，。.!！?？~～]|\b(?:please|pls|plz|thanks|thx|thank you|lol|cheers|asap)\b"
    r"|(?:有吗|有没有|有没|有不|有么|吗|呢|吧|哈|谢谢|麻烦了|有货吗|来一个|推荐一下|推荐下|求推荐))+$",
    re.IGNORECASE,
)
_IT: Final = re.compile(
    r"\b(?:it|its|it's|that|this|they|them|these|those)\b|它|这个?|那个?",
    re.IGNORECASE,
)
_DETAILS_ALONE: Final = re.compile(
    r"(?:hi|hello|my|i'?m|i am|this is|it'?s|here'?s|name|full name|phone|mobile|cell|number|e-?mail|address|post ?code"
    r"|postal code|zip(?: code)?|is|and|the|at"
    r"|我的?|本人|这是|叫|是|电话|手机|号码?|邮箱|邮件|地址|名字|姓名|邮编|微信|联系|为|和"
    r"|<[A-Z_]+_\d+>|[\s:：/]+)+",
    re.IGNORECASE,
)
"""A part that says nothing but who writes."""
_ONE_WITH: Final = re.compile(
    r"\b(?:one|order|parcel|package)\s+with\s+(?:the\s+|a\s+|my\s+)?(.+)|(?:有|买|装|里面是)(.+?)(?:的)?那[个单笔]",
    re.IGNORECASE,
)


def order_in(text: str, pattern: str) -> str | None:
    """The first order number in ``text``, as typed."""
    found = re.search(pattern, text, re.IGNORECASE)
    return found.group() if found else None


def query_of(text: str) -> str:
    """The wanted thing without what people say around it; never empty where ``text`` is not.

    >>> query_of("hi, do you have rain boots in size 38?")
    'rain boots in size 38'
    >>> query_of("请问有没有防水的登山鞋")
    '防水的登山鞋'
    >>> query_of("my phone is <PHONE_1>, looking for a warm blanket, under 300")
    'warm blanket, under 300'
    """
    left = _ANY_HANDLE.sub(" ", _without_details(text)).strip() or text.strip()  # who asks is nothing to look for
    while (found := _LEAD.match(left)) and found.end() and left[found.end() :].strip():
        left = left[found.end() :].lstrip()
    cut = _TAIL.sub("", left)
    return (cut or left or text)[:MAX_QUERY_CHARS].strip()


def _without_details(text: str) -> str:
    """Without the parts between commas and stops that hold a customer's details and nothing else."""
    parts = re.split(r"(?<=[,，;；。！!\n])|(?<=\.\s)", text)
    return "".join(part for part in parts if not (_ANY_HANDLE.search(part) and _tells_who(part)))


def _tells_who(part: str) -> bool:
    return _DETAILS_ALONE.fullmatch(part.strip(" .,，;；。！!\n")) is not None


def place_in(text: str, offered: tuple[str, ...]) -> int | None:
    """Which of what was offered is meant: by its place, or by words that only its name has."""
    if not offered:
        return None
    if _LAST.search(text):
        return len(offered)
    for n, pattern in enumerate(_PLACES[: len(offered)], 1):
        if re.search(pattern, text, re.IGNORECASE):
            return n
    said = text.casefold()
    hits = [sum(word in said for word in _words(name)) for name in offered]
    return hits.index(max(hits)) + 1 if max(hits) and hits.count(max(hits)) == 1 else None


def command_of(label: str, text: str, context: Context, order_pattern: str) -> Command:
    """The command of ``label`` with the slots that ``text`` and ``context`` hold; ``unclear`` where one is missing."""
    name, _, detail = label.partition(":")
    match name:
        case "service":
            return Command("service", kind=cast(ServiceKind, detail), order=_order(text, context, order_pattern))
        case "track_order":
            return Command("track_order", order=_order(text, context, order_pattern))
        case "ask_policy":
            return Command("ask_policy", topic=cast(Topic, detail))
        case "find_product":
            return Command("find_product", query=query_of(text))
        case "ask_product":
            return Command("ask_product", query=_asked(text, context, order_pattern))
        case "choose":
            n = place_in(text, context.offered)
            return Command("choose", n=n) if n else Command("unclear")
        case "give":
            return _given(text, order_pattern)
        case _:
            return Command(cast(Name, name))


def proves(text: str) -> bool:
    """Whether the details in a message can prove who writes: an e-mail address, or a name and a postal code."""
    kinds = {match.group(1) for match in _HANDLE.finditer(text)}
    return "EMAIL" in kinds or {"PERSON", "POSTCODE"} <= kinds


def details_in(text: str) -> tuple[Command, ...]:
    """Handles of a person's details, each once, in order."""
    found = (Command("give", slot=_SLOT_OF[m.group(1)], value=m.group()) for m in _HANDLE.finditer(text))
    return tuple(dict.fromkeys(found))


def _order(text: str, context: Context, pattern: str) -> str | None:
    """The number in the text, or that of the order that is talked about."""
    if found := order_in(text, pattern):
        return found
    return context.topic if context.topic and re.fullmatch(pattern, context.topic, re.IGNORECASE) else None


def _asked(text: str, context: Context, pattern: str) -> str:
    """The question about a product, after the product's name where the text only points at it."""
    query = query_of(text)
    n = place_in(text, context.offered)
    meant = context.offered[n - 1] if n else context.topic
    known = meant and not re.fullmatch(pattern, meant, re.IGNORECASE)
    if not known or str(meant).casefold() in text.casefold():
        return query
    return f"{meant} {_IT.sub(' ', query).strip() or query}"[:MAX_QUERY_CHARS].strip()


def _given(text: str, pattern: str) -> Command:
    if order := order_in(text, pattern):
        return Command("give", slot="order", value=order)
    if details := details_in(text):
        return details[0]
    if (found := _ONE_WITH.search(text)) and (thing := _TAIL.sub("", found[1] or found[2]).strip()):
        return Command("give", slot="product", value=thing[:MAX_VALUE_CHARS].strip())
    return Command("unclear")


def _words(name: str) -> set[str]:
    """Words of a name, or pairs of characters where it is Chinese."""
    folded = name.casefold()
    pairs = {folded[at : at + 2] for at in range(len(folded) - 1) if "\u4e00" <= folded[at] <= "\u9fff"}
    return pairs | {word for word in re.findall(r"[a-z]{3,}", folded)}
