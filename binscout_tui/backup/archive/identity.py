"""What tells workspaces apart that back up to one store: a random id beside the targets, which no restore changes."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from pathlib import Path

from binscout_tui import atomic
from binscout_tui.backup.target.known import make_folder
from binscout_tui.errors import StorageError

FILE = "id"
_BYTES = 8
_LONGEST = 64
_ID = re.compile(rf"[0-9a-f]{{{2 * _BYTES}}}\n?")


def known(folder: Path) -> str:
    """The id that is kept in `folder`: 16 hexadecimal digits; "" where none is yet, or it cannot be read."""
    try:
        with (folder / FILE).open("rb") as handle:
            return _read(handle.read(_LONGEST))
    except OSError:
        return ""


def own(folder: Path) -> str:
    """The id that is kept in `folder`, made at the first use. Raises StorageError where it cannot be kept."""
    try:
        return known(folder) or _made(folder)
    except OSError as error:
        raise StorageError(
            f"The id of this workspace for backups cannot be kept: {error.strerror or error}."
        ) from error


def _read(data: bytes) -> str:
    text = data.decode("ascii", "replace")
    return text.strip() if _ID.fullmatch(text) else ""


def _made(folder: Path) -> str:
    make_folder(folder)
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+b") as handle:
        # Of two that make one at once the second finds that of the first.
        fcntl.flock(handle, fcntl.LOCK_EX)
        found = _read(handle.read(_LONGEST))
        if not found:
            found = secrets.token_hex(_BYTES)
            handle.seek(0)
            handle.truncate()
            handle.write(f"{found}\n".encode())
            handle.flush()
            os.fsync(handle.fileno())
            atomic.sync_folder(folder)
    return found
