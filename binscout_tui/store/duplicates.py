"""Groups of duplicates that the last look found, and what people decide about them."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import UsageError
from binscout_tui.store import events, images, journal, labels, named, reviews, stars, texts
from binscout_tui.store.journal import Change
from binscout_tui.store.named import COLLECTION, TAG

NOT_AREA = "not_duplicate"
AREAS = ("trash", NOT_AREA)
"""What undo on the screen of duplicates walks back; a kept one is a decision that begins with its trashed ones."""
KIND = "duplicate"
"""The event that tells of other groups."""
BETWEEN_NOTES = " · "
_OF_GROUP = " WHERE one IN (SELECT image_id FROM duplicate_member WHERE group_id = ?)"
Kind = Literal["exact", "pixels", "near"]


class Compared(msgspec.Struct, frozen=True):
    """An image of the library as it is compared with others; `path` as in `images.Image`."""

    id: int
    sha256: str
    path: Path
    bytes: int
    mtime_ns: int
    width: int
    height: int
    format: str
    mode: str
    frames: int


class Group(msgspec.Struct, frozen=True):
    """Images that belong together, with what each is of the first; the one that would be kept comes first.

    `same` says that in nothing but encoding, size and metadata they differ from the first that the look found. Once
    that one does not count any more, nothing is known of what near ones are of the next: then `relations` are empty.
    """

    id: int
    kind: Kind
    same: bool
    images: list[int]
    relations: list[str]


class Kept(msgspec.Struct, frozen=True):
    """What became of a group: how many were `trashed`, the decision's `batch`, and what could not be taken over."""

    trashed: int
    batch: int
    left: list[str] = []


def compared(db: sqlite3.Connection) -> list[Compared]:
    """All images that count and were decoded, in order of arrival."""
    fields = Compared.__struct_fields__
    rows = db.execute(
        f"SELECT {', '.join(fields)} FROM image WHERE {images.LIVE} AND examined = 1 AND health = 'ok' ORDER BY id"
    )
    return [Compared(row[0], row[1], Path(os.fsdecode(row[2])), *row[3:]) for row in rows]


# Groups.


def replace(db: sqlite3.Connection, found: Iterable[tuple[Kind, bool, Sequence[tuple[int, str]]]]) -> int:
    """Forget the groups of the last look and enter others: (kind, same, [(image, relation), …]); how many.

    The first of each is the one that would be kept, then the next best.
    """
    db.execute("DELETE FROM duplicate_group")
    number = 0
    for kind, same, members in found:
        group_id = db.execute("INSERT INTO duplicate_group (kind, same) VALUES (?, ?)", (kind, same)).lastrowid
        db.executemany(
            "INSERT INTO duplicate_member SELECT ?, id, ?, ? FROM image WHERE id = ?",
            [(group_id, place, relation, image_id) for place, (image_id, relation) in enumerate(members)],
        )
        number += 1
    events.emit(db, KIND)
    return number


def groups(db: sqlite3.Connection) -> list[Group]:
    """The groups about which something is left to decide, the surest kinds first.

    Images that do not count are left out, and those of which somebody said that they are no duplicates of the first.
    """
    seen: set[tuple[int, ...]] = set()
    kept = []
    for group in _read_groups(db):
        if tuple(sorted(group.images)) not in seen:
            seen.add(tuple(sorted(group.images)))
            kept.append(group)
    return kept


def group(db: sqlite3.Connection, group_id: int) -> Group | None:
    """One group as `groups` says it is, or None where nothing is left to decide."""
    return next(iter(_read_groups(db, group_id)), None)


def _read_groups(db: sqlite3.Connection, group_id: int | None = None) -> list[Group]:
    """All groups with at least two images left, or this one."""
    one_only, values = ("", ()) if group_id is None else (" AND group_id = ?", (group_id,))
    rows = db.execute(
        "SELECT group_id, kind, same, image_id, place, relation FROM duplicate_group"
        " JOIN duplicate_member ON group_id = duplicate_group.id JOIN image ON image.id = image_id"
        f" WHERE {images.LIVE}{one_only} ORDER BY CASE kind WHEN 'exact' THEN 0 WHEN 'pixels' THEN 1 ELSE 2 END,"
        " same DESC, group_id, place",
        values,
    )
    apart = not_duplicates(db, group_id)
    found: dict[int, Group] = {}
    for number, kind, same, image_id, place, relation in rows:
        group = found.setdefault(number, Group(number, kind, bool(same), [], []))
        if not any((min(one, image_id), max(one, image_id)) in apart for one in group.images):
            # Equal pixels are equal whichever comes first; what else one is, it is of the first that was found.
            known = kind != "near" or place == 0 or (bool(group.relations) and bool(group.relations[0]))
            group.images.append(image_id)
            group.relations.append(relation if known else "")
    return [group for group in found.values() if len(group.images) > 1]


