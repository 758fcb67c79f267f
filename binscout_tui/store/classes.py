"""The set of classes: names, keys, colours, groups, parents and order; merging, and soft deletion.

Every change is a decision of the area `class`, which undo takes back; with `imported` it is journaled, but not for
undo, which walks what a person decided. `store.labels` makes classes and labels with them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import ConflictError, NotFoundError, UsageError
from binscout_tui.store import box_labels, expected, gold, journal, labels
from binscout_tui.store.names import LONGEST, composed, is_printable

AREA = "class"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_FIELDS = "id, name, key, images, colour, grp, parent_id, position, archived_at"
NOTHING: Mapping[str, str] = {}
ORDER = "position IS NULL, position, id"
"""The order of classes everywhere: those that somebody put in order, then the others as they were made."""


class ClassRow(msgspec.Struct, frozen=True):
    """A class; `images` counts class labels, `parent_id` and `position` may be None, `group` is empty for none."""

    id: int
    name: str
    key: str | None
    images: int
    colour: str | None
    group: str
    parent_id: int | None
    position: int | None
    archived_at: str | None


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge of a class would move: images with its label, boxes, counts, items, and classes below it."""

    images: int
    boxes: int
    counts: int
    items: int
    below: int


def all_classes(db: sqlite3.Connection, *, archived: bool = False) -> list[ClassRow]:
    """The classes in order; with `archived` those that were deleted too."""
    where = "1" if archived else "archived_at IS NULL"
    return [ClassRow(*row) for row in db.execute(f"SELECT {_FIELDS} FROM class WHERE {where} ORDER BY {ORDER}")]


