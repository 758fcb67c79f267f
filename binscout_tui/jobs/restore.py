"""The job that restores a run of a backup: in place, to a folder, or single items."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.backup.faults import CancelledWork
from binscout_tui.jobs.backup import told
from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.operations.backups import restoring
from binscout_tui.operations.backups.restoring import Order
from binscout_tui.operations.backups.restoring_items import items
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Workspace


def restore(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Carry out an order. Raises CancelledError, which leaves nothing but what the next attempt can use."""
    order = msgspec.convert(job.payload, Order)
    restoring.must_be_allowed(workspace, order)

    try:
        return msgspec.to_builtins(_carried_out(workspace, job, order, told(heart)))  # type: ignore[no-any-return]
    except CancelledWork as cancelled:
        raise CancelledError from cancelled


def _carried_out(workspace: Workspace, job: Job, order: Order, report: restoring.Report) -> msgspec.Struct:
    scope = order.scope
    if scope.kind == "items":
        return items(workspace, order.target, order.run, scope.items, report)
    if scope.kind == "folder":
        folder, skip = Path(scope.folder), order.skip_damaged
        return restoring.to_folder(workspace, order.target, order.run, folder, report, skip_damaged=skip)
    return restoring.in_place(workspace, order.target, order.run, scope.kind, report, job=job)
