"""What the gate expects of known-good images, as far as it follows the classes: their merging and their names.

The list holds names, since a model knows nothing else. In the journal they are ids, which a new name leaves as they
are, so that the undo of a merge still finds what it made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from binscout_tui.clock import utc_now
from binscout_tui.store import events, journal

AREA = "known_good_class"
KNOWN_GOOD = "known_good"
"""The kind of event for whoever shows the list."""


def merged(db: sqlite3.Connection, uid: int, old: int, new: int) -> Iterator[journal.Decision]:
    """Where the class `old` was expected, `new` is; the decisions, written but not journaled."""
    sql = (
        "SELECT DISTINCT image_id FROM known_good JOIN class ON class.name = expected WHERE class.id = ?"
        " ORDER BY image_id"
    )
    for (image_id,) in db.execute(sql, (old,)).fetchall():
        before = _read(db, image_id)
        after = {task: new if class_id == old else class_id for task, class_id in before.items()}
        _write(db, image_id, after, uid)
        yield journal.Decision(area=AREA, action="merge", target=image_id, before=before, after=after)


def renamed(db: sqlite3.Connection, before: str, after: str) -> None:
    """A class has another name: it is expected by that one. The journal of the class says so already."""
    if db.execute("UPDATE known_good SET expected = ? WHERE expected = ?", (after, before)).rowcount:
        events.emit(db, KNOWN_GOOD, after)


def _read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    """{task: id of the class that is expected}."""
    sql = "SELECT task, class.id FROM known_good JOIN class ON class.name = expected WHERE image_id = ?"
    return {row[0]: row[1] for row in db.execute(sql, (image_id,))}


def _write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    for task, class_id in state.items():
        db.execute(
            "UPDATE known_good SET expected = (SELECT name FROM class WHERE id = ?), uid = ?, at = ?"
            " WHERE task = ? AND image_id = ?",
            (class_id, uid, utc_now(), task, image_id),
        )
    events.emit(db, KNOWN_GOOD, image_id)


journal.register(AREA, _read, _write)
