"""Files on targets of every kind: written whole or not at all, never replaced, read back as they are stored."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.errors import ConflictError
from binscout_tui.workspace import Workspace
from tests.backup.servers import Server, SmallDisk

MIB = 1 << 20
OLD = datetime(2001, 9, 9, tzinfo=UTC).timestamp()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "rclone.conf"
    path.touch(0o600)
    return path


@pytest.fixture
def remote(any_server: Server, config: Path) -> Iterator[Remote]:
    fs = any_server.configure(config)
    with Rclone(config, quick=True) as rclone:
        yield Remote(rclone, f"{fs}/" if any_server.kind == "s3" else fs, "there")


def source(folder: Path, data: bytes) -> Path:
    path = folder / "source.bin"
    path.write_bytes(data)
    os.utime(path, (OLD, OLD))
    return path


def test_the_life_of_a_file_on_every_kind_of_target(remote: Remote, any_server: Server, tmp_path: Path) -> None:
    data = os.urandom(3 * MIB + 17)
    assert remote.list() == []
    assert remote.exists("packs/ab/x.tar") is None
    moved: list[int] = []
    remote.upload(source(tmp_path, data), "packs/ab/x.tar", moved.append)
    assert remote.exists("packs/ab/x.tar") == len(data)
    assert [(one.name, one.size) for one in remote.list()] == [("packs/ab/x.tar", len(data))]
    assert any_server.files() == {"packs/ab/x.tar": data}

    assert remote.sha256("packs/ab/x.tar") == hashlib.sha256(data).hexdigest()
    with remote.open("packs/ab/x.tar", 1 * MIB, 1000) as blocks:
        assert b"".join(blocks) == data[MIB : MIB + 1000]
    with remote.open("packs/ab/x.tar", 5, 0) as blocks:
        assert b"".join(blocks) == b""
    remote.download("packs/ab/x.tar", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data

    assert remote.delete(["packs/ab/x.tar", "packs/ab/never there"]) == []
    assert remote.list() == []


def test_what_is_there_is_never_replaced(remote: Remote, any_server: Server, tmp_path: Path) -> None:
    remote.write("a", b"first")
    with pytest.raises(ConflictError) as raised:
        remote.write("a", b"other")
    assert raised.value.code == "exists"
    with pytest.raises(ConflictError, match="5 bytes"):
        remote.upload(source(tmp_path, b"longer than that"), "a")
    remote.upload(source(tmp_path, b"12345"), "a")  # the same size: the name says what it is
    assert any_server.files() == {"a": b"first"}


def test_a_flipped_bit_on_the_target_shows_in_its_hash(remote: Remote, any_server: Server) -> None:
    remote.write("objects/aa/x", b"good bytes" * 1000)
    before = remote.sha256("objects/aa/x")
    stored = any_server.folder / "objects" / "aa" / "x"
    data = bytearray(stored.read_bytes())
    data[5000] ^= 1
    stored.write_bytes(data)
    assert remote.sha256("objects/aa/x") == hashlib.sha256(data).hexdigest() != before


def test_what_is_not_there_is_told_as_such(remote: Remote) -> None:
    remote.write("a", b"1")
    for ask in (lambda: remote.read("b"), lambda: remote.sha256("b"), lambda: remote.download("b", Path("/nowhere/b"))):
        with pytest.raises((RemoteError, OSError)) as raised:
            ask()
        assert isinstance(raised.value, OSError) or raised.value.code == "not_found"


def test_reading_stops_at_its_limit(remote: Remote) -> None:
    remote.write("a", bytes(100_000))
    with pytest.raises(DamagedError, match="larger than"):
        remote.read("a", 99_999)
    assert remote.read("a", 100_000) == bytes(100_000)


@pytest.mark.parametrize("name", ["a*[x]{1,2}?.bin", "-rf", "$(touch x)`y`'\"", "# %41 ä ß 図", " x", "a:b"])
def test_odd_names_are_names_and_no_patterns(local_target: Server, config: Path, name: str) -> None:
    with Rclone(config, quick=True) as rclone:
        remote = Remote(rclone, str(local_target.folder), "there")
        for one in (name, "a1.bin", "ax1.bin"):
            remote.write(f"deep/{one}", one.encode())
        assert remote.read(f"deep/{name}") == name.encode()
        assert remote.sha256(f"deep/{name}") == hashlib.sha256(name.encode()).hexdigest()
        assert remote.delete([f"deep/{name}"]) == []
    assert local_target.files() == {"deep/a1.bin": b"a1.bin", "deep/ax1.bin": b"ax1.bin"}


@pytest.mark.parametrize("kind", ["local_target", "webdav_server"])
def test_a_file_of_2001_was_stored_today(
    request: pytest.FixtureRequest, config: Path, tmp_path: Path, kind: str
) -> None:
    """SFTP likewise, by an option of the target; SMB and S3 keep the time of the source."""
    server: Server = request.getfixturevalue(kind)
    fs = server.configure(config)
    with Rclone(config, quick=True) as rclone:
        remote = Remote(rclone, fs, "there")
        remote.upload(source(tmp_path, b"old"), "a")
        (entry,) = remote.list()
    assert datetime.fromisoformat(entry.modified).year > 2001


def test_a_server_that_dies_amid_an_upload_leaves_no_half_file_under_the_name(
    any_remote_server: Server, config: Path, tmp_path: Path
) -> None:
    fs = any_remote_server.configure(config)
    fs = f"{fs}/" if any_remote_server.kind == "s3" else fs
    data = os.urandom(16 * MIB)
    with Rclone(config, quick=True, options=("--bwlimit=4M",)) as rclone:

        def die(moved: int) -> None:
            if moved:
                any_remote_server.stop()

        with pytest.raises(RemoteError) as raised:
            Remote(rclone, fs, "there").upload(source(tmp_path, data), "packs/aa/x", die)
        assert raised.value.code in ("unreachable", "refused_connection", "remote", "hung")
        assert raised.value.is_passing
    any_remote_server.start()
    assert "packs/aa/x" not in any_remote_server.files()
    with Rclone(config, quick=True) as rclone:
        Remote(rclone, fs, "there").upload(source(tmp_path, data), "packs/aa/x")
    assert any_remote_server.files()["packs/aa/x"] == data


def test_a_missing_bucket_or_share_is_no_empty_folder(config: Path, request: pytest.FixtureRequest) -> None:
    for kind in ("s3", "smb"):
        server: Server = request.getfixturevalue(f"{kind}_server")
        server.configure(config, kind)
        fs = f"{kind}:no-such/backups/" if kind == "s3" else f"{kind}:no-such/backups"
        with Rclone(config, quick=True) as rclone:
            with pytest.raises(RemoteError, match="no such share or bucket") as raised:
                Remote(rclone, fs, "there").list()
            assert raised.value.code == "not_found"


def test_a_full_disk_is_told_as_full(small_disk: SmallDisk, config: Path, tmp_path: Path) -> None:
    disk = small_disk("full", 4)
    with Rclone(config, quick=True) as rclone:
        remote = Remote(rclone, str(disk / "backups"), "the disk")
        remote.write("small", b"1")
        with pytest.raises(RemoteError) as raised:
            remote.upload(source(tmp_path, os.urandom(6 * MIB)), "packs/aa/x")
        assert raised.value.code == "full"
        assert [entry.name for entry in remote.list()] == ["small"]
        space = remote.space()
        assert space is not None
        assert space.total == 4 * MIB


def links(folder: Path, outside: Path) -> None:
    (folder / "link").symlink_to(outside)


def fifos(folder: Path, _: Path) -> None:
    os.mkfifo(folder / "link")


@pytest.mark.parametrize("trap", [links, fifos])
def test_a_link_or_pipe_on_a_folder_is_not_followed(
    local_target: Server, config: Path, tmp_path: Path, trap: Callable[[Path, Path], None]
) -> None:
    (tmp_path / "outside").write_bytes(b"not of the target")
    trap(local_target.folder, tmp_path / "outside")
    with Rclone(config, quick=True) as rclone:
        remote = Remote(rclone, str(local_target.folder), "there")
        with pytest.raises(RemoteError):
            remote.sha256("link")
        assert "link" not in [entry.name for entry in remote.list()]


@pytest.mark.parametrize("name", ["../outside", "packs/../../outside", "/etc/hostname"])
def test_a_name_that_leads_out_of_the_folder_is_refused(local_target: Server, config: Path, name: str) -> None:
    (local_target.folder.parent / "outside").write_bytes(b"not of the target")
    with Rclone(config, quick=True) as rclone, pytest.raises(DamagedError, match="no name of a stored file"):
        Remote(rclone, str(local_target.folder), "there").sha256(name)


@pytest.mark.parametrize("kind", ["local_target", "sftp_server", "smb_server"])
@pytest.mark.parametrize("crypt", [None, "a key of mine"])
def test_the_room_is_told_before_the_folder_is_made(
    request: pytest.FixtureRequest, workspace: Workspace, kind: str, crypt: str | None
) -> None:
    server: Server = request.getfixturevalue(kind)
    target = server.add_to(workspace, crypt=crypt)
    server.folder.rmdir()
    with Rclone(workspace.paths.root / "backup" / "rclone.conf", quick=True) as rclone:
        space = Remote(rclone, target.fs, target.shown, raw=target.raw).space()
    assert space is not None
    assert space.free


def test_what_another_machine_brought_meanwhile_is_never_replaced(
    local_target: Server, config: Path, tmp_path: Path
) -> None:
    fs = local_target.configure(config)
    path = source(tmp_path, bytes(8 * MIB))
    for size, is_refused in ((8 * MIB, False), (3, True)):
        name = f"packs/aa/{size}"

        def bring(moved: int, name: str = name, size: int = size) -> None:
            there = local_target.folder / name
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(b"x" * size)

        with Rclone(config, quick=True, options=("--bwlimit=16M",)) as rclone:
            remote = Remote(rclone, fs, "there")
            if is_refused:
                with pytest.raises(ConflictError, match="3 bytes"):
                    remote.upload(path, name, bring)
            else:
                remote.upload(path, name, bring)
        assert local_target.files()[name] == b"x" * size
        assert not any(one.endswith(".partial") for one in local_target.files())
