"""One capture process a workspace: the lock, and who holds it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from binscout_tui.errors import RefusedError

LOCK = "capture.lock"
TRIES = 20
TRY_S = 0.01


@contextmanager
def only_instance(root: Path) -> Iterator[None]:
    """Hold the workspace's capture lock. Raises RefusedError (`capture_running`) when another process has it.

    The kernel gives the lock back however the process ends, so the file itself is never removed.
    """
    descriptor = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            _lock(descriptor)
        except BlockingIOError as error:
            raise RefusedError(
                f"Captures of {root} are taken by process {_pid(descriptor) or 'unknown'} already.",
                hint="`binscout capture stop` ends it.",
                code="capture_running",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {_began(os.getpid())}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(root: Path) -> int | None:
    """The id of the process that holds the lock, None when nobody does; 0 in the moment in which it takes it."""
    try:
        descriptor = os.open(root / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        # Shared, so that two who ask at once do not take each other for the process.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Take the lock; somebody who only asks who has it holds it for a moment too. Raises BlockingIOError."""
    for _ in range(TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(TRY_S)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _pid(descriptor: int) -> int:
    """The process that is written there, 0 where it is none that lives: who held the lock before may have been killed,
    and its number belong to another process by now.
    """
    words = os.pread(descriptor, 64, 0).decode("ascii", "replace").split()
    if len(words) != 2 or not words[0].isdigit():
        return 0
    return int(words[0]) if _began(int(words[0])) == words[1] else 0


def _began(pid: int) -> str:
    """When a process began, in the kernel's count; an empty text when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
