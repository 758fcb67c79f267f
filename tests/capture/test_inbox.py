"""A watched folder, on a real file system and without decoders."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from binscout_tui.capture import folder, walk
from binscout_tui.capture import inbox as inboxes
from binscout_tui.capture.hints import Hints
from binscout_tui.capture.inbox import Inbox, InboxConfig, Ready
from binscout_tui.capture.source import SourceError
from binscout_tui.imaging.outcomes import Code
from binscout_tui.settings import InboxSettings

from .conftest import until

SETTINGS = InboxSettings(look_seconds=0.05, reconcile_seconds=3600, give_up_seconds=0.3, network_poll_seconds=0.2)
Open = Callable[..., Inbox]


@pytest.fixture
def opened(inbox: Path) -> Iterator[Open]:
    """Opens the inbox with changed settings; it is closed with the test."""
    made: list[Inbox] = []

    def open_(*, watch: str = "auto", known: Callable[[str], bool] = lambda text: False, **changes: float) -> Inbox:
        config = InboxConfig(str(inbox), watch)  # type: ignore[arg-type]
        one = Inbox(config, msgspec.structs.replace(SETTINGS, **changes), known)
        one.open()
        made.append(one)
        return one

    yield open_
    for one in made:
        one.close()


def taken(inbox: Inbox, number: int, seconds: float = 30) -> list[Ready]:
    """The next `number` files that are ready and stand, each done."""
    found: list[Ready] = []

    def enough() -> bool:
        inbox.turn()
        while file := inbox.next_ready():
            until(lambda file=file: inbox.stands(file) == 0.0, file.path, 10)  # type: ignore[misc]
            inbox.done(file)
            found.append(file)
        return len(found) >= number

    until(enough, f"{number} files", seconds)
    return found


def names(files: list[Ready]) -> list[str]:
    return sorted(Path(file.path).name for file in files)


def test_what_lies_there_and_what_comes_is_offered_once(inbox: Path, opened: Open) -> None:
    (inbox / "before.jpg").write_bytes(b"1")
    watched = opened()
    assert names(taken(watched, 1)) == ["before.jpg"]
    (inbox / "after.jpg").write_bytes(b"2")
    assert names(taken(watched, 1)) == ["after.jpg"]
    watched._next_look = 0.0
    watched.turn()
    assert (watched.next_ready(), watched.left) == (None, 0)


def test_every_file_of_nested_new_folders_is_seen_though_not_every_one_is_told_of(inbox: Path, opened: Open) -> None:
    watched = opened()
    for number in range(200):
        folder = inbox / f"{number}" / "b"
        folder.mkdir(parents=True)
        for part in range(5):
            (folder / f"{number}-{part}.jpg").write_bytes(b"1")
    files = taken(watched, 1000)
    assert len({file.path for file in files}) == len(files) == 1000


def test_names_that_say_that_they_are_not_for_us_are_left_alone(inbox: Path, opened: Open) -> None:
    hidden = [".hidden.jpg", "x.part", "x.tmp", ".~lock.x", "x.crdownload", "x.xmp", "~$x.jpg", "Thumbs.db"]
    for name in hidden:
        (inbox / name).write_bytes(b"1")
    for kept in (".stversions", "@eaDir", "__MACOSX"):
        (inbox / kept).mkdir()
        (inbox / kept / "in.jpg").write_bytes(b"1")
    (inbox / "yes.jpg").write_bytes(b"1")
    watched = opened()
    (inbox / ".later.jpg").write_bytes(b"1")
    assert names(taken(watched, 1)) == ["yes.jpg"]
    assert watched.left == 0


def test_links_are_never_followed(inbox: Path, opened: Open, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"1")
    watched = opened()
    (inbox / "file.jpg").symlink_to(outside / "secret.jpg")
    (inbox / "folder").symlink_to(outside)
    (inbox / "loop").symlink_to(inbox)
    os.mkfifo(inbox / "pipe.jpg")
    (inbox / "yes.jpg").write_bytes(b"1")
    assert names(taken(watched, 1)) == ["yes.jpg"]
    (outside / "secret.jpg").write_bytes(b"22")
    watched._next_look = 0.0
    watched.turn()
    assert watched.left == 0
    assert not walk.inside(str(inbox), str(inbox / "folder" / "secret.jpg"), {})
    assert not walk.inside(str(inbox), str(outside / "secret.jpg"), {})
    assert walk.inside(str(inbox), str(inbox / "yes.jpg"), {})


def test_another_workspace_inside_of_the_inbox_keeps_its_files(inbox: Path, opened: Open) -> None:
    (inbox / "bins").mkdir()
    (inbox / "bins" / "binscout.db").write_bytes(b"")
    (inbox / "bins" / "original.jpg").write_bytes(b"1")
    (inbox / "yes.jpg").write_bytes(b"1")
    assert names(taken(opened(), 1)) == ["yes.jpg"]


def test_a_file_that_grows_is_offered_again_and_taken_when_it_is_whole(inbox: Path, opened: Open) -> None:
    watched = opened(give_up_seconds=3600)
    path = inbox / "slow.jpg"
    tries = 0
    with path.open("wb", buffering=0) as writer:
        for _ in range(4):
            writer.write(b"part")

            def refused_once(seen: int = tries) -> bool:
                watched.turn()
                file = watched.next_ready()
                if file is not None:
                    watched.refused(file, Code.TRUNCATED)
                return file is not None

            until(refused_once, "the decoder's turn")
            tries += 1
    [file] = taken_after(watched, lambda: path.write_bytes(b"the whole file"))
    assert (file.look.size, tries) == (14, 4)


def taken_after(inbox: Inbox, act: Callable[[], object]) -> list[Ready]:
    act()
    return taken(inbox, 1)


def test_a_bad_file_fails_after_it_stood_still_and_is_tried_again_when_it_changes(inbox: Path, opened: Open) -> None:
    watched = opened()
    (inbox / "bad.jpg").write_bytes(b"half")

    def failed() -> object:
        watched.turn()
        if file := watched.next_ready():
            watched.refused(file, Code.TRUNCATED, "half of it")
        return watched.next_failed()

    found = until(failed, "failed")
    assert (found.code, found.detail) == (Code.TRUNCATED, "half of it")
    watched.done(found)
    assert watched.left == 0
    assert [file.look.size for file in taken_after(watched, lambda: (inbox / "bad.jpg").write_bytes(b"whole"))] == [5]


def test_a_file_that_could_not_be_read_for_a_while_is_taken_all_the_same(inbox: Path, opened: Open) -> None:
    watched = opened(give_up_seconds=0.6)
    (inbox / "a.jpg").write_bytes(b"1")

    def refused() -> bool:
        watched.turn()
        if file := watched.next_ready():
            watched.refused(file, Code.UNREADABLE)
        return file is not None

    until(refused, "refused")
    assert names(taken(watched, 1)) == ["a.jpg"]
    assert watched.next_failed() is None


def test_files_that_are_waited_for_are_told(inbox: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "SOON_S", 0.0)
    watched = opened(give_up_seconds=3600)
    assert watched.note == ""
    for name in ("a.jpg", "b.jpg"):
        (inbox / name).write_bytes(b"half")

    def told() -> bool:
        watched.turn()
        while file := watched.next_ready():
            watched.refused(file, Code.TRUNCATED)
        return watched.note == "2 files are not whole yet."

    until(told, "the note")
    taken_after(watched, lambda: (inbox / "a.jpg").write_bytes(b"whole"))
    assert watched.note == "1 file is not whole yet."


def test_a_file_that_changes_between_the_looks_is_not_taken_as_it_was(inbox: Path, opened: Open) -> None:
    watched = opened()
    (inbox / "a.jpg").write_bytes(b"one")

    def offered() -> Ready | None:
        watched.turn()
        return watched.next_ready()

    file = until(offered, "offered")
    (inbox / "a.jpg").write_bytes(b"another")
    assert watched.stands(file) is None
    assert [one.look.size for one in taken(watched, 1)] == [7]


def test_a_file_that_goes_away_is_forgotten(inbox: Path, opened: Open) -> None:
    watched = opened()
    (inbox / "a.jpg").write_bytes(b"one")
    watched._next_look = 0.0
    watched.turn()
    assert watched.left == 1
    (inbox / "a.jpg").unlink()

    def gone() -> bool:
        watched.turn()
        if file := watched.next_ready():
            assert watched.stands(file) is None
        return watched.left == 0

    until(gone, "forgotten")


def test_what_was_captured_in_an_earlier_life_is_known(inbox: Path, opened: Open) -> None:
    (inbox / "a.jpg").write_bytes(b"one")
    [file] = taken(opened(), 1)
    asked: list[str] = []

    def known(text: str) -> bool:
        asked.append(text)
        return text == file.fingerprint

    watched = opened(known=known)
    watched.turn()
    watched._next_look = 0.0
    watched.turn()
    assert (watched.left, len(asked)) == (0, 1)
    (inbox / "a.jpg").write_bytes(b"two!")
    assert [one.look.size for one in taken(watched, 1)] == [4]


def test_files_come_in_the_order_in_which_they_were_written(inbox: Path, opened: Open) -> None:
    order = [5, 3, 9, 1, 7]
    for place, number in enumerate(order):
        path = inbox / f"{number}.jpg"
        path.write_bytes(b"1")
        os.utime(path, (1000 + place, 1000 + place))
    assert [Path(file.path).stem for file in taken(opened(), 5)] == [str(number) for number in order]


def test_a_polled_folder_is_looked_through_and_says_so(inbox: Path, opened: Open) -> None:
    watched = opened(watch="poll", network_look_seconds=0.05)
    watched.turn()
    assert "looked through every 0.2 s" in watched.note
    (inbox / "a.jpg").write_bytes(b"1")
    assert names(taken(watched, 1)) == ["a.jpg"]


def test_a_network_file_system_is_polled(inbox: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "polled_kind", lambda path: "nfs4")
    watched = opened()
    assert "nfs4" in watched.note
    assert watched._hints is None


def test_a_lost_hint_is_made_good_by_looking_through(inbox: Path, opened: Open) -> None:
    watched = opened(reconcile_seconds=0.2)
    assert watched._hints is not None
    watched._hints.close()
    until(lambda: not watched._hints._thread.is_alive(), "deaf")
    (inbox / "a.jpg").write_bytes(b"1")
    assert names(taken(watched, 1)) == ["a.jpg"]


def test_where_no_hints_can_be_had_the_folder_is_looked_through(
    inbox: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    import watchfiles

    def full(*args: object, **options: object) -> Iterator[object]:
        raise OSError('OS file watch limit reached. about ["/inbox"]')

    monkeypatch.setattr(watchfiles, "watch", full)
    watched = opened()
    until(lambda: "max_user_watches" in watched.note, "the note")
    (inbox / "a.jpg").write_bytes(b"1")
    assert names(taken(watched, 1)) == ["a.jpg"]


def test_an_inbox_that_vanishes_says_so(inbox: Path, opened: Open) -> None:
    watched = opened()
    watched.turn()
    inbox.rmdir()
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        watched.turn()
    inbox.mkdir()
    with pytest.raises(SourceError, match="replaced or unmounted"):
        opened_before(watched).turn()


def opened_before(watched: Inbox) -> Inbox:
    """The same inbox, whose folder has another identity by now; a new one may get the old inode."""
    watched._folder._identity = (0, 0)
    return watched


def test_too_many_hints_become_one_look_at_everything(inbox: Path) -> None:
    woken = threading.Event()
    hints = Hints(inbox, woken.set)
    try:
        hints._add({f"/x/{number}" for number in range(50_001)})
        assert hints.take() == (set(), True)
        hints._add({"/x/a\ufffd.jpg"})
        assert hints.take() == (set(), True)
        assert hints.take() == (set(), False)
    finally:
        hints.close()


def test_a_name_that_is_not_utf_8_is_seen(inbox: Path, opened: Open) -> None:
    watched = opened()
    path = os.fsencode(inbox) + b"/gr\xfcn.jpg"
    with open(path, "wb") as writer:
        writer.write(b"1")
    assert [os.fsencode(file.path) for file in taken(watched, 1)] == [path]


def test_probing_says_what_is_there(inbox: Path) -> None:
    (inbox / "a.jpg").write_bytes(b"1")
    assert "1 files in" in Inbox(InboxConfig(str(inbox)), SETTINGS).probe()
    with pytest.raises(SourceError, match="cannot be read"):
        Inbox(InboxConfig(str(inbox / "none")), SETTINGS).probe()
    with pytest.raises(SourceError, match="Not a directory"):
        Inbox(InboxConfig(str(inbox / "a.jpg")), SETTINGS).probe()
