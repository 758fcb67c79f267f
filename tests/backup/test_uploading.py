"""Pieces on their way to a target: what was there before them stays, and a try again goes on where the last one was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.making.uploading import Piece, Sender
from binscout_tui.backup.transport.folder_remote import FolderRemote
from binscout_tui.backup.transport.rclone_later import RcloneLater

DATA = bytes(range(256)) * 400
SHA = hashlib.sha256(DATA).hexdigest()
NAME = layout.object_name(SHA)
Reading = Callable[[str], str]


class Unsteady(FolderRemote):
    """A folder whose first readings go as `first` says: each takes the right hash and gives or raises something."""

    first: list[Reading]

    def sha256(self, name: str, watch: Callable[[int], None] | None = None) -> str:
        right = super().sha256(name, watch)
        return self.first.pop(0)(right) if self.first else right


def wrong(right: str) -> str:
    return "0" * 64


def cut_off(right: str) -> str:
    raise RemoteError("the NAS cannot be reached.", code="unreachable")


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Unsteady]:
    with RcloneLater(tmp_path / "none.conf") as later:
        found = Unsteady(later, tmp_path / "nas", "the NAS")
        found.first = []
        yield found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(DATA)
    return path


def send(remote: FolderRemote, piece: Piece) -> tuple[list[str], list[str]]:
    """What was stored, and what was written meanwhile."""
    stored: list[str] = []
    changed: list[str] = []
    sender = Sender(
        remote,
        transfers=1,
        read_back=True,
        finished=lambda sent: stored.append(sent.name),
        changed=changed.append,
        pauses_s=(0.0, 0.0),
    )
    try:
        sender.send(piece, lambda: None)
        sender.finish(lambda: None)
    finally:
        sender.close()
    return stored, changed


@pytest.mark.parametrize("is_there", [True, False])
def test_a_file_written_meanwhile_takes_away_no_more_than_it_sent(
    remote: Unsteady, source: Path, *, is_there: bool
) -> None:
    if is_there:
        remote.upload(source, NAME)
    stored, changed = send(remote, Piece(source, NAME, SHA, len(DATA), is_same=lambda: False))
    assert (stored, changed) == ([], [NAME])
    assert remote.exists(NAME) == (len(DATA) if is_there else None)


def test_one_bad_reading_takes_no_stored_file_away(remote: Unsteady, source: Path) -> None:
    remote.upload(source, NAME)
    before = (remote.here / NAME).stat().st_ino
    remote.first = [wrong]
    assert send(remote, Piece(source, NAME, SHA, len(DATA))) == ([NAME], [])
    assert (remote.here / NAME).stat().st_ino == before


def test_a_stored_file_that_is_bad_is_sent_anew(remote: Unsteady, source: Path) -> None:
    remote.write(NAME, DATA[:-1] + b"x")
    assert send(remote, Piece(source, NAME, SHA, len(DATA))) == ([NAME], [])
    assert remote.sha256(NAME) == SHA


def test_what_arrived_otherwise_than_it_was_sent_goes(remote: Unsteady, source: Path) -> None:
    remote.first = [wrong]
    with pytest.raises(DamagedError):
        send(remote, Piece(source, NAME, SHA, len(DATA)))
    assert remote.exists(NAME) is None


def test_a_piece_that_was_moved_is_read_back_again(remote: Unsteady) -> None:
    place = remote.place_for(f"{layout.OBJECTS}/made")
    assert place is not None
    place.write_bytes(DATA)
    remote.first = [cut_off]
    assert send(remote, Piece(place, NAME, SHA, len(DATA), is_temporary=True)) == ([NAME], [])
    assert [entry.name for entry in remote.list()] == [NAME]


def test_a_file_that_went_before_it_was_sent_ends_nothing(remote: Unsteady, source: Path) -> None:
    source.unlink()
    assert send(remote, Piece(source, NAME, SHA, len(DATA), is_same=source.exists)) == ([], [NAME])
