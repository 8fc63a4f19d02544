"""What must be exact: values come back, customers stay apart, and no cut of a stream changes its text.

Counts deviations; every one is a defect. Runs over the vault that the guard was built with.
"""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final

from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails

_PER_OWNER: Final = 50
_SESSIONS: Final = 16


def round_trips(guard: Guardrails, texts: Sequence[str]) -> int:
    """How many texts do not come back as they were from ``reveal(conceal(text))``."""
    lost = 0
    for number, text in enumerate(texts):
        owner = VaultOwner(f"visitor:trip-{number // _PER_OWNER}")
        lost += guard.reveal(owner, guard.conceal(owner, text).text.text) != text
    return lost


def sessions(guard: Guardrails, texts: Sequence[str], seed: int) -> int:
    """How often something goes wrong among ``_SESSIONS`` customers who write at the same time.

    Wrong is: a text of one's own that does not come back, a value whose handle changes within a dialogue, or
    a text that somebody else opens.
    """
    rng = random.Random(seed)
    dialogues = [rng.choices(texts, k=max(1, len(texts) // _SESSIONS)) for _ in range(_SESSIONS)]

    def talk(number: int) -> list[tuple[str, str]]:
        owner = VaultOwner(f"visitor:session-{number}")
        first = [guard.conceal(owner, text).text.text for text in dialogues[number]]
        again = [guard.conceal(owner, text).text.text for text in dialogues[number]]
        return [pair for pair in zip(first, again, strict=True)]

    wrong = 0
    with ThreadPoolExecutor(_SESSIONS) as pool:
        talks = list(pool.map(talk, range(_SESSIONS)))
    for number, talked in enumerate(talks):
        owner, stranger = VaultOwner(f"visitor:session-{number}"), VaultOwner(f"visitor:nobody-{number}")
        for (first, again), text in zip(talked, dialogues[number], strict=True):
            wrong += first != again
            wrong += guard.reveal(owner, first) != text
            wrong += first != text and guard.reveal(stranger, first) == text
    return wrong


def splits(guard: Guardrails, texts: Sequence[str], seed: int, cuts: int = 3) -> int:
    """How many of ``cuts`` random ways of cutting each text change what a stream shows; once character by character."""
    rng, owner, wrong = random.Random(seed), VaultOwner("visitor:splits"), 0
    for text in texts:
        reply = guard.conceal(owner, text).text.text if rng.random() < 0.5 else text
        whole = guard.reveal(owner, reply)
        ways = [list(reply), *(_cut(reply, rng) for _ in range(cuts - 1))]
        for deltas in ways:
            stream = guard.stream(owner)
            wrong += "".join([*map(stream.feed, deltas), stream.finish()]) != whole
    return wrong


def _cut(text: str, rng: random.Random) -> list[str]:
    places = sorted({0, len(text), *(rng.randint(0, len(text)) for _ in range(rng.randint(1, 12)))})
    return [text[start:end] for start, end in pairwise(places)]
