"""Deleting images of the trash for ever: what goes with them, what keeps them, and the rows themselves.

Rows go first, a part in one transaction with a note in the journal; `purged_file` remembers files until they are gone.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import events, images, jobs, journal, purged_sets
from binscout_tui.store.images import Image

AREA = "purge"
IN_TRASH = "image.trashed_at IS NOT NULL AND image.withheld IS NULL"
PURGED = "Its image was deleted for ever."
WHOLE = frozenset({"backup", "restore", "rollback", "backup-drill"})
"""Jobs that read all files of the workspace, or put others in their place."""
ABOUT_IMAGES = (
    *("trash", "star", "title", "tag", "collection", "label", "label_batch", "compare", "suspect", "verify"),
    *("boxes", "counts", "crops", "crop_queue", "review", "note", "gold"),
)
"""Areas of the journal whose things are images: nothing of them can be undone without the image."""
_OF = "image_id IN (SELECT value FROM json_each(?1))"
_COUNTED = {
    "labels": f"label WHERE {_OF}",
    "boxes": f"label_box WHERE {_OF}",
    "counts": f"label_count WHERE {_OF}",
    "crops": f"crop WHERE {_OF}",
    "notes": f"image_note WHERE {_OF}",
    "gold": f"gold WHERE {_OF}",
    "captures": f"capture WHERE {_OF}",
    "tagged": f"image_tag JOIN tag ON tag.id = tag_id WHERE {_OF} AND archived_at IS NULL AND conceals = 0",
    "collected": "collection_image JOIN collection ON collection.id = collection_id"
    f" WHERE {_OF} AND archived_at IS NULL AND conceals = 0",
}


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """What deleting images for ever does: numbers of what goes, and `datasets` that lose a picture they name.

    Of `in_place` images the files stay where they are; `bytes` are those of the others. `sets_smaller` lose a
    candidate, `sets_dissolved` go, `choices` of sets are lost. `kept` are images that stay, with why.
    """

    images: int = 0
    in_place: int = 0
    bytes: int = 0
    labels: int = 0
    boxes: int = 0
    counts: int = 0
    crops: int = 0
    notes: int = 0
    gold: int = 0
    captures: int = 0
    tagged: int = 0
    collected: int = 0
    choices: int = 0
    sets_smaller: int = 0
    sets_dissolved: int = 0
    datasets: tuple[str, ...] = ()
    kept: dict[int, str] = {}


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is gone from the database: the images as they were. `kept` are those that stay, with why."""

    images: tuple[Image, ...]
    kept: dict[int, str] = {}


def in_trash(db: sqlite3.Connection) -> list[int]:
    """All images in the trash, in order of arrival."""
    return [row[0] for row in db.execute(f"SELECT id FROM image WHERE {IN_TRASH} ORDER BY id")]


def affected(db: sqlite3.Connection, image_ids: Sequence[int]) -> Affected:
    """What deleting these images would do. Raises NotFoundError, UsageError for one that is not in the trash."""
    found = _wanted(db, image_ids)
    kept = keeps(db, [image.id for image in found])
    going = [image for image in found if image.id not in kept]
    ids = json.dumps([image.id for image in going])
    sets = purged_sets.fates(db, [image.id for image in going])
    numbers = {
        name: db.execute(f"SELECT count(*) FROM {rest}", (ids,)).fetchone()[0] for name, rest in _COUNTED.items()
    }
    datasets = db.execute(
        "SELECT DISTINCT dataset.name FROM dataset_image JOIN dataset ON dataset.id = dataset_id"
        f" WHERE {_OF} ORDER BY dataset.name",
        (ids,),
    )
    return Affected(
        images=len(going),
        in_place=sum(image.storage == "in_place" for image in going),
        bytes=sum(image.bytes for image in going if image.storage != "in_place"),
        choices=sets.choices,
        sets_smaller=len(sets.smaller),
        sets_dissolved=len(sets.dissolved),
        datasets=tuple(row[0] for row in datasets),
        kept=kept,
        **numbers,
    )


def keeps(db: sqlite3.Connection, image_ids: Sequence[int]) -> dict[int, str]:
    """{image: why it cannot be deleted now}: the gate measures on it, or a job that runs uses it."""
    ids = json.dumps(list(image_ids))
    found: dict[int, str] = {}
    for job in jobs.open_jobs(db):
        found |= dict.fromkeys(_used(db, job, ids), f"The job {job.id} ({job.kind}) uses it.")
    for table in ("known_good", "known_good_count", "known_good_member"):
        rows = db.execute(f"SELECT DISTINCT image_id FROM {table} WHERE {_OF}", (ids,))
        found |= dict.fromkeys((row[0] for row in rows), "It is known-good: the gate measures models on it.")
    return dict(sorted(found.items()))


