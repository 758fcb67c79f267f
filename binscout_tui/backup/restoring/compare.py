"""What a restore would do to the files of a workspace: one pass over the list of a run and the disk side by side."""

from __future__ import annotations

import heapq
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from binscout_tui.backup.archive.manifest import FileEntry, Tally

Way = Literal["add", "replace", "remove", "same"]
WAYS: tuple[Way, ...] = ("add", "replace", "remove", "same")
LARGEST = 10
IN_PLACE = ("outside", "other")
"""Kinds of files that lie where somebody put them, outside of the workspace's own folders; they stay there."""
StrPath = str | os.PathLike[str]


class Local(msgspec.Struct, frozen=True, gc=False):
    """A file on the disk: its path below the folder that was walked, bytes, and when it was written (nanoseconds)."""

    name: bytes
    size: int
    mtime_ns: int


class Named(msgspec.Struct, frozen=True):
    """A file among the largest of its way."""

    path: str
    size: int


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of files. Bytes are those of the run, of what is removed those on the disk.

    `download` are bytes that the target has to send at least, `outside` files that lie outside of the workspace and
    stay there, `largest` the ten largest by way; `missing` files of the run that the target does not have any more.
    """

    add: Tally
    replace: Tally
    remove: Tally
    same: Tally
    outside: Tally
    missing: Tally
    download: int
    largest: dict[Way, list[Named]]


def walk(
    root: StrPath, folders: Iterable[bytes], without: Callable[[bytes], bool] = lambda name: False
) -> Iterator[Local]:
    """The files in `folders` of `root` by their paths, as bytes are sorted. Raises OSError but for what is not there.

    `without` says of a path that it is left out.
    """
    for folder in sorted(folders):
        yield from _below(os.fsencode(root), folder, without)


def _below(root: bytes, folder: bytes, without: Callable[[bytes], bool]) -> Iterator[Local]:
    # A folder sorts as its files do: by its name and a slash.
    waiting = [folder + b"/"]
    while waiting:
        name = waiting.pop()
        if name.endswith(b"/"):
            waiting += reversed(_inside(root, name))
        elif not without(name) and (found := _look(root, name)) is not None:
            yield found


def _inside(root: bytes, folder: bytes) -> list[bytes]:
    try:
        with os.scandir(root + b"/" + folder) as entries:
            return sorted(
                folder + entry.name + (b"/" if entry.is_dir(follow_symlinks=False) else b"") for entry in entries
            )
    except (FileNotFoundError, NotADirectoryError):
        return []


def _look(root: bytes, name: bytes) -> Local | None:
    try:
        found = os.stat(root + b"/" + name)  # noqa: PTH116  of 100,000 files
    except FileNotFoundError:
        return None
    return Local(name, found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


class _Ways:
    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.bytes: dict[str, int] = {}
        self.largest: dict[Way, list[tuple[int, bytes]]] = {way: [] for way in WAYS if way != "same"}

    def add(self, way: str, size: int) -> None:
        self.files[way] = self.files.get(way, 0) + 1
        self.bytes[way] = self.bytes.get(way, 0) + size

    def name(self, way: Way, name: bytes, size: int) -> None:
        self.add(way, size)
        heap = self.largest.get(way)
        if heap is None:
            return
        if len(heap) < LARGEST:
            heapq.heappush(heap, (size, name))
        else:
            heapq.heappushpop(heap, (size, name))

    def tally(self, way: str) -> Tally:
        return Tally(self.files.get(way, 0), self.bytes.get(way, 0))


def compared(
    entries: Iterable[FileEntry],
    here: Iterable[Local],
    root: StrPath = "",
    *,
    is_there: Callable[[FileEntry], bool] = lambda entry: True,
    wanted: Callable[[FileEntry], bool] = lambda entry: True,
    removes: bool = True,
) -> Files:
    """What becomes of the files `here` in `root` when they are to be those of `entries`; both are sorted by path.

    A file counts as the same when its size is, and its name is made from its content or it was written at the same
    time: nothing is read. `is_there` says whether the target still has an entry, `wanted` whether it is meant at all;
    with `removes` what is here and not listed goes.
    """
    ways = _Ways()
    download = 0
    for entry, local in _side_by_side((entry for entry in entries if wanted(entry)), here):
        if entry is None:
            if local is not None and removes:
                ways.name("remove", local.name, local.size)
            continue
        if entry.kind in IN_PLACE and local is None:
            local = _look(b"" if entry.kind == "outside" else os.fsencode(root), entry.name().lstrip(b"/"))
        if local is not None and _is_same(entry, local):
            if entry.kind in IN_PLACE:
                ways.add("outside", entry.size)
            else:
                ways.name("same", local.name, entry.size)
            continue
        ways.name("add" if local is None or entry.kind in IN_PLACE else "replace", entry.name(), entry.size)
        download += entry.size
        if not is_there(entry):
            ways.add("missing", entry.size)
    return Files(
        add=ways.tally("add"),
        replace=ways.tally("replace"),
        remove=ways.tally("remove"),
        same=ways.tally("same"),
        outside=ways.tally("outside"),
        missing=ways.tally("missing"),
        download=download,
        largest={
            way: [Named(name.decode("utf-8", "replace"), size) for size, name in sorted(heap, reverse=True)]
            for way, heap in ways.largest.items()
        },
    )


def _is_same(entry: FileEntry, local: Local) -> bool:
    if entry.size != local.size:
        return False
    named_by_content = entry.kind == "original" and entry.sha256.encode() in local.name
    return named_by_content or entry.mtime_ns == local.mtime_ns


def _side_by_side(
    entries: Iterable[FileEntry], here: Iterable[Local]
) -> Iterator[tuple[FileEntry | None, Local | None]]:
    ones, others = iter(entries), iter(here)
    one, other = next(ones, None), next(others, None)
    while one is not None or other is not None:
        name = None if one is None else one.name()
        if other is None or (name is not None and name < other.name):
            yield one, None
            one = next(ones, None)
        elif name is None or other.name < name:
            yield None, other
            other = next(others, None)
        else:
            yield one, other
            one, other = next(ones, None), next(others, None)
