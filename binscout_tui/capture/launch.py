"""Starting and ending the capture process of a workspace, detached from the terminal that asked for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from binscout_tui.capture.instance import holder

LOG = "capture.log"
WAIT_S = 0.02


def running(root: Path) -> int | None:
    """The id of the workspace's capture process, None when there is none. Costs one flock."""
    return holder(root)


def start_runner(root: Path) -> bool:
    """Start `binscout capture run` in a session of its own; False when one lives.

    Its output goes to `logs/capture.log`. Two that are started at once do no harm: only one gets the lock.
    Raises OSError.
    """
    if holder(root) is not None:
        return False
    log = root / "logs" / LOG
    log.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "binscout_tui", "--workspace", os.fspath(root), "capture", "run"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/"
        )
    # It outlives its parent on purpose; nobody here waits for it.
    process.returncode = 0
    return True


def stop_runner(root: Path, seconds: float = 15) -> bool:
    """Ask the capture process to leave and wait for it; False when none lived, or it still does."""
    pid = holder(root)
    until = time.monotonic() + seconds
    while pid == 0 and time.monotonic() < until:
        time.sleep(WAIT_S)
        pid = holder(root)
    if not pid:
        return False
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    while time.monotonic() < until:
        if holder(root) is None:
            return True
        time.sleep(WAIT_S)
    return False
