"""Older logs become sets and choices, as far as their lines are trusted and their pictures found."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.errors import NotFoundError
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.set_log_import import LogReport, import_log
from binscout_tui.operations.set_logs import Wanted, export
from binscout_tui.operations.trust import SELECT_CROP_HEAD
from binscout_tui.store import images, journal, sets
from binscout_tui.workspace import Workspace
from tests.pictures import photo

AT = "2025-10-01T12:30:00"
SIZE = (64, 48)


@pytest.fixture
def folder(workspace: Workspace, tmp_path: Path) -> Path:
    """Six pictures, imported; two of them have one name in two folders."""
    paths = [photo(tmp_path / "p" / f"{n}.jpg", n) for n in range(4)]
    paths += [photo(tmp_path / place / "same.jpg", n) for n, place in ((10, "x"), (11, "y"))]
    assert import_paths(workspace, paths).imported == 6
    return tmp_path


def log(folder: Path, *lines: list[Any]) -> Path:
    path = folder / "select_crop_log.csv"
    with path.open("w", newline="", errors="surrogateescape") as handle:
        csv.writer(handle).writerows([[*SELECT_CROP_HEAD, *"12345678"], *lines])
    return path


def line(*paths: Path | str, chosen: int = 0, crop: tuple[Any, ...] = (), size: tuple[int, int] = SIZE) -> list[Any]:
    path = paths[chosen] if chosen >= 0 else ""
    fixed = ["s1", "t_1", "p", len(paths), chosen, path, *(crop or ("",) * 4), AT]
    return [*fixed, *(field for one in paths for field in (one, "1", *size))]


def codes(report: LogReport) -> list[tuple[str, ...]]:
    return [one.codes for one in report.lines]


def test_trusted_lines_become_sets_with_choices(workspace: Workspace, folder: Path) -> None:
    p = folder / "p"
    path = log(
        folder,
        line(p / "0.jpg", p / "1.jpg", chosen=1, crop=(0.25, 0, 1, 0.5)),
        line(p / "2.jpg", p / "3.jpg", chosen=-1),
        line(p / "0.jpg", p / "1.jpg", p / "2.jpg", crop=(16, 12, 64, 48)),
    )
    report = import_log(workspace, path)
    assert (report.trusted, report.repaired, report.refused, report.new_sets) == (2, 1, 0, 3)
    first, second, third = (workspace.db.read(sets.get, one.set or 0) for one in report.lines)
    assert [image.name for image in first.images] == ["0.jpg", "1.jpg"]
    assert (first.state, first.chosen_image_id, first.crop) == ("done", first.images[1].id, (0.25, 0, 1, 0.5))
    assert (second.state, second.chosen_image_id) == ("rejected", None)
    assert (len(third.images), third.crop) == (3, (0.25, 0.25, 1, 1))


def test_an_import_is_journaled_with_its_line_and_no_undo_takes_it_back(workspace: Workspace, folder: Path) -> None:
    path = log(folder, line(folder / "p" / "0.jpg", folder / "p" / "1.jpg"))
    import_log(workspace, path)
    [entry] = workspace.db.read(journal.history, area="set")
    assert (entry.action, entry.after["log"]) == (
        "import",
        {"file": "select_crop_log.csv", "line": 2, "session": "s1", "at": AT},
    )
    with pytest.raises(NotFoundError):
        workspace.db.write(journal.undo, workspace.user.uid, "set")
    assert export(workspace, folder / "out.csv", Wanted()).lines == 1


def test_a_dry_run_says_the_same_and_changes_nothing(workspace: Workspace, folder: Path) -> None:
    path = log(folder, line(folder / "p" / "0.jpg", folder / "p" / "1.jpg"), line(folder / "p" / "0.jpg"))
    dry = import_log(workspace, path, dry_run=True)
    assert (workspace.db.read(sets.ids), workspace.db.read(journal.history)) == ([], [])
    real = import_log(workspace, path)
    assert (dry.trusted, dry.refused, dry.new_sets, codes(dry)) == (real.trusted, real.refused, 1, codes(real))


def test_a_second_time_changes_nothing(workspace: Workspace, folder: Path) -> None:
    path = log(folder, line(folder / "p" / "0.jpg", folder / "p" / "1.jpg"))
    import_log(workspace, path)
    again = import_log(workspace, path)
    assert (again.new_sets, again.known, again.refused) == (0, 1, 0)
    assert len(workspace.db.read(journal.history)) == 1


def test_what_a_person_decided_here_stays(workspace: Workspace, folder: Path) -> None:
    path = log(folder, line(folder / "p" / "0.jpg", folder / "p" / "1.jpg"))
    members = [image.id for image in workspace.db.read(images.page)][:2]
    set_id, _ = workspace.db.write(sets.add, name="own", kind="hand", image_ids=members)
    workspace.db.write(sets.choose, workspace.user.uid, set_id, members[1])
    assert codes(import_log(workspace, path)) == [("decided",)]
    workspace.db.write(journal.undo, workspace.user.uid, "set")
    assert codes(import_log(workspace, path)) == [("decided",)], "also after an undo"
    assert workspace.db.read(sets.get, set_id).state == "pending"


def test_w23_pictures_are_found_by_bytes_by_path_and_by_name_and_never_guessed(
    workspace: Workspace, folder: Path
) -> None:
    (folder / "p" / "0.jpg").rename(folder / "moved.jpg")
    (folder / "p" / "1.jpg").unlink()
    path = log(
        folder,
        line("moved.jpg", folder / "p" / "1.jpg"),
        line("/elsewhere/2.jpg", "/elsewhere/3.jpg"),
        line("/elsewhere/same.jpg", "/elsewhere/2.jpg"),
        line(folder / "x" / "same.jpg", folder / "y" / "same.jpg"),
        line("/elsewhere/none.jpg", "/elsewhere/2.jpg"),
        line("/elsewhere/0.jpg", folder / "moved.jpg"),
    )
    report = import_log(workspace, path)
    assert codes(report) == [(), (), ("ambiguous",), (), ("missing",), ("same_picture",)]


def test_w10_a_picture_of_another_size_was_cropped_since(workspace: Workspace, folder: Path) -> None:
    path = log(folder, line(folder / "p" / "0.jpg", folder / "p" / "1.jpg", crop=(64, 48, 320, 480), size=(640, 480)))
    assert codes(import_log(workspace, path)) == [("size",)]


def test_trashed_pictures_are_not_used(workspace: Workspace, folder: Path) -> None:
    workspace.db.write(images.trash, workspace.user.uid, [1])
    path = log(folder, line(folder / "p" / "0.jpg", folder / "p" / "1.jpg"))
    assert codes(import_log(workspace, path)) == [("not_live",)]
    assert workspace.db.read(sets.ids) == []


def test_hostile_paths_are_neither_read_for_ever_nor_believed(workspace: Workspace, folder: Path) -> None:
    path = log(folder, line("/dev/zero", "/dev/stdin"), line("../" * 50 + "etc/passwd", "a\0b"), line("\udcff", "."))
    assert codes(import_log(workspace, path)) == [("missing",)] * 3
