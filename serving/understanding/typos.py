"""Slips of the fingers for evaluation: each Latin letter is hit wrongly with a given probability.

A wrong letter is one of four, equally likely: left out, followed by a random letter, replaced by a random letter, or
exchanged with the next character. Digits, spaces and Chinese stay. Training has other slips (``finetune.typos``).
"""

import random
from string import ascii_lowercase


def mistyped(text: str, rate: float, seed: str) -> str:
    """``text`` with slips, the same for the same ``seed``.

    >>> mistyped("where is my order", 0.0, "1")
    'where is my order'
    """
    rng = random.Random(f"{seed}:{text}")
    out: list[str] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter.isascii() and letter.isalpha() and rng.random() < rate:
            match rng.randrange(4):
                case 0:
                    pass
                case 1:
                    out += (letter, rng.choice(ascii_lowercase))
                case 2:
                    out.append(rng.choice(ascii_lowercase))
                case _:
                    out += (*text[at + 1 : at + 2], letter)
                    at += 1
        else:
            out.append(letter)
        at += 1
    return "".join(out)
