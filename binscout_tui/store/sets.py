"""Sets of candidate images, of which at most one is chosen, and the crop of the choice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import events, journal
from binscout_tui.store.images import Image, from_row, must_be_live

SetState = Literal["pending", "done", "skipped", "rejected"]
Box = tuple[float, float, float, float]


class ImageSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set with its members in order; `crop` is the chosen image's box, normalised to the upright picture."""

    id: int
    key: str
    name: str
    kind: str
    state: SetState
    chosen_image_id: int | None
    note: str
    crop: Box | None
    images: list[Image]


def set_key(hashes: Sequence[str]) -> str:
    """The identity of a set: a hash over its members' hashes, whatever their order."""
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()[:32]


def add(db: sqlite3.Connection, *, name: str, kind: str, image_ids: Sequence[int]) -> tuple[int, bool]:
    """(id, added): make a set of images, or find the set that has the same ones.

    The same picture may stand in two sets, since it is kept once however often it was found.
    Raises UsageError for fewer than two images.
    """
    members = list(dict.fromkeys(image_ids))
    if len(members) < 2:
        raise UsageError(f"The set {name} would have {len(members)} image; a set has at least two.", code="small_set")
    marks = ", ".join("?" * len(members))
    hashes = [r[0] for r in db.execute(f"SELECT sha256 FROM image WHERE id IN ({marks})", members)]
    found = db.execute("SELECT id FROM image_set WHERE key = ?", (set_key(hashes),)).fetchone()
    if found:
        return int(found["id"]), False
    cursor = db.execute(
        "INSERT INTO image_set (key, name, kind, added_at) VALUES (?, ?, ?, ?)",
        (set_key(hashes), name, kind, utc_now()),
    )
    set_id = int(cursor.lastrowid or 0)
    db.executemany("INSERT INTO set_member VALUES (?, ?, ?)", [(set_id, image, i) for i, image in enumerate(members)])
    events.emit(db, "set", set_id)
    return set_id, True


def get(db: sqlite3.Connection, set_id: int) -> ImageSet:
    """The set with its images in order. Raises NotFoundError."""
    row = db.execute("SELECT * FROM image_set WHERE id = ?", (set_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no set {set_id} in this workspace.", code="no_set")
    members = db.execute(
        "SELECT image.* FROM set_member JOIN image ON image.id = image_id WHERE set_id = ? ORDER BY position",
        (set_id,),
    )
    return ImageSet(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        kind=row["kind"],
        state=row["state"],
        chosen_image_id=row["chosen_image_id"],
        note=row["note"],
        crop=_crop(db, set_id),
        images=[from_row(member) for member in members],
    )


def ids(db: sqlite3.Connection, state: SetState | None = None) -> list[int]:
    """The ids of all sets in order, or of those in one state."""
    if state is None:
        return [int(r[0]) for r in db.execute("SELECT id FROM image_set ORDER BY id")]
    return [int(r[0]) for r in db.execute("SELECT id FROM image_set WHERE state = ? ORDER BY id", (state,))]


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many sets are in each state."""
    found = dict.fromkeys(("pending", "done", "skipped", "rejected"), 0)
    found.update((r[0], r[1]) for r in db.execute("SELECT state, count(*) FROM image_set GROUP BY state"))
    return found


def choose(
    db: sqlite3.Connection,
    uid: int,
    set_id: int,
    image_id: int | None,
    *,
    crop: Box | None = None,
    state: Literal["skipped", "rejected", "pending"] = "pending",
    suggested: dict[str, Any] | None = None,
) -> ImageSet:
    """The ONE place where a set's selection changes: keys, mouse, crops, suggestions and commands all come here.

    `image_id` None leaves no image chosen and puts the set into `state`. A crop belongs to the chosen image.
    Raises NotFoundError for an unknown set, UsageError for an image that is not a usable member or a bad box.
    """
    current = get(db, set_id)
    after = _wanted(current, image_id, crop, state)
    before = _read(db, set_id)
    if before != after:
        _write(db, set_id, after, uid)
        action = "choose" if image_id is not None else state
        decision = journal.Decision(
            area="set", action=action, target=set_id, before=before, after=after, suggested=suggested
        )
        journal.record(db, uid, decision)
    return get(db, set_id)


def _wanted(current: ImageSet, image_id: int | None, crop: Box | None, state: str) -> dict[str, Any]:
    if image_id is None:
        if crop is not None:
            raise UsageError("A crop needs a chosen image.", code="crop_without_image")
        return {"state": state, "image": None, "crop": None}
    member = next((image for image in current.images if image.id == image_id), None)
    if member is None:
        raise UsageError(f"Image {image_id} is not in set {current.id}.", code="not_in_set")
    must_be_live(member)
    return {"state": "done", "image": image_id, "crop": None if crop is None else list(checked_box(crop))}


def checked_box(box: Sequence[float]) -> Box:
    """`box` as floats when `0 <= x1 < x2 <= 1` and the same for y, else UsageError."""
    if len(box) == 4:
        x1, y1, x2, y2 = (float(value) for value in box)
        if 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1:
            return x1, y1, x2, y2
    raise UsageError(
        "A crop is x1,y1,x2,y2 between 0 and 1, with x1 < x2 and y1 < y2.",
        hint="For example 0.1,0.1,0.9,0.9",
        code="bad_box",
    )


def _crop(db: sqlite3.Connection, set_id: int) -> Box | None:
    row = db.execute("SELECT x1, y1, x2, y2 FROM crop WHERE set_id = ?", (set_id,)).fetchone()
    return tuple(row) if row else None


def _read(db: sqlite3.Connection, set_id: int) -> dict[str, Any]:
    row = db.execute("SELECT state, chosen_image_id FROM image_set WHERE id = ?", (set_id,)).fetchone()
    crop = _crop(db, set_id)
    return {
        "state": row["state"],
        "image": row["chosen_image_id"],
        "crop": None if crop is None else list(crop),
    }


def _write(db: sqlite3.Connection, set_id: int, state: journal.State, uid: int) -> None:
    decided = (None, None) if state["state"] == "pending" else (utc_now(), uid)
    db.execute(
        "UPDATE image_set SET state = ?, chosen_image_id = ?, decided_at = ?, decided_by = ? WHERE id = ?",
        (state["state"], state["image"], *decided, set_id),
    )
    db.execute("DELETE FROM crop WHERE set_id = ?", (set_id,))
    if state["crop"] is not None:
        db.execute(
            "INSERT INTO crop (image_id, set_id, x1, y1, x2, y2, uid, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (state["image"], set_id, *state["crop"], uid, utc_now()),
        )


journal.register("set", _read, _write)
