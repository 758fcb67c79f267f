"""A copy of the database while others write, lock or have damaged it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from binscout_tui.backup.faults import CancelledWork
from binscout_tui.backup.making.snapshot import take
from binscout_tui.errors import ConflictError
from tests.backup.backing_up import back_up, get_back, manifest_of, point_at
from tests.backup.made import digest, made_workspace
from tests.backup.servers import Server

WRITER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
print("writing", flush=True)
n = 0
while True:
    n += 1
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE pair SET a = ?", (n,))
    db.execute("INSERT INTO pair VALUES (?, ?)", (n, 0))
    db.execute("UPDATE pair SET b = a")
    db.execute("DELETE FROM pair WHERE rowid > 300")
    db.execute("COMMIT")
"""


def made(path: Path, rows: int = 200) -> Path:
    """A database in WAL with rows of which `a` is always `b`."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE pair (a INTEGER, b INTEGER)")
        db.execute("CREATE TABLE bulk (x TEXT)")
        db.executemany("INSERT INTO bulk VALUES (hex(randomblob(2000)))", ([] for _ in range(rows)))
        db.execute("INSERT INTO pair VALUES (0, 0)")
        db.execute("PRAGMA user_version = 7")
        db.commit()
    return path


def test_it_is_of_one_moment_while_another_process_writes(tmp_path: Path) -> None:
    path = made(tmp_path / "live.db", 2000)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            for number in range(5):
                found = take(path, tmp_path / f"{number}.db")
                with closing(sqlite3.connect(found.path)) as db:
                    assert db.execute("SELECT count(*) FROM pair WHERE a <> b").fetchone()[0] == 0
                    assert found.rows["pair"] == db.execute("SELECT count(*) FROM pair").fetchone()[0]
                    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
                assert (found.schema, found.problem) == (7, "")
        finally:
            writer.kill()


def test_what_is_in_the_log_alone_is_in_the_copy(tmp_path: Path) -> None:
    path = made(tmp_path / "live.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute("INSERT INTO pair VALUES (5, 5)")
        assert Path(f"{path}-wal").stat().st_size > 0
        assert take(path, tmp_path / "copy.db").rows["pair"] == 2


def test_a_locked_database_is_waited_for_and_then_told(tmp_path: Path) -> None:
    path = made(tmp_path / "live.db")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as db:
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        db.execute("INSERT INTO pair VALUES (1, 1)")
        with pytest.raises(ConflictError) as caught:
            take(path, tmp_path / "copy.db", patience_s=0.3)
        assert caught.value.code == "busy"
        assert not (tmp_path / "copy.db").exists()
        releasing = threading.Timer(0.5, db.close)
        releasing.start()
        found = take(path, tmp_path / "copy.db")
        releasing.join()
    assert found.problem == ""


def test_it_stops_at_once_when_asked(tmp_path: Path) -> None:
    path = made(tmp_path / "live.db", 20_000)
    calls: list[float] = []

    def beat() -> None:
        calls.append(time.monotonic())
        if len(calls) > 2:
            raise CancelledWork

    with pytest.raises(CancelledWork):
        take(path, tmp_path / "copy.db", beat)
    assert time.monotonic() - calls[2] < 0.5


def damaged(path: Path) -> None:
    """Overwrite pages in the middle of a table."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root_page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'capture_count'").fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root_page - 1) * size)
        file.write(b"\x5a" * size)


def test_a_damaged_database_is_kept_as_it_is_and_the_run_says_so(tmp_path: Path, local_target: Server) -> None:
    root = made_workspace(tmp_path / "workspace")
    point_at(root, local_target)
    good = back_up(root)
    before = digest(root)
    damaged(root / "binscout.db")
    done = back_up(root)
    assert "damaged" in (done.suspicious or "")
    assert back_up(root, accept_loss=True).suspicious, "nobody can accept a damaged database"
    said = manifest_of(local_target.folder, done.run)
    assert "capture_count" not in said["rows"], "a number that is not known is not 0"
    assert said["rows"]["image"] == 12
    assert digest(get_back(local_target.folder, good.run, tmp_path / "good")) == before
    back = get_back(local_target.folder, done.run, tmp_path / "damaged")
    with closing(sqlite3.connect(back / "binscout.db")) as db:
        assert db.execute("SELECT count(*) FROM image").fetchone()[0] == 12
