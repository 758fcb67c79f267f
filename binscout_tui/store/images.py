"""Images: every original once, by the SHA-256 of its bytes; trash and restore."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import events, journal
from binscout_tui.store.names import composed

LIVE = "image.trashed_at IS NULL AND image.withheld IS NULL"
"""The condition, on the table `image`, of what counts: no list, queue, number or data set has anything else."""

HIDDEN = "hidden"
"""What an image is `withheld` as that a tag or collection conceals: as if it were not there, wherever one looks."""

SEEN = "image.withheld IS NOT 'hidden'"
"""The condition, on the table `image`, of what may be looked at: whatever else it is, in the trash or not accepted."""

_HIDDEN_ONES = (
    "FROM image AS hidden_one INDEXED BY image_hidden CROSS JOIN {0} AS of_it ON of_it.image_id = hidden_one.id"
    " WHERE hidden_one.withheld = 'hidden'"
)
HIDDEN_SETS = "SELECT of_it.set_id " + _HIDDEN_ONES.format("set_member")
"""The sets that have a hidden image: they are as if they were not there. Read once, where it is asked with IN."""

HIDDEN_HASHES = f"SELECT sha256 FROM image INDEXED BY image_hidden WHERE withheld = '{HIDDEN}'"
"""The hashes of hidden images, where lines are known by them."""

HIDDEN_CAPTURES = "SELECT of_it.id " + _HIDDEN_ONES.format("capture")
"""The captures of hidden images."""


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """One original.

    `path` is absolute, or relative to the workspace for copies; `name` and `source` are safe to show; `phash` is an
    unsigned 64-bit number; `width` and `height` are those of the upright picture in pixels. `withheld` is the state of
    its capture that keeps it out of use (`staged`, `superseded`, `rejected`), or None; a file in place that turned out
    not to be decodable is `rejected` too, and what a hidden tag or collection conceals is `hidden`. Until it is
    `examined`, only its first bytes were looked at.
    """

    id: int
    sha256: str
    origin: str
    storage: str
    path: Path
    name: str
    source: str
    health: str
    bytes: int
    mtime_ns: int
    width: int
    height: int
    format: str
    mode: str
    frames: int
    orientation: int
    taken_at: str | None
    family: str
    source_group: str
    phash: int | None
    sharpness: float | None
    warnings: list[str]
    added_at: str
    added_by: int
    trashed_at: str | None
    withheld: str | None = None
    examined: bool = True
    starred: bool = False

    @property
    def is_live(self) -> bool:
        """Whether it counts: neither in the trash nor withheld."""
        return self.trashed_at is None and self.withheld is None


class NewImage(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an image before it has an id; fields as in `Image`."""

    sha256: str
    storage: str
    path: Path
    name: str
    source: str
    bytes: int
    mtime_ns: int
    width: int
    height: int
    format: str
    mode: str
    source_group: str
    family: str = ""
    origin: str = "imported"
    frames: int = 1
    orientation: int = 1
    taken_at: str | None = None
    phash: int | None = None
    sharpness: float | None = None
    warnings: Sequence[str] = ()
    examined: bool = True


_COLUMNS = (*NewImage.__struct_fields__, "added_at", "added_by")
_INSERT = f"INSERT INTO image ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"


def add(db: sqlite3.Connection, uid: int, new: NewImage) -> tuple[int, bool]:
    """(id, added): enter an image, or find the one with the same bytes (then `added` is False)."""
    image_id, added = enter(db, uid, new)
    if added:
        events.emit(db, "image", image_id)
    return image_id, added


def enter(db: sqlite3.Connection, uid: int, new: NewImage) -> tuple[int, bool]:
    """`add` without telling anybody: who enters many tells of all at once."""
    found = db.execute("SELECT id FROM image WHERE sha256 = ?", (new.sha256,)).fetchone()
    if found:
        return int(found["id"]), False
    _make_room(db, new.path)
    values = msgspec.structs.asdict(new)
    values["path"] = os.fsencode(new.path)
    values["phash"] = signed(new.phash)
    values["warnings"] = msgspec.json.encode(list(new.warnings)).decode()
    values["added_at"], values["added_by"] = utc_now(), uid
    return int(db.execute(_INSERT, values).lastrowid or 0), True


