"""The shop's rules, cut into passages that fit a prompt, and found by topic, words and meaning.

A passage is one to a few whole sentences under one heading. Only a sentence that is itself longer than a passage
is cut, at a clause or a space. Markdown marks are taken out; a table row becomes a sentence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from bot.catalogue.encoder import Encoder
from bot.catalogue.ranking import MAX_QUERY_CHARS, Dense, Lexical, fuse
from bot.catalogue.vectors import encode_cached
from bot.catalogue.words import words
from bot.commands import Topic
from bot.session import Lang
from bot.shop.records import Policy

MAX_PASSAGE_CHARS: Final = 350
_LONGEST_LEAD: Final = 100
_HEADING: Final = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$")
_ITEM: Final = re.compile(r"^\s*(?:[-*+]|\d+[.)、])\s+")
_TABLE_RULE: Final = re.compile(r"^\s*\|[\s|:-]+$")
_RULER: Final = re.compile(r"^\s*([-*_])(?:\s*\1){2,}\s*$")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS: Final = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|^>\s?")
# An abbreviation or a decimal point ends no sentence: the next one must begin after white space.
_SENTENCE: Final = re.compile(r"(?<=[。！？；!?])(?=[^。！？；!?”’」』）)])|(?<=[.!?])\s+(?=[\"'(A-Z0-9\u3400-\u9fff])")
_NO_END: Final = re.compile(r"(?:\b(?:e\.g|i\.e|etc|no|nos|vs|approx|mr|mrs|ms|dr|st|a\.m|p\.m)\.)$", re.IGNORECASE)
_ENDS: Final = frozenset(".!?;:,。！？；：，")
_CLAUSE: Final = re.compile(r"(?<=[,;:，；：、])\s*|\s+")


@dataclass(frozen=True, slots=True)
class PassageHit:
    """A passage found: ``passage`` is shown and given to the model, ``heading`` is the section it stands in."""

    policy: Policy
    passage: str
    score: float
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a policy."""

    policy: Policy
    heading: str
    text: str


class Passages:
    """A shop's policies, ready to be searched. Built once, then read by any number of threads."""

    def __init__(self, passages: Sequence[Passage], lexical: Lexical, dense: Dense) -> None:
        self._passages = tuple(passages)
        self._lexical = lexical
        self._dense = dense

    @classmethod
    def build(cls, policies: Sequence[Policy], encoder: Encoder, cache: Path | None) -> Self:
        """Cuts and indexes ``policies``. Vectors are kept in the folder ``cache``, where there is one."""
        passages = [passage for policy in policies for passage in split(policy)]
        texts = [f"{p.policy.title}. {p.heading}. {p.text}" for p in passages]
        rows = encode_cached(texts, encoder, cache / "passages.npz" if cache else None)
        lexical = Lexical([_lexical_words(passage) for passage in passages])
        return cls(passages, lexical, Dense(rows, range(len(passages)), len(passages), encoder))

    def search(self, query: str, lang: Lang, topic: Topic | None = None, limit: int = 1) -> list[PassageHit]:
        """The best ``limit`` passages in ``lang`` under ``topic``.

        A shop without a policy in ``lang`` is searched in its other language, one without the topic in all topics.
        Without words in the query the passages come as they stand in the policy.
        """
        allowed = self._allowed(lang, topic)
        if not allowed:
            return []
        asked = query[:MAX_QUERY_CHARS]
        if not words(asked):
            return [self._hit(number, 0.0) for number in allowed[:limit]]
        lexical, dense = self._lexical.scores(asked)[allowed], self._dense.scores(asked)[allowed]
        scores = fuse(lexical, dense)
        best = np.lexsort((np.arange(len(allowed)), -dense, -scores))[:limit]
        return [self._hit(allowed[at], float(scores[at])) for at in best]

    def _allowed(self, lang: Lang, topic: Topic | None) -> list[int]:
        everything = range(len(self._passages))
        in_topic = [n for n in everything if topic is None or self._passages[n].policy.topic == topic]
        for numbers in (in_topic, list(everything)):
            spoken = [n for n in numbers if self._passages[n].policy.lang == lang]
            if spoken or numbers:
                return spoken or numbers
        return []

    def _hit(self, number: int, score: float) -> PassageHit:
        passage = self._passages[number]
        return PassageHit(passage.policy, passage.text, score, passage.heading)


