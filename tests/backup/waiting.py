"""Waiting for a state instead of for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

LONGEST_S = 20.0


def until(state: Callable[[], object], what: str, within_s: float = LONGEST_S) -> None:
    """Wait until `state()` is true, and fail with `what` when it does not become so."""
    end = time.monotonic() + within_s
    while not state():
        assert time.monotonic() < end, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that only nobody has waited for counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
