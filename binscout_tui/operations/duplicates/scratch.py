"""Folders for what is decoded while one looks; those of processes that were killed are removed by the next look."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = ".duplicates-"


def scratch(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """A new folder of this process below `folder`: a context manager. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=folder)


def sweep(folder: Path) -> None:
    """Remove the folders of processes that are gone."""
    for left in folder.glob(f"{PREFIX}*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not _lives(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
