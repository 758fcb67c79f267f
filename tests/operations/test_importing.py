"""Import: once by content, complete after an interruption, in place when asked, and never by half."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from binscout_tui.errors import StorageError
from binscout_tui.imaging.previews import SIZES, preview_path
from binscout_tui.operations import in_place
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.originals import hash_of
from binscout_tui.store import datasets, images, labels, sets
from binscout_tui.workspace import Workspace
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


def test_labels_and_groups_come_from_folders(workspace: Workspace, folder: Path) -> None:
    report = import_paths(workspace, [folder / "m3", folder / "m4"], labels_from="folder")
    assert report.labelled == 10
    assert {one.name: one.images for one in workspace.db.read(labels.classes)} == {"m3": 6, "m4": 3}
    found = workspace.db.read(datasets.labelled, "classify")
    assert {entry.image.family for entry in found} == {"photos"}
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
    assert sorted((left.path, left.code) for left in report.not_in_a_set) == [
        ("many", "set_size"),
        ("single", "set_size"),
    ]
    names = [image.name for image in workspace.db.read(sets.get, workspace.db.read(sets.ids)[0]).images]
    assert names == sorted(names)
    assert import_paths(workspace, [tmp_path / "sets"], sets="folder").sets == 0


def test_in_place_keeps_the_file_and_notices_change_and_loss(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder / "m4"], keep_in_place=True)
    first, second, third = everything(workspace)
    assert first.path == folder / "m4" / "take_0.jpg"
    assert not workspace.paths.originals.exists()
    os.utime(first.path)
    photo(second.path, 999)
    third.path.unlink()
    found = workspace.db.write(in_place.check)
    assert (found.changed, found.missing, found.returned) == ([second.id], [third.id], [])
    assert [image.health for image in everything(workspace)] == ["ok", "changed", "missing"]


def test_an_in_place_file_that_was_moved_or_replaced_is_understood(workspace: Workspace, folder: Path) -> None:
    import_paths(workspace, [folder / "m4"], keep_in_place=True)
    first, second, _ = everything(workspace)
    moved = folder / "elsewhere.jpg"
    first.path.rename(moved)
    photo(second.path, 999)
    workspace.db.write(in_place.check)
    report = import_paths(workspace, [folder / "m4", moved], keep_in_place=True)
    assert (report.imported, report.duplicates) == (1, 2)
    assert workspace.db.read(images.get, first.id).path == moved
    assert workspace.db.read(images.get, first.id).health == "ok"
    assert workspace.db.read(images.get, second.id).health == "changed"


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
    assert workspace.db.write(in_place.check).missing == []


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
