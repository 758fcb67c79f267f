"""Going over the labels that people gave, a page of one class at a time: what is wrong is flagged for review."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from binscout_tui.labelling.verifying import AREA, PIECE, Committed, Place, VerifyDesk, What
from binscout_tui.store import checking, gallery, places
from binscout_tui.store.verifying import Said, Taken, Waiting


class CheckDesk(VerifyDesk):
    """As `VerifyDesk`, over images that have the class already, the newest first, but for those that need review."""

    OVER = "labels"

    def what(self, image_id: int) -> What | None:
        """An image is open while it has the class of the list."""
        found = super().what(image_id)
        if found == "taken":
            return "open"
        return "said" if found == "open" else found

    async def _read_waiting(self) -> list[Waiting]:
        return await self.workspace.db.read(checking.classes)

    async def _read_page(self, last: Said | None) -> list[Said]:
        if self.name is None:
            return []
        beyond = last.image_id if last is not None else None
        return await self.workspace.db.read(checking.page, self.name, beyond=beyond, limit=PIECE)

    async def _commit(self, right: Sequence[Said], wrong: Sequence[Said]) -> Committed:
        return await self.workspace.db.write(_flag, self.workspace.user.uid, self.kept, right, wrong)

    def _suggested(self, said: Said) -> dict[str, Any] | None:
        return None

    async def _find(self, image_ids: Sequence[int]) -> tuple[str, Said] | None:
        return await self.workspace.db.read(checking.newest, image_ids)


def _flag(db: sqlite3.Connection, uid: int, kept: Place, right: Sequence[Said], wrong: Sequence[Said]) -> Committed:
    """Flag the wrong ones for review, as one decision; the others stay as they are."""
    flagged = checking.flag(db, uid, kept.name or "", [one.image_id for one in wrong])
    places.keep(db, uid, AREA, kept)
    rows = gallery.rows(db, [one.image_id for one in (*right, *wrong)])
    return Taken(ruled_out=flagged), rows, checking.classes(db)
