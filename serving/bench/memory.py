"""Peak memory of process trees: sampled beside a run, in proportional set size where the kernel tells it.

Proportional: a page that two processes share counts half for each, so that a sum over a tree is a sum of
real memory. Where that is not told, resident size is summed (shared pages then count twice). Short peaks
between two samples are missed.
"""

import contextlib
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import psutil


class PeakMemory:
    """A context in which the trees of some processes are watched. ``peak_mib`` is the greatest sum seen."""

    def __init__(self, pids: Iterable[int], every_s: float = 1.0) -> None:
        self.pids = tuple(dict.fromkeys(pids))
        self.peak_mib = 0.0
        self._every_s = every_s
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while True:
            self.peak_mib = max(self.peak_mib, memory_mib(self.pids))
            if self._over.wait(self._every_s):
                self.peak_mib = max(self.peak_mib, memory_mib(self.pids))
                return


def memory_mib(pids: Iterable[int]) -> float:
    """Memory of the processes and all their descendants now; what has ended counts nothing."""
    trees: dict[int, psutil.Process] = {}
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            trees |= {process.pid: process for process in (root, *root.children(recursive=True))}
    return sum(map(_size, trees.values())) / 2**20


def _size(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        with contextlib.suppress(psutil.Error):
            return int(process.memory_info().rss)
        return 0


def listeners(port: int) -> list[int]:
    """The processes of this machine that listen on ``port``, as far as this user may see them."""
    with contextlib.suppress(psutil.Error):
        found = [
            c.pid for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port
        ]
        return sorted({pid for pid in found if pid})
    return []
