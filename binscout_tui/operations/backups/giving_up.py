"""Giving up a run whose manifest cannot be read: nobody knows what it needs, and so nothing at all may be deleted."""

from __future__ import annotations

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.lease import Lease
from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.errors import NotFoundError, RefusedError
from binscout_tui.operations.backups.asking import worker
from binscout_tui.operations.backups.opening import opened
from binscout_tui.workspace import Workspace

WHAT = "Giving up a run"


def give_up(workspace: Workspace, target: str, run: str) -> str:
    """Set the unreadable manifest of `run` (its whole id) aside; the run then counts as one that was never finished.

    A prune deletes such a run after some days. The name that the manifest has then. Raises NotFoundError, RefusedError
    where the manifest can be read or belongs to a newer program, RemoteError.
    """
    workspace.user.must_be("admin", WHAT)
    with opened(workspace, target) as on:
        if on.target.engine == "restic":
            raise RefusedError("restic keeps no manifests that could be damaged by themselves.", code="no_give_up")
        on.repository.open()
        name = layout.run_file(run, layout.MANIFEST)
        if not layout.is_run_id(run) or on.remote.exists(name) is None:
            raise NotFoundError(
                f"There is no run {run[:64]!r} with a manifest on {on.target.name}.",
                hint="Give its whole id; `binscout backup list` shows it.",
                code="no_run",
            )
        with Lease(on.remote, worker(workspace)):
            try:
                manifest.decode(on.remote.read(name, manifest.LONGEST_MANIFEST), run)
            except DamagedError:
                aside = layout.run_file(run, layout.GIVEN_UP)
                on.remote.call_move(name, aside)
                return aside
            except RemoteError as error:
                if error.code != "not_found":
                    raise
        raise RefusedError(
            f"The manifest of run {run} can be read; a prune deletes runs by their rules.",
            hint="`binscout backup prune` shows them.",
            code="readable",
        )
