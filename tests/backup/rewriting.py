"""Runs on a target as somebody else might leave them: lists, records and manifests that say what they should not."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import FileEntry, Manifest, Part

Change = Callable[[list[FileEntry]], Iterable[FileEntry]]


def read(folder: Path, run: str) -> Manifest:
    """The manifest of a run in the folder of a target."""
    return manifest.decode((folder / layout.run_file(run, layout.MANIFEST)).read_bytes(), run)


def entries(folder: Path, run: str) -> list[FileEntry]:
    """What a run lists."""
    return list(manifest.read_files(folder / layout.run_file(run, layout.FILES)))


def rewrite(folder: Path, run: str, change: Change | None = None, **changes: Any) -> Manifest:
    """Give a run another list and another manifest, whose hashes fit."""
    made = read(folder, run)
    if change is not None:
        path = folder / layout.run_file(run, layout.FILES)
        changes["files"] = manifest.write_lines(path, change(entries(folder, run)), checked=False)
    made = msgspec.structs.replace(made, **changes)
    (folder / layout.run_file(run, layout.MANIFEST)).write_bytes(manifest.encode(made))
    return made


def put_records(folder: Path, run: str, data: bytes, **changes: Any) -> Manifest:
    """Give a run other records, whose hash fits; `members` stay as they were unless given."""
    (folder / layout.run_file(run, layout.RECORDS)).write_bytes(data)
    part = Part(name=layout.RECORDS, size=len(data), sha256=hashlib.sha256(data).hexdigest())
    return rewrite(folder, run, records=part, **changes)


def put_database(folder: Path, run: str, database: Path, **changes: Any) -> Manifest:
    """Give a run another database."""
    data = database.read_bytes()
    part = Part(name="binscout.db", size=len(data), sha256=hashlib.sha256(data).hexdigest())
    return put_records(folder, run, packed({"binscout.db": data}), members={"binscout.db": part}, **changes)


def packed(files: dict[str, bytes]) -> bytes:
    """A gzipped tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), 1, mtime=0)


def forget_cache(root: Path) -> None:
    """Have a workspace forget what it has seen of its targets."""
    shutil.rmtree(root / "derived" / "backup", ignore_errors=True)


def everything_outside(folder: Path, *but: Path) -> dict[Path, tuple[int, int, int, int]]:
    """{path: (inode, size, mode, mtime)} of all that lies in `folder`, but below `but`."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if not any(path.is_relative_to(one) for one in but):
            seen = path.lstat()
            found[path] = (seen.st_ino, seen.st_size, seen.st_mode, seen.st_mtime_ns)
    return found


def flip(path: Path, place: int) -> None:
    """Turn a bit over."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def damaged(target: Path, run: str) -> FileEntry:
    """Flip a bit of a picture of the run, on the target."""
    entry = next(one for one in entries(target, run) if one.kind == "original")
    flip(target / entry.blob, (entry.offset or 0) + 3)
    return entry
