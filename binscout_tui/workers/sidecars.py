"""Looking at sidecars and mending them beside the event loop."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from binscout_tui.operations.operations_log import NAME
from binscout_tui.workers.backups import aside
from binscout_tui.workspace import Workspace

if TYPE_CHECKING:
    from binscout_tui.operations.files.plan import Plan
    from binscout_tui.operations.files.running import Done
    from binscout_tui.operations.sidecars.auditing import Finding
    from binscout_tui.operations.sidecars.looking import Audit


class Look:
    """A look that is under way: how many captions were read of how many, and a way to stop it."""

    def __init__(self) -> None:
        self.done = self.total = 0
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End it with what was read by then."""
        self._stopped.set()

    def at(self, done: int, total: int) -> bool:
        """Note how far it is; whether to go on."""
        self.done, self.total = done, total
        return not self._stopped.is_set()


async def look(root: Path, folder: Path | None, under_way: Look) -> Audit:
    """What is wrong in `folder`, None for the folders of images that stayed in place. Raises as the operations do."""

    def work(workspace: Workspace) -> Audit:
        from binscout_tui.operations.sidecars import looking, running

        if folder is None:
            return running.audit_in_place(workspace, on_progress=under_way.at)
        return looking.audit(folder, on_progress=under_way.at)

    return await aside(root, work)


async def would_mend(root: Path, folders: Sequence[Path], findings: Sequence[Finding]) -> Plan:
    """What mending them would do."""

    def work(workspace: Workspace) -> Plan:
        from binscout_tui.operations.sidecars import mending

        return mending.mend(folders, findings)

    return await aside(root, work)


async def mend(root: Path, folders: Sequence[Path], findings: Sequence[Finding]) -> Done:
    """Mend them; what was planned before is planned again, by what lies there now."""

    def work(workspace: Workspace) -> Done:
        from binscout_tui.operations.sidecars import running

        return running.mend(workspace, workspace.paths.logs / NAME, folders, findings)

    return await aside(root, work)


async def undo(root: Path) -> Done:
    """Take back what was mended last."""

    def work(workspace: Workspace) -> Done:
        from binscout_tui.operations.sidecars import running

        return running.undo_last(workspace, workspace.paths.logs / NAME)

    return await aside(root, work)
