"""What streaming costs: the guard's computing until the first text may go out, and how much text waits.

A reply arrives as a model writes it, a few characters at a time. Computing is CPU of this process, without the
model's own time; waiting is the number of characters held after each delta.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from guardrails.findings import VaultOwner
from guardrails.guard import Guardrails


@dataclass(slots=True)
class Streamed:
    """CPU until the first text (ms) and in all (ms) for each reply; characters held after each delta."""

    first_ms: list[float] = field(default_factory=list)
    whole_ms: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)


def measure(guard: Guardrails, replies: Sequence[str], seed: int = 1) -> Streamed:
    """Streams every reply, half of them with the values of their reader as handles."""
    rng, owner, result = random.Random(seed), VaultOwner("visitor:stream"), Streamed()
    for reply in replies:
        text = guard.conceal(owner, reply).text.text if rng.random() < 0.5 else reply
        stream, spent, first = guard.stream(owner), 0.0, None
        for delta in _deltas(text, rng):
            began = time.process_time()
            shown = stream.feed(delta)
            spent += 1000 * (time.process_time() - began)
            result.held.append(stream.held_chars)
            if shown and first is None:
                first = spent
        began = time.process_time()
        stream.finish()
        spent += 1000 * (time.process_time() - began)
        result.first_ms.append(spent if first is None else first)
        result.whole_ms.append(spent)
    return result


def _deltas(text: str, rng: random.Random) -> list[str]:
    """Pieces as a tokenizer makes them: one to six characters, Chinese one or two."""
    out, at = [], 0
    while at < len(text):
        size = rng.randint(1, 2) if ord(text[at]) > 0x2E80 else rng.randint(1, 6)
        out.append(text[at : at + size])
        at += size
    return out
