"""The files of an inbox that may be pictures. Nothing is opened, and no link is ever followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from binscout_tui.capture.ready import Look
from binscout_tui.imaging.scan import is_sidecar, is_system_folder
from binscout_tui.workspace import DATABASE


def ignored(name: str) -> bool:
    """Whether a file or folder of this name is hidden, half-written by its own word, or goes with pictures."""
    return name.startswith(".") or is_sidecar(name) or is_system_folder(name)


def files(folder: str, unreadable: list[str]) -> Iterator[tuple[str, Look]]:
    """(path, look) of every regular file below `folder` that is not ignored.

    Folders below that cannot be read are added to `unreadable`. Raises OSError when `folder` itself cannot be.
    """
    stack = [folder]
    while stack:
        here = stack.pop()
        try:
            with os.scandir(here) as listing:
                entries = list(listing)
        except FileNotFoundError:
            if here == folder:
                raise
            continue
        except OSError:
            if here == folder:
                raise
            unreadable.append(here)
            continue
        if here != folder and any(entry.name == DATABASE for entry in entries):
            continue  # another workspace: what lies there are its own files
        yield from _files_of(entries, stack)


def _files_of(entries: list[os.DirEntry[str]], stack: list[str]) -> Iterator[tuple[str, Look]]:
    for entry in entries:
        if ignored(entry.name):
            continue
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            continue  # gone since; what comes again is seen again
        if stat.S_ISDIR(found.st_mode):
            stack.append(entry.path)
        elif stat.S_ISREG(found.st_mode):
            yield entry.path, Look.of(found)


def inside(root: str, path: str, real_folders: dict[str, bool]) -> bool:
    """Whether `path` lies below the real path `root`, by no link and under no ignored name.

    `real_folders` remembers what was found out about folders.
    """
    if not path.startswith(root.rstrip("/") + "/"):
        return False
    if any(ignored(part) for part in path[len(root.rstrip("/")) + 1 :].split("/")):
        return False
    folder = os.path.dirname(path)  # noqa: PTH120 - a Path for each of thousands of names costs
    if folder not in real_folders:
        real_folders[folder] = os.path.realpath(folder) == folder
    return real_folders[folder]
