"""The job that looks for duplicates in the library."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.operations.duplicates.library import look
from binscout_tui.operations.duplicates.looking import Stopped
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace

BEAT_S = 1.0


def find_duplicates(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Look, and replace the groups. Raises CancelledError; what was looked at by then is not looked at again."""
    beaten = -BEAT_S

    def step(done: int, total: int, what: str) -> bool:
        nonlocal beaten
        if time.monotonic() - beaten < BEAT_S:
            return False
        beaten = time.monotonic()
        return heart.beat(done, total, f"{done:,} of {total:,} {what}")

    try:
        return msgspec.to_builtins(look(workspace, job.payload.get("near", "strict"), step))  # type: ignore[no-any-return]
    except Stopped as stopped:
        raise CancelledError from stopped
