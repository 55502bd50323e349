"""The C library's memory, given back to the system while it is not needed.

glibc learns from the arrays that a program frees: the next ones of up to 32 MB come from a heap that only shrinks at
its end, and what lies free between them stays with the process. Other C libraries give back by themselves.

References
----------
mallopt(3), M_MMAP_THRESHOLD; malloc_trim(3).
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache
from typing import Any

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_LARGE = 1 << 24


def give_back() -> None:
    """Give back what is free, and have arrays of 16 MB and more given back as soon as they are, from now on."""
    library = _glibc()
    if library:
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_ARENA_MAX, 1)
        library.malloc_trim(0)


@lru_cache(maxsize=1)
def _glibc() -> Any:
    """Return the C library where it is glibc, else None."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
