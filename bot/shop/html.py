"""The text of an HTML description. Not a sanitizer: what comes out is text and is escaped again where it is shown.

The standard library's parser is used: a sanitizer (nh3) drops tags without keeping their paragraphs apart and hands
back HTML, and the locked dependencies hold no HTML-to-text library.
"""

import html
import re
from html.parser import HTMLParser
from typing import Final

_MARKUP: Final = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]\w+);")
_SILENT: Final = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "head"})
_BREAKS: Final = frozenset(
    {"p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "hr",
     "blockquote", "dt", "dd", "pre", "figure", "header", "footer"}
)  # fmt: skip
_VOID: Final = frozenset({"br", "hr"})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag in _BREAKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            self._silent.remove(tag)
        elif tag in _BREAKS and tag not in _VOID:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def plain(text: str) -> str:
    r"""Text without markup: paragraphs as lines, entities as characters; text without markup stays as it is.

    >>> plain("<p>Soft &amp; warm</p><ul><li>wool</li><li>2 &lt; 3</li></ul><style>p {}</style>")
    'Soft & warm\n- wool\n- 2 < 3'
    >>> plain("size < 3 & more")
    'size < 3 & more'
    """
    if not _MARKUP.search(text):
        return text.strip()
    parser = _Text()
    parser.feed(text)
    parser.close()
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line and line != "-")


def unescaped(text: str) -> str:
    """A name or label with its entities as characters.

    >>> unescaped("Salt &amp; Pepper")
    'Salt & Pepper'
    """
    return html.unescape(text)
