"""One process or several (torch DDP): who draws, who adds, who makes noise.

The first process draws customers and noise; every process takes a share of the drawn customers; sums are added up
before the noise. The outcome has the distribution of a single process, whatever their number.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch


class Crew(Protocol):
    """The processes of a run."""

    rank: int
    size: int

    def tell(self, value: Any) -> Any:
        """The first process' ``value``, everywhere."""

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replaces ``tensors`` by their sums over the processes."""

    def spread(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replaces ``tensors`` by the first process'."""

    def gather(self, value: Any) -> list[Any]:
        """Every process' ``value`` in their order, everywhere."""


class Alone:
    """A single process."""

    rank, size = 0, 1

    def tell(self, value: Any) -> Any:
        """The same."""
        return value

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """Nothing to add."""

    def spread(self, tensors: Sequence[torch.Tensor]) -> None:
        """Nobody to tell."""

    def gather(self, value: Any) -> list[Any]:
        """The only one."""
        return [value]


class Distributed:
    """The processes of ``torch.distributed``, which whoever starts them has initialised."""

    def __init__(self) -> None:
        import torch.distributed as dist

        self._dist = dist
        self.rank, self.size = dist.get_rank(), dist.get_world_size()

    def tell(self, value: Any) -> Any:
        """The first process' ``value``, everywhere."""
        box = [value]
        self._dist.broadcast_object_list(box, src=0)
        return box[0]

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replaces ``tensors`` by their sums over the processes."""
        for tensor in tensors:
            self._dist.all_reduce(tensor)

    def spread(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replaces ``tensors`` by the first process'."""
        for tensor in tensors:
            self._dist.broadcast(tensor, src=0)

    def gather(self, value: Any) -> list[Any]:
        """Every process' ``value`` in their order, everywhere."""
        box: list[Any] = [None] * self.size
        self._dist.all_gather_object(box, value)
        return box


def crew() -> Crew:
    """The processes that ``torchrun`` started, or this one alone."""
    import os

    import torch.distributed as dist

    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Alone()
    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return Distributed()
