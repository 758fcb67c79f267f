"""A run while its server goes away or hangs, or its rclone is killed: it is told, no run is there, the next commits."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from binscout_tui.backup.faults import RemoteError
from tests.backup.backing_up import back_up, children_of, committed, get_back, point_at, set_backup
from tests.backup.made import digest, made_workspace
from tests.backup.servers import Server

AWAY = ("unreachable", "refused_connection", "hung", "gone", "remote")
Harm = Callable[[], None]


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    """A workspace whose patience is short."""
    found = made_workspace(tmp_path / "ws", 6)
    set_backup(found, stall_seconds=2)
    return found


def harmed(root: Path, moment: str, harm: Harm) -> RemoteError:
    """A run to which `harm` is done at `moment`, once."""
    done: list[float] = []

    def at(name: str) -> None:
        if name == moment and not done:
            done.append(time.monotonic())
            harm()

    with pytest.raises(RemoteError) as error:
        back_up(root, at=at)
    assert done
    assert time.monotonic() - done[0] < 45
    assert not rclones()
    return error.value


def rclones() -> list[int]:
    """The rclones that this process started for itself."""
    found = []
    for pid in children_of(os.getpid()):
        try:
            if b"\0rcd\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found


def comes_back(root: Path, server: Server, tmp_path: Path) -> None:
    """The next run commits, and holds everything."""
    assert committed(server.folder) == []
    run = back_up(root).run
    assert committed(server.folder) == [run]
    files = {name: sha256 for name, sha256 in digest(root).items() if not name.startswith("rows of ")}
    back = digest(get_back(server.folder, run, tmp_path / "back"))
    assert {name: back.get(name) for name in files} == files


@pytest.mark.parametrize("moment", ["pack", pytest.param("before commit", marks=pytest.mark.slow)])
def test_a_server_that_goes_away_amid_a_run(ws: Path, webdav_server: Server, tmp_path: Path, moment: str) -> None:
    point_at(ws, webdav_server)
    error = harmed(ws, moment, webdav_server.stop)
    assert error.code in AWAY
    assert f"127.0.0.1:{webdav_server.port}" in error.sentence
    webdav_server.start()
    comes_back(ws, webdav_server, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["scan", "pack", "records", "before commit"])
def test_any_server_that_goes_away_amid_a_run(ws: Path, any_remote_server: Server, tmp_path: Path, moment: str) -> None:
    point_at(ws, any_remote_server)
    assert harmed(ws, moment, any_remote_server.stop).code in AWAY
    any_remote_server.start()
    comes_back(ws, any_remote_server, tmp_path)


@pytest.mark.parametrize("moment", ["pack", pytest.param("before commit", marks=pytest.mark.slow)])
def test_a_server_that_hangs_amid_a_run(ws: Path, sftp_server: Server, tmp_path: Path, moment: str) -> None:
    point_at(ws, sftp_server)
    try:
        error = harmed(ws, moment, sftp_server.pause)
    finally:
        sftp_server.resume()
    assert error.code in AWAY
    if moment == "before commit" and committed(sftp_server.folder):
        return  # it had the manifest in its hands, and wrote it when it went on: a whole run
    comes_back(ws, sftp_server, tmp_path)


@pytest.mark.parametrize("moment", ["pack", "before commit"])
def test_an_rclone_that_is_killed_amid_a_run(ws: Path, webdav_server: Server, tmp_path: Path, moment: str) -> None:
    point_at(ws, webdav_server)

    def kill() -> None:
        (pid,) = rclones()
        os.kill(pid, signal.SIGKILL)

    error = harmed(ws, moment, kill)
    assert error.code == "gone"
    assert "rclone" in error.sentence
    comes_back(ws, webdav_server, tmp_path)
