"""Compartments of bins and organisers, by the code on their label, and which item lives in each."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import items, journal
from binscout_tui.store.names import composed, is_printable

LONGEST_CODE = 100


class Compartment(msgspec.Struct, frozen=True, kw_only=True):
    """One place; `item_id` and `item` (its name) are what lives there now, None for nothing."""

    id: int
    code: str
    name: str
    organiser: str
    item_id: int | None
    item: str | None
    archived_at: str | None


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """That an item lives, or lived until `ended_at`, in a compartment."""

    id: int
    compartment_id: int
    item_id: int
    item: str
    at: str
    uid: int
    ended_at: str | None
    ended_by: int | None


_SELECT = (
    "SELECT compartment.id, code, compartment.name, organiser, placement.item_id, item.name AS item,"
    " compartment.archived_at FROM compartment"
    " LEFT JOIN placement ON placement.compartment_id = compartment.id AND placement.ended_at IS NULL"
    " LEFT JOIN item ON item.id = placement.item_id"
)


def add(db: sqlite3.Connection, uid: int, code: str, *, name: str = "", organiser: str = "") -> Compartment:
    """Make a compartment. Raises UsageError for a bad or taken code, or a bad name."""
    code = checked_code(code)
    _must_be_free(db, code)
    cursor = db.execute(
        "INSERT INTO compartment (code, name, organiser, added_at, added_by) VALUES (?, ?, ?, ?, ?)",
        (code, _word(name, "name"), _word(organiser, "organiser"), utc_now(), uid),
    )
    made = get(db, int(cursor.lastrowid or 0))
    _note(db, uid, "add", made.id, {}, _values(made))
    return made


def get(db: sqlite3.Connection, compartment_id: int) -> Compartment:
    """The compartment with `compartment_id`. Raises NotFoundError."""
    row = db.execute(f"{_SELECT} WHERE compartment.id = ?", (compartment_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no compartment {compartment_id} in this workspace.", code="no_compartment")
    return Compartment(**dict(row))


def by_code(db: sqlite3.Connection, code: str) -> Compartment | None:
    """The compartment with this code, archived or not, or None; `code` may be any text that was read somewhere."""
    row = db.execute(f"{_SELECT} WHERE code = ?", (composed(code),)).fetchone()
    return Compartment(**dict(row)) if row else None


def coded(db: sqlite3.Connection, code: str) -> Compartment:
    """The compartment with this code. Raises NotFoundError."""
    found = by_code(db, code)
    if found is None:
        hint = "`binscout compartment list` lists them."
        raise NotFoundError(f"There is no compartment {code!r}.", hint=hint, code="no_compartment")
    return found


def compartments(db: sqlite3.Connection, *, archived: bool = False) -> list[Compartment]:
    """The compartments that are in use, or those that are archived, by organiser and code."""
    rows = db.execute(
        f"{_SELECT} WHERE compartment.archived_at IS {'NOT ' if archived else ''}NULL ORDER BY organiser, code"
    )
    return [Compartment(**dict(row)) for row in rows]


def change(
    db: sqlite3.Connection,
    uid: int,
    compartment_id: int,
    *,
    code: str | UnsetType = UNSET,
    name: str | UnsetType = UNSET,
    organiser: str | UnsetType = UNSET,
) -> Compartment:
    """Change what is given of a compartment. Raises NotFoundError, and UsageError as `add` does."""
    before = get(db, compartment_id)
    after = _values(before)
    if code is not UNSET and checked_code(code) != before.code:
        _must_be_free(db, checked_code(code))
        after["code"] = checked_code(code)
    if name is not UNSET:
        after["name"] = _word(name, "name")
    if organiser is not UNSET:
        after["organiser"] = _word(organiser, "organiser")
    if after != _values(before):
        sets = ", ".join(f"{column} = :{column}" for column in after)
        db.execute(f"UPDATE compartment SET {sets} WHERE id = :id", {**after, "id": compartment_id})
        _note(db, uid, "change", compartment_id, _values(before), after)
    return get(db, compartment_id)


def archive(db: sqlite3.Connection, uid: int, compartment_id: int, *, archived: bool = True) -> Compartment:
    """Take a compartment out of lists and coverage, or bring it back. Raises NotFoundError."""
    before = get(db, compartment_id)
    if (before.archived_at is not None) != archived:
        values = (utc_now() if archived else None, compartment_id)
        db.execute("UPDATE compartment SET archived_at = ? WHERE id = ?", values)
        action = "archive" if archived else "bring_back"
        _note(db, uid, action, compartment_id, {"archived": not archived}, {"archived": archived})
    return get(db, compartment_id)


def place(db: sqlite3.Connection, uid: int, compartment_id: int, item_id: int | None) -> Compartment:
    """Say that an item lives in a compartment from now on, None for nothing; what was so before is kept.

    Raises NotFoundError.
    """
    before = get(db, compartment_id)
    if item_id == before.item_id:
        return before
    now = utc_now()
    db.execute(
        "UPDATE placement SET ended_at = ?, ended_by = ? WHERE compartment_id = ? AND ended_at IS NULL",
        (now, uid, compartment_id),
    )
    if item_id is not None:
        db.execute(
            "INSERT INTO placement (compartment_id, item_id, at, uid) VALUES (?, ?, ?, ?)",
            (compartment_id, items.get(db, item_id).id, now, uid),
        )
    _note(db, uid, "place", compartment_id, {"item": before.item_id}, {"item": item_id})
    return get(db, compartment_id)


def placements(db: sqlite3.Connection, compartment_id: int) -> list[Placement]:
    """What lived in a compartment, newest first. Raises NotFoundError."""
    get(db, compartment_id)
    rows = db.execute(
        "SELECT placement.*, item.name AS item FROM placement JOIN item ON item.id = item_id"
        " WHERE compartment_id = ? ORDER BY placement.id DESC",
        (compartment_id,),
    )
    return [Placement(**dict(row)) for row in rows]


def checked_code(code: str) -> str:
    """`code` in composed form without outer spaces. Raises UsageError when it cannot be a compartment's code."""
    code = composed(code)
    if not is_printable(code) or len(code) > LONGEST_CODE:
        raise UsageError(f"The code of a compartment has 1 to {LONGEST_CODE} printable characters.", code="bad_code")
    return code


def _must_be_free(db: sqlite3.Connection, code: str) -> None:
    taken = by_code(db, code)
    if taken is not None:
        hint = f"It is archived; `binscout compartment archive {code} --undo` brings it back."
        raise UsageError(
            f"There is a compartment {code!r} already.", hint=hint if taken.archived_at else "", code="code_exists"
        )


def _word(text: str, what: str) -> str:
    text = composed(text)
    if text and not is_printable(text):
        raise UsageError(f"The {what} of a compartment has at most 200 printable characters.", code="bad_compartment")
    return text


def _values(compartment: Compartment) -> dict[str, Any]:
    return {"code": compartment.code, "name": compartment.name, "organiser": compartment.organiser}


def _note(
    db: sqlite3.Connection, uid: int, action: str, target: int, before: dict[str, Any], after: dict[str, Any]
) -> None:
    decision = journal.Decision(area="compartment", action=action, target=target, before=before, after=after)
    journal.note(db, uid, decision)
