"""Slips of the fingers for training: letters left out, doubled, exchanged or hit beside, at a given rate.

Mistyped words look like names to a guard, and a name is left out of what the intent model reads: ``with_gap``.

Apart from the slips that evaluation uses (``serving.understanding.typos``), so that the model is not taught to the
test. Handles and numbers are never touched; Chinese is typed by sound and has none of these slips.
"""

import random
import re
from typing import Final

GAP_SHARE: Final = 0.3
MAX_GAP: Final = 3
_KEPT: Final = re.compile(r"<[A-Z]+_\d+>|\S*\d\S*")
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR: Final = {
    letter: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in _ROWS for at, letter in enumerate(row)
}


def with_slips(rng: random.Random, text: str, rate: float) -> str:
    """``text`` with each letter of the Latin alphabet damaged with probability ``rate``."""
    out, at = [], 0
    for kept in _KEPT.finditer(text):
        out += [_damaged(rng, text[at : kept.start()], rate), kept.group()]
        at = kept.end()
    return "".join([*out, _damaged(rng, text[at:], rate)])


def with_gap(rng: random.Random, text: str, slipped: str) -> str:
    """``slipped`` without one run of words around a mistyped one, in ``GAP_SHARE`` of texts of three words or more.

    A gap takes at most a third of the words: what is left must still say what is wanted.
    """
    whole, words = set(text.split()), slipped.split()
    damaged = [at for at, word in enumerate(words) if word not in whole]
    if rng.random() >= GAP_SHARE or not damaged or len(words) < 3:
        return slipped
    length = rng.randint(1, min(MAX_GAP, len(words) // 3))
    start = max(0, rng.choice(damaged) - rng.randrange(length))
    return " ".join(words[:start] + words[start + length :])


def _damaged(rng: random.Random, piece: str, rate: float) -> str:
    letters = list(piece)
    for at, letter in enumerate(letters):
        if not (letter.isascii() and letter.isalpha()) or rng.random() >= rate:
            continue
        match rng.randrange(5):
            case 0:
                letters[at] = ""
            case 1:
                letters[at] = letter * 2
            case 2 if at + 1 < len(letters):
                letters[at], letters[at + 1] = letters[at + 1], letter
            case 3:
                letters[at] = letter + rng.choice(_NEAR[letter.lower()])
            case _:
                letters[at] = rng.choice(_NEAR[letter.lower()])
    return "".join(letters)
