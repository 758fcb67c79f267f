"""The database under other processes, threads and full disks."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from binscout_tui.errors import ConflictError, StorageError
from binscout_tui.store import connection, events, labels
from binscout_tui.store.connection import connect, file_system, in_plain_words
from binscout_tui.workspace import LiveWorkspace, Workspace
from tests.conftest import AddImages


async def test_the_app_sees_what_another_process_wrote(workspace: Workspace) -> None:
    live = await LiveWorkspace.open(workspace.paths.root)
    try:
        version = await live.db.read(events.data_version)
        workspace.db.write(labels.add_class, "m3")
        assert await live.db.read(events.data_version) != version
        assert [event.kind for event in await live.db.read(events.since, 0)] == ["class"]
    finally:
        await live.close()


async def test_a_cancelled_caller_does_not_halve_a_decision(workspace: Workspace, add_images: AddImages) -> None:
    (image,) = add_images(1)
    workspace.db.write(labels.add_class, "m3")
    live = await LiveWorkspace.open(workspace.paths.root)
    task = asyncio.create_task(live.db.write(labels.set_label, live.user.uid, image, "m3"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await live.close()
    found = workspace.db.read(labels.get, image)
    assert found is not None
    assert found.name == "m3"


def test_a_busy_database_is_said_and_nothing_is_written(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_S", 0.05)
    other = connect(workspace.paths.database)
    workspace.db.connection.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(sqlite3.OperationalError) as busy:
            other.execute("BEGIN IMMEDIATE")
    finally:
        workspace.db.connection.execute("ROLLBACK")
        other.close()
    assert isinstance(in_plain_words(busy.value, workspace.paths.database), ConflictError)


def test_a_full_database_keeps_the_old_state(workspace: Workspace) -> None:
    pages = workspace.db.connection.execute("PRAGMA page_count").fetchone()[0]
    workspace.db.connection.execute(f"PRAGMA max_page_count={pages}")

    def fill(db: sqlite3.Connection) -> None:
        for number in range(5000):
            labels.add_class(db, f"class {number} {'x' * 150}")

    with pytest.raises(StorageError, match="full"):
        workspace.db.write(fill)
    assert workspace.db.read(labels.classes) == []
    workspace.db.connection.execute("PRAGMA max_page_count=100000")
    workspace.db.write(labels.add_class, "m3")


def test_the_file_system_is_told() -> None:
    assert file_system(Path("/proc")) == "proc"
    assert file_system(Path("/")) != ""


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from binscout_tui.errors import RefusedError

    monkeypatch.setattr(connection, "file_system", lambda folder: "nfs4")
    with pytest.raises(RefusedError, match="nfs4"):
        connection.refuse_network_file_system(tmp_path)
