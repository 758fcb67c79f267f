"""Labels that come with many new images at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from binscout_tui.clock import utc_now
from binscout_tui.store import journal, labels


def take_over(db: sqlite3.Connection, uid: int, said: Sequence[tuple[int, str]]) -> None:
    """Give images, of which nothing was said before, the classes of these names; made where they are new.

    Journaled as by `labels.import_label`, and as little for undo. Raises UsageError for what cannot be a class name.
    """
    states = {
        name: {"state": "class", "class": labels.add_class(db, name).id}
        for name in dict.fromkeys(name for _, name in said)
    }
    now = utc_now()
    db.executemany(
        "INSERT INTO label (image_id, state, class_id, uid, at) VALUES (?, 'class', ?, ?, ?)",
        [(image_id, states[name]["class"], uid, now) for image_id, name in said],
    )
    journal.note_all(
        db,
        uid,
        [
            journal.Decision(area="label", action="import", target=image_id, before={}, after=states[name])
            for image_id, name in said
        ],
    )
