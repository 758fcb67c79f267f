"""One class for many images: the gallery's way to label, taken back in the gallery and not where one labels."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from binscout_tui.store import images, journal, labels
from binscout_tui.store.journal import Change

AREA = "label_batch"
"""What begins such a decision, and under which it is undone: keys of the Label screen do not reach it."""


def label(
    db: sqlite3.Connection, uid: int, image_ids: Iterable[int], class_name: str | None, *, batch: int = 0
) -> Change:
    """Label images with a class, or take their labels off with None, as one decision; with `batch` as more of that.

    Raises NotFoundError for an unknown image or class, UsageError for an image in the trash; then nothing changed.
    """
    wanted = list(dict.fromkeys(image_ids))
    images.must_count(db, wanted)
    after: dict[str, Any] = {}
    if class_name is not None:
        after = {"state": "class", "class": labels.find_class(db, class_name).id}
    before = _states(db, wanted)
    changing = [image_id for image_id in wanted if before[image_id] != after]
    if not changing:
        return Change(0, batch)
    there = journal.area_of("label")
    for image_id in changing:
        there.write(db, image_id, after, uid)
    action = "label" if after else "clear"
    decisions = [journal.Decision(area=AREA, action=action, target=changing[0], before={}, after={})]
    decisions += [
        journal.Decision(area="label", action=action, target=image_id, before=before[image_id], after=after)
        for image_id in changing
    ]
    return Change(len(changing), journal.record_all(db, uid, decisions, batch))


def _states(db: sqlite3.Connection, image_ids: list[int]) -> dict[int, dict[str, Any]]:
    rows = db.execute(
        "SELECT image_id, state, class_id FROM json_each(?) AS asked JOIN label ON image_id = asked.value",
        (json.dumps(image_ids),),
    )
    found: dict[int, dict[str, Any]] = {image_id: {} for image_id in image_ids}
    return found | {row[0]: {"state": row[1], "class": row[2]} for row in rows}


def _read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    return {}


def _write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    """The labels have rows of their own in the journal."""


journal.register(AREA, _read, _write)
