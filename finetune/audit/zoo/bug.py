"""What a bug is."""

from dataclasses import dataclass

from finetune.audit.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Bug:
    """A pipeline with one thing wrong."""

    name: str
    wrong: str
    caught_by: str
    """The check that is made for it."""
    pipeline: Pipeline
