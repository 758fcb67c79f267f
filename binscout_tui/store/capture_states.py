"""The state of a capture: read, changed with that of its image, and when it may not be."""

from __future__ import annotations

import sqlite3
from typing import Any

from binscout_tui.clock import utc_now
from binscout_tui.errors import BinScoutError, RefusedError
from binscout_tui.store import events, journal, labels
from binscout_tui.store.capture_rows import LIVE_STATES, Capture, live
from binscout_tui.store.journal import Decision


def refusal_of(db: sqlite3.Connection, capture: Capture, state: str) -> BinScoutError | None:
    """Why this capture cannot be put into `state`, or None."""
    if capture.state == state:
        return None
    if capture.image_id is None:
        if state == "rejected" and capture.state == "failed":
            return None
        retry, anew = f"`binscout capture retry {capture.id}` tries again.", "Take the picture again."
        return RefusedError(
            f"Capture {capture.id} has no picture: {capture.error}",
            hint=retry if capture.state == "failed" else anew,
            code="capture_failed",
        )
    if capture.state == "superseded" and state == "rejected":
        return RefusedError(f"Capture {capture.id} was taken again and is out of use already.", code="superseded")
    rival = live(db, capture.id)
    if state in LIVE_STATES and rival is not None and rival != capture.id:
        return RefusedError(
            f"Capture {capture.id} was taken again: capture {rival} is in use instead.",
            hint=f"Reject capture {rival} first, or take it again.",
            code="superseded",
        )
    return _in_trash(db, capture) if state == "accepted" else None


def _in_trash(db: sqlite3.Connection, capture: Capture) -> BinScoutError | None:
    """The refusal of a picture that would be accepted and still not be used."""
    row = db.execute("SELECT trashed_at FROM image WHERE id = ?", (capture.image_id,)).fetchone()
    if row["trashed_at"] is None:
        return None
    return RefusedError(
        f"The picture of capture {capture.id} is in the trash, as image {capture.image_id}: restore it first.",
        hint=f"`binscout images restore {capture.image_id}` does.",
        code="in_trash",
    )


def change_state(
    db: sqlite3.Connection, uid: int, capture_id: int, action: str, change: dict[str, Any]
) -> list[Decision]:
    """Change a capture, and say what was decided: on it, and on the label of its image. Empty where nothing changes."""
    before = read_state(db, capture_id)
    after = {**before, **change}
    if before == after:
        return []
    _write(db, capture_id, after, uid)
    decision = Decision(area="capture", action=action, target=capture_id, before=before, after=after)
    label = _label(db, uid, capture_id) if after["state"] == "accepted" else None
    return [decision] if label is None else [decision, label]


def _label(db: sqlite3.Connection, uid: int, capture_id: int) -> Decision | None:
    """Give the image of an accepted capture the class of its item."""
    row = db.execute(
        "SELECT image_id, class.id AS class FROM capture LEFT JOIN item ON item.id = item_id"
        " LEFT JOIN class ON class.id = item.class_id AND class.archived_at IS NULL WHERE capture.id = ?",
        (capture_id,),
    ).fetchone()
    return labels.follow_item(db, uid, row["image_id"], row["class"])


def read_state(db: sqlite3.Connection, capture_id: int) -> dict[str, Any]:
    """What is decided on a capture.

    `replaced` is the state of the capture that it was taken instead of; `rival` any other attempt at the same picture
    that is in use. With them a decision is stale, and not undone, once undoing it would put two into use.
    """
    row = db.execute(
        "SELECT capture.state, capture.item_id AS item, capture.compartment_id AS compartment, capture.reason,"
        " capture.replaces, older.state AS replaced FROM capture"
        " LEFT JOIN capture AS older ON older.id = capture.replaces WHERE capture.id = ?",
        (capture_id,),
    ).fetchone()
    rival = live(db, capture_id)
    state = dict(row)
    replaces = state.pop("replaces")
    return {**state, "rival": None if rival in (capture_id, replaces) else rival}


def _write(db: sqlite3.Connection, capture_id: int, state: journal.State, uid: int) -> None:
    db.execute(
        "UPDATE capture SET item_id = ?, compartment_id = ?, reason = ? WHERE id = ?",
        (state["item"], state["compartment"], state["reason"], capture_id),
    )
    replaces = db.execute("SELECT replaces FROM capture WHERE id = ?", (capture_id,)).fetchone()["replaces"]
    if replaces is not None and _move(db, replaces, state["replaced"], uid):
        events.emit(db, "capture", replaces)
    _move(db, capture_id, state["state"], uid)


def _move(db: sqlite3.Connection, capture_id: int, state: str, uid: int) -> bool:
    """Whether the capture's state changed; its image's moves with it."""
    decided = (None, None) if state in ("staged", "failed") else (utc_now(), uid)
    moved = db.execute(
        "UPDATE capture SET state = ?, decided_at = ?, decided_by = ? WHERE id = ? AND state <> ?",
        (state, *decided, capture_id, state),
    ).rowcount
    if moved:
        settle(db, capture_id)
    return bool(moved)


def settle(db: sqlite3.Connection, capture_id: int) -> None:
    """Withhold the image of a capture, or not: it is in use when any capture that brought it was accepted.

    An image that was in the workspace before all its captures is left alone.
    """
    row = db.execute(
        "SELECT image.id, withheld, withholding.state AS wanted FROM image"
        " JOIN withholding ON withholding.image_id = image.id"
        " WHERE image.id = (SELECT image_id FROM capture WHERE id = ?)",
        (capture_id,),
    ).fetchone()
    if row is not None and row["wanted"] != row["withheld"]:
        db.execute("UPDATE image SET withheld = ? WHERE id = ?", (row["wanted"], row["id"]))
        events.emit(db, "image", row["id"])


journal.register("capture", read_state, _write)
