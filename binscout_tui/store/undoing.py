"""Undo and redo over several areas in the order of the decisions, for screens whose keys decide in more than one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from binscout_tui.errors import NotFoundError
from binscout_tui.store import journal
from binscout_tui.store.journal import Entry

PART = 500
"""Rows of a large decision that are turned in one transaction: other programs wait for no more of them."""


def undo(
    db: sqlite3.Connection,
    uid: int,
    areas: Sequence[str],
    *,
    most: int | None = None,
    goes_on: Entry | None = None,
) -> Entry:
    """Take back this person's last decision in any of `areas`. Raises NotFoundError; the rest as in `journal.undo`."""
    if goes_on is not None:
        return journal.undo(db, uid, most=most, goes_on=goes_on)
    found = _edge(db, uid, areas, undone=0)
    if found is None:
        raise NotFoundError("There is nothing to undo.", code="nothing_to_undo")
    return journal.undo(db, uid, found[1], most=most)


def redo(
    db: sqlite3.Connection,
    uid: int,
    areas: Sequence[str],
    *,
    most: int | None = None,
    goes_on: Entry | None = None,
) -> Entry:
    """Do again what was undone last in `areas`. Raises NotFoundError.

    A decision made since in any of the areas ends what can be redone, as it does within one area.
    """
    if goes_on is not None:
        return journal.redo(db, uid, most=most, goes_on=goes_on)
    found = _edge(db, uid, areas, undone=1)
    newest = _edge(db, uid, areas, undone=0)
    if found is None or (newest is not None and newest[0] > found[0]):
        raise NotFoundError("There is nothing to redo.", code="nothing_to_redo")
    return journal.redo(db, uid, found[1], most=most)


def _edge(db: sqlite3.Connection, uid: int, areas: Sequence[str], *, undone: int) -> tuple[int, str] | None:
    """(journal id, area) of the decision that the next undo (newest) or redo (oldest) would reach."""
    # One question an area: asked for all at once, every decision that can be undone would be read and sorted.
    ends = [
        (int(row[0]), area)
        for area in areas
        if (row := db.execute(_EDGE[undone], (uid, area, undone)).fetchone()) is not None
    ]
    return (min(ends) if undone else max(ends)) if ends else None


_EDGE = [
    f"SELECT journal_id FROM undo_entry WHERE uid = ? AND area = ? AND undone = ? ORDER BY journal_id {way} LIMIT 1"
    for way in ("DESC", "ASC")
]
