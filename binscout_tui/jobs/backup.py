"""The job that makes a backup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from binscout_tui.backup.faults import CancelledWork
from binscout_tui.backup.making.run_plan import Report
from binscout_tui.backup.progress import Progress
from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.memory import give_memory_back
from binscout_tui.operations.backups.running import run
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace


def backup(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Make the backup; one that was cut off goes on with what it has sent. Raises CancelledError."""
    give_memory_back()
    wanted = job.payload
    try:
        done = run(
            workspace,
            wanted["target"],
            told(heart),
            note=wanted.get("note", ""),
            accept_loss=bool(wanted.get("accept_loss")),
        )
    except CancelledWork as error:
        raise CancelledError from error
    return msgspec.to_builtins(done)  # type: ignore[no-any-return]


def told(heart: Heart) -> Report:
    """What tells the table of jobs how far work on a store of backups is, and stops it when somebody asked for that."""

    def report(progress: Progress) -> None:
        if heart.beat(progress.done, progress.total, progress.words()):
            raise CancelledWork

    return report
