"""Refuses private examples in which the guard still finds personal data: values must be handles before training.

Noise bounds what the model can remember of a customer; that no name or number is in what it reads comes first. Lines
are counted and kinds named, the text is never shown. What the guard cannot read counts as open.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from finetune.errors import BadPrivacy
from finetune.examples import Example
from guardrails.errors import GuardError
from guardrails.guard import Guardrails, GuardSettings, build
from guardrails.readable import Readable

Progress = Callable[[float], None]


def refuse_open_values(
    examples: Sequence[Example], path: Path, readable: Readable, progress: Progress = lambda share: None
) -> None:
    """Reads what customers said in every example, equal texts once.

    Raises:
        BadPrivacy: personal data stands openly; with the kinds and the first line.
    """
    guard = build("sqlite://", secrets.token_bytes(32), readable, GuardSettings(timeout_s=20))
    known: dict[str, tuple[str, ...]] = {}
    kinds: Counter[str] = Counter()
    lines: list[int] = []
    for line, example in enumerate(examples, 1):
        text = example.messages[-1][1]
        if text not in known:
            known[text] = _kinds(guard, text)
        if known[text]:
            kinds.update(known[text])
            lines.append(line)
        progress(line / len(examples))
    if lines:
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        raise BadPrivacy(
            f"{path}: {len(lines)} of {len(examples)} examples hold personal data that is not concealed ({told}; the "
            f"first is example {lines[0]}): conceal the transcripts with `tactful finetune conceal`"
        )


def _kinds(guard: Guardrails, text: str) -> tuple[str, ...]:
    try:
        return tuple(sorted({finding.kind for finding in guard.analyze(text)}))
    except GuardError:
        return ("unreadable",)