def get(db: sqlite3.Connection, class_id: int) -> ClassRow:
    """A class, also an archived one. Raises NotFoundError."""
    row = db.execute(f"SELECT {_FIELDS} FROM class WHERE id = ?", (class_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no class {class_id} in this workspace.", code="no_class")
    return ClassRow(*row)


def load(db: sqlite3.Connection, class_id: int) -> Load:
    """What a merge of a class would move; all of it is counted in indexes."""
    tables = {"images": "label", "boxes": "label_box", "counts": "label_count", "items": "item"}
    sql = {field: f"SELECT count(*) FROM {table} WHERE class_id = ?" for field, table in tables.items()}
    for field in ("images", "boxes", "counts"):
        sql[field] += " AND image_id NOT IN (SELECT id FROM image WHERE withheld = 'hidden')"
    sql["below"] = "SELECT count(*) FROM class WHERE parent_id = ?"
    return Load(**{field: db.execute(query, (class_id,)).fetchone()[0] for field, query in sql.items()})


def add(db: sqlite3.Connection, uid: int, name: str) -> ClassRow:
    """A new class, last in order; undo archives it.

    Raises UsageError for what is no name, ConflictError when a class (also an archived one) has it.
    """
    name = labels.checked_name(name)
    _must_be_new(db, name)
    # As if it had been archived before, which is what undo makes of it.
    sql = "INSERT INTO class (name, archived_at) VALUES (?, ?)"
    class_id = int(db.execute(sql, (name, utc_now())).lastrowid or 0)
    _change(db, uid, class_id, "add", archived=None)
    return get(db, class_id)


def rename(db: sqlite3.Connection, uid: int, class_id: int, name: str) -> int | None:
    """Give a class another name; labels stay with it. The journal's id, None when it has that name.

    Raises NotFoundError, UsageError for what is no name, ConflictError when a class (also an archived one) has it.
    """
    return _change(db, uid, class_id, "rename", name=labels.checked_name(name))


def set_key(
    db: sqlite3.Connection,
    uid: int,
    class_id: int,
    key: str | None,
    *,
    reserved: Mapping[str, str] = NOTHING,
    imported: bool = False,
) -> int | None:
    """Give a class the key that labels with it, None for one that is chosen for it. Returns as `rename`.

    `reserved` says which keys are commands, and of what name. Raises NotFoundError, UsageError for what cannot be a
    key, ConflictError when another class or a command has it.
    """
    if key is not None and not (len(key) == 1 and key.isascii() and key.isalnum()):
        raise UsageError("The key of a class is one digit or one letter from a to z or A to Z.", code="bad_key")
    if key is not None and key in reserved:
        raise ConflictError(f"The key {key} is a command: {reserved[key]}.", code="key_taken")
    return _change(db, uid, class_id, "key", imported, key=key)


def set_colour(
    db: sqlite3.Connection, uid: int, class_id: int, colour: str | None, *, imported: bool = False
) -> int | None:
    """Give a class a colour such as `#ff8800`, None for none. Returns as `rename`. Raises NotFoundError, UsageError."""
    return _change(db, uid, class_id, "colour", imported, colour=checked_colour(colour))


def set_group(db: sqlite3.Connection, uid: int, class_id: int, group: str, *, imported: bool = False) -> int | None:
    """Put a class into a group, empty for none. Returns as `rename`. Raises NotFoundError, UsageError."""
    return _change(db, uid, class_id, "group", imported, group=checked_group(group))


def set_parent(
    db: sqlite3.Connection, uid: int, class_id: int, parent_id: int | None, *, imported: bool = False
) -> int | None:
    """Put a class below another, None for below none. Returns as `rename`.

    Raises NotFoundError, UsageError when the class would be its own ancestor.
    """
    if parent_id is not None and class_id in _line(db, parent_id):
        raise UsageError("A class cannot be below itself.", code="bad_parent")
    return _change(db, uid, class_id, "parent", imported, parent=parent_id)


def archive(db: sqlite3.Connection, uid: int, class_id: int, *, back: bool = False) -> int | None:
    """Delete a class softly: it is offered no more, what was labelled with it stays. `back` brings it back.

    Returns as `rename`. Raises NotFoundError, ConflictError when its key was given to another class since.
    """
    if back == (get(db, class_id).archived_at is None):
        return None
    return _change(db, uid, class_id, "restore" if back else "archive", archived=None if back else utc_now())


def put_in_order(db: sqlite3.Connection, uid: int, class_ids: Sequence[int]) -> int | None:
    """Make this the order of the classes, one decision; those that are not named follow. Returns as `rename`."""
    if len(set(class_ids)) < len(class_ids):
        raise UsageError("A class is named twice.", code="twice")
    wanted: dict[int, int | None] = {one.id: None for one in all_classes(db, archived=True)}
    wanted |= {get(db, class_id).id: place for place, class_id in enumerate(class_ids)}
    changed = [_changed(db, uid, class_id, "order", position=place) for class_id, place in wanted.items()]
    return journal.record_all(db, uid, [one for one in changed if one is not None]) or None


def merge(db: sqlite3.Connection, uid: int, class_id: int, into_id: int) -> int:
    """Move all labels, boxes, counts, items and classes below a class to another, and archive it: one decision.

    The gate expects the other of known-good images too. Counts of both in one image are added. What somebody changed
    since stays as it is on undo. Returns the number of images that have something else on them now. Raises
    NotFoundError, UsageError when both are the same, one of them is archived, or the other is below it.
    """
    for one in (get(db, class_id), get(db, into_id)):
        if one.archived_at is not None:
            raise UsageError(f"The class {one.name} is archived.", code="archived")
    if class_id in _line(db, into_id):
        raise UsageError("A class cannot be merged into itself or into one below it.", code="bad_merge")
    children = [row[0] for row in db.execute("SELECT id FROM class WHERE parent_id = ?", (class_id,))]
    changes = [_changed(db, uid, class_id, "merge", archived=utc_now())]
    changes += [_changed(db, uid, child, "merge", parent=into_id) for child in children]
    moved = list(_moved(db, uid, class_id, into_id))
    journal.record_all(db, uid, [one for one in changes if one is not None] + moved)
    return len({one.target for one in moved if one.area not in (ITEMS, expected.AREA, expected.COUNTED)})


def _line(db: sqlite3.Connection, class_id: int) -> list[int]:
    """A class and those above it. Raises NotFoundError."""
    found: list[int] = []
    above: int | None = class_id
    while above is not None and above not in found:
        found.append(above)
        above = get(db, above).parent_id
    return found


def find(db: sqlite3.Connection, name: str) -> ClassRow:
    """The class called `name`, also an archived one. Raises NotFoundError."""
    row = db.execute(f"SELECT {_FIELDS} FROM class WHERE name = ?", (composed(name),)).fetchone()
    if row is None:
        hint = "`binscout label classes` lists them."
        raise NotFoundError(f"There is no class {name!r}.", hint=hint, code="no_class")
    return ClassRow(*row)


def checked_colour(colour: str | None) -> str | None:
    """`colour` in small letters. Raises UsageError when it is not `#` and six hexadecimal digits."""
    if colour is not None and not _COLOUR.fullmatch(colour := colour.lower()):
        raise UsageError("A colour is # and six hexadecimal digits, such as #ff8800.", code="bad_colour")
    return colour


def checked_group(group: str) -> str:
    """`group` in composed form, or empty. Raises UsageError."""
    group = composed(group)
    if group and not is_printable(group):
        raise UsageError(f"The name of a group has up to {LONGEST} printable characters.", code="bad_group")
    return group


def _moved(db: sqlite3.Connection, uid: int, old: int, new: int) -> Iterator[journal.Decision]:
    """Everything that is labelled with `old` is labelled with `new`; the decisions, written but not journaled."""
    yield from expected.merged(db, uid, old, new)
    tables = {"label": "label", gold.AREA: "gold", box_labels.BOXES: "label_box", box_labels.COUNTS: "label_count"}
    for area, table in tables.items():
        there = journal.area_of(area)
        targets = db.execute(f"SELECT DISTINCT image_id FROM {table} WHERE class_id = ? ORDER BY 1", (old,)).fetchall()
        for (image_id,) in targets:
            before = there.read(db, image_id)
            after = _with_class(area, before, old, new)
            there.write(db, image_id, after, uid)
            yield journal.Decision(area=area, action="merge", target=image_id, before=before, after=after)
    for (item_id,) in db.execute("SELECT id FROM item WHERE class_id = ? ORDER BY id", (old,)).fetchall():
        _write_item(db, item_id, {"class": new}, uid)
        yield journal.Decision(area=ITEMS, action="merge", target=item_id, before={"class": old}, after={"class": new})


def _with_class(area: str, state: dict[str, Any], old: int, new: int) -> dict[str, Any]:
    if area in ("label", gold.AREA):
        return state | {"class": new}
    if area == box_labels.BOXES:
        rows = [(tuple(row[:4]), new if row[4] == old else row[4]) for row in state["boxes"]]
        return box_labels.boxes_state(rows, state["state"])
    found: dict[int | None, int] = {}
    for class_id, count in state["counts"]:
        kept = new if class_id == old else class_id
        found[kept] = found.get(kept, 0) + count
    return box_labels.counts_state(found.items())


def _change(
    db: sqlite3.Connection, uid: int, class_id: int, action: str, imported: bool = False, **fields: Any
) -> int | None:
    decision = _changed(db, uid, class_id, action, **fields)
    if decision is None:
        return None
    return journal.note(db, uid, decision) if imported else journal.record(db, uid, decision)


def _changed(db: sqlite3.Connection, uid: int, class_id: int, action: str, **fields: Any) -> journal.Decision | None:
    """The decision that changes fields of a class, written but not journaled; None where nothing changes."""
    get(db, class_id)
    before = _read(db, class_id)
    after = before | fields
    if before == after:
        return None
    _write(db, class_id, after, uid)
    return journal.Decision(area=AREA, action=action, target=class_id, before=before, after=after)


def _read(db: sqlite3.Connection, class_id: int) -> dict[str, Any]:
    row = db.execute(f"SELECT {_FIELDS} FROM class WHERE id = ?", (class_id,)).fetchone()
    return {
        "name": row["name"],
        "key": row["key"],
        "colour": row["colour"],
        "group": row["grp"],
        "parent": row["parent_id"],
        "position": row["position"],
        "archived": row["archived_at"],
    }


def _write(db: sqlite3.Connection, class_id: int, state: journal.State, uid: int) -> None:
    _must_be_free(db, class_id, state)
    before = get(db, class_id).name
    db.execute(
        "UPDATE class SET name = :name, key = :key, colour = :colour, grp = :group, parent_id = :parent,"
        " position = :position, archived_at = :archived WHERE id = :id",
        {**state, "id": class_id},
    )
    if state["name"] != before:
        expected.renamed(db, before, state["name"])


def _must_be_free(db: sqlite3.Connection, class_id: int, state: journal.State) -> None:
    """Raise ConflictError when another class has the name or, while both are in use, the key."""
    _must_be_new(db, state["name"], class_id)
    other = db.execute(
        "SELECT name FROM class WHERE key = ? AND archived_at IS NULL AND id <> ?", (state["key"], class_id)
    ).fetchone()
    if other is not None and state["archived"] is None:
        raise ConflictError(f"The class {other['name']} has the key {state['key']}.", code="key_taken")


def _must_be_new(db: sqlite3.Connection, name: str, class_id: int = 0) -> None:
    sql = "SELECT archived_at FROM class WHERE name = ? AND id <> ?"
    row = db.execute(sql, (name, class_id)).fetchone()
    if row is not None:
        hint = "Merge the two, or choose another name." if row["archived_at"] is None else "It is archived; restore it."
        raise ConflictError(f"There is a class {name} already.", hint=hint, code="name_taken")


ITEMS = "item_class"
"""The area of which class an item belongs to, as far as a merge changes it."""


def _read_item(db: sqlite3.Connection, item_id: int) -> dict[str, Any]:
    row = db.execute("SELECT class_id FROM item WHERE id = ?", (item_id,)).fetchone()
    return {"class": row["class_id"]} if row else {}


def _write_item(db: sqlite3.Connection, item_id: int, state: journal.State, uid: int) -> None:
    db.execute("UPDATE item SET class_id = ? WHERE id = ?", (state["class"], item_id))


journal.register(AREA, _read, _write, whole=True)
journal.register(ITEMS, _read_item, _write_item)
