"""Gold images: an admin knows their class, and people are asked for it without knowing that."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError
from binscout_tui.store import images, journal, labels

AREA = "gold"


class Gold(msgspec.Struct, frozen=True):
    """A gold image: its class by name, None where nothing is on it."""

    image_id: int
    image: str
    state: Literal["class", "empty"]
    name: str | None
    at: str


def add(db: sqlite3.Connection, uid: int, image_id: int, class_name: str | None) -> int | None:
    """Say what a gold image shows, None for nothing; its label stays as it is.

    The journal's id, None when that was known already. Raises NotFoundError, UsageError for an image that does not
    count.
    """
    images.must_be_live(images.get(db, image_id))
    class_id = labels.find_class(db, class_name).id if class_name is not None else None
    return _decide(db, uid, image_id, {"state": "empty" if class_id is None else "class", "class": class_id})


def remove(db: sqlite3.Connection, uid: int, image_id: int) -> int | None:
    """Make a gold image an ordinary one; answers that were given stay. Raises NotFoundError when it is none."""
    images.get(db, image_id)
    if not _read(db, image_id):
        raise NotFoundError(
            f"Image {image_id} is not a gold image.", hint="`binscout label gold list` shows them.", code="not_gold"
        )
    return _decide(db, uid, image_id, {})


def page(db: sqlite3.Connection, *, after: int = 0, limit: int = 50) -> list[Gold]:
    """Up to `limit` gold images above `after`, those in the trash too, in order of arrival."""
    rows = db.execute(
        "SELECT image_id, image.name, state, class.name, gold.at FROM gold JOIN image ON image.id = image_id"
        f" LEFT JOIN class ON class.id = class_id WHERE image_id > ? AND {images.SEEN} ORDER BY image_id LIMIT ?",
        (after, limit),
    )
    return [Gold(*row) for row in rows]


def _decide(db: sqlite3.Connection, uid: int, image_id: int, after: dict[str, Any]) -> int | None:
    before = _read(db, image_id)
    if before == after:
        return None
    _write(db, image_id, after, uid)
    action = "remove" if not after else "change" if before else "add"
    return journal.record(
        db, uid, journal.Decision(area=AREA, action=action, target=image_id, before=before, after=after)
    )


def _read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    row = db.execute("SELECT state, class_id FROM gold WHERE image_id = ?", (image_id,)).fetchone()
    return {"state": row["state"], "class": row["class_id"]} if row else {}


def _write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    if state:
        values = (image_id, state["state"], state["class"], uid, utc_now())
        db.execute("INSERT OR REPLACE INTO gold VALUES (?, ?, ?, ?, ?)", values)
    else:
        db.execute("DELETE FROM gold WHERE image_id = ?", (image_id,))


journal.register(AREA, _read, _write)
