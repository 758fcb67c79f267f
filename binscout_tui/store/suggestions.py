"""What a model, or a rule called by its name, says of a set. Nothing here is ever taken by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import UsageError
from binscout_tui.store import events
from binscout_tui.store.boxes import Box, checked_box
from binscout_tui.store.images import HIDDEN_SETS, LIVE

RULES = ("sharpest",)
_USABLE = (
    "set_suggestion JOIN image ON image.id = set_suggestion.image_id JOIN set_member"
    " ON set_member.set_id = set_suggestion.set_id AND set_member.image_id = set_suggestion.image_id"
    f" AND NOT set_member.ruled_out AND {LIVE}"
)
"""What is said for images that can be chosen and that nobody ruled out."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One voice: `by` is a model's id or a rule's name, `score` 0..1, `crop` a box 0..1 of the upright picture."""

    set_id: int
    by: str
    image_id: int
    score: float
    crop: Box | None
    at: str


def put(db: sqlite3.Connection, set_id: int, by: str, image_id: int, score: float, crop: Box | None = None) -> None:
    """Write down what `by` says now, instead of what it said before.

    Raises UsageError for an image that is not in the set, a score that is not 0..1 or a bad box.
    """
    if not 0 <= score <= 1:
        raise UsageError(f"A score is between 0 and 1, not {score}.", code="bad_score")
    member = db.execute("SELECT 1 FROM set_member WHERE set_id = ? AND image_id = ?", (set_id, image_id)).fetchone()
    if member is None:
        raise UsageError(f"Image {image_id} is not in set {set_id}.", code="not_in_set")
    box = None if crop is None else msgspec.json.encode(checked_box(crop)).decode()
    db.execute(
        "INSERT OR REPLACE INTO set_suggestion (set_id, by, image_id, score, crop, at) VALUES (?, ?, ?, ?, ?, ?)",
        (set_id, by, image_id, score, box, utc_now()),
    )
    events.emit(db, "set", set_id)


def get(db: sqlite3.Connection, set_id: int, by: str | None = None) -> Suggestion | None:
    """What is said of a set: by the active model, else a rule, else another model; or by `by` alone, or None.

    What is said for an image that cannot be chosen any longer, or that a person ruled out, is not told.
    """
    rules = ", ".join("?" * len(RULES))
    row = db.execute(
        f"SELECT set_suggestion.* FROM {_USABLE} WHERE set_suggestion.set_id = ? AND (? IS NULL OR by = ?)"
        " ORDER BY by = coalesce((SELECT model_id FROM active_model WHERE task = 'select'), '') DESC,"
        f" by IN ({rules}) DESC, score DESC, by LIMIT 1",
        (set_id, by, by, *RULES),
    ).fetchone()
    if row is None:
        return None
    values = dict(row)
    values["crop"] = None if row["crop"] is None else tuple(msgspec.json.decode(row["crop"]))
    return Suggestion(**values)


def missing(db: sqlite3.Connection, by: str, set_ids: Iterable[int] | None = None, limit: int = -1) -> list[int]:
    """The pending sets, or those of `set_ids`, of which `by` has said nothing that can be used, oldest first.

    None that is hidden.
    """
    chosen = None if set_ids is None else msgspec.json.encode(sorted(set(set_ids))).decode()
    found = db.execute(
        "SELECT id FROM image_set WHERE CASE WHEN ? IS NULL THEN state = 'pending'"
        f" ELSE id IN (SELECT value FROM json_each(?)) END AND id NOT IN ({HIDDEN_SETS})"
        f" AND NOT EXISTS (SELECT 1 FROM {_USABLE} WHERE set_suggestion.set_id = image_set.id AND by = ?)"
        " ORDER BY id LIMIT ?",
        (chosen, chosen, by, limit),
    )
    return [int(row["id"]) for row in found]
