"""What a stopped run needs to go on: adapter, optimizer, position. One file, replaced at once.

Batches follow from seed and epoch, and there is no dropout: no state of a random generator is kept.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from finetune.errors import CannotResume

CHECKPOINT: Final = "checkpoint.pt"


@dataclass(frozen=True)
class Checkpoint:
    """A run after ``step`` steps."""

    adapter: dict[str, torch.Tensor]
    optimizer: dict[str, Any]
    step: int
    tokens: int
    elapsed_s: float
    losses: list[float]


def save_checkpoint(work: Path, run: dict[str, Any], checkpoint: Checkpoint) -> None:
    """Replaces the checkpoint in ``work``; ``run`` holds what must be equal to go on from it."""
    temporary = work / f"{CHECKPOINT}.tmp"
    torch.save({"run": run, "checkpoint": vars(checkpoint)}, temporary)
    temporary.replace(work / CHECKPOINT)


def load_checkpoint(work: Path, run: dict[str, Any]) -> Checkpoint | None:
    """The checkpoint in ``work``, or nothing where there is none.

    Raises:
        CannotResume: it is unreadable or of another run; the message names what differs.
    """
    file = work / CHECKPOINT
    if not file.exists():
        return None
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
        found, checkpoint = content["run"], Checkpoint(**content["checkpoint"])
    except Exception as error:  # torch raises many kinds for a broken file
        raise CannotResume(f"{file} cannot be read ({type(error).__name__}): start without --resume") from error
    different = sorted(key for key in run.keys() | found.keys() if run.get(key) != found.get(key))
    if different:
        raise CannotResume(f"{file} is of a run with another {', '.join(different)}: start without --resume")
    return checkpoint
