"""English or Chinese, by script: fast, deterministic and good enough to compare a reply with its question.

On purpose not ``bot.language``: what is measured does not measure itself.
Knows two languages only: French counts as English, Japanese kanji as Chinese. A text without words
of its own (an order number, a handle, "👍") has no language.
"""

import re
from typing import Final

from bot.session import Lang

HANDLE: Final = re.compile(r"<[A-Z]+_\d+>")
"""A handle as guardrails writes it."""

_NOT_WORDS: Final = re.compile(r"<[A-Z]+_\d+>|https?://\S+|\S+@\S+|\[[^\]]*\]|\b\w*\d\w*\b", re.ASCII)
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LATIN_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'’]*")
_HAN_PER_WORD: Final = 1.7  # characters of Chinese that say what one English word says


def language_of(text: str) -> Lang | None:
    """The language that most of the text is in; ``None`` where nothing tells.

    >>> language_of("Where is my order TF10293847?"), language_of("订单TF10293847到哪了"), language_of("TF10293847")
    ('en', 'zh', None)
    """
    words = _NOT_WORDS.sub(" ", text)
    han, latin = len(_HAN.findall(words)), len(_LATIN_WORD.findall(words))
    if not han and not latin:
        return None
    return "zh" if han / _HAN_PER_WORD > latin else "en"