def not_duplicates(db: sqlite3.Connection, group_id: int | None = None) -> set[tuple[int, int]]:
    """The pairs of which somebody said that they are no duplicates, the lower id first; of a group, its members'."""
    which, values = ("", ()) if group_id is None else (_OF_GROUP, (group_id,))
    return {(row[0], row[1]) for row in db.execute(f"SELECT one, other FROM not_duplicate{which}", values)}


class Facts(msgspec.Struct, frozen=True):
    """What people tell copies apart by: names of tags and collections, the label's class or state, note and title."""

    image: images.Image
    tags: list[str]
    collections: list[str]
    label: str
    note: str
    title: str


def facts(db: sqlite3.Connection, image_ids: Sequence[int]) -> list[Facts]:
    """What is known of each of these images. Raises NotFoundError."""
    return [_facts(db, image_id) for image_id in image_ids]


def _facts(db: sqlite3.Connection, image_id: int) -> Facts:
    said = labels.get(db, image_id)
    return Facts(
        image=images.get(db, image_id),
        tags=[one.name for one in named.of_image(db, TAG, image_id)],
        collections=[one.name for one in named.of_image(db, COLLECTION, image_id)],
        label=(said.name or said.state) if said else "",
        note=reviews.get(db, image_id).note,
        title=texts.get(db, image_id).title,
    )


# Deciding.


def keep(db: sqlite3.Connection, uid: int, kept: int, others: Sequence[int], *, batch: int = 0) -> Kept:
    """Keep one image and move others to the trash, as one decision; with `batch` as more of that one.

    The kept one gets their tags, collections and notes, a star that one of them has, and a title and a label where it
    has none and they agree. Raises NotFoundError and UsageError for images that do not count; then nothing changed.
    """
    gone = list(dict.fromkeys(others))
    if not gone or kept in gone:
        raise UsageError("Say which image is kept and which others go.", code="bad_duplicates")
    images.must_count(db, [kept, *gone])
    left: list[str] = []
    decisions = [*_named(db, kept, gone, uid), *_starred(db, kept, gone, uid)]
    decisions += [*_labelled(db, kept, gone, uid, left), *_noted(db, kept, gone, uid, left)]
    decisions += _titled(db, kept, gone, uid, left)
    trashed = images.moved(db, uid, gone, trashed=True)
    # All of it is undone where the trash is: not in the area of what the kept one happens to get.
    return Kept(len(trashed), journal.record_all(db, uid, [*trashed, *decisions], batch), left)


def keep_first(db: sqlite3.Connection, uid: int, shown: Sequence[Group], batch: int = 0) -> Change:
    """`keep` the first of each of these groups, as one decision; only groups that are the same without any doubt.

    A group that is not any more as it was `shown` is left as it is. Raises UsageError for a near one.
    """
    if any(one.kind == "near" for one in shown):
        raise UsageError("Near duplicates are decided on one by one.", code="near_duplicates")
    trashed = 0
    for one in shown:
        if group(db, one.id) == one:
            done = keep(db, uid, one.images[0], one.images[1:], batch=batch)
            trashed, batch = trashed + done.trashed, done.batch
    return Change(trashed, batch)


def set_apart(db: sqlite3.Connection, uid: int, image_ids: Sequence[int]) -> Change:
    """Say that no two of these images are duplicates of each other, as one decision. Raises as `keep`."""
    wanted = sorted(set(image_ids))
    if len(wanted) < 2:
        raise UsageError("Say of which two images.", code="bad_duplicates")
    images.must_count(db, wanted)
    decisions = []
    for one in wanted[:-1]:
        before = _read(db, one)
        after = {"not": sorted({*before["not"], *(other for other in wanted if other > one)})}
        if after != before:
            _write(db, one, after, uid)
            decisions.append(journal.Decision(area=NOT_AREA, action="apart", target=one, before=before, after=after))
    new = sum(len(found.after["not"]) - len(found.before["not"]) for found in decisions)
    return Change(new, journal.record_all(db, uid, decisions) if decisions else 0)


