"""A target that is a folder of this machine does the same with and without rclone between."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import CancelledWork, RemoteError
from binscout_tui.backup.transport.folder_remote import FolderRemote
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.rclone_later import RcloneLater
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.errors import ConflictError
from tests.backup.backing_up import children_of
from tests.backup.servers import SmallDisk

DATA = bytes(range(256)) * 5000


@pytest.fixture(params=["direct", "rclone"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Remote]:
    """The folder `tmp_path / nas` in both ways."""
    config = tmp_path / "rclone.conf"
    config.touch()
    if request.param == "rclone":
        with Rclone(config, quick=True) as rclone:
            yield Remote(rclone, str(tmp_path / "nas"), "the NAS")
    else:
        with RcloneLater(config, quick=True) as later:
            yield FolderRemote(later, tmp_path / "nas", "the NAS")


def test_files_are_written_listed_read_and_deleted(remote: Remote, tmp_path: Path) -> None:
    assert remote.list() == []
    assert remote.exists("a/b") is None
    remote.write("a/b", b"small")
    (tmp_path / "large").write_bytes(DATA)
    remote.upload(tmp_path / "large", "packs/c.tar")
    remote.upload(tmp_path / "large", "packs/c.tar")
    assert {(one.name, one.size) for one in remote.list()} == {("a/b", 5), ("packs/c.tar", len(DATA))}
    assert [one.name for one in remote.list("packs")] == ["packs/c.tar"]
    assert remote.list("nothing") == []
    assert remote.read("a/b") == b"small"
    with remote.open("packs/c.tar", 300, 700) as blocks:
        assert b"".join(blocks) == DATA[300:1000]
    assert remote.sha256("packs/c.tar") == hashlib.sha256(DATA).hexdigest()
    remote.download("packs/c.tar", tmp_path / "back" / "c")
    assert (tmp_path / "back" / "c").read_bytes() == DATA
    remote.call_move("a/b", "d/e")
    assert remote.delete(["a/b", "d/e", "no/such"]) == []
    assert [one.name for one in remote.list()] == ["packs/c.tar"]
    space = remote.space()
    assert space is not None
    assert space.free
    assert space.total == os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize


def test_nothing_is_replaced(remote: Remote, tmp_path: Path) -> None:
    remote.write("a", b"first")
    with pytest.raises(ConflictError):
        remote.write("a", b"second")
    (tmp_path / "other").write_bytes(b"of another size")
    with pytest.raises(ConflictError):
        remote.upload(tmp_path / "other", "a")
    assert remote.read("a") == b"first"


def test_what_is_not_there_is_told(remote: Remote, tmp_path: Path) -> None:
    remote.write("a", b"first")
    for work in (lambda: remote.read("b"), lambda: remote.sha256("b")):
        with pytest.raises(RemoteError) as caught:
            work()
        assert caught.value.code == "not_found"
    with pytest.raises(RemoteError):
        remote.download("b", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def link(folder: Path, outside: Path) -> None:
    (folder / "trap").symlink_to(outside)


def folder_link(folder: Path, outside: Path) -> None:
    (folder / "packs").symlink_to(outside.parent, target_is_directory=True)


def pipe(folder: Path, outside: Path) -> None:
    os.mkfifo(folder / "trap")


@pytest.mark.parametrize("trap", [link, folder_link, pipe])
def test_links_and_pipes_are_neither_read_nor_written_through(
    remote: Remote, tmp_path: Path, trap: Callable[[Path, Path], None]
) -> None:
    outside = tmp_path / "outside" / "secret"
    outside.parent.mkdir()
    outside.write_bytes(b"not yours")
    remote.write("first", b"1")
    trap(tmp_path / "nas", outside)
    assert [one.name for one in remote.list()] == ["first"]
    with pytest.raises(RemoteError):
        remote.sha256("trap")
    if trap is folder_link:
        with pytest.raises(RemoteError, match="is a link"):
            remote.write("packs/new", b"2")
    assert sorted(path.name for path in outside.parent.iterdir()) == ["secret"]


def test_directly_a_stop_leaves_nothing_and_no_rclone_is_started(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(30 << 20))
    before = children_of(os.getpid())

    def stop(moved: int) -> None:
        raise CancelledWork

    with RcloneLater(tmp_path / "none.conf") as later:
        remote = FolderRemote(later, tmp_path / "nas", "the NAS")
        with pytest.raises(CancelledWork):
            remote.upload(tmp_path / "large", "packs/a.tar", stop)
        assert remote.list() == []
        assert children_of(os.getpid()) == before
        place = remote.place_for("packs/made.tar")
        assert place is not None
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(DATA)
        remote.upload(place, "packs/b.tar", move=True)
        assert [one.name for one in remote.list()] == ["packs/b.tar"]
        assert remote.features().bucket is False, "asked of an rclone that is started for that"
    assert children_of(os.getpid()) == before


def unmounted(folder: Path) -> None:
    folder.rename(folder.with_name("away"))


def unmounted_from(folder: Path) -> None:
    unmounted(folder)
    folder.mkdir()


@pytest.mark.parametrize("goes", [unmounted, unmounted_from])
def test_a_folder_that_went_is_never_made_again(tmp_path: Path, goes: Callable[[Path], None]) -> None:
    (tmp_path / "small").write_bytes(b"1")
    with RcloneLater(tmp_path / "none.conf") as later:
        remote = FolderRemote(later, tmp_path / "nas", "the NAS")
        remote.write("packs/aa/first", b"1")
        goes(remote.here)
        for work in (
            lambda: remote.write("packs/bb/second", b"2"),
            lambda: remote.upload(tmp_path / "small", "packs/aa/first"),
            lambda: remote.place_for("packs/bb/third"),
            lambda: remote.call_move("packs/aa/first", "packs/cc/first"),
            lambda: remote.delete(["packs/aa/first"]),
            lambda: remote.exists("packs/aa/first"),
            lambda: remote.list(),
            lambda: remote.list("packs"),
            remote.must_be_there,
        ):
            with pytest.raises(RemoteError) as caught:
                work()
            assert caught.value.code in ("unreachable", "not_found")
        assert not list(tmp_path.glob("nas/*"))
        assert [path.name for path in (tmp_path / "away").rglob("*") if path.is_file()] == ["first"]


def test_a_share_that_numbers_its_folder_anew_is_the_same_by_its_store(tmp_path: Path) -> None:
    with RcloneLater(tmp_path / "none.conf") as later:
        remote = FolderRemote(later, tmp_path / "nas", "the NAS")
        remote.write(layout.REPO_FILE, b"{}")
        unmounted(remote.here)
        shutil.copytree(tmp_path / "away", remote.here)
        remote.write("packs/aa/second", b"2")
        assert {one.name for one in remote.list()} == {layout.REPO_FILE, "packs/aa/second"}


def test_what_goes_wrong_here_is_not_laid_on_the_target(remote: Remote, tmp_path: Path, small_disk: SmallDisk) -> None:
    remote.write("a", DATA)
    with pytest.raises(OSError, match="no room here"), remote.open("a"):
        raise OSError(errno.ENOSPC, "no room here")
    with pytest.raises(OSError, match="No space left") as caught:
        remote.download("a", small_disk("here", 1) / "a")
    assert caught.value.errno == errno.ENOSPC


def test_to_tidy_up_no_rclone_is_started(tmp_path: Path) -> None:
    before = children_of(os.getpid())
    with RcloneLater(tmp_path / "none.conf") as later:
        later.clean("operations/deletefile", fs=str(tmp_path), remote="a")
        remote = FolderRemote(later, tmp_path / "nas", "the NAS")
        remote.write("half", b"1")
        remote.clean("half")
        assert remote.exists("half") is None
        assert children_of(os.getpid()) == before
