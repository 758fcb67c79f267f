"""Writing files so that a reader sees the old content or the new one, never half of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write_bytes(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write `data` to `path` through a temporary file in the same folder: fsync, rename, fsync of the folder.

    Raises OSError (disk full, read-only, …); the temporary file is gone then and `path` is as it was.
    """
    with writing(path, mode=mode) as handle:
        handle.write(data)


def keep_bytes(path: Path, data: bytes) -> None:
    """`write_bytes` for what can be made again: the disk is not waited for, so after a power cut it may be empty."""
    with writing(path, lasting=False) as handle:
        handle.write(data)


@contextmanager
def writing(path: Path, *, mode: int = 0o644, lasting: bool = True) -> Iterator[BinaryIO]:
    """A file that becomes `path` as `write_bytes` says when the block ends, and is gone when the block raises.

    One that is not `lasting` is written as `keep_bytes` says.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            yield handle
            handle.flush()
            if lasting:
                os.fsync(handle.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if lasting:
        sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """`write_bytes` for UTF-8 text."""
    write_bytes(path, text.encode())


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
