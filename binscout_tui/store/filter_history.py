"""The last filters of each person."""

from __future__ import annotations

import sqlite3

from binscout_tui.store import places, saved_filters

AREA = "filters:last"
MOST = 20


def recent(db: sqlite3.Connection, uid: int) -> list[str]:
    """This person's last filters, the newest first, but for those that name what is hidden or gone."""
    return [one for one in _kept(db, uid) if saved_filters.makes_sense(db, one)]


def remember(db: sqlite3.Connection, uid: int, text: str) -> None:
    """Put a filter first among them; the oldest of more than 20 is forgotten."""
    places.keep(db, uid, AREA, [text, *(one for one in _kept(db, uid) if one != text)][:MOST])


def _kept(db: sqlite3.Connection, uid: int) -> list[str]:
    found = places.get(db, uid, AREA)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
