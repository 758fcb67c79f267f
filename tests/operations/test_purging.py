"""Deleting images for ever with their files: rows first, what cannot be removed goes later, files in place stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.imaging.previews import SIZES, preview_path
from binscout_tui.operations import purging
from binscout_tui.operations.duplicates.cache import Cache, Verdict
from binscout_tui.operations.purge_words import consequences, done
from binscout_tui.store import images, labels
from binscout_tui.store import purging as rows
from binscout_tui.workspace import Workspace
from tests.conftest import row
from tests.pictures import photo


def enter(workspace: Workspace, number: int, *, in_place: Path | None = None) -> int:
    """A photo in the trash, with previews."""
    sha256 = f"{number:064x}"
    path = in_place or Path("originals", "ab", f"{number}.jpg")
    photo(workspace.paths.root / path, number)
    for size in SIZES:
        photo(preview_path(workspace.paths.previews, sha256, size), number)
    storage = "copy" if in_place is None else "in_place"
    new = row(number, path=path, storage=storage, sha256=sha256)
    image_id = workspace.db.write(images.add, workspace.user.uid, new)[0]
    workspace.db.write(images.trash, workspace.user.uid, [image_id])
    return image_id


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_files_and_previews_go_but_not_those_in_place(workspace: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "camera" / "1.jpg"
    copy, in_place = enter(workspace, 1), enter(workspace, 2, in_place=outside)
    other = enter(workspace, 3)
    told: list[tuple[int, int]] = []
    report = purging.purge(workspace, [copy, in_place], on_progress=lambda at, total: told.append((at, total)))
    assert (report.purged, report.in_place, report.left, told) == (2, 1, [], [(2, 2)])
    assert report.freed > 0
    assert outside.exists()
    assert files(workspace.paths.originals) == ["3.jpg"]
    assert files(workspace.paths.previews) == sorted(f"{3:064x}-{size}.jpg" for size in SIZES)
    assert workspace.db.read(rows.left_files) == []
    assert workspace.db.read(rows.in_trash) == [other]
    assert "1 file in place stayed on the disk." in done(report)


def test_what_a_look_for_duplicates_keeps_of_them_goes_too(workspace: Workspace) -> None:
    ids = [enter(workspace, number) for number in (1, 2)]
    hashes = [f"{number:064x}" for number in (1, 2)]
    with Cache(workspace.paths.derived) as cache:
        cache.put_verdict(*hashes, Verdict("copy", 1.0))
    purging.purge(workspace, ids[:1])
    with Cache(workspace.paths.derived) as cache:
        assert cache.verdict(*hashes) is None


def test_a_file_that_a_crash_left_goes_with_the_next_purge(workspace: Workspace) -> None:
    one, other = enter(workspace, 1), enter(workspace, 2)
    workspace.db.write(rows.purge, workspace.user.uid, [one])  # and then the power went
    assert files(workspace.paths.originals) == ["1.jpg", "2.jpg"]
    report = purging.purge(workspace, [other])
    assert report.purged == 1
    assert files(workspace.paths.originals) == []
    assert files(workspace.paths.previews) == []


def test_a_picture_that_came_back_keeps_its_file(workspace: Workspace) -> None:
    one, other = enter(workspace, 1), enter(workspace, 2)
    workspace.db.write(rows.purge, workspace.user.uid, [one])
    again = row(1, path=Path("originals/ab/1.jpg"), sha256=f"{1:064x}")
    back, added = workspace.db.write(images.add, workspace.user.uid, again)
    assert added
    assert back != one
    purging.purge(workspace, [other])
    assert files(workspace.paths.originals) == ["1.jpg"]


def test_a_picture_that_came_back_in_place_needs_no_copy(workspace: Workspace, tmp_path: Path) -> None:
    one, other, third = (enter(workspace, number) for number in (1, 2, 3))
    workspace.db.write(rows.purge, workspace.user.uid, [one, other])
    for number in (1, 2):
        outside = photo(tmp_path / "camera" / f"{number}.jpg", number)
        again = row(number, path=outside, storage="in_place", sha256=f"{number:064x}")
        workspace.db.write(images.add, workspace.user.uid, again)
    # As a restore does it that brings the file of an image in place back.
    workspace.db.write(lambda db: db.execute("UPDATE image SET storage = 'copy' WHERE name = '2.jpg'").rowcount)
    purging.purge(workspace, [third])
    assert files(workspace.paths.originals) == ["2.jpg"]
    assert files(tmp_path / "camera") == ["1.jpg", "2.jpg"]


def test_a_file_that_cannot_be_removed_is_told_and_kept_in_mind(workspace: Workspace) -> None:
    one = enter(workspace, 1)
    path = workspace.paths.originals / "ab" / "1.jpg"
    path.unlink()
    path.mkdir()  # what `unlink` refuses for everybody
    report = purging.purge(workspace, [one])
    assert (report.purged, report.left, report.freed) == (1, ["originals/ab/1.jpg"], 0)
    assert "the next purge tries" in " ".join(done(report))
    path.rmdir()
    assert purging.sweep(workspace).left == []
    assert workspace.db.read(rows.left_files) == []


def test_nothing_goes_unless_everything_that_was_asked_for_may(workspace: Workspace) -> None:
    one = enter(workspace, 1)
    live = workspace.db.write(images.add, workspace.user.uid, row(5))[0]
    with pytest.raises(UsageError):
        purging.purge(workspace, [one, live])
    with pytest.raises(NotFoundError):
        purging.purge(workspace, [one, 99])
    workspace.db.connection.execute("UPDATE user SET role = 'operator'")
    with Workspace(workspace.paths.root) as theirs, pytest.raises(RefusedError, match="needs the role admin"):
        purging.purge(theirs, [one])
    assert workspace.db.read(rows.in_trash) == [one]
    assert files(workspace.paths.originals) == ["1.jpg"]


def test_it_stops_between_parts(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "PART", 1)
    ids = [enter(workspace, number) for number in (1, 2, 3)]
    report = purging.purge(workspace, ids, on_progress=lambda at, total: at == 2)
    assert report.purged == 2
    assert workspace.db.read(rows.in_trash) == ids[2:]


def test_what_somebody_brings_back_meanwhile_stays_and_the_rest_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "PART", 1)
    ids = [enter(workspace, number) for number in (1, 2, 3)]

    def meanwhile(at: int, total: int) -> None:
        if at == 1:
            workspace.db.write(images.restore, workspace.user.uid, [ids[1]])

    report = purging.purge(workspace, ids, on_progress=meanwhile)
    assert (report.purged, report.kept) == (2, {ids[1]: f"Image {ids[1]} is not in the trash."})
    assert files(workspace.paths.originals) == ["2.jpg"]


def test_the_words_say_all_that_goes(workspace: Workspace, tmp_path: Path) -> None:
    copy, in_place = enter(workspace, 1), enter(workspace, 2, in_place=tmp_path / "x" / "2.jpg")
    workspace.db.write(images.restore, workspace.user.uid, [copy])
    workspace.db.write(labels.add_class, "nut")
    workspace.db.write(labels.set_label, workspace.user.uid, copy, "nut")
    workspace.db.write(images.trash, workspace.user.uid, [copy])
    lines = consequences(purging.affected(workspace, [copy, in_place]))
    assert lines == [
        "2 images would be deleted for ever. Nothing but a backup brings them back.",
        "1 file with 1001 B would be freed.",
        "1 file in place would stay on the disk, and only be forgotten.",
        "With them: 1 label.",
    ]
