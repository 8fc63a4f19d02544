"""No private example in which the guard still finds personal data: values must be handles before training.

Noise bounds what the model can remember of a customer; that no name or number is in what it reads comes first. The
guard reads each part of a message by itself, as it did when it concealed it. An example with a finding is left out, by
its own text alone; where there are many, the file was never concealed and is refused. Kinds and counts are told, never
text.
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from finetune.errors import BadPrivacy
from finetune.examples import Example
from guardrails.errors import GuardError
from guardrails.guard import Guardrails, GuardSettings, build
from guardrails.readable import Readable

TOLERATED: Final = 0.01
"""Share of examples with findings up to which they are taken for the guard's own doubts and left out."""
_PARTS: Final = re.compile(r"\n|; |, \d |: \d |: |[\[\]]")

Progress = Callable[[float], None]


def without_open_values(
    examples: Sequence[Example], path: Path, readable: Readable, progress: Progress = lambda share: None
) -> list[Example]:
    """The examples in which the guard finds nothing.

    Raises:
        BadPrivacy: it finds personal data in more than one in a hundred; with the kinds and the first example's number.
    """
    guard = build("sqlite://", secrets.token_bytes(32), readable, GuardSettings(timeout_s=20))
    known: dict[str, tuple[str, ...]] = {}
    kinds: Counter[str] = Counter()
    kept: list[Example] = []
    open_: list[int] = []
    for number, example in enumerate(examples, 1):
        found = {kind for part in _parts(example) for kind in _kinds(guard, part, known)}
        kinds.update(found)
        if found:
            open_.append(number)
        else:
            kept.append(example)
        progress(number / len(examples))
    if len(open_) > TOLERATED * len(examples):
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        raise BadPrivacy(
            f"{path}: {len(open_)} of {len(examples)} examples hold personal data that is not concealed ({told}; the "
            f"first is example {open_[0]}): conceal the transcripts with `tactful finetune conceal`"
        )
    return kept


def _parts(example: Example) -> Iterator[str]:
    for _, content in example.messages:
        yield from (part for part in _PARTS.split(content) if part.strip())


def _kinds(guard: Guardrails, text: str, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if text not in known:
        try:
            known[text] = tuple(sorted({finding.kind for finding in guard.analyze(text)}))
        except GuardError:
            known[text] = ("unreadable",)
    return known[text]
