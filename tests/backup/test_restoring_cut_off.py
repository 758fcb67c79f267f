"""A restore that is cut off at any moment leaves the workspace whole, and the next one goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from binscout_tui.backup.faults import CancelledWork, RemoteError
from binscout_tui.backup.progress import Progress
from binscout_tui.errors import RefusedError, StorageError
from binscout_tui.jobs.control import reconcile
from binscout_tui.operations.backups import restoring
from binscout_tui.operations.backups.restoring import Order
from binscout_tui.store import jobs
from binscout_tui.workspace import Workspace
from tests.backup.made import digest, made_workspace
from tests.backup.restorable import backed_up, quiet, restored, same, to_folder
from tests.backup.servers import Server, SmallDisk

STAGES = restoring.STAGES[:-1]


@pytest.mark.parametrize("stage", STAGES)
def test_a_cancel_at_any_stage_leaves_only_what_can_be_used_again(root: Path, run: str, stage: str) -> None:
    shutil.rmtree(root / "originals")
    before = digest(root)

    def report(progress: Progress) -> None:
        if progress.stage == stage:
            raise CancelledWork

    with pytest.raises(CancelledWork):
        restored(root, run, report=report)
    same(digest(root), before)
    assert {path.name for path in (root / "backup" / "restore").glob("*")} <= {f"{run}-everything"}
    restored(root, run)
    assert len(list((root / "originals").rglob("*.jpg"))) == 12
    assert not (root / "backup" / "restore" / f"{run}-everything").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from binscout_tui.operations.backups import restoring
from binscout_tui.workspace import Workspace

def report(progress):
    if progress.stage == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

with Workspace(Path(sys.argv[1])) as ws:
    if len(sys.argv) > 4:
        restoring.to_folder(ws, "nas", sys.argv[2], Path(sys.argv[4]), report)
    else:
        restoring.in_place(ws, "nas", sys.argv[2], "everything", report)
"""


@pytest.mark.parametrize("stage", ["records", "here", "fetch", "verify", "database", "putting in place"])
def test_a_kill_at_any_stage_leaves_the_workspace_and_the_next_attempt_ends_it(
    root: Path, run: str, stage: str, tmp_path: Path
) -> None:
    whole = digest(root)
    shutil.rmtree(root / "originals")
    before = digest(root)
    done = subprocess.run([sys.executable, "-c", KILLED, str(root), run, stage], check=False)
    assert done.returncode == -9
    same(digest(root), before)
    restored(root, run)
    same(digest(root), whole)


def test_a_kill_amid_a_folder_leaves_nothing_after_the_next_attempt(root: Path, run: str, tmp_path: Path) -> None:
    place = tmp_path / "new"
    subprocess.run([sys.executable, "-c", KILLED, str(root), run, "verify", str(place)], check=False)
    assert not place.exists()
    assert len(list(tmp_path.glob("new.partial-*"))) == 1
    to_folder(root, run, place)
    assert [path.name for path in tmp_path.glob("new*")] == ["new"]


def test_a_job_that_died_is_not_begun_again_by_itself(root: Path, run: str) -> None:
    with Workspace(root) as ws:
        order = Order(target="nas", run=run, confirm="restore")
        job = restoring.enqueue(ws, order)
        ws.db.write(jobs.begin, job, 2**22 + 1, "long ago")
        assert [one.state for one in ws.db.write(reconcile, root)] == ["failed"]


def test_a_job_that_died_when_all_was_in_place_is_done(root: Path, run: str) -> None:
    with Workspace(root) as ws:
        job = ws.db.read(jobs.get, restoring.enqueue(ws, Order(target="nas", run=run, confirm="restore")))
        ws.db.write(jobs.begin, job.id, 2**22 + 1, "long ago")
        restoring.in_place(ws, "nas", run, "everything", quiet, job=ws.db.read(jobs.get, job.id))
        assert [(one.state, one.kind) for one in ws.db.write(reconcile, root)] == [("done", "restore")]
        again = ws.db.read(jobs.same, job)
        assert again.result is not None
        assert (again.result["run"], again.result["files"]) == (run, 18)


