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

AREA, COUNTED = "known_good_class", "known_good_counted"
KNOWN_GOOD = "known_good"
"""The kind of event for whoever shows the list."""


def merged(db: sqlite3.Connection, uid: int, old: int, new: int) -> Iterator[journal.Decision]:
    """Where the class `old` was expected, `new` is; the decisions, written but not journaled.

    For who has not moved boxes and counts yet: of how many things of both are in an image the gate expects the sum.
    """
    yield from _counted(db, uid, old, new)
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


def _counted(db: sqlite3.Connection, uid: int, old: int, new: int) -> Iterator[journal.Decision]:
    sql = "SELECT image_id, class_id FROM known_good_count WHERE class_id IN (?, ?) ORDER BY image_id"
    for image_id, class_id in db.execute(sql, (old, new)).fetchall():
        before = _read_count(db, image_id)
        other = _said(db, image_id, new if class_id == old else old)
        after = {"class": new, "count": before["count"] + other}
        if before != after:
            _write_count(db, image_id, after, uid)
            yield journal.Decision(area=COUNTED, action="merge", target=image_id, before=before, after=after)


def _said(db: sqlite3.Connection, image_id: int, class_id: int) -> int:
    """How many of a class people said are in an image: a count goes before boxes."""
    sql = (
        "SELECT coalesce((SELECT count FROM label_count WHERE image_id = :image AND class_id = :class),"
        " (SELECT count(*) FROM label_box WHERE image_id = :image AND class_id = :class))"
    )
    return int(db.execute(sql, {"image": image_id, "class": class_id}).fetchone()[0])


def _read_count(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    row = db.execute("SELECT class_id, count FROM known_good_count WHERE image_id = ?", (image_id,)).fetchone()
    return {"class": row[0], "count": row[1]} if row else {}


def _write_count(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    db.execute(
        "UPDATE known_good_count SET class_id = ?, count = ?, uid = ?, at = ? WHERE image_id = ?",
        (state["class"], state["count"], uid, utc_now(), image_id),
    )
    events.emit(db, KNOWN_GOOD, image_id)


journal.register(AREA, _read, _write)
journal.register(COUNTED, _read_count, _write_count)
