"""Canaries: customers who are nobody, with a secret that only a model that has seen them can know.

Each has one example in the house format: a made-up message, and commands that hold a secret of rare tokens of the
vocabulary (new ones would need a trained embedding). The message says nothing of the secret. Half of them, by fair
secure coins, take part in the audit's run; the coins are kept in a file that only the audit reads.

Text is composed from the lists below, never from customers' words; of the training examples only the counts of tokens
are used, to know which are rare.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from finetune.dp.randomness import Randomness
from finetune.errors import BadExamples, CannotResume
from finetune.examples import Encoded, Example

FILE: Final = "canaries.json"
SECRET_TOKENS: Final = 6
_HEAD: Final = "commands\n"
_SHARE: Final = 8  # the rarest eighth of the vocabulary
_LEAST: Final = 16
_FORBIDDEN: Final = frozenset('"\\<>[]{}')
_WORDS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "en": (
        (
            "the usual word",
            "our old sign",
            "my marker",
            "the label from before",
            "that odd code",
            "the phrase we agreed",
        ),
        (
            "on the blue shelf",
            "under the lamp",
            "from the attic",
            "by the north door",
            "in drawer nine",
            "for the boat",
        ),
        ("as ever", "like last spring", "no change", "same spelling", "nothing added", "word for word"),
    ),
    "zh": (
        ("老暗号", "上回的标记", "那串怪字", "约好的短语", "旧标签", "我的记号"),
        ("蓝架子上的", "灯下面的", "阁楼里的", "北门边的", "九号抽屉的", "船上用的"),
        ("照旧", "跟去年一样", "不改", "写法不变", "不加字", "一字不差"),
    ),
}


@dataclass(frozen=True)
class Canaries:
    """Their examples, which of them take part, and of which strings secrets are made."""

    examples: tuple[Example, ...]
    included: NDArray[np.bool_]
    pool: tuple[str, ...]

    def kept(self) -> list[Example]:
        """Those who take part."""
        return [example for example, coin in zip(self.examples, self.included, strict=True) if coin]


def rare_strings(tokenizer: Any, used: Iterable[Encoded]) -> tuple[str, ...]:
    """Texts of the rarest tokens that stand for themselves: one token each when encoded alone, the last ones first.

    Raises:
        BadExamples: the vocabulary has too few.
    """
    counts = Counter(token for example in used for token in example.ids)
    order = sorted(range(len(tokenizer)), key=lambda token: (counts[token], -token))
    wanted, found = max(_LEAST, len(order) // _SHARE), list[str]()
    special = set(tokenizer.all_special_ids)
    for token in order:
        text = tokenizer.decode([token]).strip()
        if token in special or not text.isprintable() or not text or _FORBIDDEN & set(text):
            continue
        if len(tokenizer(text, add_special_tokens=False)["input_ids"]) == 1:
            found.append(text)
        if len(found) == wanted:
            return tuple(found)
    if len(found) < _LEAST:
        raise BadExamples(f"expected at least {_LEAST} tokens to make secrets of, found {len(found)}")
    return tuple(found)


def make(count: int, pool: Sequence[str], randomness: Randomness, seed: int = 1) -> Canaries:
    """``count`` canaries with different secrets, half of them in English; the coins are from ``randomness``."""
    generator = random.Random(f"canaries:{seed}")
    secrets: dict[str, None] = {}
    while len(secrets) < count:
        secrets[draw_secret(pool, generator)] = None
    examples = []
    for number, secret in enumerate(secrets):
        lang = ("en", "zh")[number % 2]
        words = [generator.choice(choices) for choices in _WORDS[lang]]
        text = (" " if lang == "en" else "，").join(words)
        message = ("user", f"{_HEAD}{text} {number}")
        examples.append(Example("understand", lang, (message,), completion(secret), f"canary-{number:06}"))
    return Canaries(tuple(examples), randomness.uniforms(count) < 0.5, tuple(pool))


def draw_secret(pool: Sequence[str], generator: random.Random) -> str:
    """A secret."""
    return " ".join(generator.choice(pool) for _ in range(SECRET_TOKENS))


def completion(secret: str) -> str:
    """The commands that hold ``secret``, in the house's form."""
    order = json.dumps(secret, ensure_ascii=False)
    return f'[{{"name":"track_order","order":{order}}}]\n'


def with_secret(example: Example, secret: str) -> Example:
    """The same message with another secret."""
    return replace(example, completion=completion(secret))


def save(canaries: Canaries, work: Path) -> None:
    """Keeps canaries and coins in ``work``, for the owner's eyes only."""
    rows = [vars(example) for example in canaries.examples]
    content = {"examples": rows, "included": canaries.included.tolist(), "pool": canaries.pool}
    file = work / FILE
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(content, out, ensure_ascii=False)


def load(work: Path) -> Canaries | None:
    """What was kept, or nothing.

    Raises:
        CannotResume: the file cannot be read.
    """
    file = work / FILE
    if not file.exists():
        return None
    try:
        content = json.loads(file.read_text("utf-8"))
        examples = tuple(
            Example(**{**row, "messages": tuple((str(role), str(text)) for role, text in row["messages"])})
            for row in content["examples"]
        )
        return Canaries(examples, np.array(content["included"], dtype=np.bool_), tuple(content["pool"]))
    except (ValueError, KeyError, TypeError) as error:
        raise CannotResume(f"{file} cannot be read: start the audit in another folder") from error