def split(policy: Policy) -> list[Passage]:
    """The passages of a policy in order, each of at most ``MAX_PASSAGE_CHARS`` characters.

    A bare list begins with its heading: "Opened skincare" under "What cannot be returned" must not read as the
    opposite.
    """
    found: list[Passage] = []
    for paragraph in _paragraphs(policy.text):
        lead = ""
        if paragraph.is_list and 0 < len(paragraph.heading) <= _LONGEST_LEAD:
            lead = paragraph.heading + ("：" if paragraph.heading[-1] > "\u2e7f" else ": ")
        texts = _pack(paragraph.sentences, MAX_PASSAGE_CHARS - len(lead))
        found.extend(Passage(policy, paragraph.heading, lead + _closed(text)) for text in texts)
    return found


def _lexical_words(passage: Passage) -> list[str]:
    return words(passage.text) + 2 * words(passage.heading) + words(passage.policy.title)


@dataclass(slots=True)
class _Paragraph:
    heading: str
    sentences: list[str]
    is_list: bool


def _paragraphs(markdown: str) -> Iterator[_Paragraph]:
    """Heading and sentences of each paragraph; a list belongs to the paragraph that introduces it."""
    open_one = _Paragraph("", [], False)
    blank = False
    lines = [*markdown.splitlines(), "# "]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        title = _HEADING.match(line)
        item = bool(_ITEM.match(line)) or line.lstrip().startswith("|")
        if title or (blank and line.strip() and not item):
            if open_one.sentences:
                yield open_one
            open_one = _Paragraph(_plain(title[1]) if title else open_one.heading, [], False)
        if line.strip() and not title and not _is_mark(line) and not _head(following):
            text = _plain(_row(line))
            open_one.is_list = open_one.is_list or (item and not open_one.sentences)
            _add(open_one.sentences, _ended(text) if item else text, item or blank or not open_one.sentences)
        blank = not line.strip()


def _is_mark(line: str) -> bool:
    return bool(_TABLE_RULE.match(line) or _RULER.match(line))


def _head(following: str) -> bool:
    """Whether a line is the head of a table, which says nothing that its rows do not."""
    return bool(_TABLE_RULE.match(following))


def _row(line: str) -> str:
    """A table row as a sentence, any other line as it is."""
    if not line.lstrip().startswith("|"):
        return _ITEM.sub("", line)
    first, *others = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if not others:
        return first
    chinese = bool(re.search(r"[\u3400-\u9fff]", line))
    return f"{first}：{'，'.join(others)}" if chinese else f"{first}: {', '.join(others)}"


def _ended(item: str) -> str:
    """A list item that does not run into the next one."""
    if item[-1:] in _ENDS:
        return item
    return f"{item}；" if item[-1:] > "\u2e7f" else f"{item};"


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", text.strip())).split())


def _add(sentences: list[str], line: str, starts_anew: bool) -> None:
    """Adds a line's sentences; a line that goes on joins the last one first."""
    if not starts_anew and sentences:
        line = _joined(sentences.pop(), line)
    pieces = [piece for piece in _SENTENCE.split(line) if piece]
    for piece in pieces:
        if sentences and not starts_anew and _NO_END.search(sentences[-1]):
            sentences[-1] = _joined(sentences[-1], piece)
        else:
            sentences.append(piece)
        starts_anew = False


def _joined(left: str, right: str) -> str:
    """Two pieces of text, with a space between them unless both are Chinese there."""
    close = not left or not right or (left[-1] > "\u2e7f" or right[0] > "\u2e7f")
    return f"{left}{right}" if close else f"{left} {right}"


def _closed(text: str) -> str:
    """A passage that ends with a list's item ends like a sentence."""
    if text.endswith(";"):
        return text[:-1] + "."
    return text[:-1] + "。" if text.endswith("；") else text


def _pack(sentences: Sequence[str], limit: int) -> Iterator[str]:
    """Joins sentences as long as they fit into ``limit`` characters."""
    passage = ""
    for sentence in sentences:
        for piece in _short(sentence, limit):
            longer = _joined(passage, piece)
            if passage and len(longer) > limit:
                yield passage
                longer = piece
            passage = longer
    if passage:
        yield passage


def _short(sentence: str, limit: int) -> Iterator[str]:
    """The sentence, in pieces if it is longer than ``limit``."""
    rest = sentence
    while len(rest) > limit:
        ends = [match.end() for match in _CLAUSE.finditer(rest, 0, limit) if match.end()]
        cut = ends[-1] if ends else limit
        yield rest[:cut].rstrip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest
