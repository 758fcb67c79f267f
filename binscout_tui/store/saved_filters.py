"""Filters that people kept under a name; everybody in the workspace has them."""

from __future__ import annotations

import sqlite3

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.errors import ConflictError, NotFoundError, UsageError
from binscout_tui.filtering.errors import FilterError
from binscout_tui.filtering.tree import Filter
from binscout_tui.store import filters, journal
from binscout_tui.store.named import LONGEST, folded
from binscout_tui.store.names import composed, is_printable

KIND = "saved_filter"


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A filter with its name."""

    id: int
    name: str
    text: str


def listed(db: sqlite3.Connection) -> list[Saved]:
    """All in alphabetical order, but for those that name what is hidden or gone."""
    rows = db.execute("SELECT id, name, text FROM saved_filter ORDER BY fold")
    found = [Saved(id=row[0], name=row[1], text=row[2]) for row in rows]
    return [one for one in found if makes_sense(db, one.text)]


def find(db: sqlite3.Connection, name: str) -> Saved:
    """The filter of this name. Raises NotFoundError."""
    for one in listed(db):
        if folded(one.name) == folded(name):
            return one
    raise NotFoundError(f"There is no saved filter {composed(name)!r}.", code="no_filter")


def save(db: sqlite3.Connection, uid: int, name: str, text: str, *, replace: bool = False) -> Saved:
    """Keep a filter under a name.

    Raises FilterError for what is no filter, UsageError for what is no name or where nothing is filtered,
    ConflictError where the name is taken, unless it is to be replaced. One that is hidden is never replaced.
    """
    name = composed(name)
    if len(name) > LONGEST or not is_printable(name):
        raise UsageError(f"The name of a filter has 1 to {LONGEST} printable characters.", code="bad_name")
    text = filters.text_of(_checked(db, text))
    if not text:
        raise UsageError("All images are shown; there is no filter to keep.", code="no_filter")
    taken = db.execute("SELECT name, text FROM saved_filter WHERE fold = ?", (folded(name),)).fetchone()
    if taken and not (replace and not _is_hidden(db, taken["text"])):
        raise ConflictError(f"The name {name!r} is taken.", hint="Choose another one.", code="name_taken")
    db.execute("DELETE FROM saved_filter WHERE fold = ?", (folded(name),))
    sql = "INSERT INTO saved_filter (name, fold, text, uid, at) VALUES (?, ?, ?, ?, ?)"
    saved_id = db.execute(sql, (name, folded(name), text, uid, utc_now())).lastrowid or 0
    before = {"name": str(taken["name"]), "text": str(taken["text"])} if taken else {}
    _note(db, uid, "save", saved_id, before, {"name": name, "text": text})
    return Saved(id=saved_id, name=name, text=text)


def rename(db: sqlite3.Connection, uid: int, saved_id: int, name: str) -> Saved:
    """Another name for one that is kept. Raises NotFoundError, and as `save` for the name."""
    row = db.execute("SELECT name, text FROM saved_filter WHERE id = ?", (saved_id,)).fetchone()
    if row is None:
        raise NotFoundError("This filter is not kept any more.", code="no_filter")
    if folded(row[0]) != folded(name):
        saved = save(db, uid, name, row[1])
        db.execute("DELETE FROM saved_filter WHERE id = ?", (saved_id,))
    else:
        saved = save(db, uid, name, row[1], replace=True)
    return saved


def resolved(db: sqlite3.Connection, text: str) -> str:
    """`text`, or the text of the filter that `@NAME` names where that is all of it. Raises NotFoundError."""
    given = text.strip()
    return find(db, given[1:]).text if given.startswith("@") else text


def forget(db: sqlite3.Connection, uid: int, name: str) -> Saved:
    """Keep a filter no longer; what it was. Raises NotFoundError."""
    found = find(db, name)
    db.execute("DELETE FROM saved_filter WHERE id = ?", (found.id,))
    _note(db, uid, "forget", found.id, {"name": found.name, "text": found.text}, {})
    return found


def _is_hidden(db: sqlite3.Connection, text: str) -> bool:
    """Whether a filter names what is there and may not be seen."""
    try:
        filters.checked(db, filters.parse(text), concealed=True)
    except FilterError:
        return False
    return not makes_sense(db, text)


def makes_sense(db: sqlite3.Connection, text: str) -> bool:
    """Whether a filter can be asked now: all that it names is there and may be seen."""
    try:
        _checked(db, text)
    except FilterError:
        return False
    return True


def _note(
    db: sqlite3.Connection, uid: int, action: str, saved_id: int, before: dict[str, str], after: dict[str, str]
) -> None:
    journal.note(db, uid, journal.Decision(area=KIND, action=action, target=saved_id, before=before, after=after))


def _checked(db: sqlite3.Connection, text: str) -> Filter:
    wanted = filters.parse(text)
    filters.checked(db, wanted)
    return wanted
