"""A restore that somebody asked for, and whether it may be carried out."""

from __future__ import annotations

from pathlib import Path

import msgspec

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.operations.backups import restore_source
from binscout_tui.operations.backups.opening import opened
from binscout_tui.operations.backups.restore_source import Scope
from binscout_tui.operations.backups.restoring_folder import free_folder
from binscout_tui.store import jobs
from binscout_tui.workspace import Workspace

WORD = "restore"
"""What has to be typed before anything is put in place."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A restore that somebody asked for: the payload of its job. `confirm` is the word that they typed."""

    target: str
    run: str
    scope: Scope = Scope()
    skip_damaged: bool = False
    confirm: str = ""


def must_be_allowed(workspace: Workspace, order: Order) -> None:
    """Raise RefusedError unless the user may have the order carried out, and said so."""
    restore_source.must_be_admin(workspace, "Restoring")
    if order.scope.kind in ("everything", "database") and order.confirm != WORD:
        raise RefusedError(
            f"Nothing is put in place without the word {WORD}.", hint=f"--confirm {WORD}", code="not_confirmed"
        )


def checked(workspace: Workspace, order: Order) -> Order:
    """`order` where it may be carried out as things are. Raises RefusedError, UsageError."""
    must_be_allowed(workspace, order)
    if order.scope.kind in ("everything", "database"):
        restore_source.idle(workspace)
    if order.scope.kind == "items" and not order.scope.items:
        raise UsageError("No item is named.", hint="--item takes an image's id, its SHA-256 or path, or a model's id.")
    if order.scope.kind == "folder":
        place = free_folder(workspace, Path(order.scope.folder))
        order = msgspec.structs.replace(order, scope=msgspec.structs.replace(order.scope, folder=str(place)))
    return order


def settled(workspace: Workspace, order: Order) -> tuple[Order, str]:
    """`order` with the id of the run that it means on the target now, and why one may not want that one, else "".

    Raises as `checked`, and as `restore_source.source`.
    """
    order = checked(workspace, order)
    with opened(workspace, order.target) as on:
        found = restore_source.source(on, order.run)
    if order.scope.kind in ("everything", "database"):
        restore_source.must_be_whole(found)
    return msgspec.structs.replace(order, run=found.run), restore_source.doubt(found)


def enqueue(workspace: Workspace, order: Order) -> int:
    """Queue the job for a restore and return its id; starting it is the caller's. Raises as `checked`."""
    payload = msgspec.to_builtins(checked(workspace, order))
    return workspace.db.write(jobs.add, workspace.user.uid, "restore", payload)
