"""One set a folder."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from .candidates import Candidate, in_order
from .report import ANY_SIZE, Bounds, Grouping, Left

PARTED = " Folders of their own, or another rule, would part them."


def by_folder(candidates: Iterable[Candidate], bounds: Bounds = ANY_SIZE) -> Grouping:
    """The images of each folder are a set, when they are neither too few nor too many.

    A picture that lies in two folders may join the set of each.
    """
    found = Grouping()
    for folder, here in groupby(in_order(candidates), key=lambda one: one.folder):
        members = list(here)
        pictures = found.once(members)
        free = found.free(pictures)
        if len(pictures) > bounds.largest:
            # Counted with those that are in a set: else a second run could make a set of what the first one left.
            reason = f"{len(pictures)} pictures in this folder; a set has at most {bounds.largest}.{PARTED}"
            found.leave(free, Left.TOO_MANY, reason)
        elif free:
            found.take(folder_name(folder), free, bounds, of="in this folder that is in no set")
    return found


def folder_name(folder: str) -> str:
    """The last part of a folder's path."""
    return folder.rstrip("/").rpartition("/")[2] or folder
