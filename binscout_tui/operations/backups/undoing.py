"""Taking a restore back, and the copies that this needs: what there are, and until when."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from binscout_tui.backup.restoring import staging
from binscout_tui.backup.swapping import undo_copies
from binscout_tui.backup.swapping.holders import Holder
from binscout_tui.backup.swapping.in_use import SWAP_PATIENCE_S
from binscout_tui.backup.swapping.record import DATABASE, FOLDER, Record
from binscout_tui.operations.backups.restore_source import idle, must_be_idle
from binscout_tui.store import jobs, journal, restored
from binscout_tui.store.connection import connect, plain_words, transaction
from binscout_tui.store.journal import Decision
from binscout_tui.wording import counted
from binscout_tui.workspace import LiveWorkspace, Workspace

WORD = "rollback"
"""What has to be typed."""
STAGED_S = 48 * 3600.0
"""So long what a restore had fetched before it was cut off waits for the next attempt."""
Waiting = Callable[[Sequence[Holder]], None]


class UndoCopy(msgspec.Struct, frozen=True, kw_only=True):
    """What was there before a restore (or a rollback): its name, when that was, until when it is kept (store text).

    `what` it holds, in words; `by` whom and from which `run` it was replaced. `decisions` were made since, and would be
    put aside by a rollback.
    """

    copy: str
    at: str
    until: str
    kind: str
    what: str
    run: str
    by: str
    scope: str
    decisions: int


class RolledBack(msgspec.Struct, frozen=True, kw_only=True):
    """What was put back, how many decisions that put aside, and the copy that takes it back again until when."""

    what: str
    decisions: int
    copy: str
    until: str


def copies(workspace: Workspace) -> list[UndoCopy]:
    """The restores that can be taken back, newest first."""
    found = undo_copies.copies(workspace.paths.root)
    return [_shown(record, workspace.db.read(_decisions, record)) for record in found]


def find(workspace: Workspace, copy: str = "") -> UndoCopy:
    """The undo copy of that name, else the newest. Raises NotFoundError."""
    record = undo_copies.find(workspace.paths.root, copy)
    return _shown(record, workspace.db.read(_decisions, record))


async def copies_live(workspace: LiveWorkspace) -> list[UndoCopy]:
    """`copies` for the app."""
    import asyncio

    found = await asyncio.to_thread(undo_copies.copies, workspace.paths.root)
    return [_shown(record, await workspace.db.read(_decisions, record)) for record in found]


def roll_back(
    workspace: Workspace,
    copy: str = "",
    *,
    job_id: int | None = None,
    waiting: Waiting = lambda found: None,
    patience_s: float = SWAP_PATIENCE_S,
) -> RolledBack:
    """Put back what was there before the last restore, or the undo copy of that name. `job_id` is the job that does it.

    What is there now becomes an undo copy itself. Raises RefusedError unless the user is admin, while jobs run, or when
    somebody does not let go of the workspace; NotFoundError without a copy; StorageError. Nothing has changed then.
    """
    workspace.user.must_be("admin", "Taking a restore back")
    root = workspace.paths.root
    record = undo_copies.find(root, copy)
    idle(workspace, job_id)
    decisions = workspace.db.read(_decisions, record)
    newest = _made_ready(root / FOLDER / record.copy / DATABASE, workspace.db.read(restored.sequences))
    user, days = workspace.user, workspace.settings.backup.undo_days

    def last_look() -> None:
        with closing(connect(workspace.paths.database)) as db:
            must_be_idle(jobs.open_jobs(db), job_id)

    with workspace.away():
        done = undo_copies.roll_back(
            root,
            record,
            by=user.name,
            newest=newest,
            undo_days=days,
            last_look=last_look,
            waiting=waiting,
            patience_s=patience_s,
        )
    workspace.db.write(_note, workspace.user.uid, record, done)
    return RolledBack(what=done.plan.what, decisions=decisions, copy=done.copy, until=done.until)


def sweep(workspace: Workspace | LiveWorkspace) -> list[str]:
    """Delete the undo copies whose days have passed; their names. A viewer's look deletes nothing."""
    if workspace.user.role == "viewer":
        return []
    staging.sweep(workspace.paths.root / FOLDER, older_than=time.time() - STAGED_S)
    return undo_copies.sweep(workspace.paths.root)


def words(copy: UndoCopy) -> str:
    """A copy on one line."""
    since = f"; {counted(copy.decisions, 'decision')} since" if copy.decisions else ""
    return f"{copy.copy}  {copy.what}; replaced by {copy.by}, kept until {copy.until[:10]}{since}"


def _shown(record: Record, decisions: int) -> UndoCopy:
    plan = record.plan
    return UndoCopy(
        copy=record.copy,
        at=record.at,
        until=record.until,
        kind=plan.kind,
        what=undo_copies.held_words(record),
        run=plan.run,
        by=plan.by,
        scope=plan.scope,
        decisions=decisions,
    )


def _decisions(db: sqlite3.Connection, record: Record) -> int:
    """How many decisions were made since that swap; ids of journal rows are never given twice."""
    row = db.execute(
        "SELECT count(*) FROM journal WHERE id > ? AND area <> ?", (record.plan.newest, restored.AREA)
    ).fetchone()
    return int(row[0])


def _made_ready(path: Path, figures: dict[str, int]) -> int:
    """Close what was open in the copy's database and have no id given twice; its newest journal row from now on.

    Raises BinScoutError when the copy cannot be used.
    """
    with closing(connect(path)) as db, plain_words(path), transaction(db):
        # No others may be open in a swap than the one that did it.
        jobs.close_open(db, "It put another workspace in place, which was taken back since.")
        restored.raise_sequences(db, figures)
        row = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'journal'").fetchone()
        return int(row[0])


def _note(db: sqlite3.Connection, uid: int, record: Record, done: Record) -> None:
    journal.note(
        db,
        uid,
        Decision(
            area=restored.AREA,
            action=WORD,
            target=0,
            before={"what": record.plan.what, "run": record.plan.run},
            after={"what": done.plan.what, "copy": done.copy},
        ),
    )
