"""Names that images are put under: tags and collections.

Putting and taking are decisions about images; making, renaming, colouring, hiding and deleting are decisions about the
name. All of them are undone. What a name conceals (triggers of the schema keep that) exists for nobody who asks without
`concealed`, and what safe mode hides not even then.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import ConflictError, NotFoundError, RefusedError, UsageError
from binscout_tui.store import events, images, journal
from binscout_tui.store.journal import Change
from binscout_tui.store.name_kinds import COLLECTION as COLLECTION
from binscout_tui.store.name_kinds import KINDS as KINDS
from binscout_tui.store.name_kinds import LONGEST as LONGEST
from binscout_tui.store.name_kinds import TAG as TAG
from binscout_tui.store.name_kinds import Named as Named
from binscout_tui.store.name_kinds import checked_colour as checked_colour
from binscout_tui.store.name_kinds import checked_name as checked_name
from binscout_tui.store.name_kinds import folded as folded
from binscout_tui.store.names import composed

_VISIBLE = "archived_at IS NULL AND conceals = 0"
_MANAGEABLE = "archived_at IS NULL AND NOT (sensitive = 1 AND (SELECT is_on FROM safe_mode) = 1)"


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """A tag or collection; `colour` is `#rrggbb` or None.

    `images` are those that count, and of one that conceals its images now those outside the trash.
    """

    id: int
    name: str
    colour: str | None
    hidden: bool
    sensitive: bool
    images: int


# Looking.


def listed(db: sqlite3.Connection, kind: Named, *, concealed: bool = False) -> list[Name]:
    """All names in alphabetical order; with `concealed` hidden ones too, those of safe mode never while it is on."""
    where = _MANAGEABLE if concealed else _VISIBLE
    rows = db.execute(f"SELECT *, {_reached(kind)} AS reached FROM {kind.word} WHERE {where} ORDER BY fold")
    return [_name(row) for row in rows]


def find(db: sqlite3.Connection, kind: Named, name: str, *, concealed: bool = False) -> Name:
    """The one of this name, whatever its case. Raises NotFoundError."""
    where = _MANAGEABLE if concealed else _VISIBLE
    sql = f"SELECT *, {_reached(kind)} AS reached FROM {kind.word} WHERE fold = ? AND {where}"
    row = db.execute(sql, (folded(name),)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no {kind.word} {composed(name)!r}.", code=f"no_{kind.word}")
    return _name(row)


def of_image(db: sqlite3.Connection, kind: Named, image_id: int) -> list[Name]:
    """What an image is under, in alphabetical order."""
    rows = db.execute(
        f"SELECT {kind.word}.*, images AS reached FROM {kind.link} JOIN {kind.word} ON {kind.word}.id = {kind.key}"
        f" WHERE image_id = ? AND {_VISIBLE} ORDER BY fold",
        (image_id,),
    )
    return [_name(row) for row in rows]


def shared(db: sqlite3.Connection, kind: Named, image_ids: Sequence[int]) -> dict[int, int]:
    """{id of a name: how many of these images are under it}, of visible names that have at least one."""
    rows = db.execute(
        f"SELECT {kind.key}, count(*) FROM json_each(?) AS asked JOIN {kind.link} ON image_id = asked.value"
        f" JOIN {kind.word} ON {kind.word}.id = {kind.key} WHERE {_VISIBLE} GROUP BY 1",
        (json.dumps(list(image_ids)),),
    )
    return {row[0]: row[1] for row in rows}


# Decisions about images.


def ensure(db: sqlite3.Connection, uid: int, kind: Named, name: str) -> int:
    """The id of the one of this name, made when there is none; one that is hidden is found too.

    Raises UsageError for what is no name.
    """
    name = checked_name(kind, name)
    row = db.execute(f"SELECT id FROM {kind.word} WHERE fold = ? AND archived_at IS NULL", (folded(name),)).fetchone()
    return int(row[0]) if row else add(db, uid, kind, name)


def put(
    db: sqlite3.Connection, uid: int, kind: Named, name_id: int, image_ids: Iterable[int], *, batch: int = 0
) -> Change:
    """Put images under a name as one decision; with `batch` as more of that one.

    Raises NotFoundError for a name that is deleted, NotFoundError and UsageError for an image that is not there or in
    the trash; then nothing changed.
    """
    return change(db, uid, kind, image_ids, put=[name_id], batch=batch)


def take(
    db: sqlite3.Connection, uid: int, kind: Named, name_id: int, image_ids: Iterable[int], *, batch: int = 0
) -> Change:
    """Take images from under a name as one decision; with `batch` as more of that one. Raises as `put`."""
    return change(db, uid, kind, image_ids, take=[name_id], batch=batch)


def put_under(db: sqlite3.Connection, uid: int, kind: Named, name: str, image_ids: Iterable[int]) -> tuple[int, Change]:
    """`put` under the one of this name, which is made when there is none; its id too. Raises as `put` and `ensure`."""
    name_id = ensure(db, uid, kind, name)
    return name_id, put(db, uid, kind, name_id, image_ids)


def change(
    db: sqlite3.Connection,
    uid: int,
    kind: Named,
    image_ids: Iterable[int],
    *,
    put: Iterable[int] = (),
    take: Iterable[int] = (),
    batch: int = 0,
) -> Change:
    """Put images under some names and take them from under others, as one decision. Raises as `put`."""
    more, less = set(put), set(take)
    for name_id in (*more, *less):
        _row(db, kind, name_id)
    wanted = list(dict.fromkeys(image_ids))
    images.must_count(db, wanted)
    decisions, come, gone = [], [], []
    for image_id, old in _under(db, kind, wanted).items():
        new = sorted((set(old) | more) - less)
        if new != old:
            come += [(name_id, image_id) for name_id in new if name_id not in old]
            gone += [(name_id, image_id) for name_id in old if name_id not in new]
            action = "put" if not less else "take" if not more else "change"
            decisions.append(
                journal.Decision(area=kind.area, action=action, target=image_id, before={"in": old}, after={"in": new})
            )
    db.executemany(f"DELETE FROM {kind.link} WHERE {kind.key} = ? AND image_id = ?", gone)
    db.executemany(f"INSERT INTO {kind.link} ({kind.key}, image_id) VALUES (?, ?)", come)
    if _conceals(db, kind, more | less):
        events.emit_all(db, "image", [decision.target for decision in decisions])
    return Change(len(decisions), journal.record_all(db, uid, decisions, batch) if decisions else batch)


def _conceals(db: sqlite3.Connection, kind: Named, name_ids: Iterable[int]) -> bool:
    """Whether any of these names hides its images now: then who shows them looks again."""
    sql = f"SELECT 1 FROM {kind.word} WHERE conceals = 1 AND id IN (SELECT value FROM json_each(?))"
    return db.execute(sql, (json.dumps(list(name_ids)),)).fetchone() is not None


def _set(db: sqlite3.Connection, kind: Named, image_id: int, wanted: Iterable[int]) -> None:
    """Have an image under these names and no others; a name that is gone is left out."""
    now, then = set(_under(db, kind, [image_id])[image_id]), set(wanted)
    db.executemany(
        f"DELETE FROM {kind.link} WHERE {kind.key} = ? AND image_id = ?", [(one, image_id) for one in now - then]
    )
    db.executemany(
        f"INSERT INTO {kind.link} ({kind.key}, image_id) SELECT id, ? FROM {kind.word} WHERE id = ?",
        [(image_id, one) for one in then - now],
    )


def _under(db: sqlite3.Connection, kind: Named, image_ids: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {image_id: [] for image_id in image_ids}
    rows = db.execute(
        f"SELECT image_id, {kind.key} FROM json_each(?) AS asked JOIN {kind.link} ON image_id = asked.value"
        f" ORDER BY 1, 2",
        (json.dumps(list(image_ids)),),
    )
    for image_id, name_id in rows:
        found[image_id].append(name_id)
    return found


# Decisions about names.


def add(db: sqlite3.Connection, uid: int, kind: Named, name: str, *, colour: str | None = None) -> int:
    """A new one; its id. Raises UsageError for what is no name or colour, ConflictError when one has the name."""
    name = checked_name(kind, name)
    _must_be_new(db, kind, name)
    sql = f"INSERT INTO {kind.word} (name, fold, colour, archived_at) VALUES (?, ?, ?, ?)"
    # As if it had been deleted before, which is what undo makes of it.
    values = (name, folded(name), checked_colour(colour), utc_now())
    name_id = int(db.execute(sql, values).lastrowid or 0)
    _change(db, uid, kind, name_id, "add", archived=None)
    return name_id


def rename(db: sqlite3.Connection, uid: int, kind: Named, name_id: int, name: str) -> int | None:
    """Another name; images stay under it. The journal's id, None when that is its name.

    Raises NotFoundError, also for a deleted one, UsageError for what is no name, ConflictError when another has it.
    """
    name = checked_name(kind, name)
    _must_be_new(db, kind, name, besides=name_id)
    return _change(db, uid, kind, name_id, "rename", name=name)


def set_colour(db: sqlite3.Connection, uid: int, kind: Named, name_id: int, colour: str | None) -> int | None:
    """A colour such as `#ff8800`, None for none. Returns as `rename`. Raises NotFoundError, UsageError."""
    return _change(db, uid, kind, name_id, "colour", colour=checked_colour(colour))


def hide(db: sqlite3.Connection, uid: int, kind: Named, name_id: int, *, on: bool = True) -> int | None:
    """Hide it and all its images everywhere, or show them again. Returns as `rename`. Raises NotFoundError."""
    return _change(db, uid, kind, name_id, "hide" if on else "show", hidden=on)


def set_sensitive(db: sqlite3.Connection, uid: int, kind: Named, name_id: int, *, on: bool = True) -> int | None:
    """Say whether safe mode hides it and its images. Returns as `rename`. Raises NotFoundError."""
    return _change(db, uid, kind, name_id, "sensitive" if on else "not_sensitive", sensitive=on)


def delete(db: sqlite3.Connection, uid: int, kind: Named, name_id: int) -> int | None:
    """Delete it; its images stay in the library, and undo brings it back with them. Raises NotFoundError."""
    return _change(db, uid, kind, name_id, "delete", archived=utc_now())


def merge(db: sqlite3.Connection, uid: int, kind: Named, name_id: int, into: int) -> Change:
    """Put all images of one under another and delete it, as one decision.

    Raises NotFoundError, UsageError, and RefusedError where that would show images that the one hides.
    """
    may_merge(db, kind, name_id, into)
    ours = [row[0] for row in db.execute(f"SELECT image_id FROM {kind.link} WHERE {kind.key} = ?", (name_id,))]
    before = _under(db, kind, ours)
    first = _own_decision(db, uid, kind, name_id, "merge", archived=utc_now())
    if first is not None:
        _tell_all(db, first)
    db.execute(
        f"INSERT OR IGNORE INTO {kind.link} SELECT ?, image_id FROM {kind.link} WHERE {kind.key} = ?", (into, name_id)
    )
    changed = [image_id for image_id in ours if into not in before[image_id]]
    moved = [
        journal.Decision(
            area=kind.area,
            action="merge",
            target=image_id,
            before={"in": before[image_id]},
            after={"in": sorted({*before[image_id], into})},
        )
        for image_id in changed
    ]
    batch = journal.record_all(db, uid, [*([first] if first else []), *moved])
    return Change(len(changed), batch)


def may_merge(db: sqlite3.Connection, kind: Named, name_id: int, into: int) -> None:
    """Raise what `merge` would raise."""
    if name_id == into:
        raise UsageError(f"A {kind.word} cannot be merged into itself.", code="bad_merge")
    one, other = _row(db, kind, name_id), _row(db, kind, into)
    for flag in ("hidden", "sensitive"):
        if one[flag] > other[flag]:
            raise RefusedError(
                f"{one['name']!r} is {flag} and {other['name']!r} is not: its images would be shown.",
                hint="Make both the same first.",
                code="would_show",
            )


def _must_be_new(db: sqlite3.Connection, kind: Named, name: str, besides: int = 0) -> None:
    sql = f"SELECT name FROM {kind.word} WHERE fold = ? AND archived_at IS NULL AND id <> ?"
    row = db.execute(sql, (folded(name), besides)).fetchone()
    if row is not None:
        raise ConflictError(f"The name {name!r} is taken.", hint="Choose another one.", code="name_taken")


def _change(db: sqlite3.Connection, uid: int, kind: Named, name_id: int, action: str, **new: Any) -> int | None:
    decision = _own_decision(db, uid, kind, name_id, action, **new)
    if decision is None:
        return None
    _tell_all(db, decision)
    return journal.record(db, uid, decision)


def _own_decision(
    db: sqlite3.Connection, uid: int, kind: Named, name_id: int, action: str, **new: Any
) -> journal.Decision | None:
    before = _state(_row(db, kind, name_id, deleted=action == "add"))
    after = before | new
    if before == after:
        return None
    _write(db, kind, name_id, after)
    return journal.Decision(area=kind.own_area, action=action, target=name_id, before=before, after=after)


def _tell_all(db: sqlite3.Connection, decision: journal.Decision) -> None:
    """Which images count has changed, too many to name: lists are read again."""
    before, after = decision.before, decision.after
    if any(before[field] != after[field] for field in ("hidden", "sensitive", "archived")):
        events.emit(db, "image")


def _row(db: sqlite3.Connection, kind: Named, name_id: int, *, deleted: bool = False) -> sqlite3.Row:
    """The row of a name, with `deleted` of one that is deleted too. Raises NotFoundError."""
    row: sqlite3.Row | None = db.execute(f"SELECT * FROM {kind.word} WHERE id = ?", (name_id,)).fetchone()
    if row is None or (row["archived_at"] is not None and not deleted):
        raise NotFoundError(f"There is no {kind.word} {name_id}.", code=f"no_{kind.word}")
    return row


def _state(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "name": row["name"],
        "colour": row["colour"],
        "hidden": bool(row["hidden"]),
        "sensitive": bool(row["sensitive"]),
        "archived": row["archived_at"],
    }


def _write(db: sqlite3.Connection, kind: Named, name_id: int, state: journal.State) -> None:
    if state["archived"] is None:
        _must_be_new(db, kind, state["name"], besides=name_id)
    db.execute(
        f"UPDATE {kind.word} SET name = ?, fold = ?, colour = ?, hidden = ?, sensitive = ?, archived_at = ?"
        " WHERE id = ?",
        (
            state["name"],
            folded(state["name"]),
            state["colour"],
            state["hidden"],
            state["sensitive"],
            state["archived"],
            name_id,
        ),
    )


def _name(row: sqlite3.Row) -> Name:
    return Name(
        id=row["id"],
        name=row["name"],
        colour=row["colour"],
        hidden=bool(row["hidden"]),
        sensitive=bool(row["sensitive"]),
        images=row["reached"],
    )


def _reached(kind: Named) -> str:
    """SQL for the number of images of a name: what it conceals counts nowhere, and is counted here."""
    return (
        f"CASE WHEN conceals = 0 THEN images ELSE (SELECT count(*) FROM {kind.link} CROSS JOIN image"
        f" ON image.id = image_id WHERE {kind.key} = {kind.word}.id AND trashed_at IS NULL) END"
    )


def _register(kind: Named) -> None:
    def read(db: sqlite3.Connection, image_id: int) -> dict[str, Any]:
        return {"in": _under(db, kind, [image_id])[image_id]}

    def write(db: sqlite3.Connection, image_id: int, state: journal.State, uid: int) -> None:
        before = read(db, image_id)["in"]
        _set(db, kind, image_id, state["in"])
        if _conceals(db, kind, {*before, *state["in"]}):
            events.emit(db, "image", image_id)

    def read_own(db: sqlite3.Connection, name_id: int) -> dict[str, Any]:
        return _state(_row(db, kind, name_id, deleted=True))

    def write_own(db: sqlite3.Connection, name_id: int, state: journal.State, uid: int) -> None:
        _write(db, kind, name_id, state)
        events.emit(db, "image")

    journal.register(kind.area, read, write)
    journal.register(kind.own_area, read_own, write_own, whole=True)


for _kind in KINDS.values():
    _register(_kind)