def test_too_small_a_disk_is_told_with_numbers(root: Path, run: str, small_disk: SmallDisk) -> None:
    place = small_disk("small", 20)
    with pytest.raises(RefusedError, match=r"needs .* free") as told:
        to_folder(root, run, place / "new")
    assert told.value.code == "no_space"
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("stage", ["unpack", "fetch"])
def test_a_disk_that_fills_up_amid_the_work_leaves_what_was_there(
    tmp_path: Path, local_target: Server, small_disk: SmallDisk, stage: str
) -> None:
    place = small_disk("small", 100)
    root = made_workspace(place / "workspace")
    large = root / "models" / "screws-1" / "large"
    large.write_bytes(os.urandom(12 << 20))
    with Workspace(root) as ws:
        local_target.add_to(ws)
    run = backed_up(root)
    large.unlink()
    before = digest(root)
    filler = place / "filler"

    def report(progress: Progress) -> None:
        if progress.stage == stage and not filler.exists():
            with filler.open("wb") as out:
                left = shutil.disk_usage(place).free - (100 << 10)
                while left > 0:
                    left -= out.write(bytes(min(left, 1 << 20)))

    with pytest.raises(StorageError, match="full") as told:
        restored(root, run, report=report)
    assert told.value.code == "disk_full"
    assert not (root / "backup" / "restore" / f"{run}-everything").exists()
    filler.unlink()
    same(digest(root), before)
    restored(root, run)
    assert large.stat().st_size == 12 << 20


def children(name: str) -> list[str]:
    """The helpers of this name that were started from here and live; servers of tests are none."""
    wanted = ["ps", "--ppid", str(os.getpid()), "-o", "stat=,args="]
    lines = subprocess.run(wanted, capture_output=True, text=True, check=False).stdout.splitlines()
    return [line for line in lines if f"{name} rcd" in line and not line.startswith("Z")]


@pytest.fixture
def far(tmp_path: Path, webdav_server: Server) -> Path:
    """A workspace whose target is a server, and that has lost a large file since its run."""
    place = made_workspace(tmp_path / "far")
    large = place / "models" / "screws-1" / "large"
    large.write_bytes(os.urandom(24 << 20))
    with Workspace(place) as ws:
        webdav_server.add_to(ws)
    backed_up(place)
    large.unlink()
    return place


class Hung:
    """Has the server stand still when files are about to be fetched, and does something half a second later."""

    def __init__(self, server: Server, then: Callable[[], None]) -> None:
        self.server, self.then = server, then
        self.since = 0.0

    def __call__(self, progress: Progress) -> None:
        if progress.stage == "fetch" and not self.since:
            self.server.pause()
            self.since = time.monotonic()
        elif self.since and time.monotonic() - self.since > 0.5:
            self.then()


def test_a_cancel_is_heard_while_the_server_hangs(far: Path, webdav_server: Server) -> None:
    before = digest(far)

    def stop() -> None:
        raise CancelledWork

    hung = Hung(webdav_server, stop)
    with pytest.raises(CancelledWork):
        restored(far, "latest", report=hung)
    assert time.monotonic() - hung.since < 5
    assert children("rclone") == []
    webdav_server.resume()
    same(digest(far), before)
    assert restored(far, "latest").fetched >= 24 << 20


def test_a_server_that_goes_amid_the_bytes_leaves_what_was_there(far: Path, webdav_server: Server) -> None:
    before = digest(far)
    with pytest.raises(RemoteError) as told:
        restored(far, "latest", report=Hung(webdav_server, webdav_server.stop))
    assert told.value.code in ("unreachable", "refused_connection", "remote")
    same(digest(far), before)
    webdav_server.start()
    assert restored(far, "latest").fetched >= 24 << 20


@pytest.mark.parametrize("table", ["journal", "job", "label"])
def test_a_database_that_is_damaged_here_is_replaced(root: Path, run: str, table: str) -> None:
    before = digest(root)
    with closing(sqlite3.connect(root / "binscout.db")) as db:
        page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (root / "binscout.db").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    with Workspace(root) as ws:
        if table != "job":
            assert restoring.compare(ws, "nas", run).lost == {}
        # Its jobs cannot be read, so there are none to wait for.
        restoring.in_place(ws, "nas", run, "everything", quiet)
    same(digest(root), before)
