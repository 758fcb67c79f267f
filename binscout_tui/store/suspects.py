"""Labels that are probably wrong: what the last look found, and which of them a person has dismissed.

The rows are replaced as a whole by every look. A dismissal is a decision and stays until the label of its image or the
features that suspected it change.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError
from binscout_tui.store import events, images, journal
from binscout_tui.store.names import composed

Order = Literal["margin", "confidence"]

# Whoever changed the label, trashed the image or dismissed the suspicion has answered it.
_OPEN = f"""FROM suspect
 JOIN label ON label.image_id = suspect.image_id AND label.class_id = suspect.class_id
 JOIN image ON image.id = suspect.image_id AND {images.LIVE}
 JOIN class ON class.id = suspect.class_id
 JOIN class AS likely ON likely.id = suspect.likely_class_id
 WHERE NOT EXISTS (SELECT 1 FROM suspect_dismissed AS gone WHERE gone.image_id = suspect.image_id
  AND gone.class_id = suspect.class_id AND gone.features = suspect.features)"""


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one label; class ids, and figures as in `Suspect`. Rank 1 is the most suspect."""

    image_id: int
    class_id: int
    likely_class_id: int
    probability: float
    likely_probability: float
    margin: float
    rank: int


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A label that is probably wrong.

    `probability` of the label and of the class that is `likely` instead, by a judge that never saw the image; `margin`
    is 0..1, below a half the other class is more probable. `features` names what the judge looked at.
    """

    image_id: int
    name: str
    label: str
    likely: str
    probability: float
    likely_probability: float
    margin: float
    rank: int
    features: str
    at: str


class Labelled(msgspec.Struct, frozen=True):
    """What a look needs of an image; `path` and `name` as in `images.Image`, `group` is its source."""

    image_id: int
    sha256: str
    path: Path
    name: str
    group: str
    class_id: int
    label: str


def labelled(db: sqlite3.Connection) -> list[Labelled]:
    """Every live image that has a class and was decoded once, in order of arrival."""
    rows = db.execute(
        "SELECT image.id, sha256, path, image.name, source_group, class_id, class.name FROM image"
        " JOIN label ON label.image_id = image.id JOIN class ON class.id = label.class_id"
        f" WHERE {images.LIVE} AND health = 'ok' AND examined = 1 ORDER BY image.id"
    )
    return [
        Labelled(image_id, sha256, Path(os.fsdecode(path)), name, group, class_id, label)
        for image_id, sha256, path, name, group, class_id, label in rows
    ]


def sources(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """(class name, source group) of every image that `labelled` answers with."""
    rows = db.execute(
        "SELECT class.name, source_group FROM image JOIN label ON label.image_id = image.id"
        f" JOIN class ON class.id = label.class_id WHERE {images.LIVE} AND health = 'ok' AND examined = 1"
    )
    return [(row[0], row[1]) for row in rows]


def replace(db: sqlite3.Connection, found: Sequence[Suspicion], features: str) -> int:
    """Put what a look found in the place of what was found before, and say how many rows it left.

    Images that are gone by now, and labels that were changed during the look, are left out.
    """
    now = utc_now()
    db.execute("DELETE FROM suspect")
    rows = [
        (
            *(one.image_id, one.class_id, one.likely_class_id, one.probability, one.likely_probability),
            *(one.margin, one.rank, features, now, one.image_id, one.class_id, one.likely_class_id),
        )
        for one in found
    ]
    kept = db.executemany(
        "INSERT INTO suspect SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE"
        " EXISTS (SELECT 1 FROM label WHERE image_id = ? AND class_id = ?)"
        " AND EXISTS (SELECT 1 FROM class WHERE id = ?)",
        rows,
    ).rowcount
    events.emit(db, "suspects")
    return kept if rows else 0


def page(
    db: sqlite3.Connection,
    *,
    after: Suspect | None = None,
    limit: int = 50,
    label: str | None = None,
    order: Order = "margin",
) -> list[Suspect]:
    """Up to `limit` open suspects after `after`, the most suspect first; of one class when `label` is given."""
    conditions = [""]
    values: list[Any] = []
    if order == "margin":
        sorting = "suspect.rank"
        if after is not None:
            conditions.append("suspect.rank > ?")
            values.append(after.rank)
    else:
        sorting = "suspect.probability, suspect.image_id"
        if after is not None:
            conditions.append("(suspect.probability, suspect.image_id) > (?, ?)")
            values += [after.probability, after.image_id]
    if label is not None:
        conditions.append("class.name = ?")
        values.append(composed(label))
    rows = db.execute(f"{_SELECT} {_OPEN}{' AND '.join(conditions)} ORDER BY {sorting} LIMIT ?", (*values, limit))
    return [Suspect(**dict(row)) for row in rows]


_SELECT = """SELECT suspect.image_id, image.name, class.name AS label, likely.name AS likely, suspect.probability,
 suspect.likely_probability, suspect.margin, suspect.rank, suspect.features, suspect.at"""


def get(db: sqlite3.Connection, image_id: int) -> Suspect | None:
    """The open suspicion against the label of an image, or None."""
    row = db.execute(f"{_SELECT} {_OPEN} AND suspect.image_id = ?", (image_id,)).fetchone()
    return Suspect(**dict(row)) if row else None


def count(db: sqlite3.Connection) -> int:
    """How many suspects are open. It reads them all, so it is not for a key press."""
    return int(db.execute(f"SELECT count(*) {_OPEN}").fetchone()[0])


def dismiss(db: sqlite3.Connection, uid: int, image_ids: Iterable[int]) -> int:
    """Say that these labels are right all the same, as one decision, and how many were suspect until now.

    Raises NotFoundError for an image that is unknown or not suspect; then none is dismissed.
    """
    decisions = [_dismissed(db, uid, image_id) for image_id in dict.fromkeys(image_ids)]
    journal.record_all(db, uid, decisions)
    return len(decisions)


def _dismissed(db: sqlite3.Connection, uid: int, image_id: int) -> journal.Decision:
    images.get(db, image_id)
    if get(db, image_id) is None:
        raise NotFoundError(
            f"The label of image {image_id} is not suspect.",
            hint="`binscout mistakes list` shows those that are.",
            code="not_suspect",
        )
    found = db.execute(
        "SELECT class_id, features, probability, likely_class_id FROM suspect WHERE image_id = ?", (image_id,)
    ).fetchone()
    before, after = _read(db, image_id), {"class": found["class_id"], "features": found["features"]}
    _write(db, image_id, after, uid)
    return journal.Decision(
        area="suspect",
        action="dismiss",
        target=image_id,
        before=before,
        after=after,
        suggested={"class": found["likely_class_id"], "probability": found["probability"]},
    )


def _read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    row = db.execute("SELECT class_id, features FROM suspect_dismissed WHERE image_id = ?", (image_id,)).fetchone()
    return {"class": row["class_id"], "features": row["features"]} if row else {}


def _write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    db.execute("DELETE FROM suspect_dismissed WHERE image_id = ?", (image_id,))
    if state:
        db.execute(
            "INSERT INTO suspect_dismissed VALUES (?, ?, ?, ?, ?)",
            (image_id, state["class"], state["features"], uid, utc_now()),
        )


journal.register("suspect", _read, _write)
