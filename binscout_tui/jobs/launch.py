"""Starting the process of a job, detached from the terminal that asked for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def launch(root: Path, job_id: int) -> int:
    """Start `binscout job run` for a queued job in a session of its own and return its pid.

    Its standard output and error go to `logs/job-ID.log` in the workspace.
    """
    log = root / "logs" / f"job-{job_id}.log"
    log.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "binscout_tui", "--workspace", os.fspath(root), "job", "run", str(job_id)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
        )
    # The job outlives its parent on purpose; nobody here waits for it.
    process.returncode = 0
    return process.pid
