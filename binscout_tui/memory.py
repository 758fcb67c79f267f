"""How the C library deals with memory in a program that looks at thousands of pictures."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_ARENA_MAX = -1, -8
TRIM_ABOVE = 128 << 10
ARENAS = 1


def give_memory_back() -> bool:
    """Have freed memory go back to the system: one heap for all threads, trimmed when 128 KiB at its end are free.

    By default glibc keeps a heap for each thread and up to 64 MiB at their ends; after ten thousand pictures that is
    a sixth of the program. To be called before threads are started. False where the C library has no such settings.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_ARENA_MAX, ARENAS)) and bool(mallopt(_M_TRIM_THRESHOLD, TRIM_ABOVE))
