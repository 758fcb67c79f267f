"""Which of several images that were compared was chosen.

What was chosen over which others is kept in the journal alone: the state of an image is what its newest row there says.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from binscout_tui.errors import UsageError
from binscout_tui.store import images, journal, stars
from binscout_tui.store.journal import Change

AREA = "compare"


def choose(
    db: sqlite3.Connection, uid: int, winner: int, others: Sequence[int], *, trash: bool = False, batch: int = 0
) -> Change:
    """Choose `winner` of the images that it was compared with: it gets a star, with `trash` they go to the trash.

    All of it is one decision; with `batch` it is more of that one. Nothing is written where all of it is so already.
    Raises NotFoundError, and UsageError for an image that does not count or is compared with itself; then nothing
    changed.
    """
    over = sorted(set(others))
    if winner in over or not over:
        raise UsageError("A winner is chosen over other images.", code="no_others")
    images.must_count(db, [winner, *over])
    before, after = _read(db, winner), {"over": over, "trashed": trash}
    starred = stars.turned(db, [winner])
    trashed = images.moved(db, uid, over, trashed=True) if trash else []
    if before == after and not starred and not trashed:
        return Change(0, batch)
    # All of it is undone where the choice is: not in the area of a star or of the trash.
    decision = journal.Decision(area=AREA, action="winner", target=winner, before=before, after=after)
    batch = journal.record_all(db, uid, [decision, *starred, *trashed], batch)
    return Change(int(before != after or bool(starred)) + len(trashed), batch)


def chosen_over(db: sqlite3.Connection, image_id: int) -> list[int]:
    """The images that an image was chosen over last, none where it was not."""
    return [int(found) for found in _read(db, image_id)["over"]]


def _read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    row = db.execute(
        "SELECT after FROM journal WHERE area = ? AND target = ? ORDER BY id DESC LIMIT 1", (AREA, image_id)
    ).fetchone()
    return dict(json.loads(row[0])) if row else {"over": [], "trashed": False}


def _write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    """The row that undo and redo append is the state."""


journal.register(AREA, _read, _write)
