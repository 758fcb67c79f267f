"""A file operation from beginning to end, as the command line and the app ask for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from binscout_tui.operations import operations_log
from binscout_tui.operations.files import carrying_out, settling, undoing
from binscout_tui.operations.files.carrying_out import Outcome, Progress
from binscout_tui.operations.files.plan import Plan
from binscout_tui.operations.files.relocating import Places
from binscout_tui.operations.files.settling import Settled
from binscout_tui.operations.operations_log import Who
from binscout_tui.store import users
from binscout_tui.workspace import Workspace

Planner = Callable[[], Plan]


class Done(msgspec.Struct, frozen=True):
    """What was done, and what of earlier interrupted operations was settled before."""

    outcome: Outcome
    settled: Settled


def run(
    workspace: Workspace | None,
    log_path: Path,
    planner: Planner,
    on_progress: Progress = lambda done, total: None,
) -> Done:
    """Settle what was interrupted, make the plan and carry it out, alone on this log.

    With a workspace this needs an operator, and its in-place images are followed. Raises what `planner` raises,
    RefusedError while another operation runs, StorageError when the log cannot be written.
    """
    with operations_log.opened(log_path, _who(workspace)) as log:
        places = Places(workspace)
        settled = settling.settle(log, places)
        return Done(carrying_out.carry_out(log, planner(), places, on_progress), settled)


def run_undo(
    workspace: Workspace | None,
    log_path: Path,
    batch: str | None,
    on_progress: Progress = lambda done, total: None,
) -> Done:
    """`run` for taking back a batch, the newest one when none is named. Raises NotFoundError besides."""
    return run(workspace, log_path, lambda: undoing.undo(operations_log.read(log_path)[0], batch), on_progress)


def _who(workspace: Workspace | None) -> Who:
    if workspace is None:
        return Who(*users.os_identity())
    workspace.user.must_be("operator", "Moving files")
    return Who(workspace.user.uid, workspace.user.name)
