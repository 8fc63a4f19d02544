"""Two ways to order texts for a query, by words (BM25) and by meaning (dense vectors), and the fusion of both.

A misspelt English word is read as the nearest word of the index, one letter away (two from eight letters on).
Everything is brute force over numpy arrays: made for up to about 50,000 texts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bot.catalogue.encoder import Encoder, Vectors
from bot.catalogue.words import words

Scores = NDArray[np.float32]
# Chosen on the demo shop's queries (README.md): meaning carries more than words, and first places count.
FUSION_K: Final = 10
LEXICAL_WEIGHT: Final = 0.17
MAX_QUERY_CHARS: Final = 300  # encoding time grows with length; what is asked for stands in the first sentences
_SHORTEST_FIXED: Final = 5
_TWO_EDITS_FROM: Final = 8


class Lexical:
    """BM25 over the words of the texts; ``texts`` are lists of words, a word repeated counts more."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._size = len(texts)
        self._index: Any = None
        self._spelling = Spelling(word for text in texts for word in text)
        if any(texts):
            import bm25s  # local: commands without search need not wait for it

            self._index = bm25s.BM25(method="lucene")
            self._index.index([list(text) for text in texts], show_progress=False)

    def scores(self, query: str) -> Scores:
        """One score per text, 0 where no word is shared."""
        found = [self._spelling.correct(word) for word in dict.fromkeys(words(query))]
        known = [word for word in found if word]
        if self._index is None or not known:
            return np.zeros(self._size, dtype=np.float32)
        scores: Scores = np.asarray(self._index.get_scores(known), dtype=np.float32)
        return scores

    def correct(self, word: str) -> str | None:
        """``word`` as the index spells it, ``None`` where nothing is near."""
        return self._spelling.correct(word)


class Dense:
    """Cosine of the query with the texts; a text may have several rows (one a language), the best one counts."""

    def __init__(self, rows: Vectors, owners: Sequence[int], size: int, encoder: Encoder) -> None:
        self._rows = rows
        self._owners = np.asarray(owners, dtype=np.int64)
        self._size = size
        self._encoder = encoder

    def scores(self, query: str) -> Scores:
        """One cosine per text; -1 for a text without rows."""
        best = np.full(self._size, -1.0, dtype=np.float32)
        if len(self._rows):
            vector = self._encoder.encode([query[:MAX_QUERY_CHARS]], "query")[0]
            np.maximum.at(best, self._owners, self._rows @ vector)
        return best


def fuse(lexical: Scores, dense: Scores) -> Scores:
    """Weighted reciprocal rank fusion of the two orders, in [0, 1]: 1 is the first place in both.

    A text that shares no word gets nothing for words. Source: Cormack, Clarke and Büttcher (2009).
    """
    by_words = np.where(lexical > 0, by_rank(lexical), np.float32(0))
    fused: Scores = ((1 - LEXICAL_WEIGHT) * by_rank(dense) + LEXICAL_WEIGHT * by_words).astype(np.float32)
    return fused


def by_rank(scores: NDArray[np.floating[Any]]) -> Scores:
    """1 for the highest score, falling with the rank. Equal scores share one: the order of texts decides nothing."""
    ranks = np.searchsorted(-np.sort(scores)[::-1], -scores, side="left")
    points: Scores = ((FUSION_K + 1) / (FUSION_K + 1 + ranks)).astype(np.float32)
    return points


class Spelling:
    """Nearest English word of a vocabulary, by deletions on both sides. Source: the SymSpell idea, Garbe (2012)."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._known: dict[str, int] = defaultdict(int)
        for word in vocabulary:
            self._known[word] += 1
        self._by_deletion: dict[str, set[str]] = defaultdict(set)
        for word in self._known:
            if _correctable(word):
                for shorter in _deletions(word):
                    self._by_deletion[shorter].add(word)

    def correct(self, word: str) -> str | None:
        """``word`` itself if known, else the nearest known one (the most frequent of equals), else ``None``."""
        if word in self._known:
            return word
        if not _correctable(word):
            return None
        near = {known for shorter in _deletions(word) for known in self._by_deletion.get(shorter, ())}
        allowed = 2 if len(word) >= _TWO_EDITS_FROM else 1
        ranked = sorted((edits(word, known), -self._known[known], known) for known in near)
        return ranked[0][2] if ranked and ranked[0][0] <= allowed else None


def _correctable(word: str) -> bool:
    return len(word) >= _SHORTEST_FIXED and word.isascii() and word.isalpha()


def _deletions(word: str) -> set[str]:
    one = {word[:at] + word[at + 1 :] for at in range(len(word))}
    return {word} | one


def edits(a: str, b: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words.

    >>> edits("headpones", "headphones"), edits("blakc", "black"), edits("kettel", "kettle")
    (1, 1, 1)
    """
    before, last = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i] + [0] * len(b)
        for j, y in enumerate(b, 1):
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], before[j - 2] + 1)
        before, last = last, row
    return last[-1]