def get(db: sqlite3.Connection, image_id: int, *, concealed: bool = False) -> Image:
    """The image with `image_id`; a hidden one only with `concealed`, for what nobody looks at. Raises NotFoundError."""
    row = db.execute("SELECT * FROM image WHERE id = ?", (image_id,)).fetchone()
    if row is None or (row["withheld"] == HIDDEN and not concealed):
        raise NotFoundError(f"There is no image {image_id} in this workspace.", code="no_image")
    return from_row(row)


def must_count(db: sqlite3.Connection, image_ids: Sequence[int]) -> None:
    """Raise NotFoundError or UsageError for the first of these images that does not count."""
    rows = db.execute(
        f"SELECT asked.value FROM json_each(?) AS asked LEFT JOIN image ON image.id = asked.value"
        f" WHERE image.id IS NULL OR NOT ({LIVE}) LIMIT 1",
        (json.dumps(list(image_ids)),),
    )
    for (image_id,) in rows:
        must_be_live(get(db, image_id))


def by_hash(db: sqlite3.Connection, sha256: str, *, concealed: bool = False) -> Image | None:
    """The image with these bytes, or None; a hidden one only with `concealed`, as in `get`."""
    row = db.execute("SELECT * FROM image WHERE sha256 = ?", (sha256,)).fetchone()
    return from_row(row) if row and (concealed or row["withheld"] != HIDDEN) else None


def by_path(db: sqlite3.Connection, path: Path) -> Image | None:
    """The image whose bytes lie at `path` as far as we know, or None."""
    row = db.execute("SELECT * FROM image WHERE path = ? AND health = 'ok'", (os.fsencode(path),)).fetchone()
    return from_row(row) if row else None


def page(
    db: sqlite3.Connection,
    *,
    after: int = 0,
    limit: int = 100,
    trashed: bool = False,
    label: str | None = None,
) -> list[Image]:
    """Up to `limit` images with ids above `after`, in order of arrival; of one class when `label` is given."""
    where = ["image.id > ?", "trashed_at IS NOT NULL AND withheld IS NULL" if trashed else LIVE]
    values: list[Any] = [after]
    if label is not None:
        where.append("image.id IN (SELECT image_id FROM label JOIN class ON class.id = class_id WHERE class.name = ?)")
        values.append(composed(label))
    rows = db.execute(f"SELECT * FROM image WHERE {' AND '.join(where)} ORDER BY id LIMIT ?", (*values, limit))
    return [from_row(row) for row in rows]


def sizes(db: sqlite3.Connection) -> set[int]:
    """The sizes in bytes that occur: a file of any other size is certainly new."""
    return {row[0] for row in db.execute("SELECT DISTINCT bytes FROM image")}


def count(db: sqlite3.Connection) -> int:
    """How many images are live."""
    return int(db.execute(f"SELECT count(*) FROM image WHERE {LIVE}").fetchone()[0])


def in_place(db: sqlite3.Connection) -> list[Image]:
    """All images whose file stayed where it was."""
    return [from_row(row) for row in db.execute("SELECT * FROM image WHERE storage = 'in_place' ORDER BY id")]


def set_health(db: sqlite3.Connection, image_id: int, health: str, mtime_ns: int | None = None) -> None:
    """Note that an in-place file is `ok`, `changed` or `missing`; `mtime_ns` when a look proved it unchanged."""
    before = get(db, image_id, concealed=True)
    if health == "ok":
        _make_room(db, before.path, image_id)
    db.execute(
        "UPDATE image SET health = ?, mtime_ns = coalesce(?, mtime_ns) WHERE id = ?",
        (health, mtime_ns, image_id),
    )
    if health != before.health:
        events.emit(db, "image", image_id)


def relocate(db: sqlite3.Connection, image_id: int, path: Path, mtime_ns: int) -> None:
    """Note that the bytes of an in-place image are at `path` now."""
    _make_room(db, path, image_id)
    db.execute(
        "UPDATE image SET path = ?, mtime_ns = ?, health = 'ok' WHERE id = ?", (os.fsencode(path), mtime_ns, image_id)
    )
    events.emit(db, "image", image_id)


def _make_room(db: sqlite3.Connection, path: Path, newcomer: int = 0) -> None:
    """Before the bytes of one image are noted at `path`: the image whose bytes were there has changed under us."""
    there = by_path(db, path)
    if there is not None and there.id != newcomer:
        set_health(db, there.id, "changed")


