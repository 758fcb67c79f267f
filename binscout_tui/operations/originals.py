"""Putting originals where they belong: a copy by content, shared with the source where the file system can."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path

from binscout_tui.atomic import sync_folder
from binscout_tui.errors import BinScoutError

# From linux/fs.h: share the blocks of one file with another (btrfs, XFS, bcachefs, …).
FICLONE = 0x40049409
CHUNK = 1 << 20
EXTENSIONS = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "PPM": ".ppm", "JPEG2000": ".jp2"}


class ChangedError(BinScoutError):
    """The source changed between reading and copying it."""

    code = "changed_while_reading"


def original_path(sha256: str, kind: str) -> Path:
    """Where a copy lies, relative to the workspace; the extension follows the content."""
    extension = EXTENSIONS.get(kind, f".{kind.lower()}")
    return Path("originals", sha256[:2], sha256 + extension)


def keep_copy(source: Path, target: Path, sha256: str) -> None:
    """Copy `source` to `target` so that `target` holds the bytes with this hash or does not exist.

    Raises ChangedError when the source has other bytes by now, OSError when it cannot be read or written.
    """
    if target.is_file() and hash_of(target) == sha256:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".tmp-", dir=target.parent)
    temporary = Path(name)
    try:
        with source.open("rb") as reader, os.fdopen(descriptor, "wb", buffering=0) as writer:
            shared = _share(reader.fileno(), writer.fileno())
            found = "" if shared else _copy(reader.fileno(), writer.fileno())
            os.fsync(writer.fileno())
        if (found or hash_of(temporary)) != sha256:
            raise ChangedError("The file changed while it was being imported.", hint="Import it again.")
        temporary.chmod(0o444)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def hash_of(path: Path) -> str:
    """The SHA-256 of a file's bytes as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _share(source: int, target: int) -> bool:
    """Whether the file system let `target` share the blocks of `source`."""
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False
    return True


def _copy(source: int, target: int) -> str:
    digest = hashlib.sha256()
    while chunk := os.read(source, CHUNK):
        digest.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(target, view) :]
    return digest.hexdigest()
