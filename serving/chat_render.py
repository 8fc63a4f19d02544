"""What the chat page shows, as HTML: messages, product cards, sources, and what was hidden.

Text of customers and of the model is escaped and stands inside one block element, so that no Markdown in it is read
and no picture in it is fetched. It knows nothing of sessions or of the page's library.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape, unescape
from typing import Any, Final
from urllib.parse import urlsplit

from bot.session import Lang
from serving.http.notices import AI_MARK, hidden_line

TEXTS: Final[dict[Lang, dict[str, str]]] = {
    "en": {
        "subtitle": "AI assistant, answers at once",
        "hello": "How can I help?",
        "sub": "I look up orders, find products and answer questions about the shop, in English and Chinese.",
        "placeholder": "Write a message…",
        "label": "Your message",
        "log": "Conversation",
        "new": "New chat",
        "delete": "Delete this chat",
        "deleted": "The chat has been deleted.",
        "source": "Source",
        "handoff": "A colleague has been asked to take over.",
        "stopped": "Stopped.",
        "broken": "The answer broke off. Please ask again.",
        "demo": "Demo shop",
        "api": "API",
        "thanks": "Thank you for telling us.",
    },
    "zh": {
        "subtitle": "AI 客服，即时回复",
        "hello": "有什么可以帮您？",
        "sub": "我可以查订单、找商品、解答店铺问题，支持中文和英文。",
        "placeholder": "请输入消息…",
        "label": "您的消息",
        "log": "对话",
        "new": "新对话",
        "delete": "删除本次对话",
        "deleted": "对话已删除。",
        "source": "来源",
        "handoff": "已通知人工客服接手。",
        "stopped": "已停止。",
        "broken": "回复中断了，请再问一次。",
        "demo": "演示店铺",
        "api": "接口文档",
        "thanks": "感谢您的反馈。",
    },
}
EXAMPLES: Final[dict[Lang, tuple[str, ...]]] = {
    "en": ("Where is my order?", "A gift for a tea lover, under ¥200", "How do returns work?", "我的快递到哪儿了？"),
    "zh": ("我的快递到哪儿了？", "想买一条蚕丝被，预算一千以内", "怎么开发票？", "How do returns work?"),
}
_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
_WORDS: Final = re.compile(r"<div class=\"t-words\"[^>]*>(.*?)</div>", re.S)
_ID: Final = re.compile(r"data-id=\"(msg_[0-9a-f]{24})\"")


def words(text: str, message_id: str = "") -> str:
    """A message's text as one block; line breaks are kept, nothing in it is markup."""
    lang = "zh-CN" if _CHINESE.search(text) else "en"
    shown = escape(text).replace("\r", "").replace("\n", "<br>")
    mark = f' data-id="{message_id}"' if message_id else ""
    return f'<div class="t-words" lang="{lang}"{mark}>{shown}</div>'


def plain(html: str) -> str:
    r"""The text that ``words`` was given.

    >>> plain(words("1 < 2 & <b>\nnext"))
    '1 < 2 & <b>\nnext'
    """
    found = _WORDS.search(html)
    return unescape(found[1].replace("<br>", "\n")) if found else html


def message_id(html: str) -> str | None:
    """The reply's id, as ``words`` was given it."""
    found = _ID.search(html)
    return found[1] if found else None


def reply(
    text: str,
    message_id: str,
    lang: Lang,
    *,
    cards: Sequence[Mapping[str, Any]] = (),
    links: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    done: bool = False,
) -> str:
    """A reply with what belongs under it. ``notes`` are the page's own sentences."""
    parts = [words(text, message_id)]
    if cards:
        parts.append(f'<ul class="t-cards">{"".join(map(_card, cards))}</ul>')
    for link in links:
        title = escape(str(link["title"]))
        parts.append(f'<p class="t-source">{TEXTS[lang]["source"]}: <b>{title}</b></p>')
    parts += [f'<p class="t-note">{escape(note)}</p>' for note in notes]
    if done:
        parts.append(f'<p class="t-mark">{AI_MARK[lang]}</p>')
    return "".join(parts)


def asked(text: str, hidden: Mapping[str, int], lang: Lang) -> str:
    """The customer's message with how much of it the model does not see: kinds and numbers, never values."""
    line = hidden_line(dict(hidden), lang)
    return words(text) + (f'<p class="t-hid">{escape(line)}</p>' if line else "")


def header(shop: str, lang: Lang) -> str:
    """The page's head: who answers, and that it is a machine."""
    text = TEXTS[lang]
    return (
        '<div class="t-head"><img src="/widget/v1/mark.svg" alt="" width="42" height="42">'
        f'<div class="t-who"><h1>{escape(shop)}</h1><p><span class="t-on"></span>{text["subtitle"]}</p></div>'
        f'<nav><a href="/demo?lang={lang}">{text["demo"]}</a><a href="/docs">{text["api"]}</a></nav></div>'
    )


def welcome(lang: Lang) -> str:
    """What an empty chat shows above the examples."""
    text = TEXTS[lang]
    mark = '<img src="/widget/v1/mark.svg" alt="" width="72" height="72">'
    return f'<div class="t-hello">{mark}<h2>{text["hello"]}</h2><p>{text["sub"]}</p></div>'


def _card(card: Mapping[str, Any]) -> str:
    name, price, stock = (escape(str(card[key])) for key in ("name", "price", "stock"))
    url = str(card["url"])
    safe = urlsplit(url).scheme in ("http", "https") or (url.startswith("/") and not url.startswith("//"))
    link = f' href="{escape(url)}"' if safe else ""
    return f'<li><a{link}><b>{name}</b><span class="t-price">{price}</span><small>{stock}</small></a></li>'