def add_warning(db: sqlite3.Connection, image_id: int, warning: str) -> None:
    """Remember something about an image that a person should know."""
    db.execute("UPDATE image SET warnings = json_insert(warnings, '$[#]', ?) WHERE id = ?", (warning, image_id))


def trash(db: sqlite3.Connection, uid: int, image_ids: Iterable[int]) -> int:
    """Move images to the trash, as one decision, and say how many were not there yet.

    Raises NotFoundError, and UsageError for a withheld one; then nothing moved.
    """
    return decide_trash(db, uid, image_ids, trashed=True).changed


def restore(db: sqlite3.Connection, uid: int, image_ids: Iterable[int]) -> int:
    """Bring images back from the trash, as one decision, and say how many were there.

    Raises NotFoundError, then nothing moved.
    """
    return decide_trash(db, uid, image_ids, trashed=False).changed


def decide_trash(
    db: sqlite3.Connection, uid: int, image_ids: Iterable[int], *, trashed: bool, batch: int = 0
) -> journal.Change:
    """`trash` or `restore`; with `batch` as more of that decision."""
    decisions = moved(db, uid, image_ids, trashed=trashed)
    return journal.Change(len(decisions), journal.record_all(db, uid, decisions, batch) if decisions else batch)


def moved(db: sqlite3.Connection, uid: int, image_ids: Iterable[int], *, trashed: bool) -> list[journal.Decision]:
    """The decisions of `trash` or `restore`, written but not journaled. Raises as they do."""
    before, after = {"trashed": not trashed}, {"trashed": trashed}
    wanted = [get(db, image_id) for image_id in dict.fromkeys(image_ids)]
    for image in wanted if trashed else []:
        must_be_accepted(image)
    ids = [image.id for image in wanted if (image.trashed_at is not None) is not trashed]
    for image_id in ids:
        _write_trash(db, image_id, after, uid)
    action = "trash" if trashed else "restore"
    return [
        journal.Decision(area="trash", action=action, target=image_id, before=before, after=after) for image_id in ids
    ]


def _read_trash(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
    return {"trashed": get(db, image_id, concealed=True).trashed_at is not None}


def _write_trash(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
    values = (utc_now(), uid, image_id) if state["trashed"] else (None, None, image_id)
    db.execute("UPDATE image SET trashed_at = ?, trashed_by = ? WHERE id = ?", values)


journal.register("trash", _read_trash, _write_trash)


def must_be_live(image: Image) -> None:
    """Raise UsageError when `image` is in the trash or withheld: nothing is decided on it then."""
    if image.trashed_at is not None:
        raise UsageError(f"Image {image.id} is in the trash.", hint="Restore it first.", code="in_trash")
    must_be_accepted(image)


def must_be_accepted(image: Image) -> None:
    """Raise UsageError when `image` is of a capture that was not accepted, or could not be decoded."""
    if image.withheld is not None and image.storage == "in_place":
        raise UsageError(f"Image {image.id} could not be decoded.", hint="Import a sound file.", code="damaged")
    if image.withheld is not None:
        raise UsageError(
            f"Image {image.id} is of a capture that is {image.withheld}.", hint="Accept it first.", code="withheld"
        )


def must_be_examined(image: Image) -> None:
    """Raise UsageError when `image` waits to be decoded: nothing but a guarded worker opens it until then."""
    if not image.examined:
        raise UsageError(
            f"Image {image.id} was not decoded yet.", hint="`binscout images examine --wait`", code="unexamined"
        )


def from_row(row: sqlite3.Row) -> Image:
    """The image that a row of the table `image` holds."""
    values = {field: row[field] for field in Image.__struct_fields__}
    values["path"] = Path(os.fsdecode(row["path"]))
    values["phash"] = unsigned(row["phash"])
    values["warnings"] = msgspec.json.decode(row["warnings"])
    values["examined"], values["starred"] = bool(row["examined"]), bool(row["starred"])
    return Image(**values)


def unsigned(number: int | None) -> int | None:
    """SQLite's signed integer as a 64-bit pattern."""
    return None if number is None else number & 0xFFFF_FFFF_FFFF_FFFF


def signed(number: int | None) -> int | None:
    """A 64-bit pattern as SQLite's signed integer."""
    return None if number is None else number - (1 << 64) if number >= 1 << 63 else number
