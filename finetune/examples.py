"""Training examples: from JSONL to token ids, and from token ids to batches of like length.

One example a line: ``{"task", "lang", "messages": [{"role", "content"}], "completion", "customer"?}``, the completion
one line with its newline. The prompt is what the chat template makes of the messages, the completion is encoded apart
from it, as the engine sees it: a prompt that ends before the first token of the answer.

It does not know models or losses. A batch is padded on the right; with causal attention no real token
sees the padding, so no mask is needed.
"""

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from finetune.errors import BadExamples

_SHARES: Final = 1 << 32


class Tokenizer(Protocol):
    """What is used of a Hugging Face tokenizer."""

    def apply_chat_template(self, conversation: list[dict[str, str]], **options: Any) -> Any:
        """The messages as one text."""

    def __call__(self, text: str, *, add_special_tokens: bool) -> Any:
        """The ids of a text."""


@dataclass(frozen=True)
class Example:
    """A prompt and the completion to learn."""

    task: str
    lang: str
    messages: tuple[tuple[str, str], ...]  # (role, content)
    completion: str
    customer: str = ""  # whose it is, where it is somebody's

    @property
    def key(self) -> int:
        """A number in [0, 2**32) that only the messages decide: equal questions never fall on both sides of a split."""
        digest = hashlib.sha256(json.dumps(self.messages, ensure_ascii=False).encode()).digest()
        return int.from_bytes(digest[:4], "big")


@dataclass(frozen=True)
class Encoded:
    """Token ids of an example; ``ids[prompt_tokens:]`` is the completion."""

    ids: tuple[int, ...]
    prompt_tokens: int


def read_examples(path: Path) -> list[Example]:
    """The examples of a JSONL file.

    Raises:
        BadExamples: the file is empty or a line is not an example; the message names the line.
    """
    examples = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                examples.append(_example(line, f"{path}:{number}"))
    if not examples:
        raise BadExamples(f"expected one example a line in {path}, got none: make them with `tactful prompts`")
    return examples


def _example(line: str, where: str) -> Example:
    try:
        row = json.loads(line)
        messages = tuple((str(m["role"]), str(m["content"])) for m in row["messages"])
        example = Example(
            str(row["task"]), str(row["lang"]), messages, str(row["completion"]), str(row.get("customer", ""))
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadExamples(
            f"{where}: expected task, lang, messages and completion, got {type(error).__name__}"
        ) from None
    body = example.completion.removesuffix("\n")
    if not messages or not body or body == example.completion or "\n" in body:
        raise BadExamples(f"{where}: expected messages and a completion of one line that ends with a newline")
    return example


def write_examples(examples: Iterable[Example], path: Path) -> None:
    """Writes examples as JSON lines, readable by their owner only."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for example in examples:
            messages = [{"role": role, "content": content} for role, content in example.messages]
            row = {"task": example.task, "lang": example.lang, "messages": messages, "completion": example.completion}
            row |= {"customer": example.customer} if example.customer else {}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def encode(example: Example, tokenizer: Tokenizer) -> Encoded:
    """Token ids of prompt and completion, encoded apart."""
    prompt = encode_prompt(example, tokenizer)
    completion = tokenizer(example.completion, add_special_tokens=False)["input_ids"]
    return Encoded((*prompt, *completion), len(prompt))


def encode_prompt(example: Example, tokenizer: Tokenizer) -> list[int]:
    """Token ids of the prompt, with the opening of the model's turn."""
    messages = [{"role": role, "content": content} for role, content in example.messages]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def split(examples: Sequence[Example], share: float, at_most: int) -> tuple[list[Example], list[Example]]:
    """Training and held-out examples. Which side one falls on depends on its messages only."""
    held_out = [e for e in examples if e.key < share * _SHARES][:at_most]
    held_keys = {e.key for e in held_out}
    return [e for e in examples if e.key not in held_keys], held_out


def batches(examples: Sequence[Encoded], *, tokens: int, seed: str) -> Iterator[list[Encoded]]:
    """All examples once, in batches of like length of at most ``tokens`` padded tokens, in random order.

    An example longer than ``tokens`` is a batch of its own. The same seed gives the same batches.
    """
    rng = random.Random(seed)
    # a little jitter, or the same examples would meet in every epoch
    by_length = sorted(examples, key=lambda e: len(e.ids) * rng.uniform(0.9, 1.1))
    plan: list[list[Encoded]] = [[]]
    longest = 0
    for example in by_length:
        longest = max(longest, len(example.ids))
        if plan[-1] and longest * (len(plan[-1]) + 1) > tokens:
            plan.append([])
            longest = len(example.ids)
        plan[-1].append(example)
    rng.shuffle(plan)
    yield from (batch for batch in plan if batch)
