"""Public examples in a private step, so that what the public stage taught is not unlearnt.

Customers' examples teach understanding alone and in the shop's own wording; a model that sees nothing else for some
steps words replies worse and reads strangers' wording worse. Public examples are nobody's: their clipped gradients are
added after the noise, each weighing as one customer, and spend nothing.

Source: Amid et al. (2022), public gradients beside private ones.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from finetune.dp.customers import bounded
from finetune.dp.directions import read_nobodys
from finetune.examples import Encoded, Tokenizer, encode

POOL: Final = 900
"""Examples of a task at most, so that kept states of the lower layers are used again."""


class Rehearsal:
    """Public examples by task; each step draws as many of one as of the other.

    Raises:
        BadPrivacy: an example names a customer.
        BadExamples: there is none.
    """

    def __init__(self, path: Path, tokenizer: Tokenizer, max_tokens: int) -> None:
        everything = read_nobodys(path)
        generator = random.Random(f"rehearsal:{len(everything)}")
        self.examples: list[Encoded] = []
        self._places: list[range] = []
        for task in sorted({example.task for example in everything}):
            own = [example for example in everything if example.task == task]
            chosen = generator.sample(own, min(POOL, len(own)))
            self._places.append(range(len(self.examples), len(self.examples) + len(chosen)))
            self.examples += [bounded(encode(example, tokenizer), max_tokens) for example in chosen]

    def draw(self, count: int, seed: int, step: int) -> Sequence[int]:
        """Places of ``count`` examples, the same for the same seed and step: the draw is nobody's secret."""
        generator = random.Random(f"rehearsal:{seed}:{step}")
        return [generator.choice(self._places[n % len(self._places)]) for n in range(count)]
