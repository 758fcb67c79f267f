"""What a drill makes outside of the workspace: written down, so that it goes although the drill is killed."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from binscout_tui import atomic
from binscout_tui.backup.faults import RemoteError
from binscout_tui.backup.target.known import CONFIG, Target
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.errors import BinScoutError
from binscout_tui.operations.backups.opening import folder
from binscout_tui.workspace import Workspace

NAME = "drill"
MARK = "binscout-drill-"
"""Begins the name of everything that a drill makes; nothing else is ever taken away."""
STARTED = "drill-started.json"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """The scratch folder of a drill, and its store of backups."""

    folder: str
    store: Target | None = None


def note(workspace: Workspace, scratch: Path, store: Target | None) -> None:
    """Write down what is about to be made. Raises OSError."""
    made = Made(folder=os.fspath(scratch), store=store)
    atomic.write_bytes(folder(workspace) / STARTED, msgspec.json.encode(made), mode=0o600)


def sweep(workspace: Workspace) -> bool:
    """Take away what a drill has made; False when something of it cannot be reached now and is left for the next."""
    noted = folder(workspace) / STARTED
    try:
        left = msgspec.json.decode(noted.read_bytes(), type=Made)
    except (OSError, msgspec.MsgspecError):
        return not noted.exists()
    with suppress(BinScoutError):
        if left.store is not None and MARK in left.store.fs:
            _remove_store(workspace, left.store)
        if MARK in Path(left.folder).name:
            shutil.rmtree(left.folder, ignore_errors=True)
        noted.unlink(missing_ok=True)
    return not noted.exists()


def _remove_store(workspace: Workspace, store: Target) -> None:
    """Delete the store of a drill. Raises RemoteError."""
    with Rclone(folder(workspace) / CONFIG, quick=True) as rclone:
        try:
            rclone.call("operations/purge", where=store.shown, fs=store.fs, remote="")
        except RemoteError as error:
            if error.code != "not_found":
                raise


def beside(target: Target, mark: str) -> Target | None:
    """A target beside `target` for the store of a drill; None where there is no room for a name beside it."""
    remote, colon, path = target.fs.rpartition(":")
    path = path.rstrip("/")
    names = [part for part in path.split("/") if part]
    # A bucket or a share is nothing that one makes, and beside the root there is nothing.
    if target.engine != "native" or len(names) < (2 if colon else 1):
        return None
    fs = f"{remote}{colon}{path}-{mark}"
    return replace(target, name=NAME, fs=fs, shown=f"{target.shown.rstrip('/')}-{mark}", raw="", repo="")
