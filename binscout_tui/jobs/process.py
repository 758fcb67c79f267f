"""Telling whether a process is still the one that was started."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

PR_SET_PDEATHSIG = 1


def started(pid: int) -> str:
    """When the process began, as the kernel counts since this boot; an empty text when it is gone or a zombie.

    Together with the pid this names one process: pids are used again, also after a reboot.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else f"{boot}-{fields[19]}"


def is_alive(pid: int | None, since: str | None) -> bool:
    """Whether process `pid` runs and is the one that began at `since`."""
    return bool(pid and since) and started(pid or 0) == since


def die_with_parent(parent: int) -> None:
    """In a new child of process `parent`: be ended by the kernel when it is gone, so that no orphan goes on writing."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
