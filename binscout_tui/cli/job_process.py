"""The process of a job without the command line's library: it starts in half the time, and weighs less."""

from __future__ import annotations

import sys
from pathlib import Path

from binscout_tui import workspace as workspaces
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED, BinScoutError


def run_job(option: Path | None, job_id: int) -> int:
    """Be the process of a queued job, as `binscout job run ID` is; returns the exit code."""
    from binscout_tui.jobs.runner import run

    try:
        with workspaces.Workspace(workspaces.locate(option)) as workspace:
            return EXIT_DONE if run(workspace, job_id) else EXIT_FAILED
    except BinScoutError as error:
        print(f"binscout: {error.sentence} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
