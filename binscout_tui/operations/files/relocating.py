"""Images of a workspace whose files stayed in place: they are followed to where a file operation moves them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from binscout_tui.store import images
from binscout_tui.workspace import Workspace


class Went(msgspec.Struct, frozen=True):
    """A file that was at `source` and is at `destination` with these bytes."""

    source: Path
    destination: Path
    sha256: str


class Places:
    """Where the in-place images of a workspace are; without a workspace there are none."""

    def __init__(self, workspace: Workspace | None) -> None:
        self._workspace = workspace
        self._known: dict[Path, tuple[int, str]] | None = None

    def follow(self, went: Sequence[Went]) -> int:
        """Note the new places of the images among these files, in one transaction, and say how many.

        Raises the store's errors; then nothing was noted.
        """
        if self._workspace is None:
            return 0
        known = self._read(self._workspace)
        found = [(known[one.source][0], one) for one in went if self._is_there(known, one)]
        if found:
            self._workspace.db.write(_relocate, found)
            for image_id, one in found:
                del known[one.source]
                known[one.destination] = (image_id, one.sha256)
        return len(found)

    def _read(self, workspace: Workspace) -> dict[Path, tuple[int, str]]:
        """{path without links: (image id, hash)}: an image may have been imported through a link."""
        if self._known is None:
            folders: dict[Path, Path] = {}
            self._known = {}
            for image in workspace.db.read(images.in_place):
                folder = image.path.parent
                if folder not in folders:
                    folders[folder] = Path(os.path.realpath(folder))
                if image.health == "ok":
                    self._known[folders[folder] / image.path.name] = (image.id, image.sha256)
        return self._known

    def _is_there(self, known: dict[Path, tuple[int, str]], one: Went) -> bool:
        """A file with other bytes than the image had is not that image any more."""
        return one.source in known and known[one.source][1] == one.sha256


def _relocate(db: sqlite3.Connection, found: Sequence[tuple[int, Went]]) -> None:
    for image_id, one in found:
        images.relocate(db, image_id, one.destination, one.destination.stat().st_mtime_ns)
