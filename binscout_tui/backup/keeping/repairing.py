"""Making a stored file again, byte for byte, from files that are here still, and putting it where the bad one is."""

from __future__ import annotations

import hashlib
import os
import posixpath
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from binscout_tui.backup.archive.manifest import FileEntry
from binscout_tui.backup.archive.packing import BLOCK, ShortError, open_raw, repack
from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.keeping.verifying import Stored
from binscout_tui.backup.transport.folder_remote import FolderRemote
from binscout_tui.backup.transport.remote import PARTIAL, Remote
from binscout_tui.imaging.names import display_name

IN_MEMORY = 8 << 20
GIVE_UP = ("gone", "unreachable", "refused_connection", "hung", "auth")
Tick = Callable[[], None]


class LostError(Exception):
    """A stored file cannot be made again; the message says why."""


class Workshop:
    """Makes blobs again from the files of the workspace in `root`, and from what can still be read of the bad ones.

    `tick` is called often and may raise to stop; `folder` has room for a pack.
    """

    def __init__(self, remote: Remote, root: Path, folder: Path, tick: Tick) -> None:
        self._remote, self._root, self._folder, self._tick = remote, root, folder, tick

    @contextmanager
    def made_again(self, blob: Stored, entries: Iterable[FileEntry]) -> Iterator[Path]:
        """A local file that is exactly `blob`, from the `entries` that lie in it; of several at one place the first.

        Raises LostError, RemoteError, OSError.
        """
        places: dict[int | None, FileEntry] = {}
        for entry in entries:
            places.setdefault(entry.offset, entry)
        if None in places:
            yield self._object(blob, places[None])
            return
        if not places:
            raise LostError("no list names what lies in it")
        with tempfile.TemporaryDirectory(prefix=".tmp-repair-", dir=self._folder) as name:
            pack = Path(name) / "pack"
            self._write(blob, places.values(), pack)
            yield pack

    def _object(self, blob: Stored, entry: FileEntry) -> Path:
        path = self._here(entry)
        if path is None or _hash(path, blob.size, self._tick) != blob.sha256:
            raise LostError(f"{display_name(entry.path)} is not here any more as it was")
        return path

    def _write(self, blob: Stored, entries: Iterable[FileEntry], pack: Path) -> None:
        digest, size = hashlib.sha256(), 0
        try:
            with pack.open("wb") as out:
                for block in repack(entries, lambda entry: self._member(blob, entry)):
                    self._tick()
                    digest.update(block)
                    size += out.write(block)
        except ShortError as error:
            raise LostError("a file became shorter while it was read") from error
        if (size, digest.hexdigest()) != (blob.size, blob.sha256):
            raise LostError("other files were put into it than the lists that are left name")

    @contextmanager
    def _member(self, blob: Stored, entry: FileEntry) -> Iterator[BinaryIO]:
        """The bytes of a file: from here, else from the bad pack itself where just these are right."""
        path = self._here(entry)
        if path is not None and _hash(path, entry.size, self._tick) == entry.sha256:
            with open_raw(os.fsencode(path)) as source:
                yield cast(BinaryIO, source)
            return
        with tempfile.SpooledTemporaryFile(IN_MEMORY, dir=os.fspath(self._folder)) as kept:
            if not self._fetched(blob, entry, kept):
                raise LostError(f"{display_name(entry.path)} is neither here nor there any more as it was")
            kept.seek(0)
            yield cast(BinaryIO, kept)

    def _fetched(self, blob: Stored, entry: FileEntry, kept: IO[bytes]) -> bool:
        digest, size = hashlib.sha256(), 0
        try:
            with self._remote.open(blob.name, entry.offset or 0, entry.size) as blocks:
                for block in blocks:
                    self._tick()
                    digest.update(block)
                    size += kept.write(block)
        except RemoteError as error:
            if error.code in GIVE_UP:
                raise
            return False
        return size == entry.size and digest.hexdigest() == entry.sha256

    def _here(self, entry: FileEntry) -> Path | None:
        name = os.fsdecode(entry.name())
        path = Path(name) if entry.kind == "outside" else self._root / name
        try:
            found = path.stat()
        except OSError:
            return None
        return path if stat.S_ISREG(found.st_mode) and found.st_size == entry.size else None


def replace(remote: Remote, source: Path, wanted: Stored, watch: Callable[[int], None]) -> None:
    """Put a local file in the place of a bad one: sent under another name, read back, then named as the bad one was.

    Raises RemoteError, DamagedError where what arrived is not what was sent.
    """
    arriving = _beside(wanted.name)
    try:
        remote.upload(source, arriving, watch)
        if remote.sha256(arriving, watch) != wanted.sha256:
            raise DamagedError(f"{wanted.name} did not arrive on {remote.label} as it was sent.")
    except BaseException:
        remote.clean(arriving)
        raise
    _take_place(remote, arriving, wanted.name)


def bring_back(remote: Remote, wanted: Stored, watch: Callable[[int], None]) -> bool:
    """Put what lies beside a bad or missing file in its place where it is `wanted`: `replace` was cut off there.

    Whether there was such a file. Raises RemoteError.
    """
    for entry in remote.list(posixpath.dirname(wanted.name)):
        if beside(entry.name) == wanted.name and entry.size == wanted.size:
            try:
                found = remote.sha256(entry.name, watch)
            except RemoteError as error:
                if error.code in GIVE_UP:
                    raise
                continue
            if found == wanted.sha256:
                _take_place(remote, entry.name, wanted.name)
                return True
    return False


def beside(name: str) -> str:
    """The stored file that this one was sent for, "" where its name does not say that."""
    return name.removesuffix(PARTIAL).rpartition(".")[0] if name.endswith(PARTIAL) else ""


def _beside(name: str) -> str:
    return f"{name}.{secrets.token_hex(4)}{PARTIAL}"


def _take_place(remote: Remote, arriving: str, name: str) -> None:
    """Give a file that has come the name of a bad one. Cut off anywhere, it is there under one name or the other."""
    aside = ""
    # A folder of this machine puts one file over the other at once; elsewhere the name has to be free.
    if not isinstance(remote, FolderRemote) and remote.exists(name) is not None:
        aside = _beside(name)
        remote.call_move(name, aside)
    remote.call_move(arriving, name)
    if aside:
        remote.clean(aside)  # where that fails, a prune does it later


def _hash(path: Path, size: int, tick: Tick) -> str:
    """The SHA-256 of a file of this size, "" where it cannot be read or has another size."""
    digest, count = hashlib.sha256(), 0
    try:
        with open_raw(os.fsencode(path)) as source:
            while block := source.read(BLOCK):
                tick()
                digest.update(block)
                count += len(block)
    except OSError:
        return ""
    return digest.hexdigest() if count == size else ""
