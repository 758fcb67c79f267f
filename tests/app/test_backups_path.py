"""The whole way by keys: back up, lose files and rows, look at the run, restore it, come back, verify."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.areas import Opening
from binscout_tui.operations.backups import running
from binscout_tui.screens.backups import BackupsScreen
from binscout_tui.store import places
from binscout_tui.workers import restoring
from binscout_tui.workspace import Workspace
from tests.app.driving import press, screen_text, settle
from tests.app.test_backups import WAIT_S, ended, open_backups, until
from tests.backup.made import digest, made_workspace
from tests.backup.servers import (
    Server,
    any_remote_server,
    local_target,
    s3_server,
    sftp_server,
    smb_server,
    webdav_server,
)

__all__ = ["any_remote_server", "local_target", "s3_server", "sftp_server", "smb_server", "webdav_server"]
SIZE = (80, 24)
OURS = frozenset({"rows of place", "rows of journal"})
"""What the app and the restore themselves write down."""


def lost(root: Path) -> None:
    """Files and rows go, behind the program."""
    shutil.rmtree(root / "originals")
    shutil.rmtree(root / "models")
    with closing(sqlite3.connect(root / "binscout.db")) as db, db:
        db.execute("DELETE FROM label")
        db.execute("UPDATE image SET name = 'gone'")


async def let_go(app: BinScoutApp) -> None:
    """Wait until the app has ended to let another workspace be put in place."""
    end = monotonic() + 3 * WAIT_S
    while app.let_go is None:
        assert monotonic() < end, screen_text(app)
        await asyncio.sleep(0.02)


async def come_back(root: Path, since: str) -> BinScoutApp:
    """The app that opens when the restored workspace is in place, as `run_app` makes it."""
    end = monotonic() + WAIT_S
    while not restoring.is_over(root):
        assert monotonic() < end
        await asyncio.sleep(0.02)
    found = restoring.come_back(root, since)
    assert found.is_another, found.words
    return BinScoutApp(root, opening=Opening("backups"), told=found.words)


async def restore_by_keys(pilot: Any) -> None:
    """From the list through the details to the typed word."""
    await press(pilot, "enter")
    await until(pilot, "Copy command", "files")
    await press(pilot, "R")
    await until(pilot, "added", "removed", "needs")
    await press(pilot, "shift+tab", *"restore")
    await pilot.press("enter")


async def whole_way(root: Path, target: Server) -> None:
    """Back up, lose, restore and verify in the app; every byte is as it was."""
    with Workspace(root) as ws:
        target.add_to(ws)
    before = digest(root)
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await open_backups(pilot)
        await press(pilot, "b", "enter")
        job = await ended(pilot, "backup")
        assert job.state == "done", job.error
        await until(pilot, "read back now", gone="looking…")
        lost(root)
        assert {name: sha for name, sha in digest(root).items() if name not in OURS} != before
        await restore_by_keys(pilot)
        await let_go(app)
    assert app.let_go is not None
    again = await come_back(root, app.let_go[0])
    async with again.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert isinstance(again.screen, BackupsScreen), "one comes back to where one was"
        await ended(pilot, "restore")
        await until(pilot, "read back", "reachable", gone="looking…")
        after = digest(root)
        assert {name: sha for name, sha in after.items() if name not in OURS} == {
            name: sha for name, sha in before.items() if name not in OURS
        }
        await press(pilot, "v", "enter")
        job = await ended(pilot, "backup-verify")
        assert job.state == "done", job.error
        await until(pilot, "read back now")
        await press(pilot, "u")
        await until(pilot, "Take the restore back?", "This comes back: what was there until")


async def test_back_up_lose_restore_verify_by_keys(tmp_path: Path, local_target: Server) -> None:
    await whole_way(made_workspace(tmp_path / "bins"), local_target)


async def test_after_a_restore_one_is_on_the_run_that_was_restored(tmp_path: Path, local_target: Server) -> None:
    root = made_workspace(tmp_path / "bins", 4)
    (tmp_path / "usb").mkdir()
    with Workspace(root) as ws:
        Server("local", str(tmp_path / "usb"), "", tmp_path / "usb").add_to(ws, "usb")
        local_target.add_to(ws)
        first = running.run(ws, "nas").run
        # What the database of the next run remembers is another place.
        ws.db.write(places.keep, ws.user.uid, "backups", {"target": "usb", "run": ""})
        second = running.run(ws, "nas").run
        ws.db.write(places.keep, ws.user.uid, "backups", {"target": "nas", "run": second})
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_backups(pilot)
        await until(pilot, "▸nas", gone="looking…")
        assert screen.run is not None
        assert screen.run.run == second != first
        await restore_by_keys(pilot)
        await let_go(app)
    assert app.let_go is not None
    again = await come_back(root, app.let_go[0])
    async with again.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await until(pilot, "▸nas", "✓ committed", gone="looking…")
        assert isinstance(again.screen, BackupsScreen)
        assert again.screen.run is not None
        assert again.screen.run.run == second


@pytest.mark.slow
async def test_the_same_with_every_kind_of_server(tmp_path: Path, any_remote_server: Server) -> None:
    await whole_way(made_workspace(tmp_path / "bins"), any_remote_server)


@pytest.mark.slow
async def test_a_restore_is_taken_back_by_keys(tmp_path: Path, local_target: Server) -> None:
    root = made_workspace(tmp_path / "bins", 6)
    with Workspace(root) as ws:
        local_target.add_to(ws)
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await open_backups(pilot)
        await press(pilot, "b", "enter")
        await ended(pilot, "backup")
        await until(pilot, "✓ committed", gone="looking…")
        with closing(sqlite3.connect(root / "binscout.db")) as db, db:
            db.execute("UPDATE image SET name = 'later'")
        later = {name: sha for name, sha in digest(root).items() if name not in OURS}
        await restore_by_keys(pilot)
        await let_go(app)
    assert app.let_go is not None
    again = await come_back(root, app.let_go[0])
    async with again.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await ended(pilot, "restore")
        await until(pilot, "✓ committed", "reachable")
        assert {name: sha for name, sha in digest(root).items() if name not in OURS} != later
        await press(pilot, "u")
        await until(pilot, "Type rollback to continue:")
        await press(pilot, *"rollbac", "enter")
        assert not isinstance(again.screen, BackupsScreen)
        await press(pilot, "k")
        await pilot.press("enter")
        await let_go(again)
    assert again.let_go is not None
    last = await come_back(root, again.let_go[0])
    async with last.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await until(pilot, "✓ committed", "reachable")
        assert {name: sha for name, sha in digest(root).items() if name not in OURS} == later
