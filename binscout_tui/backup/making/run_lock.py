"""At most one run of backups a workspace at a time on this machine; a crash leaves nothing to clear away."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from binscout_tui.errors import RefusedError

LOCK = "run.lock"


@contextmanager
def only_run(folder: Path, run: str) -> Iterator[None]:
    """Hold the lock in `folder` for `run`. Raises RefusedError `running` that names the run in progress."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
            raise RefusedError(
                f"Backup run {held or 'of another process'} is in progress.",
                hint="`binscout jobs list` shows it; wait for its end or cancel it.",
                code="running",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{run} (process {os.getpid()})\n".encode(), 0)
        yield
    finally:
        # The name stays: who waits on another file of the same name would not see this one.
        os.close(descriptor)
