"""Many images at once: those that a model says are of one class and nobody has labelled, the surest first.

What waits is kept in `to_verify` and counted in `to_verify_count`: a page costs the same however deep it lies. An image
that a person marked wrong is ruled out for that class, and no page of it shows the image again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError
from binscout_tui.store import images, journal, labels, undoing
from binscout_tui.store.journal import Decision, Entry

AREA = "verify"
"""Area of the journal: of which classes a person says that an image is none of them."""
UNDONE = ("label", AREA, "review")
"""Areas that undo walks on the screen; what was flagged for review was marked as wrong too."""
MOST = 100_000
"""So many images at most become one decision."""


class Waiting(msgspec.Struct, frozen=True):
    """A class, and how many images the model says are of it and nobody has labelled."""

    name: str
    images: int


class Said(msgspec.Struct, frozen=True):
    """An image and how sure the model is of the class, 0 to 1."""

    image_id: int
    score: float


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a page: images that have the class now, those ruled out, and those that could not be taken."""

    taken: tuple[int, ...] = ()
    ruled_out: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """What undo or redo did: the entry, and of its images those for which `class_name` was or is ruled out."""

    entry: Entry
    class_name: str | None
    ruled_out: tuple[int, ...]


def classes(db: sqlite3.Connection, model_id: str) -> list[Waiting]:
    """The classes of which images wait, that with most first; what a model calls otherwise by now is none of them."""
    rows = db.execute(
        "SELECT class.name, to_verify_count.images FROM to_verify_count JOIN class ON class.name = label"
        " WHERE model_id = ? AND to_verify_count.images > 0 AND archived_at IS NULL"
        " ORDER BY to_verify_count.images DESC, class.name",
        (model_id,),
    )
    return [Waiting(*row) for row in rows]


def page(
    db: sqlite3.Connection,
    model_id: str,
    name: str,
    *,
    least: float = 0.0,
    beyond: Said | None = None,
    limit: int = 60,
) -> list[Said]:
    """Up to `limit` of the images that wait in a class, the surest first, and of equals the newest.

    Those that follow `beyond`, and none of which the model is less sure than `least`.
    """
    after, values = "", [model_id, name, least]
    if beyond is not None:
        after, values = " AND (score, image_id) < (?, ?)", [*values, beyond.score, beyond.image_id]
    rows = db.execute(
        f"SELECT image_id, score FROM to_verify WHERE model_id = ? AND label = ? AND score >= ?{after}"
        " ORDER BY score DESC, image_id DESC LIMIT ?",
        (*values, limit),
    )
    return [Said(*row) for row in rows]


def surest(db: sqlite3.Connection, model_id: str, image_ids: Iterable[int]) -> tuple[str, Said] | None:
    """The first of these images in the order of pages, with the class in which it waits; None when none waits."""
    row = db.execute(
        "SELECT label, image_id, score FROM to_verify WHERE model_id = ?"
        " AND image_id IN (SELECT value FROM json_each(?)) ORDER BY score DESC, image_id DESC LIMIT 1",
        (model_id, json.dumps(list(image_ids))),
    ).fetchone()
    return (row[0], Said(row[1], row[2])) if row else None


def take(
    db: sqlite3.Connection,
    uid: int,
    model_id: str,
    name: str,
    said: Sequence[Said],
    wrong: Sequence[Said] = (),
) -> Taken:
    """Label the images in `said` with a class and rule out those in `wrong` for it, as one decision.

    An image that has a label by now, or does not count any more, is left as it is. The journal keeps beside each what
    the model had said. Raises NotFoundError for an unknown class.
    """
    class_id = labels.find_class(db, name).id
    labelled = [decision for one in said if (decision := _labelled(db, uid, one, class_id))]
    ruled_out = [decision for one in wrong if (decision := _ruled_out(db, uid, one, class_id))]
    scores = {one.image_id: one.score for one in (*said, *wrong)}
    journal.record_all(db, uid, _with_words(model_id, name, scores, [*labelled, *ruled_out]))
    taken = _targets(labelled)
    left = tuple(one.image_id for one in said if one.image_id not in set(taken))
    return Taken(taken=taken, ruled_out=_targets(ruled_out), left=left)


def _targets(decisions: Iterable[Decision]) -> tuple[int, ...]:
    return tuple(decision.target for decision in decisions)


def _with_words(
    model_id: str, name: str, scores: dict[int, float], decisions: Iterable[Decision]
) -> Iterator[Decision]:
    """Beside each what was suggested, and that it was one of many on a page."""
    for decision in decisions:
        suggested = {"label": name, "score": scores[decision.target], "model": model_id, "page": len(scores)}
        yield msgspec.structs.replace(decision, suggested=suggested)


