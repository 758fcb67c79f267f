"""The real capture process and its inboxes."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.capture import kinds
from binscout_tui.capture.inbox_work import InboxWork
from binscout_tui.capture.staging import Stager
from binscout_tui.imaging.outcomes import Decoded, Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations.originals import original_path
from binscout_tui.store import capture_sources, captures, compartments, images, items
from binscout_tui.store.capture_sources import Source
from binscout_tui.store.captures import Capture
from binscout_tui.workspace import Workspace

from ..pictures import photo
from .conftest import Runner, mount, settings, unmount, until

AddSource = Callable[..., Source]
QUICK = "[inbox]\nlook_seconds = 0.05\nreconcile_seconds = 0.5\ngive_up_seconds = 0.5\n"
FILES, KILLS = 600, 3


def all_of(workspace: Workspace) -> list[Capture]:
    return workspace.db.read(captures.page, limit=100_000, newest=False)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_pictures_become_staged_captures_and_stay_where_they_are(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK)
    photo(inbox / "one.jpg", 1)
    source = add_source("phone", "inbox", path=str(inbox))
    runner.start()
    runner.counted(staged=1)
    photo(inbox / "new" / "folder" / "two.jpg", 2)
    runner.counted(staged=2)
    before = {path: (path.stat().st_mtime_ns, digest(path)) for path in inbox.rglob("*.jpg")}
    one, two = all_of(workspace)
    assert (one.name, one.path, one.source_id) == ("one.jpg", inbox / "one.jpg", source.id)
    assert (two.path, two.state, two.owns_image) == (inbox / "new" / "folder" / "two.jpg", "staged", True)
    image = workspace.db.read(images.get, one.image_id or 0)
    assert (image.origin, image.withheld, image.sha256) == ("captured", "staged", digest(inbox / "one.jpg"))
    assert digest(workspace.paths.original(image)) == image.sha256
    assert {finding["check"] for finding in one.checks["findings"]} >= {"blur", "dark", "exact_duplicate"}
    assert runner.stop() == 0
    assert before == {path: (path.stat().st_mtime_ns, digest(path)) for path in inbox.rglob("*.jpg")}
    assert workspace.db.read(capture_sources.get, source.id).state == "off"


def test_the_same_file_is_never_queued_twice_and_a_new_content_is_a_new_capture(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK)
    add_source("phone", "inbox", path=str(inbox))
    first = photo(inbox / "one.jpg", 1)
    runner.start()
    runner.counted(staged=1)
    runner.stop()
    os.utime(first)
    photo(inbox / "marker.jpg", 5)
    runner.start()
    runner.counted(staged=2)
    photo(inbox / "one.jpg", 2)
    runner.counted(staged=3)
    assert [one.name for one in all_of(workspace)] == ["one.jpg", "marker.jpg", "one.jpg"]


def test_a_file_with_another_time_is_decoded_once_more_and_not_in_every_life(
    workspace: Workspace, inbox: Path, add_source: AddSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(workspace, QUICK)
    source = add_source("phone", "inbox", path=str(inbox))
    first = photo(inbox / "one.jpg", 1)
    decoded: list[Path] = []
    run = DecodePool.run

    def counting(pool: DecodePool, paths: Iterable[Path]) -> Iterator[Outcome]:
        for outcome in run(pool, paths):
            decoded.extend([outcome.path] if outcome.path == first else [])
            yield outcome

    def life() -> int:
        before = len(decoded)
        InboxWork(workspace.paths.root, source, once=True).run()
        return len(decoded) - before

    monkeypatch.setattr(DecodePool, "run", lambda pool, paths: (yield from counting(pool, paths)))
    assert life() >= 1
    assert life() == 0
    os.utime(first)
    assert life() >= 1
    assert life() == 0
    assert len(all_of(workspace)) == 1


def test_bytes_that_a_purge_removes_before_their_row_is_there_are_kept_again(
    workspace: Workspace, inbox: Path, add_source: AddSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(workspace, QUICK)
    source = add_source("phone", "inbox", path=str(inbox))
    photo(inbox / "one.jpg", 1)
    keep = Stager.keep
    removed: list[Path] = []

    def keep_and_purge(stager: Stager, decoded: Decoded) -> Rejected | None:
        rejected = keep(stager, decoded)
        removed.append(workspace.paths.root / original_path(decoded.sha256, decoded.format))
        removed[-1].unlink()
        return rejected

    monkeypatch.setattr(Stager, "keep", keep_and_purge)
    InboxWork(workspace.paths.root, source, once=True).run()
    [one] = all_of(workspace)
    image = workspace.db.read(images.get, one.image_id or 0)
    assert [digest(path) for path in removed] == [image.sha256]


def test_an_exact_duplicate_is_a_capture_of_the_image_that_is_there(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK)
    add_source("phone", "inbox", path=str(inbox))
    first = photo(inbox / "one.jpg", 1)
    runner.start()
    runner.counted(staged=1)
    shutil.copy(first, inbox / "copy.jpg")
    runner.counted(staged=2)
    one, copy = all_of(workspace)
    assert (copy.image_id, copy.owns_image) == (one.image_id, False)
    warned = [finding for finding in copy.checks["findings"] if finding["check"] == "exact_duplicate"]
    assert [(finding["level"], finding["value"]) for finding in warned] == [("warn", one.id)]


def test_a_cut_off_file_fails_with_its_reason_and_is_staged_when_it_becomes_whole(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK)
    add_source("phone", "inbox", path=str(inbox))
    whole = photo(inbox.parent / "whole.jpg", 1, size=(320, 240)).read_bytes()
    (inbox / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (inbox / "words.jpg").write_text("no picture")
    runner.start()
    runner.counted(failed=2)
    failed = {one.name: one for one in all_of(workspace)}
    cut = failed[str(inbox / "cut.jpg")]
    assert (cut.error_code, cut.path) == ("truncated", inbox / "cut.jpg")
    assert "cut off" in (cut.error or "")
    assert failed[str(inbox / "words.jpg")].error_code == "not_an_image"
    (inbox / "cut.jpg").write_bytes(whole)
    runner.counted(failed=1, staged=1)
    assert workspace.db.read(captures.get, cut.id).state == "staged"
    assert len(all_of(workspace)) == 2


def test_a_failed_file_is_tried_again_on_request(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK + "[import]\nmax_megapixels = 0.001\n")
    add_source("phone", "inbox", path=str(inbox))
    photo(inbox / "large.jpg", 1)
    runner.start()
    runner.counted(failed=1)
    runner.stop()
    settings(workspace, QUICK)
    [failed] = all_of(workspace)
    assert failed.error_code == "too_many_pixels"
    runner.start()
    [request] = workspace.db.write(capture_sources.ask_retries, workspace.user.uid, [failed.id])
    until(lambda: workspace.db.read(capture_sources.request, request).state == "done", "the retry")
    assert workspace.db.read(captures.get, failed.id).state == "staged"


def test_a_retry_of_a_file_that_has_gone_says_so(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK)
    add_source("phone", "inbox", path=str(inbox))
    (inbox / "words.jpg").write_text("no picture")
    runner.start()
    runner.counted(failed=1)
    (inbox / "words.jpg").unlink()
    [request] = workspace.db.write(capture_sources.ask_retries, workspace.user.uid, [all_of(workspace)[0].id])
    until(lambda: workspace.db.read(capture_sources.request, request).state == "failed", "the retry")
    assert all_of(workspace)[0].error_code == "vanished"


def test_a_wanted_shot_is_the_next_file_that_arrives(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK)
    uid, write = workspace.user.uid, workspace.db.write
    source = add_source("phone", "inbox", path=str(inbox))
    place = write(compartments.add, uid, "A-01")
    item = write(items.add, uid, "screw")
    photo(inbox / "before.jpg", 1)
    runner.start()
    runner.counted(staged=1)
    request = write(capture_sources.ask, uid, source.id, compartment_id=place.id, item_id=item.id)
    photo(inbox / "wanted.jpg", 2)
    runner.counted(staged=2)
    photo(inbox / "after.jpg", 3)
    runner.counted(staged=3)
    assert [one.compartment for one in all_of(workspace)] == [None, "A-01", None]
    wanted = all_of(workspace)[1]
    assert (wanted.name, wanted.item) == ("wanted.jpg", "screw")
    assert workspace.db.read(capture_sources.request, request).capture_id == wanted.id
    write(capture_sources.ask, uid, source.id, replaces=wanted.id, reason="blurred")
    photo(inbox / "again.jpg", 4)
    runner.counted(staged=3, superseded=1)
    retake = all_of(workspace)[-1]
    assert (retake.name, retake.replaces, retake.attempt, retake.compartment) == ("again.jpg", wanted.id, 2, "A-01")


def test_a_shot_that_was_wanted_long_ago_takes_no_file(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK)
    source = add_source("phone", "inbox", path=str(inbox))
    old = workspace.db.write(capture_sources.ask, workspace.user.uid, source.id, reason="yesterday")
    workspace.db.connection.execute("UPDATE capture_request SET at = '2020-01-01T00:00:00.000Z' WHERE id = ?", (old,))
    photo(inbox / "today.jpg", 1)
    runner.start()
    runner.counted(staged=1)
    assert workspace.db.read(capture_sources.request, old).state == "failed"
    assert all_of(workspace)[0].reason == ""


def test_a_full_disk_fails_the_source_and_nothing_is_lost(small_disk: Path, inbox: Path, tmp_path: Path) -> None:
    root = small_disk / "bins"
    workspaces.create(root)
    filler = root / "filler"
    with Workspace(root) as workspace:
        runner = Runner(workspace)
        settings(workspace, QUICK)
        checked = kinds.check("inbox", {"path": str(inbox)}, root)
        workspace.db.write(capture_sources.add, workspace.user.uid, "phone", "inbox", checked)
        # More than is left of the disk, and less than the disk.
        filler.write_bytes(bytes(3_500_000))
        for number in range(3):
            (inbox / f"{number}.jpg").write_bytes(photo(tmp_path / "p.jpg", number).read_bytes() + bytes(900_000))
        log = tmp_path / "log"
        runner.start_to(log)
        try:
            until(lambda: "disk" in log.read_text().lower() and "full" in log.read_text().lower(), "the sentence")
            filler.unlink()
            runner.counted(staged=3)
        finally:
            runner.stop()


def test_an_inbox_that_vanishes_fails_and_comes_back_by_itself(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK)
    source = add_source("phone", "inbox", path=str(inbox))
    runner.start()
    runner.state(source, "ready")
    inbox.rmdir()
    assert "cannot be read" in runner.state(source, "failing").message
    inbox.mkdir()
    runner.state(source, "ready")
    photo(inbox / "back.jpg", 1)
    runner.counted(staged=1)


def test_a_disk_that_is_unmounted_is_not_taken_for_an_empty_inbox(
    workspace: Workspace, runner: Runner, small_disk: Path, add_source: AddSource
) -> None:
    settings(workspace, QUICK)
    source = add_source("card", "inbox", path=str(small_disk))
    photo(small_disk / "a.jpg", 1)
    runner.start()
    runner.counted(staged=1)
    unmount(small_disk)
    until(lambda: "not mounted" in workspace.db.read(capture_sources.get, source.id).message, "the message")
    mount(small_disk)
    runner.state(source, "ready")
    photo(small_disk / "b.jpg", 2)
    runner.counted(staged=2)


def test_a_source_that_is_added_changed_or_switched_off_is_noticed(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource, tmp_path: Path
) -> None:
    settings(workspace, QUICK)
    uid, write = workspace.user.uid, workspace.db.write
    other = tmp_path / "other"
    photo(other / "o.jpg", 9)
    runner.start()
    source = add_source("phone", "inbox", path=str(inbox))
    runner.state(source, "ready")
    write(capture_sources.configure, uid, source.id, config={"path": str(other)})
    runner.counted(staged=1)
    request = write(capture_sources.ask, uid, source.id)
    write(capture_sources.configure, uid, source.id, enabled=False)
    runner.state(source, "off")
    until(lambda: workspace.db.read(capture_sources.request, request).state == "failed", "the request")
    photo(other / "p.jpg", 8)
    write(capture_sources.configure, uid, source.id, enabled=True)
    runner.counted(staged=2)
    write(capture_sources.remove, uid, source.id)
    write(capture_sources.add, uid, "again", "inbox", {"path": str(other)})
    photo(other / "q.jpg", 7)
    runner.counted(staged=3)
    assert len(all_of(workspace)) == 3


def drop(inbox: Path, first: int, number: int) -> None:
    """Pictures as another program writes them: some in pieces, some in new folders, some cut off for ever."""
    for place in range(first, first + number):
        name = inbox / f"{place % 7}" / f"{place:05d}.png"
        data = tiny(place)
        name.parent.mkdir(exist_ok=True)
        if place % 10 == 3:
            with name.open("wb", buffering=0) as writer:
                writer.write(data[: len(data) // 2])
                writer.write(data[len(data) // 2 :])
        else:
            name.write_bytes(data if place % 100 else data[: len(data) // 2])


def tiny(seed: int) -> bytes:
    """A small PNG that no other seed has."""
    pixels = random.Random(seed).randbytes(8 * 8 * 3)
    rows = b"".join(b"\0" + pixels[row * 24 : row * 24 + 24] for row in range(8))
    chunks = [(b"IHDR", bytes([0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0])), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    body = b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big") for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def check_end_state(workspace: Workspace, number: int) -> None:
    """Every good file once, with its bytes; every bad one failed once; nothing else."""
    good = {hashlib.sha256(tiny(place)).hexdigest() for place in range(number) if place % 100}
    found = all_of(workspace)
    assert workspace.db.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert len({one.path for one in found}) == len(found) == number
    assert {one.sha256 for one in found if one.state == "staged"} == good
    assert {one.error_code for one in found if one.state == "failed"} <= {"truncated", "corrupt"}
    for one in found:
        if one.image_id is not None:
            image = workspace.db.read(images.get, one.image_id)
            assert digest(workspace.paths.original(image)) == one.sha256
    assert not list(workspace.paths.originals.rglob(".tmp-*"))


@pytest.mark.timeout(300)
def test_killed_again_and_again_among_hundreds_of_files_the_end_state_is_the_same(
    workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource
) -> None:
    settings(workspace, "[inbox]\nlook_seconds = 0.05\nreconcile_seconds = 1\ngive_up_seconds = 2\n")
    add_source("phone", "inbox", path=str(inbox))
    chance = random.Random(4)
    for life in range(KILLS):
        drop(inbox, life * FILES // KILLS, FILES // KILLS)
        runner.start()
        before = sum(workspace.db.read(captures.counts).values())
        until(lambda before=before: sum(workspace.db.read(captures.counts).values()) > before, "a batch")
        time.sleep(chance.uniform(0, 0.3))
        runner.kill()
    assert sum(workspace.db.read(captures.counts).values()) < FILES, "the kills came too late to mean anything"
    runner.start()
    bad = FILES // 100
    runner.counted(staged=FILES - bad, failed=bad)
    assert runner.stop() == 0
    check_end_state(workspace, FILES)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_files_at_once(workspace: Workspace, runner: Runner, inbox: Path, add_source: AddSource) -> None:
    number = 10_000
    add_source("phone", "inbox", path=str(inbox))
    runner.start()
    drop(inbox, 0, number // 2)
    until(lambda: workspace.db.read(captures.counts)["staged"] > 1000, "a thousand", 600)
    runner.kill()
    drop(inbox, number // 2, number // 2)
    runner.start()
    bad = number // 100
    until(lambda: workspace.db.read(captures.counts)["staged"] == number - bad, "all of them", 1800)
    until(lambda: workspace.db.read(captures.counts)["failed"] == bad, "the bad ones", 120)
    runner.stop()
    check_end_state(workspace, number)
