"""The job that proves that backups can be restored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.backup.faults import CancelledWork
from binscout_tui.backup.progress import Progress
from binscout_tui.errors import BinScoutError
from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.memory import give_memory_back
from binscout_tui.operations.backups.drill import drill
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace


def prove(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Do the drill. Raises CancelledError, and BinScoutError naming the step that failed."""
    give_memory_back()
    wanted = job.payload
    scratch = Path(wanted["scratch"]) if wanted.get("scratch") else None

    def report(step: str, progress: Progress) -> None:
        if heart.beat(progress.done, progress.total, " · ".join(dict.fromkeys((step, progress.words() or step)))):
            raise CancelledWork

    try:
        done = drill(workspace, wanted["target"], report, files=wanted.get("files"), scratch=scratch, job=job.id)
    except CancelledWork as error:
        raise CancelledError from error
    if not done.ok:
        failed = next(step for step in done.steps if not step.ok)
        raise BinScoutError(f"The drill failed, to {failed.name}: {failed.words}", code="drill_failed")
    return msgspec.to_builtins(done)  # type: ignore[no-any-return]
