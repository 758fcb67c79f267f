"""Stores with runs of any age, written as files: quick, and older than any test could wait."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import Blob, FileEntry, Manifest, Part, Tally
from binscout_tui.backup.archive.repository import RepoInfo, Repository
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Remote

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
WEEK = 7 * DAY
RECORDS = b"records"


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rclone]:
    """One rclone for all tests of a file."""
    config = tmp_path_factory.mktemp("config") / "rclone.conf"
    config.touch()
    with Rclone(config, quick=True) as running:
        yield running


class Folder:
    """A store in a folder, whose files have the times that a test wants."""

    def __init__(self, folder: Path, cache: Path, rclone: Rclone) -> None:
        self.folder = folder
        self.repository = Repository(Remote(rclone, str(folder), "the disk"), cache)
        self.repo = RepoInfo(id="0123456789abcdef", created="2026-01-01T00:00:00.000Z")
        self.write(layout.REPO_FILE, msgspec.json.encode(self.repo), NOW - 100 * WEEK)

    def write(self, name: str, data: bytes, at: datetime = NOW) -> Path:
        """A file that was written there at `at`."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def add(
        self,
        at: datetime,
        contents: Iterable[bytes],
        *,
        suspicious: str | None = None,
        host: str = "box",
        workspace: str = "",
    ) -> Manifest:
        """A committed run of `at` with an object for each of `contents`."""
        run = layout.new_run_id(at)
        wanted = sorted(set(contents), key=lambda data: hashlib.sha256(data).hexdigest())
        blobs = [self._object(data, at) for data in wanted]
        entries = [
            _entry(f"originals/{blob.sha256}", data, blob.name) for blob, data in zip(blobs, wanted, strict=True)
        ]
        files = self._list(run, layout.FILES, entries, at)
        listed = self._list(run, layout.BLOBS, blobs, at)
        self.write(layout.run_file(run, layout.RECORDS), RECORDS, at)
        weight = sum(len(data) for data in wanted)
        made = Manifest(
            repo=self.repo.id,
            run=run,
            began=at.isoformat(),
            committed=at.isoformat(),
            host=host,
            user="ana",
            app="0.1.0",
            schema=14,
            tz_minutes=0,
            parent=None,
            files=files,
            blobs=listed,
            records=Part(name=layout.RECORDS, size=len(RECORDS), sha256=hashlib.sha256(RECORDS).hexdigest()),
            members={},
            kinds={"original": Tally(len(wanted), weight)} if wanted else {},
            rows={"image": 1},
            logical_bytes=weight,
            added_bytes=weight,
            added_files=len(wanted),
            stored_bytes=weight,
            read_back="added",
            durations={},
            suspicious=suspicious,
            workspace=workspace,
        )
        self.write(layout.run_file(run, layout.MANIFEST), manifest.encode(made), at)
        return manifest.sealed(made)

    def _object(self, data: bytes, at: datetime) -> Blob:
        sha256 = hashlib.sha256(data).hexdigest()
        name = layout.object_name(sha256)
        if not (self.folder / name).exists():
            self.write(name, data, at)
        return Blob(name=name, size=len(data), sha256=sha256, files=1)

    def _list(self, run: str, name: str, items: list[FileEntry] | list[Blob], at: datetime) -> Part:
        path = self.write(layout.run_file(run, name), b"", at)
        part = manifest.write_lines(path, items)
        os.utime(path, (at.timestamp(), at.timestamp()))
        return part

    def names(self) -> set[str]:
        """All files of it."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}


def object_of(data: bytes) -> str:
    """The name of the object with this content."""
    return layout.object_name(hashlib.sha256(data).hexdigest())


def _entry(path: str, data: bytes, blob: str) -> FileEntry:
    sha256 = hashlib.sha256(data).hexdigest()
    return FileEntry(path=path, kind="original", size=len(data), sha256=sha256, mtime_ns=1, blob=blob)
