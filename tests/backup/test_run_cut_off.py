"""A run that is killed, cancelled, or has no room, at every moment of it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from binscout_tui.backup.faults import CancelledWork, RemoteError
from binscout_tui.backup.progress import Progress
from binscout_tui.errors import RefusedError, StorageError
from binscout_tui.workspace import Workspace
from tests.backup.backing_up import (
    back_up,
    begun,
    children_of,
    committed,
    files_of,
    get_back,
    point_at,
    set_backup,
)
from tests.backup.made import add_pictures, digest, made_workspace
from tests.backup.servers import Server, SmallDisk
from tests.backup.waiting import is_gone, until

BEFORE = ("check", "snapshot", "scan", "pack", "between", "records", "lists", "before commit")
LEFT = 2 << 20
"""Bytes that a disk has left that fills up: enough for what is small, not for what is large."""
HERE = (*BEFORE, "after commit")
QUICKLY = ("pack", "between", "before commit", "after commit")
THERE = ("check", "snapshot", "scan", "pack", "upload", "between", "records", "lists", "before commit")


def changed(root: Path, number: int) -> None:
    """Something new to send: some packs, and a file that is stored by itself."""
    with Workspace(root) as workspace:
        add_pictures(workspace, [number])
    for name in range(4):
        (root / "models" / f"{number}-{name}.bin").write_bytes(os.urandom(700_000))
    (root / "models" / f"{number}-large.bin").write_bytes(os.urandom(2_500_000))


def prepared(root: Path, server: Server) -> str:
    """A workspace with a first run, and new things for a second one; the first run."""
    made_workspace(root)
    set_backup(root, pack_mb=1, object_mb=1)
    point_at(root, server)
    changed(root, 1000)
    first = back_up(root).run
    changed(root, 2000)
    return first


@pytest.mark.parametrize(
    "moment", [pytest.param(one, marks=() if one in QUICKLY else pytest.mark.slow) for one in HERE]
)
def test_killed_at_any_moment_the_target_stays_good_and_the_next_run_commits(
    tmp_path: Path, local_target: Server, moment: str
) -> None:
    _killed(tmp_path, local_target, moment)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["upload", "between", "before commit"])
def test_killed_while_a_server_takes_it(tmp_path: Path, any_remote_server: Server, moment: str) -> None:
    _killed(tmp_path, any_remote_server, moment)


def _killed(tmp_path: Path, server: Server, moment: str) -> None:
    root, store = tmp_path / "workspace", server.folder
    first = prepared(root, server)
    before = digest(get_back(store, first, tmp_path / "first"))
    child = begun(root, moment)
    below = children_of(child.pid)
    child.kill()
    child.wait()
    for pid in below:
        until(lambda pid=pid: is_gone(pid), "rclone ends with its parent")  # type: ignore[misc]
    done = 2 if moment == "after commit" else 1
    assert len(committed(store)) == done
    assert digest(get_back(store, first, tmp_path / "first again")) == before
    sent = {name for name in server.files() if name.endswith(".tar") or name.startswith("objects/")}
    third = back_up(root)
    assert len(committed(store)) == done + 1
    assert digest(get_back(store, third.run, tmp_path / "back")) == digest(root)
    assert not list((root / "derived").rglob("staging/*"))
    if moment in ("records", "lists", "before commit"):
        named = {one["blob"] for one in files_of(store, third.run)}
        again = {name for name in server.files() if name.endswith(".tar") or name.startswith("objects/")}
        assert again == sent, "what was sent before is not sent again"
        assert sent - named == set()


@pytest.mark.slow
@pytest.mark.parametrize("moment", THERE)
def test_cancelled_at_any_moment_it_ends_at_once_and_leaves_nothing(
    tmp_path: Path, webdav_server: Server, moment: str
) -> None:
    _cancelled(tmp_path, webdav_server, moment)


def _cancelled(tmp_path: Path, server: Server, moment: str) -> None:
    """While a slow server takes the bytes, what is on the way is taken away again."""
    root, store = tmp_path / "workspace", server.folder
    first = prepared(root, server)
    before = set(children_of(os.getpid()))
    if moment == "upload":
        set_backup(root, pack_mb=1, object_mb=1, bandwidth="200k")
    asked: list[float] = []

    def at(found: str) -> None:
        if found == moment and not asked:
            asked.append(time.monotonic())

    def report(progress: Progress) -> None:
        if asked:
            raise CancelledWork

    with pytest.raises(CancelledWork):
        back_up(root, report, at)
    assert time.monotonic() - asked[0] < 1.5
    assert server.process is not None
    assert set(children_of(os.getpid())) <= before
    assert committed(store) == [first]
    assert not [name for name in server.files() if name.endswith(".partial")]
    assert [path.name for path in (store / "runs").iterdir() if any(path.iterdir())] == [first]
    assert not list((root / "derived").rglob("staging/*"))
    set_backup(root, pack_mb=1, object_mb=1)
    assert digest(get_back(store, back_up(root).run, tmp_path / "back")) == digest(root)


def test_one_that_is_cancelled_while_bytes_are_on_the_way(tmp_path: Path, sftp_server: Server) -> None:
    _cancelled(tmp_path, sftp_server, "upload")


def test_a_second_run_on_this_machine_is_refused_and_names_the_first(tmp_path: Path, local_target: Server) -> None:
    root = tmp_path / "workspace"
    prepared(root, local_target)
    child = begun(root, "pack")
    try:
        with pytest.raises(RefusedError, match=rf"in progress.*|.*process {child.pid}") as caught:
            back_up(root)
        assert caught.value.code == "running"
        assert str(child.pid) in caught.value.sentence
    finally:
        child.communicate(input="")
    assert child.returncode == 0
    assert len(committed(local_target.folder)) == 2
    back_up(root)


@pytest.mark.slow
def test_two_machines_at_once_both_commit(tmp_path: Path, any_remote_server: Server) -> None:
    """Two workspaces with one store: both are in the middle of it at the same time."""
    roots = [tmp_path / name / "workspace" for name in ("one", "two")]
    for root in roots:
        made_workspace(root)
        point_at(root, any_remote_server)
    changed(roots[1], 3000)
    back_up(roots[0])
    (roots[1] / "backup" / "targets.json").write_bytes((roots[0] / "backup" / "targets.json").read_bytes())
    child = begun(roots[0], "before commit")
    other = back_up(roots[1]).run
    one = child.communicate(input="")[0].split()[-1]
    assert child.returncode == 0
    store = any_remote_server.folder
    for number, (root, run) in enumerate(zip(roots, (one, other), strict=True)):
        assert digest(get_back(store, run, tmp_path / f"back {number}")) == digest(root)


def test_no_room_on_the_target_is_told_with_figures(
    tmp_path: Path, local_target: Server, small_disk: SmallDisk
) -> None:
    local_target.folder = small_disk("nas", 8)
    root = tmp_path / "workspace"
    made_workspace(root)
    point_at(root, local_target)
    (root / "models" / "large.bin").write_bytes(os.urandom(12 << 20))
    with pytest.raises(RemoteError, match=r"full: 12\.\d MB are to be sent, \d\.\d MB are free") as caught:
        back_up(root)
    assert caught.value.code == "full"
    assert committed(local_target.folder) == []
    (root / "models" / "large.bin").unlink()
    assert digest(get_back(local_target.folder, back_up(root).run, tmp_path / "back")) == digest(root)


def room(disk: Path) -> int:
    """Bytes that can still be written."""
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def test_a_target_that_fills_up_on_the_way_fails_and_nothing_half_counts(
    tmp_path: Path, sftp_server: Server, small_disk: SmallDisk
) -> None:
    """SFTP says only that it failed: the figures come from asking for the room."""
    sftp_server.stop()
    disk = small_disk("sftp/served", 12)  # what it serves: it tells the room of no other disk
    (disk / "nas").mkdir()
    sftp_server.command.append("--dir-cache-time=1s")  # what else is written there is seen soon
    sftp_server.start()
    root = tmp_path / "workspace"
    made_workspace(root)
    point_at(root, sftp_server)
    set_backup(root, object_mb=1, transfers=1)
    first = back_up(root).run
    (root / "models" / "large.bin").write_bytes(os.urandom(6 << 20))
    set_backup(root, object_mb=1, transfers=1, bandwidth="1M")  # so that it is on its way when the disk fills up

    def at(moment: str) -> None:
        if moment == "pack" and not (disk / "others").exists():
            # However much of the larger file is there by then.
            (disk / "others").write_bytes(bytes(room(disk) - LEFT))

    (root / "models" / "small.bin").write_bytes(b"first of all")
    with pytest.raises(RemoteError) as caught:
        back_up(root, at=at)
    assert caught.value.code == "full", caught.value.sentence
    assert committed(sftp_server.folder) == [first]
    assert not [name for name in sftp_server.files() if name.endswith(".partial")]
    sftp_server.stop()
    (disk / "others").unlink()
    sftp_server.start()
    set_backup(root, object_mb=1)
    assert digest(get_back(sftp_server.folder, back_up(root).run, tmp_path / "back")) == digest(root)


def test_no_room_here_is_refused_before_anything_is_sent(
    tmp_path: Path, local_target: Server, small_disk: SmallDisk
) -> None:
    root = small_disk("disk", 24) / "workspace"
    made_workspace(root)
    point_at(root, local_target)
    (root / "filler").write_bytes(bytes(14 << 20))
    before = digest(root)
    with pytest.raises(StorageError, match=r"has .* left; .* are needed for the copy of the database") as caught:
        back_up(root)
    assert caught.value.code == "disk_full"
    assert local_target.files() == {}
    assert digest(root) == before


def test_a_disk_here_that_fills_up_on_the_way_leaves_nothing_behind(
    tmp_path: Path, sftp_server: Server, small_disk: SmallDisk
) -> None:
    root = small_disk("disk", 40) / "workspace"
    made_workspace(root)
    point_at(root, sftp_server)
    (root / "models" / "one.bin").write_bytes(os.urandom(7 << 20))

    def at(moment: str) -> None:
        filler = root / "filler"
        if moment == "pack" and not filler.exists():
            free = os.statvfs(root).f_bavail * os.statvfs(root).f_frsize
            filler.write_bytes(bytes(free - 50_000))

    before = digest(root)
    with pytest.raises(StorageError) as caught:
        back_up(root, at=at)
    assert caught.value.code == "disk_full"
    (root / "filler").unlink()
    assert committed(sftp_server.folder) == []
    assert not list((root / "derived").rglob("staging/*"))
    assert digest(root) == before
    assert digest(get_back(sftp_server.folder, back_up(root).run, tmp_path / "back")) == digest(root)


def test_a_server_that_goes_away_for_a_moment_is_tried_again(tmp_path: Path, sftp_server: Server) -> None:
    """Mid-way the server ends; it is back before the last try."""
    root = tmp_path / "workspace"
    first = prepared(root, sftp_server)
    stopped = threading.Event()

    def at(moment: str) -> None:
        if moment == "between" and not stopped.is_set():
            stopped.set()
            sftp_server.stop()

    def report(progress: Progress) -> None:
        # A server started by another thread would end with that.
        if stopped.is_set() and sftp_server.process is None:
            sftp_server.start()

    second = back_up(root, report, at)
    assert committed(sftp_server.folder) == [first, second.run]
