"""The job that makes the vectors of the active classifier, by which images are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.operations.similar.making import Stopped, make
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace


def make_vectors(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Make what is missing. Raises CancelledError; what was made by then stays."""

    def stop(done: int, total: int) -> bool:
        return heart.beat(done, total, f"{done:,} of {total:,} vectors made")

    try:
        return msgspec.to_builtins(make(workspace, stop))  # type: ignore[no-any-return]
    except Stopped as stopped:
        raise CancelledError from stopped
