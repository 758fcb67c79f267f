"""Decisions: the journal, and undo and redo that walk it.

A decision writes the new state, one journal row and one event for each thing it is about, in the same transaction.
Undo and redo append rows of their own; the journal itself is never changed. Which rows can still be undone, and which
of them are one decision, lies in `undo_entry`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import NotFoundError
from binscout_tui.store import events

State = Mapping[str, Any]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about one thing.

    `area` names what is decided on (`label`, `set`, `trash`, …) and knows how to read and write its state.
    """

    area: str
    action: str
    target: int
    before: dict[str, Any]
    after: dict[str, Any]
    suggested: dict[str, Any] | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A journal row.

    Where undo or redo answer with it, `turned` is every thing that they changed, and `left` how many stayed.
    """

    id: int
    at: str
    uid: int
    area: str
    action: str
    target: int
    before: dict[str, Any]
    after: dict[str, Any]
    suggested: dict[str, Any] | None = None
    undoes: int | None = None
    redoes: int | None = None
    stale: bool = False
    turned: tuple[int, ...] = ()
    left: int = 0


class Change(NamedTuple):
    """How many things a decision changed, and its batch: what more of the same decision is recorded under."""

    changed: int
    batch: int


class Area(msgspec.Struct, frozen=True):
    """How undo reads and restores the state of one kind of thing."""

    read: Callable[[sqlite3.Connection, int], dict[str, Any]]
    write: Callable[[sqlite3.Connection, int, State, int], None]


_areas: dict[str, Area] = {}
_INSERT = (
    "INSERT INTO journal (at, uid, area, action, target, before, after, suggested, undoes, redoes)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def register(area: str, read: Callable[..., dict[str, Any]], write: Callable[..., None]) -> None:
    """Say how the state of `area`'s things is read (db, target) and written (db, target, state, uid)."""
    _areas[area] = Area(read, write)


def area_of(name: str) -> Area:
    """How the states of an area are read and written."""
    return _areas[name]


def record(db: sqlite3.Connection, uid: int, decision: Decision) -> int:
    """Write a decision down, make it undoable, and forget what could have been redone in its area."""
    return record_all(db, uid, [decision])


def record_all(db: sqlite3.Connection, uid: int, decisions: Iterable[Decision], batch: int = 0) -> int:
    """`record` for one decision on several things: one undo takes all of it back.

    What it brought about in other areas is undone with the area of the first. The journal id of its first row,
    0 where `decisions` is empty. With `batch`, what an earlier call returned, they are more of that same decision, for
    what is too much for one transaction; each part is to begin in the same area.
    """
    area = ""
    for decision in decisions:
        journal_id = _append(db, uid, decision)
        batch = batch or journal_id
        if not area:
            area = decision.area
            db.execute("DELETE FROM undo_entry WHERE uid = ? AND area = ? AND undone = 1", (uid, area))
        db.execute(
            "INSERT INTO undo_entry (journal_id, uid, area, batch) VALUES (?, ?, ?, ?)",
            (journal_id, uid, area, batch),
        )
        events.emit(db, decision.area, decision.target)
    return batch


def note(db: sqlite3.Connection, uid: int, decision: Decision) -> int:
    """Write down something that undo does not reach (an activation, for example)."""
    journal_id = _append(db, uid, decision)
    events.emit(db, decision.area, decision.target)
    return journal_id


def note_all(db: sqlite3.Connection, uid: int, decisions: Sequence[Decision]) -> None:
    """`note` for many of one area; of very many it is only told that there are some."""
    now = utc_now()
    db.executemany(_INSERT, [_values(now, uid, decision) for decision in decisions])
    events.emit_all(db, decisions[0].area if decisions else "", [decision.target for decision in decisions])


def undo(db: sqlite3.Connection, uid: int, area: str | None = None) -> Entry:
    """Take back this person's last decision, in `area` or anywhere.

    A thing that somebody changed since stays as it is. When that is all of them the entry comes back with `stale`
    set; the next undo goes on with the decision before it. Raises NotFoundError when nothing is left to undo.
    """
    entries = _next(db, uid, area, undone=0, newest=True)
    if not entries:
        raise NotFoundError("There is nothing to undo.", code="nothing_to_undo")
    # What was done last is taken back first, and told in the order in which it was done.
    turned = [_turn(db, uid, e, wanted=e.before, expected=e.after, undone=1) for e in reversed(entries)]
    return _summed_up(turned[::-1])


