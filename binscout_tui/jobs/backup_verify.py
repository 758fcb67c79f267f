"""The jobs that prove what a target holds, and make again what is bad there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from binscout_tui.backup.faults import CancelledWork
from binscout_tui.jobs.backup import told
from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.memory import give_memory_back
from binscout_tui.operations.backups import repairing, verifying
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace


def look(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Verify a run, or scrub. Raises CancelledError; what is proven by then is written down on the target."""
    give_memory_back()
    wanted = job.payload
    try:
        if wanted.get("scrub"):
            share = float(wanted.get("share", verifying.EIGHTH))
            found = verifying.scrub(workspace, wanted["target"], told(heart), share)
        else:
            level = wanted.get("level", "read back")
            found = verifying.verify(workspace, wanted["target"], wanted["run"], told(heart), level)
    except CancelledWork as error:
        raise CancelledError from error
    heart.beat(found.bytes, found.bytes, f"{len(found.bad):,} bad" if found.bad else "all good")
    return msgspec.to_builtins(found)  # type: ignore[no-any-return]


def repair(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Make again what is bad. Raises CancelledError; what is repaired by then stays so."""
    give_memory_back()
    try:
        found = repairing.repair(workspace, job.payload["target"], told(heart))
    except CancelledWork as error:
        raise CancelledError from error
    heart.beat(found.bytes, found.bytes, f"{len(found.repaired):,} made again, {len(found.lost):,} not")
    return msgspec.to_builtins(found)  # type: ignore[no-any-return]
