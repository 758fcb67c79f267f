"""The last filters of each person."""

from __future__ import annotations

import sqlite3

from binscout_tui.store import places

AREA = "filters:last"
MOST = 20


def recent(db: sqlite3.Connection, uid: int) -> list[str]:
    """This person's last filters, the newest first."""
    found = places.get(db, uid, AREA)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def remember(db: sqlite3.Connection, uid: int, text: str) -> None:
    """Put a filter first among them; the oldest of more than 20 is forgotten."""
    places.keep(db, uid, AREA, [text, *(one for one in recent(db, uid) if one != text)][:MOST])