def redo(db: sqlite3.Connection, uid: int, area: str | None = None) -> Entry:
    """Do again what this person undid last; `stale` as in `undo`.

    Raises NotFoundError when nothing is left to redo.
    """
    entries = _next(db, uid, area, undone=1, newest=False)
    if not entries:
        raise NotFoundError("There is nothing to redo.", code="nothing_to_redo")
    return _summed_up([_turn(db, uid, e, wanted=e.after, expected=e.before, undone=0) for e in entries])


def _summed_up(entries: list[Entry]) -> Entry:
    """The first of a decision's entries that was turned, with the things of all that were."""
    turned = [entry for entry in entries if not entry.stale]
    things = tuple(entry.target for entry in turned)
    return msgspec.structs.replace((turned or entries)[0], turned=things, left=len(entries) - len(turned))


def history(
    db: sqlite3.Connection, *, area: str | None = None, target: int | None = None, limit: int = 100
) -> list[Entry]:
    """The newest journal rows, newest first, of an area or of one thing in it."""
    where, values = ["1"], []
    if area is not None:
        where.append("area = ?")
        values.append(area)
    if target is not None:
        where.append("target = ?")
        values.append(str(target))
    rows = db.execute(f"SELECT * FROM journal WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?", (*values, limit))
    return [entry_of(row) for row in rows]


def _append(
    db: sqlite3.Connection,
    uid: int,
    decision: Decision,
    *,
    undoes: int | None = None,
    redoes: int | None = None,
) -> int:
    cursor = db.execute(_INSERT, _values(utc_now(), uid, decision, undoes, redoes))
    return int(cursor.lastrowid or 0)


def _values(
    at: str, uid: int, decision: Decision, undoes: int | None = None, redoes: int | None = None
) -> tuple[object, ...]:
    suggested = None if decision.suggested is None else _json(decision.suggested)
    said = (decision.area, decision.action, decision.target, _json(decision.before), _json(decision.after), suggested)
    return (at, uid, *said, undoes, redoes)


def _turn(db: sqlite3.Connection, uid: int, entry: Entry, *, wanted: State, expected: State, undone: int) -> Entry:
    if not _is_turned(db, uid, entry, wanted, expected):
        db.execute("DELETE FROM undo_entry WHERE journal_id = ?", (entry.id,))
        return msgspec.structs.replace(entry, stale=True)
    turned = Decision(
        area=entry.area,
        action="undo" if undone else "redo",
        target=entry.target,
        before=dict(expected),
        after=dict(wanted),
    )
    _append(db, uid, turned, undoes=entry.id if undone else None, redoes=None if undone else entry.id)
    db.execute("UPDATE undo_entry SET undone = ? WHERE journal_id = ?", (undone, entry.id))
    events.emit(db, entry.area, entry.target)
    return entry


def _is_turned(db: sqlite3.Connection, uid: int, entry: Entry, wanted: State, expected: State) -> bool:
    """Write the state that is wanted; False, and nothing written, where the thing is another by now, or gone."""
    area = _areas[entry.area]
    db.execute("SAVEPOINT turn")
    try:
        if is_same := area.read(db, entry.target) == expected:
            area.write(db, entry.target, wanted, uid)
    except (NotFoundError, sqlite3.IntegrityError):
        is_same = False
        db.execute("ROLLBACK TO turn")
    db.execute("RELEASE turn")
    return is_same


def _next(db: sqlite3.Connection, uid: int, area: str | None, *, undone: int, newest: bool) -> list[Entry]:
    """The rows of the decision whose turn it is, in the order in which it was made."""
    where, values = "undo_entry.uid = ? AND undone = ?", [uid, undone]
    edge = db.execute(
        f"SELECT journal_id, coalesce(batch, journal_id) AS batch FROM undo_entry WHERE {where}"
        + (" AND area = ?" if area else "")
        + f" ORDER BY journal_id {'DESC' if newest else 'ASC'} LIMIT 1",
        (*values, area) if area else values,
    ).fetchone()
    if edge is None:
        return []
    # A program of an earlier version that was still open wrote rows without a batch: each is one decision. The plus
    # keeps SQLite from reading all rows of the person instead of those of the batch.
    rows = db.execute(
        "SELECT journal.* FROM undo_entry JOIN journal ON journal.id = undo_entry.journal_id"
        f" WHERE (batch = ? OR (batch IS NULL AND journal_id = ?)) AND +{where} ORDER BY journal_id",
        (edge["batch"], edge["batch"], *values),
    )
    return [entry_of(row) for row in rows]


def entry_of(row: sqlite3.Row) -> Entry:
    """The entry that a row of the table `journal` holds."""
    values = dict(row)
    for field in ("before", "after", "suggested"):
        values[field] = None if values[field] is None else msgspec.json.decode(values[field])
    return Entry(**values)


def _json(value: State) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
