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
from binscout_tui.errors import ConflictError, NotFoundError
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

    Where undo or redo answer with it, `turned` is every thing that they changed, `left` how many stayed, `batch` the
    decision, and `waiting` how many of its rows are still to be turned, where that is done in parts: those behind
    `reached`, the row that was turned last.
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
    batch: int = 0
    waiting: int = 0
    reached: int = 0


class Change(NamedTuple):
    """How many things a decision changed, and its batch: what more of the same decision is recorded under."""

    changed: int
    batch: int


class Area(msgspec.Struct, frozen=True):
    """How undo reads and restores the state of one kind of thing.

    `whole` says that decisions which begin here are turned in one transaction, since half of one would mislead: what is
    left of a name's images while the name itself is still gone.
    """

    read: Callable[[sqlite3.Connection, int], dict[str, Any]]
    write: Callable[[sqlite3.Connection, int, State, int], None]
    whole: bool = False


_areas: dict[str, Area] = {}
_INSERT = (
    "INSERT INTO journal (at, uid, area, action, target, before, after, suggested, undoes, redoes)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def register(
    area: str, read: Callable[..., dict[str, Any]], write: Callable[..., None], *, whole: bool = False
) -> None:
    """Say how the state of `area`'s things is read (db, target) and written (db, target, state, uid)."""
    _areas[area] = Area(read, write, whole)


def areas() -> tuple[str, ...]:
    """The names of all areas that undo reaches."""
    return tuple(_areas)


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


def undo(
    db: sqlite3.Connection,
    uid: int,
    area: str | None = None,
    *,
    most: int | None = None,
    goes_on: Entry | None = None,
) -> Entry:
    """Take back this person's last decision, in `area` or anywhere.

    A thing that somebody changed since stays as it is. When that is all of them, or when what a name was or had is
    another's by now, the entry comes back with `stale` set; the next undo goes on with the decision before it. With
    `most` only so many rows of a large decision are turned, the last ones first, and `goes_on` with the entry takes
    back more of it. If nobody goes on, the next undo does. Raises NotFoundError when nothing is left to undo.
    """
    # What was done last is taken back first, and told in the order in which it was done.
    return _turn_all(db, uid, area, most, goes_on, undone=1)


def redo(
    db: sqlite3.Connection,
    uid: int,
    area: str | None = None,
    *,
    most: int | None = None,
    goes_on: Entry | None = None,
) -> Entry:
    """Do again what this person undid last; the rest as in `undo`, in the order in which it was done.

    Raises NotFoundError when nothing is left to redo.
    """
    return _turn_all(db, uid, area, most, goes_on, undone=0)


def together(parts: Sequence[Entry]) -> Entry:
    """The entry of a decision that was turned in these parts."""
    told = sorted((one for one in parts if not one.stale), key=lambda one: one.id)
    things = tuple(thing for one in told for thing in one.turned)
    left = sum(one.left for one in parts)
    return msgspec.structs.replace((told or parts)[0], turned=things, left=left, waiting=parts[-1].waiting)


def _turn_all(
    db: sqlite3.Connection, uid: int, area: str | None, most: int | None, goes_on: Entry | None, *, undone: int
) -> Entry:
    if goes_on is None:
        entries = _first(db, uid, area, most, undone=undone)
    else:
        entries = _rows(db, uid, goes_on.batch, most, undone=undone, beyond=goes_on.reached)
    if not entries and goes_on is not None:
        return msgspec.structs.replace(goes_on, turned=(), left=0, waiting=0)
    if not entries:
        word = "undo" if undone else "redo"
        raise NotFoundError(f"There is nothing to {word}.", code=f"nothing_to_{word}")
    waiting = 0
    if len(entries) == most:
        before = goes_on.waiting if goes_on else _number(db, uid, entries[0].batch, undone=undone)
        waiting = max(0, before - most)
    db.execute("SAVEPOINT turn_all")
    try:
        turned = [_turn(db, uid, entry, undone=undone) for entry in entries]
    except ConflictError:
        db.execute("ROLLBACK TO turn_all")
        turned = [_left_as_it_is(db, entry) for entry in entries]
    db.execute("RELEASE turn_all")
    summed = _summed_up(sorted(turned, key=lambda entry: entry.id))
    return msgspec.structs.replace(summed, waiting=waiting, reached=entries[-1].id)


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


def _turn(db: sqlite3.Connection, uid: int, entry: Entry, *, undone: int) -> Entry:
    """Undo or redo one row. Raises ConflictError where what it had is another's by now."""
    wanted, expected = (entry.before, entry.after) if undone else (entry.after, entry.before)
    if not _is_turned(db, uid, entry, wanted, expected):
        return _left_as_it_is(db, entry)
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


def _left_as_it_is(db: sqlite3.Connection, entry: Entry) -> Entry:
    db.execute("DELETE FROM undo_entry WHERE journal_id = ?", (entry.id,))
    return msgspec.structs.replace(entry, stale=True)


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


def _first(db: sqlite3.Connection, uid: int, area: str | None, most: int | None, *, undone: int) -> list[Entry]:
    """The rows of the decision whose turn it is, in the order in which they are turned; up to `most` of them."""
    edge = db.execute(
        "SELECT journal_id, area, batch FROM undo_entry WHERE uid = ? AND undone = ?"
        + (" AND area = ?" if area else "")
        + f" ORDER BY journal_id {_WAYS[undone]} LIMIT 1",
        (uid, 1 - undone, area) if area else (uid, 1 - undone),
    ).fetchone()
    if edge is None:
        return []
    if edge["batch"] is None:
        # A program of an earlier version that was still open wrote rows without a batch: each is one decision.
        row = db.execute("SELECT * FROM journal WHERE id = ?", (edge["journal_id"],)).fetchone()
        return [msgspec.structs.replace(entry_of(row), batch=edge["journal_id"])]
    is_whole = _areas[edge["area"]].whole
    return _rows(db, uid, edge["batch"], None if is_whole else most, undone=undone)


def _rows(
    db: sqlite3.Connection, uid: int, batch: int, most: int | None, *, undone: int, beyond: int | None = None
) -> list[Entry]:
    """Rows of a decision in the order in which they are turned, of those that follow that with the id `beyond`."""
    # The plus keeps SQLite from reading all rows of the person instead of those of the batch.
    where, values = "batch = ? AND +undo_entry.uid = ? AND +undone = ?", [batch, uid, 1 - undone]
    if beyond is not None:
        where, values = f"{where} AND journal_id {'<' if undone else '>'} ?", [*values, beyond]
    rows = db.execute(
        "SELECT journal.* FROM undo_entry JOIN journal ON journal.id = undo_entry.journal_id"
        f" WHERE {where} ORDER BY journal_id {_WAYS[undone]} LIMIT ?",
        (*values, -1 if most is None else most),
    )
    return [msgspec.structs.replace(entry_of(row), batch=batch) for row in rows]


def _number(db: sqlite3.Connection, uid: int, batch: int, *, undone: int) -> int:
    sql = "SELECT count(*) FROM undo_entry WHERE batch = ? AND +uid = ? AND +undone = ?"
    return int(db.execute(sql, (batch, uid, 1 - undone)).fetchone()[0])


_WAYS = ("ASC", "DESC")


def entry_of(row: sqlite3.Row) -> Entry:
    """The entry that a row of the table `journal` holds."""
    values = dict(row)
    for field in ("before", "after", "suggested"):
        values[field] = None if values[field] is None else msgspec.json.decode(values[field])
    return Entry(**values)


def _json(value: State) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
