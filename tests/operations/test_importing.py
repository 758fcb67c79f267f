"""Import: once by content, complete after an interruption, in place when asked, and never by half."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from binscout_tui.errors import RefusedError, StorageError
from binscout_tui.imaging.previews import SIZES, preview_path
from binscout_tui.operations import in_place, purging
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.originals import hash_of
from binscout_tui.store import datasets, images, labels, sets
from binscout_tui.store import purging as purged_rows
from binscout_tui.workspace import LiveWorkspace, Workspace
from tests.pictures import photo


def everything(workspace: Workspace) -> list[images.Image]:
    return workspace.db.read(images.page, limit=10_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(6):
        photo(tmp_path / "photos" / "m3" / f"shot_{number}.jpg", number)
    for number in range(3):
        photo(tmp_path / "photos" / "m4" / f"take_{number}.jpg", 100 + number)
    shutil.copy(tmp_path / "photos" / "m3" / "shot_0.jpg", tmp_path / "photos" / "m3" / "copy.jpg")
    (tmp_path / "photos" / "broken.jpg").write_text("no picture")
    return tmp_path / "photos"


def test_each_content_is_kept_once_and_a_second_run_imports_nothing(workspace: Workspace, folder: Path) -> None:
    report = import_paths(workspace, [folder])
    assert (report.imported, report.duplicates, len(report.rejected)) == (9, 1, 1)
    assert report.rejected[0].path.endswith("broken.jpg")
    again = import_paths(workspace, [folder])
    assert (again.imported, again.duplicates, len(again.rejected)) == (0, 10, 1)


def test_originals_and_previews_are_there_and_sources_untouched(workspace: Workspace, folder: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*.jpg")}
    import_paths(workspace, [folder])
    for image in everything(workspace):
        assert hash_of(workspace.paths.original(image)) == image.sha256
        assert image.path.parts[0] == "originals"
        assert all(preview_path(workspace.paths.previews, image.sha256, size).is_file() for size in SIZES)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*.jpg")} == before


def test_a_picture_that_is_purged_while_it_comes_in_again_has_its_file(workspace: Workspace, folder: Path) -> None:
    source = folder / "m4"
    import_paths(workspace, [source])
    ids = [image.id for image in everything(workspace)]
    workspace.db.write(images.trash, workspace.user.uid, ids)
    workspace.db.write(purged_rows.purge, workspace.user.uid, ids)
    swept: list[int] = []
    report = import_paths(workspace, [source], on_progress=lambda *_: swept.append(purging.sweep(workspace).freed))
    assert max(swept) > 0  # between the copy of a file and its row
    assert report.imported == 3
    assert [hash_of(workspace.paths.original(image)) for image in everything(workspace)] == [
        image.sha256 for image in everything(workspace)
    ]


def test_of_a_purged_picture_whose_source_is_gone_by_then_there_is_no_row(workspace: Workspace, folder: Path) -> None:
    source = folder / "m4"
    import_paths(workspace, [source])
    ids = [image.id for image in everything(workspace)]
    workspace.db.write(images.trash, workspace.user.uid, ids)
    workspace.db.write(purged_rows.purge, workspace.user.uid, ids)

    def purge_all(done: int, total: int) -> None:
        if done == total:
            purging.sweep(workspace)
            shutil.rmtree(source, ignore_errors=True)

    report = import_paths(workspace, [source], on_progress=purge_all)
    assert (report.imported, [one.code for one in report.rejected]) == (0, ["unreadable"] * 3)
    assert everything(workspace) == []


def test_labels_and_groups_come_from_folders(workspace: Workspace, folder: Path) -> None:
    report = import_paths(workspace, [folder / "m3", folder / "m4"], labels_from="folder")
    assert (report.labelled, report.labels_known) == (9, 1)
    again = import_paths(workspace, [folder / "m3", folder / "m4"], labels_from="folder")
    assert (again.labelled, again.labels_known) == (0, 10)
    assert {one.name: one.images for one in workspace.db.read(labels.classes)} == {"m3": 6, "m4": 3}
    found = workspace.db.read(datasets.labelled, "classify")
    assert {image.family for image in everything(workspace)} == {"photos"}
    assert len({entry.group for entry in found}) == 9
    assert "photos/take_1" in {entry.group for entry in found}


def test_the_same_picture_in_two_class_folders_is_a_conflict(workspace: Workspace, folder: Path) -> None:
    shutil.copy(folder / "m3" / "shot_1.jpg", folder / "m4" / "again.jpg")
    report = import_paths(workspace, [folder / "m3", folder / "m4"], labels_from="folder")
    assert [conflict.code for conflict in report.conflicts] == ["label_conflict"]
    assert {one.name: one.images for one in workspace.db.read(labels.classes)} == {"m3": 6, "m4": 3}


def test_sets_from_folders_tell_which_folders_make_none(workspace: Workspace, tmp_path: Path) -> None:
    for set_name, number in (("a", 3), ("b", 2), ("single", 1), ("many", 10)):
        for index in range(number):
            photo(tmp_path / "sets" / set_name / f"{9 - index}.jpg", hash(set_name) % 1000 * 20 + index)
    report = import_paths(workspace, [tmp_path / "sets"], sets="folder")
    assert report.sets == 2
    assert Counter((Path(left.path).parent.name, left.code) for left in report.not_in_a_set) == {
        ("many", "too_many"): 10,
        ("single", "single"): 1,
    }
    names = [image.name for image in workspace.db.read(sets.get, workspace.db.read(sets.ids)[0]).images]
    assert names == sorted(names)
    again = import_paths(workspace, [tmp_path / "sets"], sets="folder")
    assert (again.sets, again.in_sets, len(again.not_in_a_set)) == (0, 5, 11)


def test_in_place_keeps_the_file_and_notices_change_and_loss(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder / "m4"], keep_in_place=True)
    first, second, third = everything(workspace)
    assert first.path == folder / "m4" / "take_0.jpg"
    assert not workspace.paths.originals.exists()
    os.utime(first.path)
    photo(second.path, 999)
    third.path.unlink()
    found = in_place.check(workspace)
    assert (found.changed, found.missing, found.returned) == ([second.id], [third.id], [])
    assert [image.health for image in everything(workspace)] == ["ok", "changed", "missing"]


def test_an_in_place_file_that_was_moved_or_replaced_is_understood(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder / "m4"], keep_in_place=True)
    first, second, _ = everything(workspace)
    moved = folder / "elsewhere.jpg"
    first.path.rename(moved)
    photo(second.path, 999)
    in_place.check(workspace)
    report = import_paths(workspace, [folder / "m4", moved], keep_in_place=True)
    assert (report.imported, report.duplicates) == (1, 2)
    assert workspace.db.read(images.get, first.id).path == moved
    assert workspace.db.read(images.get, first.id).health == "ok"
    assert workspace.db.read(images.get, second.id).health == "changed"


def test_bytes_that_come_back_take_their_path_again(workspace: Workspace, folder: Path) -> None:
    path = folder / "m4" / "take_0.jpg"
    before = path.read_bytes()
    import_paths(workspace, [path], keep_in_place=True)
    photo(path, 999)
    import_paths(workspace, [path], keep_in_place=True)
    path.write_bytes(before)
    found = in_place.check(workspace)
    assert (found.changed, found.missing, found.returned) == ([2], [], [1])
    assert [image.health for image in everything(workspace)] == ["ok", "changed"]


def test_bytes_that_are_met_at_the_path_of_others_take_it_over(workspace: Workspace, folder: Path) -> None:
    first, second = folder / "m4" / "take_0.jpg", folder / "m4" / "take_1.jpg"
    import_paths(workspace, [first, second], keep_in_place=True)
    first.rename(folder / "aside")
    in_place.check(workspace)
    (folder / "aside").replace(second)
    report = import_paths(workspace, [second], keep_in_place=True)
    assert (report.imported, report.duplicates) == (0, 1)
    assert [(image.health, image.path) for image in everything(workspace)] == [("ok", second), ("changed", second)]


def test_a_file_that_was_only_touched_is_read_once(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_paths(workspace, [folder / "m4"], keep_in_place=True)
    os.utime(folder / "m4" / "take_0.jpg", ns=(1, 1))
    read: list[Path] = []

    def counted(path: Path) -> str:
        assert not workspace.db.connection.in_transaction
        read.append(path)
        return hash_of(path)

    monkeypatch.setattr(in_place, "hash_of", counted)
    for _ in range(2):
        assert in_place.check(workspace) == in_place.Checked(3, [], [], [])
    assert read == [folder / "m4" / "take_0.jpg"]


def test_what_changed_during_a_look_is_left_for_the_next(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder / "m4"], keep_in_place=True)
    gone = folder / "m4" / "take_0.jpg"
    gone.unlink()
    seen = in_place.look(workspace.db.read(images.in_place))
    workspace.db.write(images.relocate, 1, folder / "elsewhere.jpg", 1)
    assert workspace.db.write(in_place.note, seen, 3).missing == []
    assert in_place.check(workspace).missing == [1]


async def test_the_app_looks_the_same(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder / "m4"], keep_in_place=True)
    (folder / "m4" / "take_2.jpg").unlink()
    live = await LiveWorkspace.open(workspace.paths.root)
    try:
        assert (await in_place.check_live(live)).missing == [3]
    finally:
        await live.close()


def test_what_is_in_the_trash_stays_there_and_is_said(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder / "m4"])
    workspace.db.write(images.trash, workspace.user.uid, [1])
    report = import_paths(workspace, [folder / "m4"], labels_from="folder", sets="folder")
    assert (report.duplicates, [one.code for one in report.rejected], report.is_useful) == (2, ["in_trash"], True)
    assert workspace.db.read(labels.get, 1) is None
    assert workspace.db.read(images.get, 1).trashed_at is not None
    assert len(workspace.db.read(sets.get, 1).images) == 2


def test_the_workspaces_own_files_are_not_pictures(workspace: Workspace, folder: Path) -> None:
    root = workspace.paths.root
    import_paths(workspace, [folder / "m4"])
    photo(root / "mine" / "x.jpg", 77)
    photo(root / "derived" / "background" / "y.jpg", 78)
    link = folder / "link"
    link.symlink_to(root)
    derived = root / "derived" / "background"
    for own in (root, root / "previews", derived, link, workspace.paths.original(everything(workspace)[0])):
        report = import_paths(workspace, [own])
        assert [(one.code, report.refused_paths) for one in report.rejected] == [("private", 1)]
    link.unlink()
    above = import_paths(workspace, [root.parent])
    assert (above.skipped, above.imported) == (1, 6)
    assert import_paths(workspace, [root / "mine"]).imported == 1


def test_an_import_is_useful_when_all_that_was_named_is_in(workspace: Workspace, folder: Path) -> None:
    good, broken = folder / "m4" / "take_0.jpg", folder / "broken.jpg"
    assert import_paths(workspace, [folder]).is_useful
    assert import_paths(workspace, [good]).is_useful
    assert not import_paths(workspace, [good, broken]).is_useful
    assert not import_paths(workspace, [good, folder / "gone"]).is_useful
    (folder / "empty").mkdir()
    assert import_paths(workspace, [folder / "empty"]).is_useful
    broken.rename(folder / "empty" / "broken.jpg")
    assert not import_paths(workspace, [folder / "empty"]).is_useful


def test_an_unwritable_workspace_is_not_blamed_on_the_pictures(workspace: Workspace, folder: Path) -> None:
    workspace.paths.originals.write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        import_paths(workspace, [folder])
    assert everything(workspace) == []


def test_importing_and_checking_need_an_operator(workspace: Workspace, folder: Path) -> None:
    workspace.user = msgspec.structs.replace(workspace.user, role="viewer")
    with pytest.raises(RefusedError, match="needs the role operator"):
        import_paths(workspace, [folder])
    with pytest.raises(RefusedError, match="needs the role operator"):
        in_place.check(workspace)
    assert everything(workspace) == []


def test_names_in_any_bytes_are_usable(workspace: Workspace, tmp_path: Path) -> None:
    hostile = [
        b"caf\xe9 latin1_1.jpg",
        b"esc\x1b[31m.jpg",
        b"new\nline.jpg",
        b"-rf.jpg",
        b"[bold]x.jpg",
        b"a" * 250 + b".jpg",
    ]
    folder = os.fsencode(tmp_path) + b"/m\xe93"
    os.mkdir(folder)  # noqa: PTH102 - pathlib has no names in bytes
    for number, name in enumerate(hostile):
        photo(tmp_path / "plain.jpg", number).rename(os.fsdecode(folder + b"/" + name))
    report = import_paths(workspace, [Path(os.fsdecode(folder))], labels_from="folder", keep_in_place=True)
    assert (report.imported, report.rejected) == (len(hostile), [])
    found = everything(workspace)
    assert all(image.name.isprintable() and image.source.isprintable() for image in found)
    assert all(image.path.is_file() for image in found)
    assert in_place.check(workspace).missing == []


def test_killed_in_the_middle_and_repeated_it_completes(workspace: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "many"
    for number in range(150):
        photo(source / f"{number:03d}.jpg", number, size=(640, 480))
    command = [sys.executable, "-m", "binscout_tui", "--workspace", str(workspace.paths.root), "import", str(source)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while workspace.db.read(images.count) == 0:
        assert running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()
    done = workspace.db.read(images.count)
    assert 0 < done < 150
    report = import_paths(workspace, [source])
    assert (report.imported, report.duplicates, report.rejected) == (150 - done, done, [])
    assert all(hash_of(workspace.paths.original(image)) == image.sha256 for image in everything(workspace))
    assert list(workspace.paths.root.rglob(".tmp-*")) == []


def test_a_full_disk_stops_with_one_sentence_and_keeps_what_it_has(small_disk: Path, tmp_path: Path) -> None:
    from binscout_tui import workspace as workspaces

    workspaces.create(small_disk / "workspace")
    for number in range(40):
        photo(tmp_path / "big" / f"{number}.jpg", number, size=(1600, 1200))
    with Workspace(small_disk / "workspace") as workspace:
        with pytest.raises(StorageError) as full:
            import_paths(workspace, [tmp_path / "big"])
        assert full.value.code == "disk_full"
        kept = everything(workspace)
        assert all(hash_of(workspace.paths.original(image)) == image.sha256 for image in kept)
        assert workspace.db.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert list(workspace.paths.root.rglob(".tmp-*")) == []


def test_hostile_real_files_are_refused_in_words(workspace: Workspace, real_photos: Path) -> None:
    report = import_paths(workspace, [real_photos / "odd" / "files"])
    assert report.imported > 60
    assert all(one.code and one.reason for one in report.rejected)
    names = {Path(one.path).name for one in report.rejected}
    assert {"bomb_30000x30000.png", "text_as.jpg", "zero.jpg", "png_header_only_60000.png"} <= names
