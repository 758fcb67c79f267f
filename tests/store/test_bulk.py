"""Very many rows: entered together as one by one, folded in meanwhile, and the connection is afterwards as before."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import msgspec
import pytest

from binscout_tui.store import arriving, images
from binscout_tui.store.connection import connect
from binscout_tui.store.database import BULK, Database
from binscout_tui.workspace import Workspace
from tests.conftest import row

PATIENCE_S = 30.0


def pragmas(db: sqlite3.Connection) -> dict[str, int]:
    """What a bulk changes."""
    return {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in BULK}


def test_a_connection_is_afterwards_as_it_was(workspace: Workspace) -> None:
    before = pragmas(workspace.db.connection)
    during = {}

    def fails() -> None:
        with workspace.db.in_bulk():
            during.update(pragmas(workspace.db.connection))
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert during == BULK
    assert pragmas(workspace.db.connection) == before
    assert before["synchronous"] == 2


def test_the_log_is_folded_in_while_rows_are_written(workspace: Workspace) -> None:
    wide, database = "x" * 3000, workspace.paths.database
    until = time.monotonic() + PATIENCE_S
    with workspace.db.in_bulk():
        for number in range(400):
            workspace.db.write(images.enter, workspace.user.uid, row(number, source=wide))
        while database.stat().st_size < 400 * len(wide):
            assert time.monotonic() < until
            time.sleep(0.01)
        with connect(database, read_only=True) as other:
            assert other.execute("SELECT count(*) FROM image").fetchone()[0] == 400


def test_together_they_are_entered_as_one_by_one(workspace: Workspace, tmp_path: Path) -> None:
    found = [row(number, storage="in_place", path=Path(f"/photos/{number}.jpg")) for number in range(5)]
    found.append(msgspec.structs.replace(found[1], path=Path("/photos/copy.jpg")))
    found.append(row(9, storage="in_place", path=Path("/photos/0.jpg"), warnings=("odd",), phash=2**63 + 1))
    other = Database(tmp_path / "other.db")
    other.connection.execute("INSERT INTO user SELECT * FROM (SELECT ?, 'x', 'admin', '')", (workspace.user.uid,))
    for database in (workspace.db, other):
        # The bytes that were at the path of the last one have changed.
        database.write(images.enter, workspace.user.uid, row(7, storage="in_place", path=Path("/photos/0.jpg")))
    first = other.write(lambda db: [images.enter(db, workspace.user.uid, new) for new in found[:6]])
    assert workspace.db.write(arriving.enter_all, workspace.user.uid, found[:6]) == first
    last = other.write(lambda db: [images.enter(db, workspace.user.uid, found[6])])
    assert workspace.db.write(arriving.enter_all, workspace.user.uid, found[6:]) == last
    told = "SELECT id, sha256, path, name, health, phash, warnings, examined, storage FROM image ORDER BY id"
    assert list(map(tuple, workspace.db.connection.execute(told))) == list(map(tuple, other.connection.execute(told)))
    other.close()


def test_an_id_is_never_given_twice(workspace: Workspace) -> None:
    uid = workspace.user.uid
    given = [one for one, _ in workspace.db.write(arriving.enter_all, uid, [row(0), row(1)])]
    workspace.db.connection.execute("DELETE FROM image WHERE id = ?", (given[-1],))
    assert workspace.db.write(arriving.enter_all, uid, [row(2)]) == [(given[-1] + 1, True)]
    assert workspace.db.write(arriving.enter_all, uid, []) == []