def _used(db: sqlite3.Connection, job: jobs.Job, ids: str) -> list[int]:
    if job.kind in WHOLE:
        return [int(one) for one in json.loads(ids)]
    if job.kind == "export":
        wanted = set(job.payload.get("images", ()))
        return [one for one in json.loads(ids) if one in wanted]
    if job.kind == "train":
        rows = db.execute(
            f"SELECT image_id FROM dataset_image WHERE {_OF}"
            " AND dataset_id = (SELECT dataset_id FROM run WHERE id = ?2)",
            (ids, str(job.payload.get("run", ""))),
        )
        return [row[0] for row in rows]
    return []


def purge(db: sqlite3.Connection, uid: int, image_ids: Sequence[int]) -> Purged:
    """Delete images of the trash for ever, but for those that something keeps; their files are for the caller.

    Noted in the journal, which undo does not reach. One that is not in the trash, or not there any more, is kept too:
    somebody may have brought it back since it was asked about.
    """
    kept: dict[int, str] = {}
    found = []
    for image_id in dict.fromkeys(image_ids):
        try:
            found += _wanted(db, [image_id])
        except (NotFoundError, UsageError) as error:
            kept[image_id] = error.sentence
    kept |= keeps(db, [image.id for image in found])
    going = [image for image in found if image.id not in kept]
    if not going:
        return Purged(images=(), kept=kept)
    ids = json.dumps([image.id for image in going])
    _forget_undo(db, ABOUT_IMAGES, [image.id for image in going])
    _leave_captures(db, ids)
    _leave_sets(db, [image.id for image in going])
    db.executemany(
        "INSERT OR REPLACE INTO purged_file VALUES (?, ?)",
        [(image.sha256, os.fsencode(image.path)) for image in going if image.storage != "in_place"],
    )
    db.execute("DELETE FROM image WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    journal.note_all(db, uid, [_note(image) for image in going])
    events.emit_all(db, "image", [image.id for image in going])
    return Purged(images=tuple(going), kept=kept)


def left_files(db: sqlite3.Connection) -> list[tuple[str, Path]]:
    """(SHA-256, path relative to the workspace) of files whose image is gone and that are not gone yet."""
    return [(row[0], Path(os.fsdecode(row[1]))) for row in db.execute("SELECT sha256, path FROM purged_file")]


def let_go(db: sqlite3.Connection, sha256s: Iterable[str], remove: Callable[[str], bool]) -> list[str]:
    """`remove` the files whose images are gone, but for those that have come back; the ones that were removed.

    Nobody can enter them meanwhile. After a crash some are gone that are still to go, which does no harm. A file that
    `remove` answers False for is still to go.
    """
    gone = [
        sha256
        for sha256 in sha256s
        if db.execute("SELECT 1 FROM purged_file WHERE sha256 = ?", (sha256,)).fetchone() and remove(sha256)
    ]
    db.executemany("DELETE FROM purged_file WHERE sha256 = ?", [(one,) for one in gone])
    return gone


def _wanted(db: sqlite3.Connection, image_ids: Sequence[int]) -> list[Image]:
    found = [images.get(db, image_id) for image_id in dict.fromkeys(image_ids)]
    for image in found:
        if image.trashed_at is None:
            raise UsageError(f"Image {image.id} is not in the trash.", hint="Move it there first.", code="not_in_trash")
    return found


def _note(image: Image) -> journal.Decision:
    before = {"sha256": image.sha256, "name": image.name, "storage": image.storage, "bytes": image.bytes}
    return journal.Decision(area=AREA, action="purge", target=image.id, before=before, after={})


def _forget_undo(db: sqlite3.Connection, areas: Iterable[str], targets: Sequence[int]) -> None:
    """Nothing that was decided on these things can be undone or redone any more."""
    for area in areas:
        db.execute(
            "DELETE FROM undo_entry WHERE journal_id IN (SELECT journal.id FROM json_each(?) AS asked"
            " CROSS JOIN journal ON area = ? AND target = asked.value)",
            (json.dumps(list(targets)), area),
        )


def _leave_captures(db: sqlite3.Connection, ids: str) -> None:
    """The captures stay as rows without a picture, so that what brought them brings them no second time."""
    touched = [row[0] for row in db.execute(f"SELECT id FROM capture WHERE {_OF}", (ids,))]
    _forget_undo(db, ("capture",), touched)
    db.execute(
        "UPDATE capture SET image_id = NULL, owns_image = 0, error_code = 'purged', error = ?2,"
        f" state = CASE state WHEN 'superseded' THEN state ELSE 'rejected' END WHERE {_OF}",
        (ids, PURGED),
    )
    events.emit_all(db, "capture", touched)


def _leave_sets(db: sqlite3.Connection, image_ids: Sequence[int]) -> None:
    fates = purged_sets.fates(db, image_ids)
    _forget_undo(db, ("set", "set_note"), fates.dissolved)
    _forget_undo(db, ("set",), list(fates.smaller))
    purged_sets.leave(db, image_ids, fates)
