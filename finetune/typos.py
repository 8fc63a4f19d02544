"""Slips of the fingers for training: letters left out, doubled, exchanged or hit beside, at a given rate.

Apart from the slips that evaluation uses (``serving.understanding.typos``), so that the model is not taught to the
test. Handles and numbers are never touched; Chinese is typed by sound and has none of these slips.
"""

import random
import re
from typing import Final

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
