"""Who works for a workspace on a target, as leases, marks and runs there name it."""

from __future__ import annotations

from binscout_tui.backup.archive import identity, lease
from binscout_tui.backup.archive.lease import Holder
from binscout_tui.operations.backups.opening import folder
from binscout_tui.workspace import Workspace


def worker(workspace: Workspace) -> Holder:
    """This process, for what it writes on a target; the workspace gets its id. Raises StorageError."""
    return lease.holder(workspace.user.name, str(workspace.paths.root), identity.own(folder(workspace)))


def looker(workspace: Workspace) -> Holder:
    """This process, for what it only looks at: nothing is written, and where there is no id yet it has none."""
    return lease.holder(workspace.user.name, str(workspace.paths.root), identity.known(folder(workspace)))
