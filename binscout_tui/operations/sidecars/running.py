"""Auditing and mending from beginning to end, as the command line and the app ask for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from binscout_tui.errors import NotFoundError
from binscout_tui.operations import operations_log
from binscout_tui.operations.files import history, running
from binscout_tui.operations.files.running import Done
from binscout_tui.operations.sidecars import looking, mending
from binscout_tui.operations.sidecars.auditing import LONGEST, Finding
from binscout_tui.operations.sidecars.looking import Audit, Progress
from binscout_tui.store import in_place
from binscout_tui.workspace import Workspace


def audit_in_place(
    workspace: Workspace, longest: int = LONGEST, on_progress: Progress = lambda done, total: True
) -> Audit:
    """Look at the folders in which images of the workspace stayed. Raises NotFoundError where there is none.

    Folders that are not there now are among what was not looked at.
    """
    folders = workspace.db.read(in_place.folders)
    looking.must_have(folders)
    return looking.audit_folders(looking.outermost(folders), frozenset(folders), longest, on_progress)


def mend(
    workspace: Workspace | None,
    log: Path,
    roots: Sequence[Path],
    findings: Sequence[Finding],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Done:
    """Mend these findings through the operations log. Raises as `files.running.run`."""
    return running.run(workspace, log, lambda: mending.mend(roots, findings), on_progress)


def undo_last(workspace: Workspace, log: Path) -> Done:
    """Take back the newest mending that can be. Raises NotFoundError, and as `files.running.run`."""
    lines, _ = operations_log.read(log)
    holders = history.in_place(lines)
    for batch in reversed(history.batches(lines)):
        if batch.operation == mending.OPERATION and any(history.is_in_place(line, holders) for line in batch.done()):
            return running.run_undo(workspace, log, batch.id)
    raise NotFoundError("There is no mending of sidecars left to undo.", code="nothing_to_undo")
