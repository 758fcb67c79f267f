"""Planning what mends findings: sidecars get the names of their pictures, or go to a folder beside; nothing is deleted.

A picture never moves. What is planned goes through the operations log like every other file operation, so each sidecar
has its new name or its old one, and undo brings it back.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path

from binscout_tui.operations.files import listing
from binscout_tui.operations.files.plan import File, Group, Move, Plan, Refused, plan
from binscout_tui.operations.sidecars.auditing import Finding

OPERATION = "sidecars"
HELD = ".held"


def mend(roots: Sequence[Path], findings: Iterable[Finding]) -> Plan:
    """The plan that mends those of `findings` that can be mended; `roots` are the folders that were looked at.

    Sidecars without a picture go to a new folder beside the one of `roots` that they lie in, to the same place below.
    Raises RefusedError where a folder cannot be read.
    """
    held = {root: beside(root) for root in roots}
    groups: list[Group] = []
    refused: list[Refused] = []
    for one in findings:
        target = _held(one.path, held) if one.fix == "hold" else one.target
        if target is None:
            continue
        file = _now(one, refused)
        if file is not None:
            groups.append(Group((Move(file, target, one.others[0] if one.others else None),), one.kind))
    start = _root(groups, roots)
    return plan(OPERATION, start, groups, listing.there(start, groups), refused)


def beside(root: Path) -> Path:
    """A folder beside `root` that is not there yet."""
    names = (f"{root.name or 'binscout'}{HELD}{f'-{number}' if number > 1 else ''}" for number in count(1))
    return next(path for name in names if not os.path.lexists(path := root.parent / name))


def _held(path: Path, held: Mapping[Path, Path]) -> Path:
    """Where a file goes that lies in one of the folders."""
    root = next(folder for folder in path.parents if folder in held)
    return held[root] / path.relative_to(root)


def _now(one: Finding, refused: list[Refused]) -> File | None:
    """The file as it is now; a picture that it is to be paired with must still be there."""
    try:
        found = one.path.lstat()
        if one.others and not stat.S_ISREG(one.others[0].lstat().st_mode):
            raise OSError(0, "its picture is gone")
    except OSError as error:
        refused.append(Refused(one.path, "changed", f"This was changed since it was looked at: {error.strerror}."))
        return None
    if not stat.S_ISREG(found.st_mode):
        refused.append(Refused(one.path, "not_a_file", "This is no regular file; it stays where it is."))
        return None
    return listing.as_file(one.path, found)


def _root(groups: Sequence[Group], roots: Sequence[Path]) -> Path:
    folders = [str(move.destination.parent) for group in groups for move in group.moves]
    return Path(os.path.commonpath([*map(str, roots), *folders]))
