"""The schema: made once, never opened when it is newer, never mixed up with another program's file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.errors import EXIT_REFUSED, BinScoutError, StorageError
from binscout_tui.store import migrate
from binscout_tui.store.connection import connect
from binscout_tui.workspace import Workspace


def test_every_table_is_strict(workspace: Workspace) -> None:
    """Except those of the full-text indexes, which SQLite makes itself."""
    tables = workspace.db.connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
    theirs = ("sqlite_", "image_name", "image_words", "image_term")
    ours = [table for table in tables if not table["name"].startswith(theirs)]
    assert len(ours) > 15
    assert [table["name"] for table in ours if "STRICT" not in table["sql"]] == []


def test_decisions_are_written_with_full_sync(workspace: Workspace) -> None:
    pragma = workspace.db.connection.execute
    assert pragma("PRAGMA synchronous").fetchone()[0] == 2
    assert pragma("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert pragma("PRAGMA foreign_keys").fetchone()[0] == 1


def test_a_newer_schema_is_refused_with_both_numbers(workspace: Workspace) -> None:
    newest = migrate.newest_schema()
    workspace.db.connection.execute(f"PRAGMA user_version={newest + 7}")
    before = workspace.paths.database.read_bytes()
    with pytest.raises(migrate.SchemaTooNewError) as refused:
        Workspace(workspace.paths.root)
    assert str(newest + 7) in refused.value.sentence
    assert f"up to schema {newest}" in refused.value.sentence
    assert refused.value.exit_code == EXIT_REFUSED
    assert workspace.paths.database.read_bytes() == before


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / workspaces.DATABASE
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(BinScoutError, match="not made by this program"):
        Workspace(tmp_path)
    with sqlite3.connect(path) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_schema")] == ["theirs"]


def test_rubbish_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / workspaces.DATABASE).write_bytes(b"no database at all" * 500)
    with pytest.raises(StorageError, match="damaged"):
        Workspace(tmp_path)


def test_a_failing_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "CREATE TABLE half (x) STRICT;\nCREATE TABLE half (x) STRICT;\n"
    monkeypatch.setattr(migrate, "migrations", lambda: [(1, script)])
    db = connect(tmp_path / "x.db")
    with pytest.raises(sqlite3.Error):
        migrate.migrate(db, tmp_path / "x.db")
    assert migrate.schema_of(db) == 0
    assert db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    db.close()


def test_a_copy_is_kept_before_a_later_migration(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    later = [*migrate.migrations(), (migrate.newest_schema() + 1, "CREATE TABLE later (x INTEGER) STRICT;\n")]
    monkeypatch.setattr(migrate, "migrations", lambda: later)
    with Workspace(workspace.paths.root) as again:
        assert again.db.connection.execute("SELECT count(*) FROM later").fetchone()[0] == 0
    copies = list((workspace.paths.root / "backups").glob("*.db"))
    assert len(copies) == 1
    with sqlite3.connect(copies[0]) as copy:
        assert copy.execute("PRAGMA user_version").fetchone()[0] == later[-1][0] - 1


def test_processes_that_start_together_make_one_schema(tmp_path: Path) -> None:
    code = f"from pathlib import Path; from binscout_tui import workspace as w; w.create(Path({str(tmp_path)!r}))"
    started = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)]
    assert [(process.communicate()[1], process.returncode) for process in started] == [(b"", 0)] * 4
    with Workspace(tmp_path) as opened:
        assert opened.user.role == "admin"


def test_the_first_person_is_admin_and_the_next_operator(workspace: Workspace) -> None:
    from binscout_tui.store import users

    assert workspace.user.role == "admin"
    assert workspace.db.write(users.sign_in, 4711, "ana").role == "operator"


def test_the_login_name_does_not_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from binscout_tui.store import users

    for variable in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(variable, "mallory")
    assert users.os_identity()[1] != "mallory"