def _labelled(db: sqlite3.Connection, uid: int, one: Said, class_id: int) -> Decision | None:
    """The label is written; None where somebody has decided on the image, or it does not count."""
    there = journal.area_of("label")
    if not _is_open(db, one.image_id):
        return None
    after: dict[str, Any] = {"state": "class", "class": class_id}
    there.write(db, one.image_id, after, uid)
    return Decision(area="label", action="label", target=one.image_id, before={}, after=after)


def _ruled_out(db: sqlite3.Connection, uid: int, one: Said, class_id: int) -> Decision | None:
    before = _read(db, one.image_id)
    after = {"not": sorted({*before["not"], class_id})}
    if not _is_open(db, one.image_id) or before == after:
        return None
    _write(db, one.image_id, after, uid)
    return Decision(area=AREA, action="rule out", target=one.image_id, before=before, after=after)


def _is_open(db: sqlite3.Connection, image_id: int) -> bool:
    row = db.execute(
        f"SELECT 1 FROM image JOIN unlabelled ON image_id = image.id WHERE image.id = ? AND {images.LIVE}", (image_id,)
    ).fetchone()
    return row is not None


def take_sure(
    db: sqlite3.Connection,
    uid: int,
    model_id: str,
    name: str,
    least: float,
    *,
    without: Sequence[int] = (),
    limit: int = 1000,
    dry_run: bool = False,
) -> list[Said]:
    """Label with a class what the model is at least so sure of, as one decision; which images that are, or would be.

    Only images whose file was decoded and is there; those in `without` stay as they are. Raises NotFoundError for an
    unknown class, and for an unknown image in `without`, which may be a slip of the fingers.
    """
    for image_id in without:
        images.get(db, image_id)
    name = labels.find_class(db, name).name
    found = list(_sure(db, model_id, name, least, frozenset(without), min(limit, MOST)))
    if not dry_run:
        take(db, uid, model_id, name, found)
    return found


def _sure(
    db: sqlite3.Connection, model_id: str, name: str, least: float, without: frozenset[int], limit: int
) -> Iterator[Said]:
    rows = db.execute(
        "SELECT image_id, to_verify.score FROM to_verify CROSS JOIN image ON image.id = image_id"
        " WHERE model_id = ? AND label = ? AND to_verify.score >= ? AND health = 'ok' AND examined = 1"
        " ORDER BY to_verify.score DESC, image_id DESC",
        (model_id, name, least),
    )
    for row in rows:
        if limit <= 0:
            return
        if row[0] not in without:
            limit -= 1
            yield Said(*row)


def count(db: sqlite3.Connection, model_id: str, name: str) -> int:
    """How many images wait in a class."""
    row = db.execute("SELECT images FROM to_verify_count WHERE model_id = ? AND label = ?", (model_id, name)).fetchone()
    return int(row[0]) if row else 0


def undo(db: sqlite3.Connection, uid: int) -> Turned:
    """Take back this person's last label, or page of labels. Raises NotFoundError; `stale` as in `journal.undo`."""
    return _turned(db, undoing.undo(db, uid, UNDONE))


def redo(db: sqlite3.Connection, uid: int) -> Turned:
    """Do again what was undone last. Raises NotFoundError."""
    return _turned(db, undoing.redo(db, uid, UNDONE))


def _turned(db: sqlite3.Connection, entry: Entry) -> Turned:
    rows = db.execute(
        "SELECT journal.target FROM undo_entry JOIN journal ON journal.id = journal_id"
        " WHERE (journal.area = ? OR (journal.area = 'review' AND action = 'flag'))"
        " AND batch = (SELECT batch FROM undo_entry WHERE journal_id = ?) ORDER BY journal_id",
        (AREA, entry.id),
    )
    class_id = entry.after.get("class") or next(iter(_new(entry)), None)
    name = db.execute("SELECT name FROM class WHERE id = ?", (class_id,)).fetchone()
    return Turned(entry=entry, class_name=name[0] if name else None, ruled_out=tuple(int(row[0]) for row in rows))


def _new(entry: Entry) -> set[int]:
    return set(entry.after.get("not", ())) - set(entry.before.get("not", ()))


def must_be_active(model_id: str | None) -> str:
    """`model_id`. Raises NotFoundError when no model is active."""
    if model_id is None:
        raise NotFoundError(
            "No model is active, so nothing was said of any image.",
            hint="`binscout activate MODEL` activates one that passed its gate.",
            code="no_model",
        )
    return model_id


def _read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    rows = db.execute("SELECT class_id FROM class_ruled_out WHERE image_id = ? ORDER BY class_id", (image_id,))
    return {"not": [int(row[0]) for row in rows]}


def _write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    db.execute("DELETE FROM class_ruled_out WHERE image_id = ?", (image_id,))
    db.executemany(
        "INSERT INTO class_ruled_out SELECT ?, id, ?, ? FROM class WHERE id = ?",
        [(image_id, uid, utc_now(), class_id) for class_id in state["not"]],
    )


journal.register(AREA, _read, _write)
