"""Where each person was in each area, so that the next start begins there."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from binscout_tui.clock import utc_now


def keep(db: sqlite3.Connection, uid: int, area: str, value: Any) -> None:
    """Remember a place; `value` is anything that JSON can hold."""
    db.execute(
        "INSERT INTO place VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at",
        (uid, area, msgspec.json.encode(value).decode(), utc_now()),
    )


def get(db: sqlite3.Connection, uid: int, area: str) -> Any:
    """The remembered place, or None."""
    row = db.execute("SELECT value FROM place WHERE uid = ? AND area = ?", (uid, area)).fetchone()
    return msgspec.json.decode(row[0]) if row else None


def kept_at(db: sqlite3.Connection, uid: int, area: str) -> str:
    """When a place was remembered (UTC text), or ""."""
    row = db.execute("SELECT at FROM place WHERE uid = ? AND area = ?", (uid, area)).fetchone()
    return row[0] if row else ""


def forget(db: sqlite3.Connection, uid: int, area: str) -> None:
    """There is nothing to come back to."""
    db.execute("DELETE FROM place WHERE uid = ? AND area = ?", (uid, area))


def latest(db: sqlite3.Connection, uid: int) -> tuple[str, str] | None:
    """(area, moment) of where this person worked last, or None; what an area keeps of single things has a colon."""
    row = db.execute(
        "SELECT area, at FROM place WHERE uid = ? AND area NOT LIKE '%:%' ORDER BY at DESC LIMIT 1", (uid,)
    ).fetchone()
    return (row[0], row[1]) if row else None
