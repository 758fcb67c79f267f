"""A database that comes back from a backup: whether it is whole, and what has to be put right before it is used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from binscout_tui.clock import utc_now
from binscout_tui.store import events, journal
from binscout_tui.store.jobs import Job
from binscout_tui.store.journal import Decision
from binscout_tui.store.users import User

AREA = "backup"
CUT_OFF = "It was under way when the backup was made."
PROBLEMS = 5


def problems(db: sqlite3.Connection) -> list[str]:
    """What is wrong with the file, in SQLite's words; empty when it is whole."""
    found = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({PROBLEMS})")]
    if found != ["ok"]:
        return found
    return [
        f"a row of {row[0]} points to a row of {row[2]} that is not there"
        for row, _ in zip(db.execute("PRAGMA foreign_key_check"), range(PROBLEMS), strict=False)
    ]


def rows(db: sqlite3.Connection, tables: Iterable[str]) -> dict[str, int]:
    """The numbers of rows of those of the `tables` that there are."""
    known = {str(row[0]) for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return {
        name: int(db.execute('SELECT count(*) FROM "{}"'.format(name.replace('"', '""'))).fetchone()[0])
        for name in tables
        if name in known
    }


def decided_since(db: sqlite3.Connection, moment: str) -> dict[str, int]:
    """How many decisions there are by area from after `moment` (store text); what backups note is none."""
    found = db.execute(
        "SELECT area, count(*) FROM journal WHERE at > ? AND area <> ? GROUP BY area ORDER BY area", (moment, AREA)
    )
    return {str(area): int(number) for area, number in found}


def close_jobs(db: sqlite3.Connection, run: str) -> None:
    """End the jobs that were open when the backup was made, so that nobody starts them again.

    The one that made it was done by then, whatever its row says: it made the run `run`.
    """
    now = utc_now()
    db.execute(
        "UPDATE job SET state = 'done', result = json_object('run', ?), finished_at = ?, pid = NULL"
        " WHERE state = 'running' AND kind = 'backup'",
        (run, now),
    )
    db.execute(
        "UPDATE job SET state = 'cancelled', error = ?, finished_at = ?, pid = NULL"
        " WHERE state IN ('queued', 'running')",
        (CUT_OFF, now),
    )


def make_admin(db: sqlite3.Connection, user: User) -> None:
    """Whoever restores is an admin of what is restored, also where nobody knew them."""
    db.execute(
        "INSERT INTO user VALUES (?, ?, 'admin', ?) ON CONFLICT (uid) DO UPDATE SET role = 'admin'",
        (user.uid, user.name, utc_now()),
    )


def enter_job(db: sqlite3.Connection, job: Job, result: Mapping[str, Any]) -> int:
    """Enter `job`, which works in another database until now, under its own id where that is free; the id it has.

    It is the one that puts this database in place: with the `result`, it counts as done once this is in use, also when
    its process does not live to write that down.
    """
    taken = db.execute("SELECT 1 FROM job WHERE id = ?", (job.id,)).fetchone()
    values = {name: getattr(job, name) for name in _JOB}
    values |= {"id": None if taken else job.id, "payload": _json(job.payload), "result": _json(result)}
    names = ", ".join(values)
    cursor = db.execute(f"INSERT INTO job ({names}) VALUES ({', '.join('?' * len(values))})", tuple(values.values()))
    return int(cursor.lastrowid or 0)


_JOB = ("kind", "state", "pid", "pid_started", "attempts", "uid", "created_at", "queued_at", "started_at")


def _json(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def write_down(db: sqlite3.Connection, uid: int, facts: Mapping[str, Any]) -> None:
    """Note in the journal who restored what."""
    journal.note(db, uid, Decision(area=AREA, action="restore", target=0, before={}, after=dict(facts)))


def sequences(db: sqlite3.Connection) -> dict[str, int]:
    """The highest id that each table has ever given."""
    return {str(row[0]): int(row[1]) for row in db.execute("SELECT name, seq FROM sqlite_sequence")}


def raise_sequences(db: sqlite3.Connection, others: Mapping[str, int]) -> None:
    """Never give an id again that was given before, here or in the database with the `others`."""
    here = sequences(db)
    known = {str(row[0]) for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    for name, highest in others.items():
        if name in here:
            db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (highest, name))
        elif name in known:
            db.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (name, highest))


def set_copied(db: sqlite3.Connection, sha256: str, path: bytes) -> None:
    """The bytes of an image that stayed in place are a copy in the workspace now."""
    db.execute(
        "UPDATE image SET storage = 'copy', path = ?, health = 'ok' WHERE sha256 = ? AND storage = 'in_place'",
        (path, sha256),
    )


def set_missing(db: sqlite3.Connection, paths: Iterable[bytes]) -> int:
    """The originals at these paths did not come back; how many images that concerns."""
    return sum(db.execute("UPDATE image SET health = 'missing' WHERE path = ?", (path,)).rowcount for path in paths)


def in_place_image(db: sqlite3.Connection, sha256: str) -> tuple[bytes, str] | None:
    """(path, format) of the image with these bytes that lies where it always was; None where there is none."""
    row = db.execute("SELECT path, format FROM image WHERE sha256 = ? AND storage = 'in_place'", (sha256,)).fetchone()
    return None if row is None else (bytes(row[0]), str(row[1]))


def hashes(db: sqlite3.Connection, beginning: str) -> list[str]:
    """Up to two SHA-256 of images that begin so."""
    rows = db.execute("SELECT sha256 FROM image WHERE sha256 >= ? AND sha256 < ? LIMIT 2", (beginning, f"{beginning}g"))
    return [str(row[0]) for row in rows]


def hash_at(db: sqlite3.Connection, path: bytes) -> str:
    """The SHA-256 of the image whose file has this path, "" where there is none."""
    row = db.execute("SELECT sha256 FROM image WHERE path = ? ORDER BY health = 'ok' DESC", (path,)).fetchone()
    return "" if row is None else str(row[0])


def model_row(db: sqlite3.Connection, model_id: str) -> dict[str, Any] | None:
    """The row of a model, also of a deleted one."""
    row = db.execute("SELECT * FROM model WHERE id = ?", (model_id,)).fetchone()
    return None if row is None else dict(row)


def enter_model(db: sqlite3.Connection, uid: int, row: Mapping[str, Any], run: str) -> bool:
    """Have a model with the `row` of a backup again; False when it is there already."""
    here = model_row(db, row["id"])
    if here is not None and here["deleted_at"] is None:
        return False
    if here is not None:
        db.execute("UPDATE model SET deleted_at = NULL, deleted_by = NULL WHERE id = ?", (row["id"],))
    else:
        has_run = db.execute("SELECT 1 FROM run WHERE id = ?", (row["run_id"],)).fetchone() is not None
        db.execute(
            "INSERT INTO model (id, run_id, task, sha256, bytes, card, uid, created_at, note)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row["id"],
                row["run_id"] if has_run else None,
                *(row[name] for name in ("task", "sha256", "bytes", "card")),
                uid,
                row["created_at"],
                row["note"],
            ),
        )
    after = {"model": row["id"], "sha256": row["sha256"], "run": run}
    journal.note(db, uid, Decision(area="model", action="restore", target=0, before={}, after=after))
    return True


def tell_image(db: sqlite3.Connection, uid: int, image_id: int, action: str, run: str) -> None:
    """Note in the journal that an image came back from a backup, and tell everybody."""
    journal.note(db, uid, Decision(area=AREA, action=action, target=image_id, before={}, after={"run": run}))
    events.emit(db, "image", image_id)
