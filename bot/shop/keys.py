"""Spellings that mean the same: how ids, e-mails, names and postal codes are compared.

A key is for comparing only and is never shown. Names are compared without regard to case, accents,
punctuation and word order; no nicknames, no spelling mistakes, no pinyin.
"""

import re
import unicodedata

_ZIP_PLUS_4 = re.compile(r"\s*(\d{5})-\d{4}\s*")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def order_key(text: str) -> str:
    """An order id without case, width, blanks, hyphens and a leading ``#``.

    >>> order_key(" #w2378156 ") == order_key("Ｗ２３７８１５６")
    True
    """
    return re.sub(r"[\s\-‐-―]", "", _folded(text)).lstrip("#")


def email_key(text: str) -> str:
    """An e-mail address without case, width and blanks.

    >>> email_key(" Lin.Xiaoyu@Example.CN")
    'lin.xiaoyu@example.cn'
    """
    return re.sub(r"\s", "", _folded(text))


def name_key(text: str) -> str:
    """A name without case, accents, punctuation and word order; Chinese names also without blanks.

    >>> name_key("Clarke, Emma") == name_key("emma  clarke")
    True
    >>> name_key("林 晓雨")
    '林晓雨'
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", _folded(text)) if not unicodedata.combining(c))
    words = re.sub(r"[^\w]+", " ", re.sub(r"['’‘]", "", plain)).split()
    if any("\u3400" <= c <= "\u9fff" for c in plain):
        return "".join(words)
    return " ".join(sorted(words))


def postal_key(text: str) -> str:
    """A postal code without case, width, blanks and hyphens; a ZIP+4 counts as its ZIP.

    >>> postal_key("sw1a 1aa"), postal_key("02139-4307")
    ('sw1a1aa', '02139')
    """
    folded = _folded(text)
    if match := _ZIP_PLUS_4.fullmatch(folded):
        return match.group(1)
    return re.sub(r"[\s\-]", "", folded)
