"""How people type: small damage to the literal words of an utterance, never to slots, queries or handles.

It works on pieces of text that the caller knows to be literal, so labels stay true.
"""

import random
import re
from typing import Final

from finetune.corpus.notation import Lang

_OPENINGS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": (
        "hi, ",
        "hi ",
        "Hello, ",
        "Hi there! ",
        "hey ",
        "Hey, ",
        "hello! ",
        "Good morning, ",
        "yo ",
        "Excuse me, ",
        "Dear team, ",
        "um ",
        "ok so ",
        "Sorry to bother you, ",
        "quick q: ",
    ),
    "zh": (
        "你好，",
        "您好，",
        "亲，",
        "在吗，",
        "在吗？",
        "亲亲，",
        "请问，",
        "hi，",
        "哈喽，",
        "客服你好，",
        "老板，",
        "那个，",
        "嗨 ",
        "打扰一下，",
        "麻烦问下，",
    ),
}
_ENDINGS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": (
        " 🙏",
        " 😭",
        "!!",
        "...",
        " thx",
        " pls",
        " please",
        " Thanks!",
        " thank you",
        " 😅",
        " :)",
        " 🙂",
        " cheers",
        " asap",
        "??",
    ),
    "zh": (
        "🙏",
        "😭",
        "！！",
        "……",
        "谢谢",
        "，谢谢",
        "哈",
        "呢",
        "~",
        "～",
        "😂",
        "，急",
        "，麻烦了",
        "[流泪]",
        "？？",
    ),
}
_CHAT: Final[dict[Lang, tuple[tuple[str, str], ...]]] = {
    "en": (
        ("you", "u"),
        ("your", "ur"),
        ("are", "r"),
        ("please", "pls"),
        ("I'm", "im"),
        ("don't", "dont"),
        ("can't", "cant"),
        ("it's", "its"),
        ("what's", "whats"),
        ("because", "cuz"),
        ("and", "&"),
        ("the", "teh"),
        ("want", "wanna have"),
        ("order", "oder"),
        ("received", "recieved"),
        ("package", "pakage"),
        ("delivery", "delivary"),
        ("to", "2"),
        ("hasn't", "hasnt"),
        ("haven't", "havent"),
        ("doesn't", "doesnt"),
        ("didn't", "didnt"),
        ("I'd", "id"),
    ),
    "zh": (
        ("什么", "啥"),
        ("怎么", "咋"),
        ("没有", "木有"),
        ("这样", "酱紫"),
        ("在", "再"),
        ("东西", "东东"),
        ("的", "滴"),
        ("知道", "造"),
        ("不要", "表"),
        ("是不是", "是8是"),
        ("账", "帐"),
        ("喜欢", "稀饭"),
        ("我", "俺"),
        ("了", "勒"),
        ("已经", "以经"),
        ("快递", "块递"),
        ("可以", "可已"),
        ("怎么", "怎莫"),
        ("没", "米"),
    ),
}
_KEYS: Final = {"a": "s", "e": "r", "i": "o", "o": "p", "t": "y", "n": "m", "s": "d", "r": "t", "h": "j", "l": "k"}


def opening(rng: random.Random, lang: Lang) -> str:
    """A greeting to put before a request."""
    return rng.choice(_OPENINGS[lang])


def ending(rng: random.Random, lang: Lang) -> str:
    """A courtesy, an emoji or punctuation to put after a request."""
    return rng.choice(_ENDINGS[lang])


def abbreviate(rng: random.Random, lang: Lang, piece: str) -> str:
    """One or two words as chats spell them."""
    pairs = [pair for pair in _CHAT[lang] if pair[0] in piece]
    for old, new in rng.sample(pairs, min(len(pairs), rng.randint(1, 2))):
        piece = re.sub(rf"\b{re.escape(old)}\b", new, piece, count=1) if lang == "en" else piece.replace(old, new, 1)
    return piece


def typo(rng: random.Random, piece: str) -> str:
    """One slip of the fingers in a word of five letters or more; the piece as it is where there is none."""
    places = [match.start() for match in re.finditer(r"(?<=[a-z])[a-z](?=[a-z]{2})", piece)]
    if not places:
        return piece
    at = rng.choice(places)
    match rng.randrange(4):
        case 0:
            return piece[:at] + piece[at + 1 :]
        case 1:
            return piece[:at] + piece[at] + piece[at:]
        case 2:
            return piece[:at] + piece[at + 1] + piece[at] + piece[at + 2 :]
        case _:
            return piece[:at] + _KEYS.get(piece[at], piece[at]) + piece[at + 1 :]


def punctuate(rng: random.Random, lang: Lang, piece: str) -> str:
    """Punctuation left out, or full-width and half-width changed over."""
    if lang == "zh":
        if rng.random() < 0.5:
            return piece.translate(str.maketrans("，。？！", ",.?!"))
        return re.sub(r"[，。？！]", " ", piece)
    if rng.random() < 0.15:
        return piece.translate(str.maketrans(",?!", "，？！"))
    return re.sub(r"[,?!]|\.(?=\s|$)", "", piece)
