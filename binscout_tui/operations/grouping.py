"""Making sets of images that were imported together."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from binscout_tui.imaging.names import display_name
from binscout_tui.operations.report import Rejection
from binscout_tui.store import sets

SMALLEST, LARGEST = 2, 9


class FolderSets:
    """One set for each folder that holds 2 to 9 images; the others are reported with the reason."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[int, str]] = {}

    def add(self, path: Path, image_id: int) -> None:
        """Note the file that an image came from."""
        self._folders.setdefault(path.parent, {}).setdefault(image_id, path.name)

    def write(self, db: sqlite3.Connection) -> tuple[int, list[Rejection]]:
        """(sets made, folders that make no set): a store function; sets that are there already stay as they are."""
        made, left = 0, []
        for folder, names in sorted(self._folders.items()):
            members = sorted(names, key=lambda image_id: names[image_id])
            name = display_name(folder.name)
            if not SMALLEST <= len(members) <= LARGEST:
                left.append(Rejection(name, "set_size", f"{len(members)} pictures; a set has {SMALLEST} to {LARGEST}."))
                continue
            made += sets.add(db, name=name, kind="folder", image_ids=members)[1]
        return made, left
