"""Cuts a message into the parts that may each ask for something, in both languages.

By punctuation and by joining words ("and", "also", "另外") with a request's beginning after them: a list of things
("shoes and socks") stays whole. It does not judge what a part asks for. Parts are pieces of the text, in its order.
"""

import re
from typing import Final

MIN_LETTERS: Final = 3
"""Of a part: shorter ones are names of things, numbers or nothing."""

_ASKS: Final = (
    "i|i'm|i'd|i've|we|my|you|can|could|would|will|do|does|did|is|are|was|has|have|what|what's|where|where's|when|"
    "how|how's|who|why|which|please|pls|tell|show|send|check|find|get|give|cancel|return|exchange|swap|change|track|"
    "refund|recommend|suggest|also|then|if|the other|another"
)
_JOINT: Final = re.compile(
    r"(?<=[.!?;])\s+|[。！？；\n]+|[!?](?=[^\s!?])"
    r"|[,，]?\s*(?:另外|还有就是|还有|顺便|对了|此外|然后|再就是|同时)[，,、]?\s*"
    r"|\s*[,，]\s*(?=(?:我|你|能|可以|帮|请|怎|有没有|多少|什么|查|退|换|取消|推荐|那|再|还|把))"
    rf"|[,;]?\s+(?:and|but|plus|oh and|as well as)\s+(?:also\s+)?(?=(?:{_ASKS})\b)"
    rf"|,\s+(?:also\s+)?(?=(?:{_ASKS})\b)|\s+-{{1,2}}\s+"
    r"|[,;]?\s+(?:also|by the way|btw|another thing|one more thing)[,:]?\s+",
    re.IGNORECASE,
)


def clauses(text: str) -> tuple[str, ...]:
    """The parts of ``text`` with letters enough to ask for something; the whole where there is one.

    >>> clauses("Where is TF10293847, and can I return the lamp?")
    ('Where is TF10293847', 'can I return the lamp?')
    >>> clauses("shoes and socks for running")
    ('shoes and socks for running',)
    >>> clauses("退货要钱吗？另外帮我查下快递")
    ('退货要钱吗', '帮我查下快递')
    """
    parts = tuple(part for piece in _JOINT.split(text) if _letters(part := piece.strip(" ,，;；")) >= MIN_LETTERS)
    return parts if len(parts) > 1 else (text,)


def _letters(text: str) -> int:
    return sum(char.isalpha() for char in text)
