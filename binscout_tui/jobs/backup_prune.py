"""The job that deletes from a target what no run needs any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from binscout_tui.backup.faults import CancelledWork
from binscout_tui.jobs.backup import told
from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.operations.backups import pruning
from binscout_tui.store.jobs import Job
from binscout_tui.wording import counted
from binscout_tui.workspace import Workspace


def prune(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Delete what the plan says that was confirmed. Raises CancelledError; the rest is in the next plan."""
    try:
        done = pruning.prune(workspace, job.payload["target"], job.payload["plan"], told(heart))
    except CancelledWork as error:
        raise CancelledError from error
    heart.beat(
        done.blobs, done.blobs, f"{counted(len(done.dropped), 'run')} and {counted(done.blobs, 'stored file')} deleted"
    )
    return msgspec.to_builtins(done)  # type: ignore[no-any-return]
