"""From a workspace and the name of a target to the store of backups there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from binscout_tui.backup.archive.repository import RepoInfo, Repository
from binscout_tui.backup.target import known as targets
from binscout_tui.backup.target.known import Target
from binscout_tui.backup.transport.folder_remote import FolderRemote
from binscout_tui.backup.transport.rclone_later import RcloneLater
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.errors import BinScoutError, ConflictError, NotFoundError, StorageError, UsageError
from binscout_tui.settings import BackupSettings
from binscout_tui.workspace import LiveWorkspace, Workspace

if TYPE_CHECKING:
    from binscout_tui.backup.transport.rclone import Rclone

CONFIG = "rclone.conf"
NOTICE: ContextVar[Callable[[str], None]] = ContextVar("NOTICE", default=lambda words: None)
"""Is told where another target is taken than the settings name."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A target while rclone works for it."""

    target: Target
    rclone: Rclone
    remote: Remote
    repository: Repository

    def look_again(self) -> None:
        """So that lists, header and badges know at once of what was just done; where the target is silent, later."""
        with suppress(BinScoutError, OSError):
            self.repository.listing()


def folder(workspace: Workspace | LiveWorkspace) -> Path:
    """Where a workspace keeps its targets and what belongs to restores; readable by its owner alone."""
    return workspace.paths.root / "backup"


def cache(workspace: Workspace | LiveWorkspace, target: str) -> Path:
    """Where a workspace keeps what it has seen of a target."""
    return workspace.paths.derived / "backup" / target


def find_target(workspace: Workspace | LiveWorkspace, name: str = "") -> Target:
    """The target of this name, else the one in the settings, else the only one.

    Settings that came with a restore may name one that this machine does not have: NOTICE is told then.
    Raises NotFoundError, UsageError when several could be meant.
    """
    known = targets.read(folder(workspace))
    wanted = name or workspace.settings.backup.target
    if wanted:
        found = next((target for target in known if target.name == wanted), None)
        if found is None and not name and len(known) == 1:
            found = known[0]
            NOTICE.get()(f"There is no backup target {wanted!r}, which the settings name; {found.name} is taken.")
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
    stall_s = 8.0 if quick else wanted.stall_seconds
    # A folder of this machine is read and written directly; rclone is started only where it is asked.
    # What limits the speed is rclone.
    is_here = target.fs.startswith("/") and target.engine == "native" and not wanted.bandwidth
    begin = RcloneLater if is_here else _rclone()
    with begin(folder(workspace) / CONFIG, quick=quick, options=_options(wanted), stall_s=stall_s) as rclone:
        encrypted = (
            "client"
            if target.crypt or target.engine == "restic"
            else f"server {target.sse}".strip()
            if target.sse
            else ""
        )
        remote = (
            FolderRemote(rclone, Path(target.fs), target.shown, encrypted=encrypted)
            if is_here
            else Remote(rclone, target.fs, target.shown, encrypted=encrypted, raw=target.raw)
        )
        remember = partial(_remember, folder(workspace), target)
        kept = cache(workspace, target.name)
        if target.engine == "restic":
            from binscout_tui.operations.backups import restic_engine

            store: Repository = restic_engine.repository(
                folder(workspace), kept, target, remote, wanted, remember, stall_s
            )
        else:
            store = Repository(remote, kept, known=target.repo, seen=remember)
        yield Opened(target, rclone, remote, store)


def _rclone() -> type[Rclone]:
    """Loaded only where it is needed: it brings all of HTTP."""
    from binscout_tui.backup.transport.rclone import Rclone

    return Rclone


def _remember(where: Path, target: Target, store: RepoInfo) -> None:
    """So that an empty folder is not taken for a new one where a disk is not mounted."""
    if target.repo == store.id:
        return
    with suppress(ConflictError, NotFoundError, StorageError), targets.changing(where):
        targets.put(where, replace(targets.find(targets.read(where), target.name), repo=store.id))


def _options(wanted: BackupSettings) -> tuple[str, ...]:
    return (f"--transfers={wanted.transfers}", *((f"--bwlimit={wanted.bandwidth}",) if wanted.bandwidth else ()))
