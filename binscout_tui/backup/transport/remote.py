"""A folder on a target: files by name, never replaced, and what they weigh."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import secrets
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from binscout_tui import atomic
from binscout_tui.backup.faults import DamagedError, RemoteError, explain
from binscout_tui.errors import ConflictError

if TYPE_CHECKING:
    from binscout_tui.backup.transport.rclone import Rclone, Watch

Names = list[str]

PARTIAL = ".partial"
MOST_READ = 4 << 20
BLOCK = 1 << 20


class Entry(msgspec.Struct, frozen=True):
    """A file: its name from the root of the target with `/`, its bytes, and when it was written there (UTC)."""

    name: str
    size: int
    modified: str


class Space(msgspec.Struct, frozen=True):
    """Room on the target in bytes; None where it does not say."""

    total: int | None = None
    free: int | None = None
    used: int | None = None


class Features(msgspec.Struct, frozen=True):
    """What the target can do: hashes that it knows itself, who encrypts ("" nobody known), whether it is a bucket."""

    hashes: list[str]
    encrypted: str
    bucket: bool
    case_insensitive: bool


class Remote:
    """The files below one folder of a target."""

    def __init__(self, rclone: Rclone, fs: str, label: str, *, encrypted: str = "", raw: str = "") -> None:
        """`fs` is the folder as rclone names it (`name:path` or an absolute path), `label` as people read it.

        `raw` is the folder below where rclone encrypts.
        """
        self.folder = Path(fs) if fs.startswith("/") else None
        # What is written gets the time of the target: a photo of 2001 was not stored in 2001.
        self.fs = f":local,no_set_modtime=true:{fs}" if self.folder else fs
        self.rclone, self.label = rclone, label
        self._encrypted, self._raw = encrypted, raw

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """`Rclone.call` about this folder."""
        return self.rclone.call(method, where=self.label, fs=self.fs, **params)

    def list(self, folder: str = "") -> list[Entry]:
        """All files below `folder`, in no order; none where it is missing. Raises RemoteError."""
        options = {"recurse": True, "filesOnly": True, "noMimeType": True}
        try:
            found = self.call("operations/list", remote=folder, opt=options)["list"]
        except RemoteError as error:
            if error.code != "not_found":
                raise
            self.must_be_there()
            return []
        return [Entry(one["Path"], one["Size"], one["ModTime"]) for one in found or () if not one["IsDir"]]

    def must_be_there(self) -> None:
        """Raise RemoteError where what holds the folder cannot be looked at; a folder not made yet is fine.

        Else a share that is not mounted, or a bucket that does not exist, would look like an empty one.
        """
        try:
            self.call("operations/list", remote="", opt={"filesOnly": True})
        except RemoteError as error:
            if error.code != "not_found" or "share or bucket" in error.sentence:
                raise
            self._holder_must_be_there()

    def _holder_must_be_there(self) -> None:
        """Buckets say of one that does not exist only that a folder in it was not found."""
        name, _, path = self.fs.partition(":")
        if self.folder is None and path.strip("/").count("/") and self._is_atomic:
            bucket = f"{name}:{path.strip('/').split('/')[0]}"
            try:
                self.rclone.call("operations/list", where=self.label, fs=bucket, remote="", opt={"dirsOnly": True})
            except RemoteError as error:
                if error.code != "not_found":
                    raise
                raise RemoteError(
                    f"{self.label} has no such share or bucket.",
                    hint="Look at the name of the share or bucket.",
                    code="not_found",
                ) from error

    @cached_property
    def _is_atomic(self) -> bool:
        """Whether a file is there only when all of it has come, and another name is a second copy: S3, B2, …"""
        has = self.call("operations/fsinfo").get("Features") or {}
        return bool(has.get("BucketBased")) and not has.get("Move") and not has.get("PartialUploads")

    def holds_unreadable(self) -> bool:
        """Whether the folder below the encryption holds something though nothing can be read through it."""
        if not self._raw:
            return False
        try:
            found = self.rclone.call("operations/list", where=self.label, fs=self._raw, remote="", opt={})["list"]
        except RemoteError as error:
            if error.code != "not_found":
                raise
            return False
        return bool(found)

    def exists(self, name: str) -> int | None:
        """The bytes of a file, None where it is not there. Raises RemoteError."""
        item = self.call("operations/stat", remote=name).get("item")
        return None if item is None or item.get("IsDir") else int(item["Size"])

    def read(self, name: str, limit: int = MOST_READ) -> bytes:
        """A whole small file. Raises RemoteError, DamagedError when it has more than `limit` bytes."""
        found = bytearray()
        with self.open(name) as blocks:
            for block in blocks:
                found += block
                if len(found) > limit:
                    raise DamagedError(f"{name} on {self.label} is larger than {limit:,} bytes.")
        return bytes(found)

    def write(self, name: str, data: bytes, watch: Watch | None = None) -> None:
        """A new file. Raises ConflictError `exists`, RemoteError."""
        if self.exists(name) is not None:
            raise ConflictError(f"{name} is on {self.label} already.", code="exists")
        with tempfile.TemporaryDirectory(prefix="binscout-") as folder:
            source = Path(folder) / "file"
            source.write_bytes(data)
            self._send(source, name, watch)

    def place_for(self, name: str) -> Path | None:
        """Where a file can be made that `upload` with `move` only has to name; None where it has to be sent.

        Its folder is there. Raises RemoteError.
        """
        return None

    def trouble(self, error: OSError) -> Exception:
        """What to raise for an error in a file at `place_for`: one about the target where that holds it."""
        return error

    def upload(
        self, source: Path, name: str, watch: Watch | None = None, *, move: bool = False, size: int | None = None
    ) -> bool:
        """A local file as a new one; where one of the same size is, it stays. Whether it was sent.

        `move`: the local file is not needed any more. `size` is what it has, for whoever tries again after that.
        Raises ConflictError, RemoteError, OSError about the local file.
        """
        there = self.exists(name)
        if there is None:
            return self._send(source, name, watch, move=move)
        if there != (source.stat().st_size if size is None else size):
            raise ConflictError(f"{name} is on {self.label} already, with {there:,} bytes.", code="exists")
        return False

    def _send(self, source: Path, name: str, watch: Watch | None, *, move: bool = False) -> bool:
        """Under another name first: where a server or a network dies, nothing half has the right one.

        False where another machine brought the same bytes meanwhile.
        """
        size = source.stat().st_size
        self._must_be_no_link(name)
        if self._is_atomic:
            self._copy(source, name, watch)
            self._must_have_come(name, name, size)
            return True
        arriving = f"{name}.{secrets.token_hex(4)}{PARTIAL}"
        try:
            self._copy(source, arriving, watch)
            self._must_have_come(arriving, name, size)
            self._settle(arriving)
            there = self.exists(name)
            if there is None:
                self.call_move(arriving, name)
                self._settle(name)
                return True
            if there != size:
                raise ConflictError(f"{name} is on {self.label} already, with {there:,} bytes.", code="exists")
        except BaseException:
            # What is left is swept by the next prune where the target does not answer any more.
            self.clean(arriving)
            raise
        self.clean(arriving)
        return False

    def clean(self, name: str) -> None:
        """Take a half file away, whatever becomes of that: it follows an error that is told."""
        self.rclone.clean("operations/deletefile", fs=self.fs, remote=name)

    def _must_be_no_link(self, name: str) -> None:
        """On a disk of this machine: a link below the target would take the file out of it."""
        for above in Path(name).parents if self.folder is not None else ():
            if above.name and (self.folder / above).is_symlink():  # type: ignore[operator]
                raise RemoteError(
                    f"{above} on {self.label} is a link, and backups are never written through one.",
                    hint="Put a folder there, or make the whole target a link.",
                    code="denied",
                )

    def _must_have_come(self, arriving: str, name: str, size: int) -> None:
        arrived = self.exists(arriving)
        if arrived != size:
            raise RemoteError(f"{self.label} took {arrived or 0:,} of {size:,} bytes of {name}.", hint="Try again.")

    def _settle(self, name: str) -> None:
        """On a disk of this machine: written, and not only in memory."""
        if self.folder is None:
            return
        path = _inside(self.folder, name)
        with suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            atomic.sync_folder(path.parent)

    def _copy(self, source: Path, name: str, watch: Watch | None) -> None:
        params = {"srcFs": _local(source.parent), "srcRemote": source.name, "dstFs": self.fs, "dstRemote": name}
        # rclone would make a partial name of its own below ours.
        self.rclone.job("operations/copyfile", {**params, "_config": {"Inplace": True}}, watch, where=self.label)

    def call_move(self, old: str, new: str) -> None:
        """Give a file another name that is free. Raises RemoteError."""
        params = {"srcFs": self.fs, "srcRemote": old, "dstFs": self.fs, "dstRemote": new}
        self.rclone.call("operations/movefile", where=self.label, **params)

    def download(self, name: str, target: Path, watch: Watch | None = None) -> None:
        """A file to the local path `target`, there when this returns. Raises RemoteError, OSError."""
        target.parent.mkdir(parents=True, exist_ok=True)
        params = {"srcFs": self.fs, "srcRemote": name, "dstFs": _local(target.parent), "dstRemote": target.name}
        try:
            self.rclone.job("operations/copyfile", params, watch, where=self.label)
        except RemoteError as error:
            if error.code != "full":
                raise
            # The target only gave: it is the disk here that took no more.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(target)) from error
        with target.open("rb") as handle:
            os.fsync(handle.fileno())

    def open(self, name: str, start: int = 0, length: int | None = None) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes of a file in blocks, from `start`, `length` of them or all. Raises RemoteError."""
        return self.rclone.stream(self.fs, name, start=start, length=length, where=self.label)

    def sha256(self, name: str, watch: Watch | None = None) -> str:
        """The hash of the bytes as they are stored now, all of them read back. Raises RemoteError."""
        if self.folder is not None:
            return self._read_here(_inside(self.folder, name), watch)
        params = {"fs": self.fs, "remote": name, "hashType": "sha256", "download": True}
        found = str(self.rclone.job("operations/hashsumfile", params, watch, where=self.label).get("hash", ""))
        if len(found) != 64:
            raise RemoteError(f"{self.label} could not read {name} back.")
        return found

    def _read_here(self, path: Path, watch: Watch | None) -> str:
        """The hash of a file of this machine, from the disk and not from memory as far as the system allows."""
        done, found = 0, hashlib.sha256()
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb", buffering=0) as handle:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise RemoteError(f"{path.name} on {self.label} is no file.", code="not_found")
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                while block := handle.read(BLOCK):
                    found.update(block)
                    done += len(block)
                    if watch is not None:
                        watch(done)
        except OSError as error:
            raise explain(f"{path.name}: {error.strerror or error}", self.label) from error
        return found.hexdigest()

    def delete(self, names: Sequence[str], watch: Watch | None = None) -> Names:
        """Delete files for good; the names that could not be deleted. `watch` is told how many are done."""
        failed = []
        for number, name in enumerate(names):
            try:
                self.call("operations/deletefile", remote=name)
            except RemoteError as error:
                if error.code in ("gone", "unreachable", "refused_connection", "hung", "auth"):
                    raise
                if error.code != "not_found":
                    failed.append(name)
            if watch is not None:
                watch(number + 1)
        return failed

    def space(self) -> Space | None:
        """Room on the target, None where it does not tell. Raises RemoteError where it cannot be reached."""
        for fs in self._holders():
            try:
                found = self.rclone.call("operations/about", where=self.label, fs=fs)
            except RemoteError as error:
                if error.code == "not_found":
                    continue
                if "support about" in error.sentence:
                    return None
                raise
            if found:
                return Space(found.get("total"), found.get("free"), found.get("used"))
        return None

    def _holders(self) -> Iterator[str]:
        """The folder, and what will hold it where it is not made yet; below an encryption too."""
        yield self.fs
        below = self._raw or self.fs
        yield below
        holder = posixpath.dirname(below.rstrip("/"))
        if holder:
            yield holder
        elif ":" in below:
            yield below.partition(":")[0] + ":"

    def features(self) -> Features:
        """What the target can do. Raises RemoteError."""
        found = self.call("operations/fsinfo")
        has = found.get("Features", {})
        return Features(
            list(found.get("Hashes") or ()),
            self._encrypted,
            bool(has.get("BucketBased")),
            bool(has.get("CaseInsensitive")),
        )

    def clean_pending(self) -> None:
        """Have a bucket forget uploads that were never finished; others have nothing of that. Raises RemoteError."""
        if self.call("operations/fsinfo").get("Features", {}).get("CleanUp"):
            self.call("operations/cleanup")


def _inside(folder: Path, name: str) -> Path:
    """The file of this name. Raises DamagedError where the name leads out of the folder."""
    if name.startswith("/") or ".." in name.split("/"):
        raise DamagedError(f"{name[:200]!r} is no name of a stored file.")
    return folder / name


def _local(folder: Path) -> str:
    """A local folder as rclone names it: absolute, and never taken for a `name:path`."""
    return f":local:{folder.absolute()}"
