"""Items: the kinds of parts that are photographed; each may have a class and a number of pictures wanted."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import journal, labels
from binscout_tui.store.names import composed, is_printable

MOST_WANTED = 1_000_000


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of part. `number` is its stock number; `target` pictures are wanted, None for what the settings say."""

    id: int
    name: str
    number: str
    class_id: int | None
    class_name: str | None
    target: int | None
    note: str
    archived_at: str | None


_SELECT = (
    "SELECT item.id, item.name, number, class_id, class.name AS class_name, target, note, item.archived_at"
    " FROM item LEFT JOIN class ON class.id = class_id"
)


def add(
    db: sqlite3.Connection,
    uid: int,
    name: str,
    *,
    number: str = "",
    class_name: str | None = None,
    target: int | None = None,
    note: str = "",
) -> Item:
    """Make an item; its class is made when it is new. Raises UsageError for a bad or taken name, or a bad value."""
    name = checked_name(name)
    _must_be_free(db, name)
    number, note, target = _word(number, "number"), _word(note, "note"), checked_target(target)
    class_id = None if class_name is None else labels.add_class(db, class_name).id
    cursor = db.execute(
        "INSERT INTO item (name, number, class_id, target, note, added_at, added_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (name, number, class_id, target, note, utc_now(), uid),
    )
    made = get(db, int(cursor.lastrowid or 0))
    _note(db, uid, "add", made.id, {}, _values(made))
    return made


def get(db: sqlite3.Connection, item_id: int) -> Item:
    """The item with `item_id`. Raises NotFoundError."""
    row = db.execute(f"{_SELECT} WHERE item.id = ?", (item_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no item {item_id} in this workspace.", code="no_item")
    return Item(**dict(row))


def by_name(db: sqlite3.Connection, name: str) -> Item | None:
    """The item with this name, archived or not, or None."""
    row = db.execute(f"{_SELECT} WHERE item.name = ?", (composed(name),)).fetchone()
    return Item(**dict(row)) if row else None


def named(db: sqlite3.Connection, name: str) -> Item:
    """The item with this name. Raises NotFoundError."""
    found = by_name(db, name)
    if found is None:
        raise NotFoundError(f"There is no item {name!r}.", hint="`binscout item list` lists them.", code="no_item")
    return found


def items(db: sqlite3.Connection, *, archived: bool = False) -> list[Item]:
    """The items that are in use, or those that are archived, by name."""
    rows = db.execute(f"{_SELECT} WHERE item.archived_at IS {'NOT ' if archived else ''}NULL ORDER BY item.name")
    return [Item(**dict(row)) for row in rows]


def change(
    db: sqlite3.Connection,
    uid: int,
    item_id: int,
    *,
    name: str | UnsetType = UNSET,
    number: str | UnsetType = UNSET,
    class_name: str | UnsetType | None = UNSET,
    target: int | UnsetType | None = UNSET,
    note: str | UnsetType = UNSET,
) -> Item:
    """Change what is given of an item; labels that images have stay. Raises NotFoundError, and UsageError as `add`."""
    before = get(db, item_id)
    after = _values(before)
    if name is not UNSET and checked_name(name) != before.name:
        _must_be_free(db, checked_name(name))
        after["name"] = checked_name(name)
    if number is not UNSET:
        after["number"] = _word(number, "number")
    if note is not UNSET:
        after["note"] = _word(note, "note")
    if target is not UNSET:
        after["target"] = checked_target(target)
    if class_name is not UNSET:
        after["class_id"] = None if class_name is None else labels.add_class(db, class_name).id
    if after != _values(before):
        sets = ", ".join(f"{column} = :{column}" for column in after)
        db.execute(f"UPDATE item SET {sets} WHERE id = :id", {**after, "id": item_id})
        _note(db, uid, "change", item_id, _values(before), after)
    return get(db, item_id)


def archive(db: sqlite3.Connection, uid: int, item_id: int, *, archived: bool = True) -> Item:
    """Take an item out of lists and coverage, or bring it back; its captures stay. Raises NotFoundError."""
    before = get(db, item_id)
    if (before.archived_at is not None) != archived:
        db.execute("UPDATE item SET archived_at = ? WHERE id = ?", (utc_now() if archived else None, item_id))
        action = "archive" if archived else "bring_back"
        _note(db, uid, action, item_id, {"archived": not archived}, {"archived": archived})
    return get(db, item_id)


def checked_name(name: str) -> str:
    """`name` in composed form without outer spaces. Raises UsageError when it cannot be an item's name."""
    name = composed(name)
    if not is_printable(name):
        raise UsageError("The name of an item has 1 to 200 printable characters.", code="bad_item_name")
    return name


def checked_target(target: int | None) -> int | None:
    """`target` if it is a number of pictures that can be wanted. Raises UsageError."""
    if target is not None and not 0 <= target <= MOST_WANTED:
        raise UsageError(f"The pictures wanted of an item are 0 to {MOST_WANTED:,}.", code="bad_target")
    return target


def _must_be_free(db: sqlite3.Connection, name: str) -> None:
    taken = by_name(db, name)
    if taken is not None:
        hint = f"It is archived; `binscout item archive {taken.name!r} --undo` brings it back."
        raise UsageError(
            f"There is an item {name!r} already.", hint=hint if taken.archived_at else "", code="item_exists"
        )


def _word(text: str, what: str) -> str:
    text = composed(text)
    if text and not is_printable(text):
        raise UsageError(f"The {what} of an item has at most 200 printable characters.", code="bad_item")
    return text


def _values(item: Item) -> dict[str, Any]:
    return {
        "name": item.name,
        "number": item.number,
        "class_id": item.class_id,
        "target": item.target,
        "note": item.note,
    }


def _note(
    db: sqlite3.Connection, uid: int, action: str, item_id: int, before: dict[str, Any], after: dict[str, Any]
) -> None:
    journal.note(db, uid, journal.Decision(area="item", action=action, target=item_id, before=before, after=after))
