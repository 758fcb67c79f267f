"""Where the engine of a workspace is found: its socket, its lock, its log."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

SOCKET = "engine.sock"
ADDRESS = "engine.address"
LOCK = "engine.lock"
LONGEST = 107  # bytes: sun_path holds 108 with the NUL at its end


def real_root(root: Path) -> Path:
    """`root` without links and `..`, so that every way to name a workspace leads to the same engine."""
    return Path(os.path.realpath(root.expanduser()))


def socket_path(root: Path) -> Path:
    """The unix socket of the engine that serves the workspace in `root`.

    It lies in the workspace where the system's limit on the length of a socket's path allows it. Otherwise the file
    `engine.address` in the workspace names it: the environment of the client may differ from that of the engine.
    """
    root = real_root(root)
    path = root / SOCKET
    if len(os.fsencode(path)) <= LONGEST:
        return path
    try:
        return Path(os.fsdecode((root / ADDRESS).read_bytes()))
    except FileNotFoundError:
        return short_path(root)


def short_path(root: Path) -> Path:
    """A socket path of short length, in a folder that belongs to this user alone."""
    name = hashlib.sha256(os.fsencode(real_root(root))).hexdigest()[:20] + ".sock"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        path = Path(runtime) / f"binscout-{name}"
        if len(os.fsencode(path)) <= LONGEST and is_private(path.parent):
            return path
    return Path(f"/tmp/binscout-{os.getuid()}") / name


def is_private(folder: Path) -> bool:
    """Whether `folder` is this user's and nobody else can put anything into it."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def lock_path(root: Path) -> Path:
    """The file whose lock the one engine of the workspace holds; its content is the process id."""
    return real_root(root) / LOCK


def log_path(root: Path) -> Path:
    """The log of the engine."""
    return real_root(root) / "logs" / "engine.log"


def models_path(root: Path) -> Path:
    """The folder that holds one folder a model."""
    return real_root(root) / "models"


def runs_path(root: Path) -> Path:
    """The folder that holds one folder a training run."""
    return real_root(root) / "runs"
