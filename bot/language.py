"""Which of the two languages a message is in. By script: exact for English and Chinese, instant, no model."""

import re
from typing import Final

from bot.session import Lang

_HANDLE: Final = re.compile(r"<[A-Z]+_\d+>")
_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_MAIL: Final = re.compile(r"\S+@\S+|https?://\S+")
_ID: Final = re.compile(r"\b[A-Za-z]{0,4}[-#]?\d[\w-]*")


def language_of(text: str, otherwise: Lang) -> Lang:
    """``zh`` where Chinese characters weigh as much as English words, ``en`` where words do.

    ``otherwise`` where there is neither: a bare number, an e-mail address, a handle, an emoji. Traditional characters
    count as Chinese. A Chinese message with a few English words stays Chinese.

    >>> language_of("我的 order 呢", "en"), language_of("where is 林晓's order", "zh"), language_of("TF10293847", "zh")
    ('zh', 'en', 'zh')
    """
    bare = _ID.sub(" ", _HANDLE.sub(" ", _MAIL.sub(" ", text)))
    chinese, words = len(_CHINESE.findall(bare)), len(_WORD.findall(bare))
    if not chinese and not words:
        return otherwise
    return "zh" if chinese > words else "en"
