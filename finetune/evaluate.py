"""How well an adapter understands: greedy answers to held-out examples, compared with the right ones.

Decoding is free, without the grammar that the engine enforces: an answer that is not of the grammar
counts as wrong, so the served model can only be better. Right means the whole answer, or all command
names in order. The standard error is sqrt(p (1 - p) / n).
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from finetune.base import Base
from finetune.dp.crew import Alone, Crew
from finetune.examples import Example, encode_prompt

MAX_NEW_TOKENS: Final = 96
BATCH: Final = 32
ALONE: Final = Alone()


@dataclass(frozen=True)
class Share:
    """A share of right answers."""

    right: int
    n: int

    @property
    def value(self) -> float:
        """Between 0 and 1."""
        return self.right / self.n if self.n else 0.0

    @property
    def stderr(self) -> float:
        """Standard error of ``value``."""
        return math.sqrt(self.value * (1 - self.value) / self.n) if self.n else 0.0

    def to_json(self) -> dict[str, float]:
        """Value, standard error and n."""
        return {"value": round(self.value, 4), "stderr": round(self.stderr, 4), "n": self.n}


@dataclass(frozen=True)
class Mistake:
    """A wrong answer; of generated text, so it may be shown."""

    lang: str
    prompt: str
    expected: str
    got: str


@dataclass(frozen=True)
class Evaluation:
    """Shares per language."""

    exact: dict[str, Share]
    names: dict[str, Share]
    slots: dict[str, float]
    """F1 of (command, slot, value) triples, over all examples of a language together."""
    mistakes: tuple[Mistake, ...]

    def to_json(self) -> dict[str, dict[str, dict[str, float]]]:
        """``{measure: {lang: {value, stderr, n}}}``; F1 has a value alone."""
        return {
            "command_exact": {lang: share.to_json() for lang, share in sorted(self.exact.items())},
            "command_names": {lang: share.to_json() for lang, share in sorted(self.names.items())},
            "slot_f1": {lang: {"value": round(f1, 4)} for lang, f1 in sorted(self.slots.items())},
        }


def evaluate(
    base: Base,
    examples: Sequence[Example],
    *,
    batch: int = BATCH,
    progress: Callable[[int, int], None] = lambda done, of: None,
    crew: Crew = ALONE,
) -> Evaluation:
    """Answers every ``understand`` example; ``base.model`` has the adapter merged in."""
    asked = [e for e in examples if e.task == "understand"]
    return _score(list(zip(asked, answers(base, asked, batch=batch, progress=progress, crew=crew), strict=True)))


def answers(
    base: Base,
    asked: Sequence[Example],
    *,
    batch: int = BATCH,
    progress: Callable[[int, int], None] = lambda done, of: None,
    crew: Crew = ALONE,
) -> list[str]:
    """The model's answer to each example; several processes share the work, and each is told all of them."""
    prompts = [encode_prompt(e, base.tokenizer) for e in asked]
    order = sorted(range(len(asked)), key=lambda n: len(prompts[n]))[crew.rank :: crew.size]  # like lengths together
    found: dict[int, str] = {}
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        found |= dict(zip(rows, greedy(base, [prompts[n] for n in rows]), strict=True))
        progress(len(found), len(order))
    together = {n: answer for part in crew.gather(found) for n, answer in part.items()}
    return [together[n] for n in range(len(asked))]


def greedy(base: Base, prompts: Sequence[Sequence[int]], max_new_tokens: int = MAX_NEW_TOKENS) -> list[str]:
    """The model's answers up to their newline."""
    newline = base.tokenizer("\n", add_special_tokens=False)["input_ids"][-1]
    pad = base.model.config.pad_token_id or 0
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts], device=base.device)
    seen = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=base.device)
    with torch.no_grad():
        out = base.model.generate(
            input_ids=ids,
            attention_mask=seen,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            use_cache=True,
            eos_token_id=newline,
            pad_token_id=pad,
        )
    texts = [base.tokenizer.decode(row[longest:].tolist(), skip_special_tokens=True) for row in out]
    return [text.split("\n", 1)[0] for text in texts]


def names(text: str) -> list[str] | None:
    """The command names of an answer in order; nothing where it is not a list of commands."""
    try:
        return [str(command["name"]) for command in json.loads(text)]
    except (ValueError, KeyError, TypeError):
        return None


def triples(text: str) -> Counter[tuple[str, str, str]]:
    """Command, slot and value of every slot in an answer; none where it is not a list of commands."""
    if names(text) is None:
        return Counter()
    return Counter(
        (str(command["name"]), str(slot), str(value))
        for command in json.loads(text)
        for slot, value in command.items()
        if slot != "name"
    )


def slot_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """F1 over (expected, got) answers; 1 where there is no slot to find and none was found.

    >>> slot_f1([('[{"name":"choose","n":1}]', '[{"name":"choose","n":2}]')])
    0.0
    """
    right = expected = got = 0
    for wanted, answer in pairs:
        a, b = triples(wanted), triples(answer)
        right, expected, got = right + (a & b).total(), expected + a.total(), got + b.total()
    return 2 * right / (expected + got) if expected + got else 1.0


def _score(answered: Sequence[tuple[Example, str]]) -> Evaluation:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    mistakes = []
    for example, got in answered:
        expected = example.completion.rstrip("\n")
        pairs[example.lang].append((expected, got))
        count = counts[example.lang]
        count[0] += got == expected
        count[1] += names(got) == names(expected)
        count[2] += 1
        if got != expected:
            mistakes.append(Mistake(example.lang, example.messages[-1][1], expected, got))
    return Evaluation(
        exact={lang: Share(c[0], c[2]) for lang, c in counts.items()},
        names={lang: Share(c[1], c[2]) for lang, c in counts.items()},
        slots={lang: slot_f1(both) for lang, both in pairs.items()},
        mistakes=tuple(mistakes),
    )


def shown(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Mistakes as JSON lines."""
    return [vars(mistake) for mistake in evaluation.mistakes]
