"""Safe mode: one switch for the whole workspace that hides all that is sensitive."""

from __future__ import annotations

import sqlite3

from binscout_tui.store import events, journal

AREA = "safe_mode"


def is_on(db: sqlite3.Connection) -> bool:
    """Whether it is on."""
    return bool(db.execute("SELECT is_on FROM safe_mode").fetchone()[0])


def switch(db: sqlite3.Connection, uid: int, *, on: bool) -> bool:
    """Turn it on or off, noted in the journal; whether that changed anything. Undo does not reach it."""
    if is_on(db) is on:
        return False
    db.execute("UPDATE safe_mode SET is_on = ?", (on,))
    journal.note(
        db,
        uid,
        journal.Decision(area=AREA, action="on" if on else "off", target=0, before={"on": not on}, after={"on": on}),
    )
    events.emit(db, "image")
    return True
