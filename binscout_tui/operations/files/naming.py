"""Giving a file another name without ever taking the place of one that is there."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

# From linux/fs.h and fcntl.h.
RENAME_NOREPLACE = 1
AT_FDCWD = -100
_libc = ctypes.CDLL(None, use_errno=True)
_CANNOT = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


def rename_new(source: Path, target: Path) -> None:
    """Rename a file to a name that nothing has, in one step.

    Raises FileExistsError when something has it, OSError (EXDEV across file systems) otherwise.
    """
    code = _renameat2(source, target)
    if code in _CANNOT:
        # A second name and then no first one: a kill between them leaves the file under both, never under none.
        os.link(source, target, follow_symlinks=False)
        source.unlink()
    elif code:
        raise OSError(code, os.strerror(code), str(source), None, str(target))


def _renameat2(source: Path, target: Path) -> int:
    """0, or the error number; ENOSYS where the system has no such call."""
    rename = getattr(_libc, "renameat2", None)
    if rename is None:
        return errno.ENOSYS
    done = rename(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), RENAME_NOREPLACE)
    return 0 if done == 0 else ctypes.get_errno()
