"""Looking at what is to be moved and at where it is to go, without changing or following anything."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.scan import is_system_folder
from binscout_tui.operations.files.plan import File, Group, Move, Refused, There, above
from binscout_tui.operations.files.sidecars import Family
from binscout_tui.operations.own_files import is_own

# Folders that these operations make beside files: originals of copies to other disks.
KEPT_PREFIX = ".binscout-moved-"
PART_PREFIX = ".binscout-part-"


class Folder(msgspec.Struct, frozen=True):
    """One folder's regular files by name, and the names of what else lies there with what it is."""

    path: Path
    files: dict[str, File]
    odd: dict[str, str]


class Listing(msgspec.Struct, frozen=True):
    """Every folder at and below a root, and what could not be looked at or is not for moving."""

    root: Path
    folders: tuple[Folder, ...]
    refused: tuple[Refused, ...]


def ends(source: Path, destination: Path) -> tuple[Path, Path]:
    """Both folders as absolute paths without links.

    Raises UsageError when the source is no folder, RefusedError when one is the other, the destination lies in the
    source, or one of them is a workspace's own.
    """
    if not source.is_dir():
        raise UsageError(f"{display_name(source)} is no folder.", code="no_folder")
    start, end = (Path(os.path.realpath(path)) for path in (source, destination))
    if start == end:
        raise RefusedError("The source and the destination are the same folder.", code="same_folder")
    if start in end.parents:
        raise RefusedError(
            f"{display_name(end)} lies inside {display_name(start)}.",
            hint="Choose a destination outside the source.",
            code="inside_source",
        )
    if end.exists() and not end.is_dir():
        raise UsageError(f"{display_name(end)} is no folder.", code="no_folder")
    for path in (start, end):
        if is_own(path):
            raise RefusedError(
                f"{display_name(path)} belongs to a workspace, which keeps its files itself.", code="workspace"
            )
    return start, end


def look(root: Path) -> Listing:
    """Everything at and below `root`, in the order of the bytes of names. Links are not followed."""
    folders, refused, waiting = [], [], [root]
    while waiting:
        here = waiting.pop()
        try:
            folder, below = _folder(here)
        except OSError as error:
            refused.append(Refused(here, "unreadable", f"The folder cannot be read: {error.strerror or error}."))
            continue
        folders.append(folder)
        for path in below:
            if is_own(path):
                refused.append(Refused(path, "workspace", "The folder belongs to a workspace."))
            elif not is_system_folder(path.name) and not path.name.startswith(KEPT_PREFIX):
                waiting.append(path)
    ordered = sorted(folders, key=lambda folder: bytes(folder.path))
    return Listing(root, tuple(ordered), tuple(refused))


def _folder(path: Path) -> tuple[Folder, list[Path]]:
    files, odd, below = {}, {}, []
    with os.scandir(path) as entries:
        for entry in entries:
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(found.st_mode):
                files[entry.name] = as_file(path / entry.name, found)
            elif stat.S_ISDIR(found.st_mode):
                below.append(path / entry.name)
            else:
                odd[entry.name] = "a link" if stat.S_ISLNK(found.st_mode) else "no regular file"
    return Folder(path, files, odd), below


def as_file(path: Path, found: os.stat_result) -> File:
    """What tells a file from itself after a change."""
    return File(path, found.st_size, found.st_mtime_ns, (found.st_dev, found.st_ino))


def group(folder: Folder, families: Iterable[Family], target: Callable[[Path], Path], why: str = "") -> Group:
    """The files of `families`, which lie in `folder`, on their way to `target`."""
    moves = []
    for family in families:
        for name in family.names:
            owner = family.owner(name)
            file = folder.files[name]
            moves.append(Move(file, target(file.path), sidecar_of=folder.path / owner if owner else None))
    return Group(tuple(moves), why)


def there(root: Path, groups: Iterable[Group]) -> Iterator[There]:
    """What exists below `root` in the folders that `groups` need. Raises RefusedError where one cannot be read."""
    folders = {root} | {folder for one in groups for move in one.moves for folder in above(root, move.destination)}
    for folder in sorted(folders):
        try:
            with os.scandir(folder) as entries:
                yield from [There(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise RefusedError(
                f"{display_name(folder)} cannot be read: {error.strerror or error}.",
                hint="What is there already must be known before anything is moved.",
                code="unreadable",
            ) from error
