"""What people decided on sets, read from the journal, so that no list of it can disagree with the journal."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from binscout_tui.clock import from_text
from binscout_tui.store.images import HIDDEN_SETS

AREA = "set"
SESSION_GAP = timedelta(minutes=30)
Status = Literal["stands", "superseded", "undone"]
_Selection = tuple[str, int | None, tuple[float, ...] | None]
_NOTHING: _Selection = ("", None, None)


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate in its place in the set; `path` as it is stored: below the workspace, or absolute."""

    id: int
    sha256: str
    path: str
    source: str
    name: str
    width: int
    height: int
    ruled_out: bool


class SetDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision on a set: who, when, in which session, what became of the set, and what had been suggested.

    `status`: it `stands`, was `superseded` by a later decision, or `undone`. `suggested` is what the journal keeps of a
    suggestion, None where there was none.
    """

    journal_id: int
    session: str
    at: str
    uid: int
    user: str
    set_id: int
    set_key: str
    action: str
    state: str
    status: Status
    chosen_image_id: int | None
    crop: tuple[float, ...] | None
    suggested: dict[str, Any] | None
    members: tuple[Member, ...]


def decisions(db: sqlite3.Connection, *, everything: bool = False) -> Iterator[SetDecision]:
    """The decisions that stand, in order; with `everything` also those that were undone or superseded.

    A set that is undecided has none that stands. Sets that are gone from the workspace are left out. Rows are read as
    they are taken: hold one transaction around it.
    """
    standing, undone = _standing(db)
    sessions = _Sessions()
    rows = db.execute(
        "SELECT journal.*, user.name AS user, image_set.key AS set_key FROM journal"
        " JOIN user ON user.uid = journal.uid LEFT JOIN image_set ON image_set.id = journal.target"
        f" AND image_set.id NOT IN ({HIDDEN_SETS})"
        " WHERE area = ? ORDER BY journal.id",
        (AREA,),
    )
    for row in rows:
        session = sessions.of(row)
        if not _decides(row) or row["set_key"] is None:
            continue
        status: Status = "superseded"
        if row["id"] in undone:
            status = "undone"
        elif standing.get(row["target"]) == row["id"]:
            status = "stands"
        if everything or status == "stands":
            yield _decision(db, row, session, status)


def _standing(db: sqlite3.Connection) -> tuple[dict[int, int], set[int]]:
    """({set: journal id of the decision that made it what it is}, ids of decisions that are undone)."""
    last: dict[int, _Selection] = {}
    standing: dict[int, int] = {}
    turned: dict[int, bool] = {}
    for row in db.execute("SELECT * FROM journal WHERE area = ? ORDER BY id DESC", (AREA,)):
        after = _selection(row["after"])
        final = last.setdefault(row["target"], after)
        if row["undoes"] is not None or row["redoes"] is not None:
            turned.setdefault(row["undoes"] or row["redoes"], row["undoes"] is not None)
        elif not turned.get(row["id"], False) and final == after and after[0] != "pending" and _decides(row):
            standing.setdefault(row["target"], row["id"])
    return standing, {journal_id for journal_id, undone in turned.items() if undone}


def _decides(row: sqlite3.Row) -> bool:
    """Whether a journal row is a decision about the selection, and not its undoing or about one candidate."""
    is_turn = row["undoes"] is not None or row["redoes"] is not None
    return not is_turn and _selection(row["before"]) != _selection(row["after"])


def _selection(text: str) -> _Selection:
    state: Mapping[str, Any] = json.loads(text)
    if not state:
        return _NOTHING
    crop = state.get("crop")
    return state["state"], state.get("image"), None if crop is None else tuple(crop)


def _decision(db: sqlite3.Connection, row: sqlite3.Row, session: str, status: Status) -> SetDecision:
    state, image, crop = _selection(row["after"])
    out = frozenset(json.loads(row["after"]).get("out", ()))
    return SetDecision(
        journal_id=row["id"],
        session=session,
        at=row["at"],
        uid=row["uid"],
        user=row["user"],
        set_id=row["target"],
        set_key=row["set_key"],
        action=row["action"],
        state=state,
        status=status,
        chosen_image_id=image,
        crop=crop,
        suggested=None if row["suggested"] is None else json.loads(row["suggested"]),
        members=tuple(_members(db, row["target"], out)),
    )


def _members(db: sqlite3.Connection, set_id: int, out: frozenset[int]) -> Iterator[Member]:
    rows = db.execute(
        "SELECT id, sha256, path, source, name, width, height FROM set_member JOIN image ON image.id = image_id"
        " WHERE set_id = ? ORDER BY position",
        (set_id,),
    )
    for row in rows:
        values = {key: row[key] for key in row.keys()}  # noqa: SIM118 - a row yields its values
        values["path"] = os.fsdecode(row["path"])
        yield Member(**values, ruled_out=row["id"] in out)


class _Sessions:
    """A session is one person's run of decisions without a pause of more than 30 minutes; undoing belongs to it.

    What was imported from a log is a session of its own.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[int, bool], tuple[datetime, str]] = {}

    def of(self, row: sqlite3.Row) -> str:
        """The session of a journal row; rows come in order."""
        imported = row["action"] == "import"
        key, at = (row["uid"], imported), from_text(row["at"])
        last, name = self._open.get(key, (None, ""))
        if last is None or at - last > SESSION_GAP:
            name = f"{'import-' if imported else ''}{row['uid']}-{row['at']}"
        self._open[key] = (at, name)
        return name
