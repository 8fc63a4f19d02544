"""Which pieces of the encoder's vocabulary English and Chinese need.

All short and frequent Latin pieces, all pieces of Chinese characters, digits and punctuation; the rest of the
250,000 (Cyrillic, Arabic, Indic, rare words of other Latin languages) is left out. A Latin piece that is dropped is
written with shorter ones, so no Latin or Chinese text becomes unknown.
"""

import re
from typing import Final

from finetune.tagger.encoder import SPECIAL, Pieces

_LATIN: Final = re.compile(r"▁?[A-Za-zÀ-ÖØ-öø-ÿĀ-ž'’]+")
_CHINESE: Final = re.compile(r"▁?[\u3400-\u4dbf\u4e00-\u9fff]+")
_MARKS: Final = re.compile(r"▁?[\d\W_]+")
_OTHER_SCRIPT: Final = re.compile(r"[^\x00-\u024f\u2000-\u2bff\u3000-\u303f\u4e00-\u9fff\uff00-\uffef▁]")
ALWAYS_LATIN_CHARS: Final = 4


def keep(
    pieces: Pieces, latin: int = 20_000, chinese: int = 14_000, frequent: frozenset[int] = frozenset()
) -> list[int]:
    """Ids to keep, the special ones first, then in the order of the vocabulary (which is by frequency).

    Args:
        pieces: the whole vocabulary.
        latin: how many of the Latin pieces with more than one letter.
        chinese: how many of the Chinese pieces with more than one character.
        frequent: ids to keep in any case, such as those that the training text uses often.
    """
    kept, words, longer = list(range(len(SPECIAL))), 0, 0
    for number, piece in enumerate(pieces.pieces):
        if number < len(SPECIAL):
            continue
        bare = piece.lstrip("▁")
        wanted = number in frequent or (len(bare) <= 1 and not _OTHER_SCRIPT.search(piece))
        if _CHINESE.fullmatch(piece):
            wanted, longer = wanted or len(bare) == 1 or longer < chinese, longer + 1
        elif _LATIN.fullmatch(piece):
            wanted, words = wanted or words < latin, words + 1
        elif _MARKS.fullmatch(piece) and not _OTHER_SCRIPT.search(piece):
            wanted = wanted or len(bare) <= 3
        if wanted:
            kept.append(number)
    return kept


def select(pieces: Pieces, kept: list[int]) -> Pieces:
    """The vocabulary with only the pieces ``kept``."""
    return Pieces(tuple(pieces.pieces[n] for n in kept), tuple(pieces.scores[n] for n in kept))
