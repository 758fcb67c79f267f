"""From a workspace and the name of a target to the store of backups there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from binscout_tui.backup import targets
from binscout_tui.backup.rclone import Rclone
from binscout_tui.backup.remote import Remote
from binscout_tui.backup.repository import Repository
from binscout_tui.backup.targets import Target
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.settings import BackupSettings
from binscout_tui.workspace import LiveWorkspace, Workspace

CONFIG = "rclone.conf"


@dataclass(frozen=True, slots=True)
class Opened:
    """A target while rclone works for it."""

    target: Target
    rclone: Rclone
    remote: Remote
    repository: Repository


def folder(workspace: Workspace | LiveWorkspace) -> Path:
    """Where a workspace keeps its targets and what belongs to restores; readable by its owner alone."""
    return workspace.paths.root / "backup"


def cache(workspace: Workspace | LiveWorkspace, target: str) -> Path:
    """Where a workspace keeps what it has seen of a target."""
    return workspace.paths.derived / "backup" / target


def find_target(workspace: Workspace | LiveWorkspace, name: str = "") -> Target:
    """The target of this name, else the one in the settings, else the only one.

    Raises NotFoundError, UsageError when several could be meant.
    """
    known = targets.read(folder(workspace))
    wanted = name or workspace.settings.backup.target
    if wanted:
        found = next((target for target in known if target.name == wanted), None)
        if found is None:
            raise NotFoundError(
                f"There is no backup target {wanted!r}.",
                hint="`binscout backup target list` shows them.",
                code="no_target",
            )
        return found
    if not known:
        raise NotFoundError(
            "No backup target is set up.",
            hint="`binscout backup target add NAME FOLDER-OR-ADDRESS` adds one.",
            code="no_target",
        )
    if len(known) > 1:
        names = ", ".join(target.name for target in known)
        raise UsageError(f"Which target: {names}?", hint="Name one with --target, or set `target` under [backup].")
    return known[0]


@contextmanager
def opened(workspace: Workspace | LiveWorkspace, name: str = "", *, quick: bool = False) -> Iterator[Opened]:
    """The store of backups of a target, with a rclone of its own. `quick` gives up on a silent server in seconds.

    Raises what `find_target` and `Rclone` raise; whether the store is there is told by `repository.open`.
    """
    target = find_target(workspace, name)
    wanted = workspace.settings.backup
    with Rclone(
        folder(workspace) / CONFIG,
        quick=quick,
        options=_options(wanted),
        stall_s=8.0 if quick else wanted.stall_seconds,
    ) as rclone:
        remote = Remote(rclone, target.fs, target.shown, encrypted="client" if target.crypt else target.sse)
        yield Opened(target, rclone, remote, Repository(remote, cache(workspace, target.name)))


def _options(wanted: BackupSettings) -> tuple[str, ...]:
    return (f"--transfers={wanted.transfers}", *((f"--bwlimit={wanted.bandwidth}",) if wanted.bandwidth else ()))
