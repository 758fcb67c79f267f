"""Putting a good file in the place of a bad one: whenever the target is lost amid that, one of both is there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import RemoteError
from binscout_tui.backup.keeping.repairing import beside, bring_back, replace
from binscout_tui.backup.keeping.verifying import Stored
from binscout_tui.backup.transport.folder_remote import FolderRemote
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Remote

GOOD, BAD = b"G" * 1000, b"X" + b"G" * 999
WANTED = Stored(layout.object_name(hashlib.sha256(GOOD).hexdigest()), len(GOOD), hashlib.sha256(GOOD).hexdigest())


class Losing(Remote):
    """A target that is lost right before the file moved as number `after`."""

    after = 0

    def call_move(self, old: str, new: str) -> None:
        if self.after == 0:
            self.rclone.close()
        self.after -= 1
        super().call_move(old, new)


class LosingFolder(FolderRemote):
    """A folder that may not be written any more when a file is to be put in place."""

    def call_move(self, old: str, new: str) -> None:
        raise RemoteError(f"{self.label} is gone.", code="unreachable")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the bad file is; its folder holds nothing else."""
    path = tmp_path / "target" / WANTED.name
    path.parent.mkdir(parents=True)
    path.write_bytes(BAD)
    (tmp_path / "made").write_bytes(GOOD)
    (tmp_path / "rclone.conf").touch()
    return path


def nobody(moved: int) -> None:
    """Nobody looks."""


def left(place: Path) -> dict[str, bytes]:
    """What is beside the place, and in it: the name of the stored file it stands for, and the bytes."""
    return {path.name: path.read_bytes() for path in place.parent.iterdir()}


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_target_that_is_lost_keeps_both_and_the_next_repair_ends_it(place: Path, tmp_path: Path, after: int) -> None:
    # The first of three moves is the one that ends the upload.
    target = str(tmp_path / "target")
    with Rclone(tmp_path / "rclone.conf", quick=True) as running:
        losing = Losing(running, target, "the disk")
        losing.after = after
        if after < 3:
            with pytest.raises(RemoteError):
                replace(losing, tmp_path / "made", WANTED, nobody)
            assert sorted(left(place).values()) == [GOOD, BAD]
        else:
            replace(losing, tmp_path / "made", WANTED, nobody)
    with Rclone(tmp_path / "rclone.conf", quick=True) as running:
        assert bring_back(Remote(running, target, "the disk"), WANTED, nobody) == (after < 3)
    assert place.read_bytes() == GOOD


def test_in_a_folder_the_bad_one_stays_until_the_good_one_is_put_over_it(place: Path, tmp_path: Path) -> None:
    with Rclone(tmp_path / "rclone.conf", quick=True) as running:
        target = tmp_path / "target"
        with pytest.raises(RemoteError):
            replace(LosingFolder(running, target, "the disk"), tmp_path / "made", WANTED, nobody)
        assert sorted(left(place).values()) == [GOOD, BAD]
        replace(FolderRemote(running, target, "the disk"), tmp_path / "made", WANTED, nobody)
        assert place.read_bytes() == GOOD


def test_what_lies_beside_a_file_and_is_not_it_stays_there(place: Path, tmp_path: Path) -> None:
    other = place.with_name(f"{place.name}.01234567.partial")
    other.write_bytes(BAD)
    with Rclone(tmp_path / "rclone.conf", quick=True) as running:
        assert not bring_back(Remote(running, str(tmp_path / "target"), "the disk"), WANTED, nobody)
    assert left(place) == {place.name: BAD, other.name: BAD}


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("objects/aa/x.01234567.partial", "objects/aa/x"),
        ("packs/aa/x.tar.01234567.partial", "packs/aa/x.tar"),
        ("objects/aa/x", ""),
        ("objects/aa/x.01234567", ""),
        (".partial", ""),
    ],
)
def test_the_name_says_what_it_was_sent_for(name: str, stored: str) -> None:
    assert beside(name) == stored
