"""Putting a picture and its metadata under names that nothing has; what is there with the same bytes is taken."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from binscout_tui.errors import BinScoutError, RefusedError
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.exporting.names import candidates
from binscout_tui.operations.files.naming import rename_new
from binscout_tui.operations.originals import ChangedError, UnreadableError, hash_of

CHUNK = 1 << 20
SIDECAR = ".json"
PREFIX = ".tmp-export-"
MOST_TRIES = 10_000


@contextmanager
def written(folder: Path, data: bytes) -> Iterator[tuple[Path, str]]:
    """(A temporary file in `folder` with `data`, its SHA-256); gone at the end, unless it got a name."""
    with _temporary(folder) as (handle, path):
        with _lasting(handle) as file:
            file.write(data)
        yield path, hashlib.sha256(data).hexdigest()


@contextmanager
def copied(folder: Path, source: Path, sha256: str) -> Iterator[tuple[Path, str]]:
    """As `written`, with the bytes of an original.

    Raises UnreadableError when it cannot be read, ChangedError when it is not what it was.
    """
    with _temporary(folder) as (handle, path):
        with _lasting(handle) as file:
            for chunk in _chunks(source):
                file.write(chunk)
        if hash_of(path) != sha256:
            raise ChangedError("The original is not what it was when it came in.")
        yield path, sha256


def place(temporary: Path, sha256: str, folder: Path, stem: str, ending: str, sidecar: bytes, taken: set[str]) -> str:
    """Give a picture, and with a `sidecar` its metadata beside it, a name; the name.

    Nothing that is there is replaced. A name under which both lie already with the same bytes is used again, unless
    this export has `taken` it for another image (names in lower case). Whatever happens a picture is never there
    without its metadata: that is written first.
    """
    for number, name in enumerate(candidates(stem, ending)):
        if number > MOST_TRIES:
            break
        if name.casefold() in taken:
            continue
        picture, beside = folder / name, folder / f"{name}{SIDECAR}"
        if not _fits(picture, sha256):
            continue
        if sidecar and not _put_data(beside, sidecar):
            continue
        if picture.exists() or _put_file(temporary, picture, sha256):
            taken.add(name.casefold())
            return name
    raise BinScoutError(f"No free name for {stem}{ending}.", code="no_name")


def _fits(target: Path, sha256: str) -> bool:
    """Whether nothing is there, or the same file."""
    if not os.path.lexists(target):
        return True
    return not target.is_symlink() and target.is_file() and hash_of(target) == sha256


def _put_data(target: Path, data: bytes) -> bool:
    digest = hashlib.sha256(data).hexdigest()
    if os.path.lexists(target):
        return _fits(target, digest)
    with written(target.parent, data) as (temporary, _):
        return _put_file(temporary, target, digest)


def _put_file(temporary: Path, target: Path, sha256: str) -> bool:
    temporary.chmod(0o644)
    try:
        rename_new(temporary, target)
    except FileExistsError:
        return _fits(target, sha256)
    return True


@contextmanager
def _lasting(handle: int) -> Iterator[BinaryIO]:
    """A file that is on the disk at the end."""
    with os.fdopen(handle, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _temporary(folder: Path) -> Iterator[tuple[int, Path]]:
    handle, name = tempfile.mkstemp(prefix=PREFIX, dir=folder)
    path = Path(name)
    try:
        yield handle, path
    finally:
        path.unlink(missing_ok=True)


def _chunks(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as reader:
            while chunk := reader.read(CHUNK):
                yield chunk
    except OSError as error:
        raise UnreadableError(error.strerror or "It cannot be read.") from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only export that writes to a folder, and remove what one that was killed has left half written.

    Raises RefusedError where another one writes to it.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError(f"Another export writes to {display_name(folder)}.", code="in_use") from error
        for path in folder.glob(f"{PREFIX}*"):
            with suppress(OSError):
                path.unlink()
        yield
    finally:
        os.close(handle)
