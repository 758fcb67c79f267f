"""The job that looks for labels which are probably wrong."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.learning.frozen import Stopped
from binscout_tui.operations.mistakes import look
from binscout_tui.store import suspects as found_before
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace

BEAT_S = 1.0


def suspects(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Look, and replace the queue of suspects. Raises CancelledError; the pictures described by then stay described."""
    total = len(workspace.db.read(found_before.sources))
    beaten = -BEAT_S

    def stop(done: int) -> bool:
        nonlocal beaten
        if time.monotonic() - beaten < BEAT_S:
            return False
        beaten = time.monotonic()
        return heart.beat(done, total, f"{done} pictures described")

    try:
        stop(0)
        return msgspec.to_builtins(look(workspace, job.payload.get("features", "rings"), stop))  # type: ignore[no-any-return]
    except Stopped as stopped:
        raise CancelledError from stopped
