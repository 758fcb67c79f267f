"""Putting a picture and its metadata under names that nothing has; what is there with the same bytes is taken."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from binscout_tui.errors import RefusedError
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.exporting.names import candidates
from binscout_tui.operations.files.naming import rename_new
from binscout_tui.operations.originals import ChangedError, UnreadableError, hash_of

CHUNK = 1 << 20
SIDECAR = ".json"
PREFIX = ".tmp-export-"


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


class Places:
    """The names that one export gives in a folder; nothing that is there is replaced.

    Of each name it goes on where it stopped, and looks once at what is there: ten thousand pictures of a camera may
    all be `snapshot.jpg`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[str] = set()
        self._stems: dict[tuple[str, str], _Stem] = {}

    def place(self, temporary: Path, sha256: str, stem: str, ending: str, sidecar: bytes) -> str:
        """Give a picture, and with a `sidecar` its metadata beside it, a name; the name.

        A name under which both lie already with the same bytes is used again, unless another image of this export has
        it, in whatever case. Whatever happens a picture is never there without its metadata: that is written first.
        """
        seen = self._stems.setdefault((stem, ending), _Stem(candidates(stem, ending)))
        words = hashlib.sha256(sidecar).hexdigest()
        for name in chain(tuple(seen.there[sha256]), tuple(seen.there[words]), seen.fresh):
            if name.casefold() in self._taken:
                continue
            picture, beside = self._folder / name, self._folder / f"{name}{SIDECAR}"
            if (there := _hash_at(picture)) not in (None, sha256):
                seen.there[there].append(name)
            elif sidecar and not _put_data(beside, sidecar):
                seen.there[there or _hash_at(beside)].append(name)
            elif there is not None or _put_file(temporary, picture, sha256):
                self._taken.add(name.casefold())
                return name
        raise AssertionError("names go on without end")


@dataclass(frozen=True)
class _Stem:
    """The names that were not looked at yet, and {SHA-256: names that were} of pictures or of metadata without one."""

    fresh: Iterator[str]
    there: defaultdict[str | None, list[str]] = field(default_factory=lambda: defaultdict(list))


def _hash_at(target: Path) -> str | None:
    """The hash of the file that is there, None for nothing; empty for what is no plain file."""
    if not os.path.lexists(target):
        return None
    return "" if target.is_symlink() or not target.is_file() else hash_of(target)


def _put_data(target: Path, data: bytes) -> bool:
    """Whether `data` is there now, and nothing else was."""
    digest = hashlib.sha256(data).hexdigest()
    if os.path.lexists(target):
        return _hash_at(target) == digest
    with written(target.parent, data) as (temporary, _):
        return _put_file(temporary, target, digest)


def _put_file(temporary: Path, target: Path, sha256: str) -> bool:
    try:
        rename_new(temporary, target)
    except FileExistsError:
        return _hash_at(target) == sha256
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
    path = folder / f"{PREFIX}{secrets.token_hex(8)}"
    # As the umask says; `tempfile` makes files that nobody else may read.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
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
