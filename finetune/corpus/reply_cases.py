"""Reply cases: facts made up at random, a question about them, a reply that holds only what they say."""

import random
from collections.abc import Iterator
from typing import Any

from finetune.corpus.notation import Lang


def reply_cases(rng: random.Random, lang: Lang) -> Iterator[dict[str, Any]]:
    """Cases without end."""
    yield from ()
