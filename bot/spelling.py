"""Mistyped English words as they were meant, for a reader that knows a list of words and needs no more.

For the intent model alone: what the customer, the language model or a tool reads stays as it was typed. A word that is
not on the list becomes the most usual word of the list that is one slip away, two in long words. Names and brands may
become a word that they are not; an intent hardly hangs on them. Handles, numbers, short words and Chinese stay.

Source: Garbe (2012), symmetric delete spelling correction.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

MIN_LETTERS: Final = 4
"""Of a word that is looked up; shorter ones have too many neighbours."""
LONG: Final = 7
"""From here on a word may have two slips."""
_WORD: Final = re.compile(rf"(?<![\w<'])[A-Za-z]{{{MIN_LETTERS},24}}(?![\w>'])")


class Spelling:
    """Knows ``words``, the most usual first, in lower case; only the first ``usual`` of them are taken to be meant."""

    def __init__(self, words: Sequence[str], usual: int | None = None) -> None:
        self._rank = {word: rank for rank, word in enumerate(words)}
        self._one: dict[str, str] = {}
        self._two: dict[str, str] = {}
        for word in words[:usual]:
            if len(word) < MIN_LETTERS:
                continue
            for short in (word, *_shortened((word,))):
                self._one.setdefault(short, word)
            if len(word) >= LONG:
                for short in _shortened(_shortened((word,))):
                    self._two.setdefault(short, word)

    def corrected(self, text: str) -> str:
        """``text`` with its slips mended, in lower case where one was.

        >>> Spelling(["cancel", "order", "delivery"]).corrected("Plz cnacel my oder, TF10293847 <EMAIL_1>")
        'Plz cancel my order, TF10293847 <EMAIL_1>'
        """
        return _WORD.sub(lambda found: self._meant(found.group()), text) if self._one else text

    def _meant(self, typed: str) -> str:
        word = typed.lower()
        if word in self._rank:
            return typed
        once = (word, *_shortened((word,)))
        near = self._best(self._one, once)
        if near is None and len(word) >= LONG:
            near = self._best(self._two, (*once, *_shortened(once[1:])))
        return near or typed

    def _best(self, index: dict[str, str], shorts: Iterable[str]) -> str | None:
        return min((index[short] for short in shorts if short in index), key=self._rank.__getitem__, default=None)


def _shortened(words: Iterable[str]) -> Iterator[str]:
    """Every word without one of its letters."""
    return (word[:at] + word[at + 1 :] for word in words for at in range(len(word)))
