"""Cuts a text into the words that lexical search compares, English and Chinese in one text.

English: lower-cased, plural endings taken off, request words dropped. Chinese: jieba's words (long ones also in
parts) and every pair of neighbouring characters, so that a word the dictionary does not know is still found.
Full-width letters and digits count as their plain forms. Traditional characters are not mapped to simplified ones.
"""

import re
import threading
import unicodedata
import warnings
from typing import Any, Final

MAX_CHARS: Final = 20_000
_RUN: Final = re.compile(r"[a-z0-9]+(?:[.'][a-z0-9]+)*|[\u3400-\u9fff]+")
_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")

# What customers say around the thing they ask for. Words that could name a thing or a property stay.
_STOP_EN: Final = """a an and any are about at be but by can could do does for from get give gimme got had has have
hello help hey hi how i i'd i'll i'm i've if in is it it's its just like look looking me my need needs of on one
ones or our please recommend recommendation recommendations sell sells should show so some something stock suggest
suggestion thanks that the their them then there there's these they thing things this those to us want wanted wants
was we what what's which who will with would you your"""
_STOP_ZH: Final = """的 了 吗 呢 啊 吧 呀 哦 嗯 么 我 我们 你 你们 您 他 她 它 这 那 这个 那个 这款 那款 有 有没有
没有 是 在 和 跟 与 或 要 想 想要 我想 想买 要买 买 给 给我 帮 帮我 请 请问 推荐 推荐一下 介绍 介绍一下 看看 看一下
一下 一个 一款 一些 个 款 件 条 种 点 什么 哪些 哪个 哪款 怎么 怎么样 多少 能 可以 会 不会 需要 求 适合 用 用的 比较
卖 你好 谢谢 没 也 都 就 还 还有 店 店里 你们店 家里 买个 买一个 要个 找 找个 找一个 想找"""
STOP_WORDS: Final = frozenset(f"{_STOP_EN} {_STOP_ZH}".split())


def normalise(text: str) -> str:
    """Compatibility forms folded (full width, ligatures), lower case, white space single."""
    return " ".join(unicodedata.normalize("NFKC", text[:MAX_CHARS]).lower().split())


def stem(word: str) -> str:
    """English plural endings taken off. Source: the S-stemmer, Harman (1991).

    >>> [stem(w) for w in ("batteries", "dresses", "shoes", "glass", "bus")]
    ['battery', 'dress', 'shoe', 'glass', 'bus']
    """
    if len(word) > 4 and word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("us", "ss", "is")):
        return word[:-1]
    return word


def words(text: str) -> list[str]:
    """The words of ``text`` in order, stop words left out.

    >>> words("Do you have waterproof backpacks?")
    ['waterproof', 'backpack']
    """
    found: list[str] = []
    for run in _RUN.findall(normalise(text)):
        found.extend(_chinese(run) if _CHINESE.match(run) else _english(run))
    return found


def _english(run: str) -> list[str]:
    plain = run.removesuffix("'s")
    return [] if run in STOP_WORDS or plain in STOP_WORDS else [stem(plain)]


def _chinese(run: str) -> list[str]:
    kept: list[str] = []
    content = ""  # pairs are taken within what stop words leave, so that "的包" is no word
    for word in _cutter().cut(run):
        if word in STOP_WORDS:
            kept.extend(_pairs(content))
            content = ""
        else:
            kept.extend(_parts(word))
            content += word
    kept.extend(_pairs(content))
    return list(dict.fromkeys(kept))


def _parts(word: str) -> list[str]:
    return [word, *(part for part in _cutter().cut_for_search(word) if part != word)]


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1)]


_lock = threading.Lock()
_tokenizer: list[Any] = []


def _cutter() -> Any:
    """Jieba with its dictionary in memory, built once: a cache file in a shared folder could be anybody's."""
    if not _tokenizer:
        with _lock:
            if not _tokenizer:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # its source holds escapes that newer compilers warn of
                    import jieba  # local: a second of work that commands without search need not wait for
                jieba.setLogLevel(60)
                cutter = jieba.Tokenizer()
                cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
                cutter.initialized = True
                _tokenizer.append(cutter)
    return _tokenizer[0]
