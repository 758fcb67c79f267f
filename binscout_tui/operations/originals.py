"""Putting originals where they belong: a copy by content, shared with the source where the file system can."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from binscout_tui.atomic import sync_folder
from binscout_tui.errors import BinScoutError, StorageError

# From linux/fs.h: share the blocks of one file with another (btrfs, XFS, bcachefs, …).
FICLONE = 0x40049409
CHUNK = 1 << 20
FULL = (errno.ENOSPC, errno.EDQUOT)
EXTENSIONS = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "PPM": ".ppm", "JPEG2000": ".jp2"}


class ChangedError(BinScoutError):
    """The source changed between reading and copying it."""

    code = "changed_while_reading"


class UnreadableError(BinScoutError):
    """The source cannot be read."""

    code = "unreadable"


def original_path(sha256: str, kind: str) -> Path:
    """Where a copy lies, relative to the workspace; the extension follows the content."""
    extension = EXTENSIONS.get(kind, f".{kind.lower()}")
    return Path("originals", sha256[:2], sha256 + extension)


def keep_copy(source: Path, target: Path, sha256: str, *, durable: bool = True) -> None:
    """Copy `source` to `target` so that `target` holds the bytes with this hash or does not exist.

    With `durable` it is on the disk when this returns; without, whoever copies many has to see to that for all at once.
    Raises ChangedError when the source has other bytes by now, UnreadableError when it cannot be read, StorageError
    when the target cannot be written.
    """
    with _source_side(), source.open("rb") as reader, _target_side(target):
        if target.is_file() and hash_of(target) == sha256:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with _unnamed(target.parent) as (writer, temporary):
            shared = _share(reader.fileno(), writer)
            found = _hash(writer) if shared else _copy(reader.fileno(), writer)
            if found != sha256:
                raise ChangedError("The file changed while it was being imported.", hint="Import it again.")
            os.fchmod(writer, 0o444)
            if durable:
                os.fsync(writer)
            _name(writer, temporary, target)
        if durable:
            sync_folder(target.parent)


def keep_again(source: Path, target: Path, sha256: str) -> None:
    """Copy `source` once more where `target` is gone, which `keep_copy` had found or made; raises what that raises.

    For the transaction that enters the image of a copy: until then a purge of the same picture may remove the file.
    """
    if not target.is_file():
        keep_copy(source, target, sha256)


def cannot_write(folder: Path, error: OSError) -> StorageError:
    """`error`, met while writing below `folder`, as a sentence with a next step."""
    full = error.errno in FULL
    return StorageError(
        f"{folder} cannot be written: {error.strerror or error}. What was done until then is safe.",
        hint=f"{'Free some space' if full else 'Check its permissions and its disk'}, then run the same again.",
        code="disk_full" if full else "read_only",
    )


@contextmanager
def _source_side() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableError(error.strerror or "") from error


@contextmanager
def _target_side(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(target.parent, error) from error


@contextmanager
def _unnamed(folder: Path) -> Iterator[tuple[int, Path | None]]:
    """(descriptor, temporary name) of a new file in `folder`.

    Where the file system can, it has no name at all (None), so that even a kill leaves nothing behind.
    """
    temporary = None
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT):
            raise
        descriptor, name = tempfile.mkstemp(prefix=".tmp-", dir=folder)
        temporary = Path(name)
    try:
        yield descriptor, temporary
    finally:
        os.close(descriptor)
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _name(descriptor: int, temporary: Path | None, target: Path) -> None:
    """Give the file its name, in place of whatever wrong bytes have it."""
    if temporary is not None:
        temporary.replace(target)
        return
    target.unlink(missing_ok=True)
    with suppress(FileExistsError):  # another import of the same bytes was a moment faster
        # The folder's descriptor is not used for an absolute path, but makes Python follow the link of /proc.
        os.link(f"/proc/self/fd/{descriptor}", target, src_dir_fd=descriptor, follow_symlinks=True)


def _hash(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


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


def _read(source: int) -> bytes:
    with _source_side():
        return os.read(source, CHUNK)


def _copy(source: int, target: int) -> str:
    digest = hashlib.sha256()
    while chunk := _read(source):
        digest.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(target, view) :]
    return digest.hexdigest()