def _named(db: sqlite3.Connection, kept: int, gone: Sequence[int], uid: int) -> Iterable[journal.Decision]:
    for kind in (TAG, COLLECTION):
        read, write = journal.area_of(kind.area).read, journal.area_of(kind.area).write
        before = read(db, kept)
        after = {"in": sorted({*before["in"], *(one for image_id in gone for one in read(db, image_id)["in"])})}
        if after != before:
            write(db, kept, after, uid)
            yield _merged(kind.area, kept, before, after)


def _starred(db: sqlite3.Connection, kept: int, gone: Sequence[int], uid: int) -> Iterable[journal.Decision]:
    if not images.get(db, kept).starred and any(images.get(db, one).starred for one in gone):
        before, after = {"starred": False}, {"starred": True}
        journal.area_of(stars.AREA).write(db, kept, after, uid)
        yield _merged(stars.AREA, kept, before, after)


def _labelled(
    db: sqlite3.Connection, kept: int, gone: Sequence[int], uid: int, left: list[str]
) -> Iterable[journal.Decision]:
    area = journal.area_of("label")
    theirs = [state for one in gone if (state := area.read(db, one))]
    ours = area.read(db, kept)
    distinct = [state for index, state in enumerate(theirs) if state not in theirs[:index] and state != ours]
    if not ours and len(distinct) == 1:
        area.write(db, kept, distinct[0], uid)
        yield _merged("label", kept, ours, distinct[0])
    elif distinct:
        left.append("another label")


def _noted(
    db: sqlite3.Connection, kept: int, gone: Sequence[int], uid: int, left: list[str]
) -> Iterable[journal.Decision]:
    notes = [reviews.get(db, one).note for one in (kept, *gone)]
    fitting: list[str] = []
    for note in dict.fromkeys(filter(None, notes)):
        if len(BETWEEN_NOTES.join([*fitting, note])) <= reviews.LONGEST_NOTE:
            fitting.append(note)
        else:
            left.append("a note that is too long")
    before = {reviews.NOTE: notes[0]} if notes[0] else {}
    after = {reviews.NOTE: BETWEEN_NOTES.join(fitting)} if fitting else {}
    if after != before:
        journal.area_of(reviews.NOTE).write(db, kept, after, uid)
        yield _merged(reviews.NOTE, kept, before, after)


def _titled(
    db: sqlite3.Connection, kept: int, gone: Sequence[int], uid: int, left: list[str]
) -> Iterable[journal.Decision]:
    ours = texts.get(db, kept).title
    theirs = list(dict.fromkeys(title for one in gone if (title := texts.get(db, one).title) and title != ours))
    if not ours and len(theirs) == 1:
        before, after = {texts.TITLE: ""}, {texts.TITLE: theirs[0]}
        journal.area_of(texts.TITLE).write(db, kept, after, uid)
        yield _merged(texts.TITLE, kept, before, after)
    elif theirs:
        left.append("another title")


def _merged(area: str, kept: int, before: dict[str, Any], after: dict[str, Any]) -> journal.Decision:
    return journal.Decision(area=area, action="merge", target=kept, before=before, after=after)


def _read(db: sqlite3.Connection, one: int) -> dict[str, Any]:
    rows = db.execute("SELECT other FROM not_duplicate WHERE one = ? ORDER BY other", (one,))
    return {"not": [row[0] for row in rows]}


def _write(db: sqlite3.Connection, one: int, state: journal.State, uid: int) -> None:
    db.execute(
        "DELETE FROM not_duplicate WHERE one = ? AND other NOT IN (SELECT value FROM json_each(?))",
        (one, json.dumps(state["not"])),
    )
    db.executemany(
        "INSERT OR IGNORE INTO not_duplicate SELECT ?, id, ?, ? FROM image WHERE id = ?",
        [(one, uid, utc_now(), other) for other in state["not"]],
    )


journal.register(NOT_AREA, _read, _write)
