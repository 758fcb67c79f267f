"""A folder on a target: files by name, never replaced, and what they weigh."""

from __future__ import annotations

import os
import posixpath
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.rclone import Rclone, Watch
from binscout_tui.errors import ConflictError

Names = list[str]

PARTIAL = ".partial"
MOST_READ = 4 << 20


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

    def __init__(self, rclone: Rclone, fs: str, label: str, *, encrypted: str = "") -> None:
        """`fs` is the folder as rclone names it (`name:path` or an absolute path), `label` as people read it."""
        self.rclone, self.fs, self.label = rclone, fs, label
        self._encrypted = encrypted

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

        Else a share that is not mounted would look like an empty one.
        """
        try:
            self.call("operations/list", remote="", opt={"filesOnly": True})
        except RemoteError as error:
            if error.code != "not_found" or "share or bucket" in error.sentence:
                raise

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

    def upload(self, source: Path, name: str, watch: Watch | None = None) -> None:
        """A local file as a new one; where one of the same size is, it stays. Raises ConflictError, RemoteError."""
        there = self.exists(name)
        if there is None:
            self._send(source, name, watch)
        elif there != source.stat().st_size:
            raise ConflictError(f"{name} is on {self.label} already, with {there:,} bytes.", code="exists")

    def _send(self, source: Path, name: str, watch: Watch | None) -> None:
        """Under another name first: where a server or a network dies, nothing half has the right one."""
        partial = f"{name}.{secrets.token_hex(4)}{PARTIAL}"
        size = source.stat().st_size
        try:
            self._copy(source, partial, watch)
            arrived = self.exists(partial)
            if arrived != size:
                raise RemoteError(f"{self.label} took {arrived or 0:,} of {size:,} bytes of {name}.", hint="Try again.")
            self.call_move(partial, name)
        except BaseException:
            # What is left is swept by the next prune where the target does not answer any more.
            with suppress(RemoteError):
                self.call("operations/deletefile", remote=partial)
            raise

    def _copy(self, source: Path, name: str, watch: Watch | None) -> None:
        self.rclone.job(
            "operations/copyfile",
            {"srcFs": _local(source.parent), "srcRemote": source.name, "dstFs": self.fs, "dstRemote": name},
            watch,
            where=self.label,
        )

    def call_move(self, old: str, new: str) -> None:
        """Give a file another name that is free. Raises RemoteError."""
        params = {"srcFs": self.fs, "srcRemote": old, "dstFs": self.fs, "dstRemote": new}
        self.rclone.call("operations/movefile", where=self.label, **params)

    def download(self, name: str, target: Path, watch: Watch | None = None) -> None:
        """A file to the local path `target`, there when this returns. Raises RemoteError, OSError."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self.rclone.job(
            "operations/copyfile",
            {"srcFs": self.fs, "srcRemote": name, "dstFs": _local(target.parent), "dstRemote": target.name},
            watch,
            where=self.label,
        )
        with target.open("rb") as handle:
            os.fsync(handle.fileno())

    def open(self, name: str, start: int = 0, length: int | None = None) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes of a file in blocks, from `start`, `length` of them or all. Raises RemoteError."""
        return self.rclone.stream(self.fs, name, start=start, length=length, where=self.label)

    def sha256(self, name: str, watch: Watch | None = None) -> str:
        """The hash of the bytes as they are stored now, all of them read back. Raises RemoteError."""
        params = {"fs": self.fs, "remote": name, "hashType": "sha256", "download": True}
        found = str(self.rclone.job("operations/hashsumfile", params, watch, where=self.label).get("hash", ""))
        if len(found) != 64:
            raise RemoteError(f"{self.label} could not read {name} back.")
        return found

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
        fs = self.fs
        for _ in range(2):
            try:
                found = self.rclone.call("operations/about", where=self.label, fs=fs)
            except RemoteError as error:
                if error.code == "not_found" and not fs.endswith(":"):
                    fs = posixpath.dirname(fs) or fs  # not made yet: what will hold it
                    continue
                if "about" in error.sentence:
                    return None
                raise
            return Space(found.get("total"), found.get("free"), found.get("used")) if found else None
        return None

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


def _local(folder: Path) -> str:
    """A local folder as rclone names it: absolute, and never taken for a `name:path`."""
    return f":local:{folder.absolute()}"
