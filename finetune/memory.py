"""Freed memory stays with the process, for the next step.

The C library gives large blocks back to the system as soon as they are freed, and a training step frees gigabytes of
them only to ask for the same again: every page is cleared and mapped anew. Where that is dear, as in many virtual
machines, it took half of a step. The price is that a process keeps its peak until it ends.

Source: mallopt(3).
"""

import ctypes
from typing import Final

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # of glibc's malloc.h
_PAD: Final = 256 * 2**20
_NEVER: Final = 2**31 - 1


def keep_freed_memory() -> bool:
    """Tells glibc to keep what is freed, and whether there is a glibc to tell; calling it again changes nothing."""
    try:
        library = ctypes.CDLL(None)
        mallopt, _ = library.mallopt, library.gnu_get_libc_version
    except (OSError, AttributeError, TypeError):
        return False
    return all(mallopt(what, value) for what, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _NEVER), (_TOP_PAD, _PAD)))
