"""Classes, and what people said of images: class, empty, skipped, or nothing yet."""

from __future__ import annotations

import shlex
import sqlite3
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import events, images, journal
from binscout_tui.store.names import composed, is_printable

LabelState = Literal["class", "empty", "skipped"]
Imported = Literal["new", "known", "other"]
FROM_ITEM = "item"
"""The journal's word for a label that an image got because the capture of its item was accepted."""


class LabelClass(msgspec.Struct, frozen=True):
    """A class that images can be labelled with; `key` is the one that labels, `images` how many have it."""

    id: int
    name: str
    key: str | None
    images: int


class Label(msgspec.Struct, frozen=True):
    """What was said of an image; `name` is the class's name when `state` is `class`."""

    image_id: int
    state: LabelState
    name: str | None


def add_class(db: sqlite3.Connection, name: str) -> LabelClass:
    """The class called `name`, made when it is new (an archived one comes back).

    Raises UsageError for a name that is empty, too long or holds control characters.
    """
    name = checked_name(name)
    found = db.execute("SELECT id, archived_at FROM class WHERE name = ?", (name,)).fetchone()
    if found is None:
        db.execute("INSERT INTO class (name) VALUES (?)", (name,))
        events.emit(db, "class", name)
    elif found["archived_at"] is not None:
        db.execute("UPDATE class SET archived_at = NULL WHERE id = ?", (found["id"],))
        events.emit(db, "class", name)
    return find_class(db, name)


def checked_name(name: str) -> str:
    """`name` in composed form without outer spaces. Raises UsageError when it cannot be a class name."""
    name = composed(name)
    if not is_printable(name):
        raise UsageError("A class name has 1 to 200 printable characters.", code="bad_class_name")
    return name


def find_class(db: sqlite3.Connection, name: str) -> LabelClass:
    """The class called `name`, however it is spelled in Unicode. Raises NotFoundError, also for an archived one."""
    row = db.execute(
        "SELECT id, name, key, images, archived_at FROM class WHERE name = ?", (composed(name),)
    ).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no class {name!r}.", hint="`binscout label classes` lists them.", code="no_class"
        )
    *fields, archived_at = row
    if archived_at is not None:
        hint = f"`binscout label classes archive {shlex.quote(fields[1])} --undo` brings it back."
        raise NotFoundError(f"The class {fields[1]!r} is archived.", hint=hint, code="archived")
    return LabelClass(*fields)


def classes(db: sqlite3.Connection) -> list[LabelClass]:
    """All classes: those that somebody put in order, then the others as they were made."""
    rows = db.execute(
        "SELECT id, name, key, images FROM class WHERE archived_at IS NULL ORDER BY position IS NULL, position, id"
    )
    return [LabelClass(*row) for row in rows]


def get(db: sqlite3.Connection, image_id: int) -> Label | None:
    """What was said of the image, or None when it is unlabelled."""
    row = db.execute(
        "SELECT image_id, state, name FROM label LEFT JOIN class ON class.id = class_id WHERE image_id = ?",
        (image_id,),
    ).fetchone()
    return Label(*row) if row else None


def set_label(
    db: sqlite3.Connection,
    uid: int,
    image_id: int,
    class_name: str | None,
    *,
    state: LabelState = "class",
    suggested: dict[str, Any] | None = None,
) -> int | None:
    """Label an image with a class, or as `empty` or `skipped` (then `class_name` is None).

    Returns the journal's id, or None when that was the label already.
    Raises NotFoundError for an unknown image or class, UsageError for an image in the trash or withheld.
    """
    images.must_be_live(images.get(db, image_id))
    class_id = find_class(db, class_name).id if class_name is not None else None
    after: dict[str, Any] = {"state": state, "class": class_id}
    return _decide(db, uid, image_id, after, suggested)


def import_label(db: sqlite3.Connection, uid: int, image_id: int, class_name: str) -> Imported:
    """Take over a label that came with an image: `other` when the image has another word on it already.

    Only a label that is taken over makes its class. Journaled, but not for undo, which walks what a person decided
    here. Raises UsageError for what cannot be a class name.
    """
    name = checked_name(class_name)
    before = get(db, image_id)
    if before is not None:
        return "known" if before.name == name else "other"
    after = {"state": "class", "class": add_class(db, name).id}
    _write(db, image_id, after, uid)
    decision = journal.Decision(area="label", action="import", target=image_id, before={}, after=after)
    journal.note(db, uid, decision)
    return "new"


def follow_item(db: sqlite3.Connection, uid: int, image_id: int, class_id: int | None) -> journal.Decision | None:
    """Label a live image with the class of the item that it shows, None for no class.

    Only where nobody said anything of it, or where its label came from its item. The decision is for the caller to
    journal with what brought it about; None where nothing changes.
    """
    before, after = _read(db, image_id), {} if class_id is None else {"state": "class", "class": class_id}
    if (
        before == after
        or not images.get(db, image_id, concealed=True).is_live
        or (before and not _came_from_item(db, image_id))
    ):
        return None
    _write(db, image_id, after, uid)
    return journal.Decision(area="label", action=FROM_ITEM, target=image_id, before=before, after=after)


def _came_from_item(db: sqlite3.Connection, image_id: int) -> bool:
    """Whether the last word on the image is that of its item, or a redo of that."""
    row = db.execute(
        "SELECT coalesce(redone.action, journal.action) AS action FROM journal"
        " LEFT JOIN journal AS redone ON redone.id = journal.redoes"
        " WHERE journal.area = 'label' AND journal.target = ? ORDER BY journal.id DESC LIMIT 1",
        (image_id,),
    ).fetchone()
    return row is not None and row["action"] == FROM_ITEM


def clear(db: sqlite3.Connection, uid: int, image_id: int) -> int | None:
    """Take the label off an image; returns the journal's id, or None when there was none."""
    images.get(db, image_id)
    return _decide(db, uid, image_id, {}, None)


def _decide(
    db: sqlite3.Connection, uid: int, image_id: int, after: dict[str, Any], suggested: dict[str, Any] | None
) -> int | None:
    before = _read(db, image_id)
    if before == after:
        return None
    _write(db, image_id, after, uid)
    decision = journal.Decision(
        area="label",
        action="label" if after else "clear",
        target=image_id,
        before=before,
        after=after,
        suggested=suggested,
    )
    return journal.record(db, uid, decision)


def queue(db: sqlite3.Connection, *, after: int = 0, limit: int = 50) -> list[int]:
    """Ids of the next unlabelled images after image `after`, in order of arrival."""
    rows = db.execute(
        "SELECT image_id FROM unlabelled CROSS JOIN image ON image.id = image_id"
        f" WHERE image_id > ? AND {images.LIVE} ORDER BY image_id LIMIT ?",
        (after, limit),
    )
    return [int(row[0]) for row in rows]


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many images that count are `unlabelled`, `class`, `empty` and `skipped`; kept, not counted."""
    return {row[0]: row[1] for row in db.execute("SELECT state, images FROM label_state_count")}


def _read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    row = db.execute("SELECT state, class_id FROM label WHERE image_id = ?", (image_id,)).fetchone()
    return {"state": row["state"], "class": row["class_id"]} if row else {}


def _write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    if not state:
        db.execute("DELETE FROM label WHERE image_id = ?", (image_id,))
        return
    db.execute(
        "INSERT INTO label (image_id, state, class_id, uid, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (image_id) DO UPDATE SET state = excluded.state, class_id = excluded.class_id,"
        " uid = excluded.uid, at = excluded.at",
        (image_id, state["state"], state["class"], uid, utc_now()),
    )


journal.register("label", _read, _write)
