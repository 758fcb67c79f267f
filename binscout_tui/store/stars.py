"""Stars on images."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from binscout_tui.store import images, journal
from binscout_tui.store.journal import Change

AREA = "star"


def star(db: sqlite3.Connection, uid: int, image_ids: Iterable[int], *, on: bool = True, batch: int = 0) -> Change:
    """Give images a star, or take it, as one decision; with `batch` as more of that one.

    Raises NotFoundError and UsageError for an image that is not there or in the trash; then nothing changed.
    """
    decisions = turned(db, image_ids, on=on)
    return Change(len(decisions), journal.record_all(db, uid, decisions, batch) if decisions else batch)


def turned(db: sqlite3.Connection, image_ids: Iterable[int], *, on: bool = True) -> list[journal.Decision]:
    """The decisions of `star`, written but not journaled. Raises as that does."""
    wanted = list(dict.fromkeys(image_ids))
    images.must_count(db, wanted)
    rows = db.execute(
        "SELECT image.id FROM json_each(?) AS asked JOIN image ON image.id = asked.value WHERE starred <> ?",
        (json.dumps(wanted), on),
    )
    changing = [row[0] for row in rows]
    db.executemany("UPDATE image SET starred = ? WHERE id = ?", [(on, image_id) for image_id in changing])
    return [
        journal.Decision(
            area=AREA,
            action="star" if on else "unstar",
            target=image_id,
            before={"starred": not on},
            after={"starred": on},
        )
        for image_id in changing
    ]


def all_starred(db: sqlite3.Connection, image_ids: Iterable[int]) -> bool:
    """Whether each of these images has a star."""
    row = db.execute(
        "SELECT 1 FROM json_each(?) AS asked JOIN image ON image.id = asked.value WHERE starred = 0 LIMIT 1",
        (json.dumps(list(image_ids)),),
    )
    return row.fetchone() is None


def _read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    return {"starred": images.get(db, image_id, concealed=True).starred}


def _write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    db.execute("UPDATE image SET starred = ? WHERE id = ?", (state["starred"], image_id))


journal.register(AREA, _read, _write)
