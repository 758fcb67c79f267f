"""The job that takes a restore back, for those who cannot do it themselves because they hold the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from binscout_tui.errors import RefusedError
from binscout_tui.jobs.runner import Heart
from binscout_tui.operations.backups import undoing
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace


def rollback(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Put an undo copy back: payload `copy` ("" the newest) and `confirmed`, the typed word."""
    if job.payload.get("confirmed") != undoing.WORD:
        raise RefusedError(f"The word {undoing.WORD} was not typed.", code="not_confirmed")
    if job.attempts > 1:
        raise RefusedError("It was cut off, and a typed word counts once.", hint="Start it again.", code="cut_off")
    heart.beat(0, 0, "putting in place what was there before, as soon as everybody has let go")
    done = undoing.roll_back(workspace, str(job.payload.get("copy", "")), job_id=job.id)
    result: Mapping[str, Any] = msgspec.to_builtins(done)
    return result
