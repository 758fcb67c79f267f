"""A run whose target is a folder that goes away, fills up, or loses a file to be sent, amid the run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from binscout_tui.backup.faults import RemoteError, RepoError
from binscout_tui.backup.making.sending import COPIED_MOST
from tests.backup.backing_up import back_up, committed, files_of, get_back, point_at, set_backup
from tests.backup.made import digest, made_workspace
from tests.backup.servers import Server, SmallDisk


def target_at(folder: Path, root: Path) -> Server:
    """A new folder as the target of the workspace in `root`."""
    folder.mkdir()
    server = Server("local", str(folder), "", folder)
    point_at(root, server)
    return server


@pytest.mark.parametrize(
    ("moment", "is_first"),
    [
        ("scan", True),
        ("before commit", False),
        *(pytest.param(moment, True, marks=pytest.mark.slow) for moment in ("pack", "records", "before commit")),
        *(pytest.param(moment, False, marks=pytest.mark.slow) for moment in ("scan", "pack", "records")),
    ],
)
def test_a_share_that_goes_away_gets_nothing_below_its_mount_point(
    tmp_path: Path, small_disk: SmallDisk, moment: str, *, is_first: bool
) -> None:
    root = made_workspace(tmp_path / "workspace")
    disk = small_disk("nas", 8)
    target_at(disk / "store", root)
    if not is_first:
        back_up(root)
        (root / "models" / "new.bin").write_bytes(os.urandom(5000))

    def at(now: str) -> None:
        if now == moment and os.path.ismount(disk):
            subprocess.run(["umount", "--lazy", str(disk)], check=True)

    with pytest.raises(RemoteError, match="not there any more"):
        back_up(root, at=at)
    assert list(disk.iterdir()) == []


def test_no_manifest_comes_into_another_folder_than_the_rest(tmp_path: Path) -> None:
    """Here rclone writes, which makes any folder that is missing."""
    root = made_workspace(tmp_path / "workspace")
    set_backup(root, bandwidth="100M")
    store = target_at(tmp_path / "store", root).folder

    def at(now: str) -> None:
        if now == "before commit":
            store.rename(tmp_path / "away")
            store.mkdir()

    with pytest.raises(RepoError, match="went away during this run"):
        back_up(root, at=at)
    assert committed(store) == committed(tmp_path / "away") == []


@pytest.mark.parametrize("object_mb", [1, 8])
def test_a_full_target_is_told_as_that(tmp_path: Path, small_disk: SmallDisk, object_mb: int) -> None:
    root = made_workspace(tmp_path / "workspace")
    set_backup(root, object_mb=object_mb)
    disk = small_disk("nas", 12)
    store = target_at(disk / "store", root).folder
    (root / "models" / "large.bin").write_bytes(os.urandom(3 << 20))

    def at(now: str) -> None:
        if now == "scan" and not (disk / "others").exists():
            (disk / "others").write_bytes(bytes(10 << 20))

    with pytest.raises(RemoteError, match=r"store is full: the next file needs .* free") as caught:
        back_up(root, at=at)
    assert caught.value.code == "full"
    assert not [path for path in store.rglob("*") if path.suffix in (".partial", ".tar")]
    (disk / "others").unlink()
    assert digest(get_back(store, back_up(root).run, tmp_path / "back")) == digest(root)


def test_a_very_large_file_that_goes_while_it_is_sent_is_told_as_gone(tmp_path: Path, local_target: Server) -> None:
    root = made_workspace(tmp_path / "workspace")
    point_at(root, local_target)
    large = root / "models" / "large.bin"
    with large.open("wb") as out:
        out.truncate(COPIED_MOST + 1)

    def at(now: str) -> None:
        if now == "upload":
            large.unlink(missing_ok=True)

    done = back_up(root, at=at)
    assert (done.vanished, done.warnings) == (["models/large.bin"], [])
    assert "models/large.bin" not in {one["path"] for one in files_of(local_target.folder, done.run)}
    assert not list(local_target.folder.glob("objects/*/*"))
