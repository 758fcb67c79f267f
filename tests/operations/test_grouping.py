"""Grouping in a workspace: over rows and files, in bounded transactions, twice the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.operations import grouping as groups
from binscout_tui.operations.grouping import Found, GroupReport, Rule, group, group_found
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import images, sets, suggestions
from binscout_tui.workspace import Workspace
from tests.conftest import row
from tests.pictures import photo

Add = Callable[..., int]


@pytest.fixture
def add(workspace: Workspace) -> Add:
    """Enters a row for an image that was found at `source`, and returns its id."""

    def enter(source: str, **more: object) -> int:
        number = workspace.db.connection.execute("SELECT count(*) FROM image").fetchone()[0]
        new = row(number, **{"source": source, "name": source.rpartition("/")[2]} | more)
        return workspace.db.write(images.add, workspace.user.uid, new)[0]

    return enter


def left(report: GroupReport) -> dict[int, str]:
    return {one.image: one.code for one in report.left_out}


def made(report: GroupReport) -> list[tuple[int, ...]]:
    return [one.images for one in report.sets]


def withhold(db: sqlite3.Connection, image_id: int) -> None:
    db.execute("UPDATE image SET withheld = 'staged' WHERE id = ?", (image_id,))


def test_two_runs_in_sequence_agree(workspace: Workspace, add: Add) -> None:
    first = [add(f"/a/{number}.jpg") for number in range(3)]
    single = add("/b/1.jpg")
    report = group(workspace, Rule(by="folder"))
    assert (report.made, made(report), left(report)) == (1, [tuple(first)], {single: "single"})
    found = workspace.db.read(sets.get, report.sets[0].id or 0)
    assert (found.name, found.kind, [image.id for image in found.images]) == ("a", "folder", first)
    again = group(workspace, Rule(by="folder"))
    assert (again.made, again.in_sets, left(again)) == (0, 3, {single: "single"})


def test_a_dry_run_says_the_same_and_writes_nothing(workspace: Workspace, add: Add) -> None:
    pair = tuple(add(f"/a/{number}.jpg") for number in range(2))
    report = group(workspace, Rule(by="folder"), dry_run=True)
    assert (report.made, made(report), report.sets[0].id) == (1, [pair], None)
    assert workspace.db.read(sets.ids) == []


def test_trashed_and_withheld_images_never_join(workspace: Workspace, add: Add) -> None:
    ids = [add(f"/a/{number}.jpg") for number in range(4)]
    workspace.db.write(images.trash, workspace.user.uid, ids[:1])
    workspace.db.write(withhold, ids[1])
    report = group(workspace, Rule(by="folder"))
    assert (made(report), left(report)) == ([tuple(ids[2:])], {})
    named = group(workspace, Rule(by="folder"), [*ids, 99])
    assert (named.made, named.in_sets) == (0, 2)
    assert left(named) == {ids[0]: "in_trash", ids[1]: "withheld", 99: "unknown"}


def test_only_the_images_that_are_named_join(workspace: Workspace, add: Add) -> None:
    ids = [add(f"/a/{number}.jpg") for number in range(4)]
    assert made(group(workspace, Rule(by="folder"), ids[1:3])) == [tuple(ids[1:3])]


def test_bursts_use_the_camera_s_time_to_parts_of_a_second(workspace: Workspace, add: Add) -> None:
    times = ["10:00:00.000", "10:00:00.300", "10:00:02.400", "10:00:02.500"]
    ids = [add(f"/a/{number}.jpg", taken_at=f"2026-01-01T{time}Z") for number, time in enumerate(times)]
    report = group(workspace, Rule(by="burst", gap_s=0.5))
    assert (made(report), report.clocks) == ([tuple(ids[:2]), tuple(ids[2:])], {"taken_at": 4})
    assert workspace.db.read(sets.get, 1).name == "burst 2026-01-01 10:00:00"


def test_bursts_tell_cameras_apart_by_the_size_of_their_pictures(workspace: Workspace, add: Add) -> None:
    moment = {"taken_at": "2026-01-01T10:00:00.000Z"}
    upright = add("/a/1.jpg", width=480, height=640, **moment)
    flat = add("/a/2.jpg", width=640, height=480, **moment)
    other = add("/a/3.jpg", width=1000, height=480, **moment)
    report = group(workspace, Rule(by="burst"))
    assert (made(report), left(report)) == ([(upright, flat)], {other: "single"})


def test_shots_are_grouped_by_what_they_show(workspace: Workspace, add: Add) -> None:
    ids = [add("bench", name=f"shot {number}.jpg", origin="captured", mtime_ns=number) for number in range(4)]

    def note(db: sqlite3.Connection) -> None:
        now, uid = "2026-01-01T10:00:00.000Z", workspace.user.uid
        db.execute("INSERT INTO item (id, name, added_at, added_by) VALUES (7, 'nut', ?, ?)", (now, uid))
        for number, image_id in enumerate(ids):
            db.execute(
                "INSERT INTO capture (state, image_id, owns_image, item_id, added_at, uid)"
                " VALUES ('accepted', ?, 1, ?, ?, ?)",
                (image_id, 7 if number < 2 else None, now, uid),
            )

    workspace.db.write(note)
    expected = [tuple(ids[2:]), tuple(ids[:2])]
    for by in ("folder", "burst"):
        assert made(group(workspace, Rule(by=by), dry_run=True)) == expected


def test_stages_are_read_from_names(workspace: Workspace, add: Add) -> None:
    two, one, lone = (add(f"/a/{name}.png") for name in ("nut_stage2", "nut_stage1", "other"))
    report = group(workspace, Rule(by="stage"))
    assert (made(report), left(report)) == ([(one, two)], {lone: "no_stage"})


def test_many_sets_are_written_in_bounded_transactions(
    workspace: Workspace, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "BATCH", 2)
    for number in range(10):
        add(f"/{number // 2}/{number}.jpg")
    steps: list[tuple[int, int]] = []
    report = group(workspace, Rule(by="folder"), on_progress=lambda done, total: steps.append((done, total)))
    assert (report.made, steps) == (5, [(2, 5), (4, 5), (5, 5)])


def test_what_joined_another_set_meanwhile_stays_there(workspace: Workspace, add: Add) -> None:
    ids = [add(f"/a/{number}.jpg") for number in range(3)]
    wanted = groups.Wanted(name="late", kind="burst", images=tuple(ids))
    workspace.db.write(sets.add, name="early", kind="hand", image_ids=ids[:2])
    assert workspace.db.write(groups.grouping.write, [wanted], shared=False)[0].id is None
    assert workspace.db.read(sets.ids) == [1]


def test_the_same_bytes_in_two_folders_join_both_sets(workspace: Workspace, tmp_path: Path) -> None:
    """Whether the folders are imported together or one after the other, and again."""
    for name in ("b", "a"):
        photo(tmp_path / name / "same.jpg", 1)
        photo(tmp_path / name / "own.jpg", ord(name))
    assert import_paths(workspace, [tmp_path / "b"], sets="folder").sets == 1
    assert import_paths(workspace, [tmp_path / "a"], sets="folder").sets == 1
    again = import_paths(workspace, [tmp_path], sets="folder")
    assert (again.sets, again.in_sets, again.not_in_a_set) == (0, 4, [])


def test_a_file_that_comes_later_joins_no_finished_set(workspace: Workspace, tmp_path: Path) -> None:
    for number in range(2):
        photo(tmp_path / "a" / f"{number}.jpg", number)
    assert import_paths(workspace, [tmp_path], sets="folder").sets == 1
    photo(tmp_path / "a" / "2.jpg", 2)
    later = import_paths(workspace, [tmp_path], sets="folder")
    assert (later.sets, later.in_sets) == (0, 2)
    assert [(Path(one.path).name, one.code) for one in later.not_in_a_set] == [("2.jpg", "single")]


@pytest.mark.parametrize("by", ["burst", "stage", "similar"])
def test_import_makes_the_other_sets_too(workspace: Workspace, tmp_path: Path, by: groups.By) -> None:
    for number, stage in enumerate(("1_raw", "2_big")):
        photo(tmp_path / f"bolt_stage{stage}.jpg", 7, size=(64 + 64 * number, 48 + 48 * number))
    photo(tmp_path / "other.jpg", 99, size=(200, 100))
    report = import_paths(workspace, [tmp_path], sets=by)
    if by == "burst":  # files that were written just now, by two "cameras" and one more
        assert (report.sets, len(report.not_in_a_set)) == (0, 3)
    else:
        assert (report.sets, len(report.not_in_a_set)) == (1, 1)
        assert workspace.db.read(sets.get, 1).kind == by
        assert workspace.db.read(suggestions.get, 1) is not None
    assert import_paths(workspace, [tmp_path], sets=by).sets == 0


def test_similar_pictures_without_a_preview_are_told(workspace: Workspace, add: Add) -> None:
    ids = [add(f"/a/{number}.jpg", phash=5) for number in range(2)]
    assert left(group(workspace, Rule(by="similar"))) == dict.fromkeys(ids, "no_preview")


def test_found_files_of_trashed_images_make_no_set(workspace: Workspace, add: Add) -> None:
    ids = [add(f"/a/{number}.jpg") for number in range(2)]
    workspace.db.write(images.trash, workspace.user.uid, ids[:1])
    report = group_found(workspace, Rule(by="folder"), [Found(one, "/a", f"{one}.jpg") for one in ids])
    assert (report.made, left(report)) == (0, {ids[1]: "single"})


@pytest.mark.parametrize(
    "rule",
    [
        Rule(by="colour"),  # type: ignore[arg-type]
        Rule(by="folder", smallest=1),
        Rule(by="folder", largest=10),
        Rule(by="folder", smallest=5, largest=4),
        Rule(by="folder", gap_s=1),
        Rule(by="burst", gap_s=-1),
        Rule(by="burst", gap_s=float("nan")),
        Rule(by="stage", across=True),
        Rule(by="burst", distance=3),
        Rule(by="similar", distance=60),
    ],
)
def test_rules_that_make_no_sense_are_refused(workspace: Workspace, rule: Rule) -> None:
    with pytest.raises(UsageError):
        group(workspace, rule)


def test_viewers_make_no_sets(workspace: Workspace) -> None:
    workspace.user = msgspec.structs.replace(workspace.user, role="viewer")
    with pytest.raises(RefusedError):
        group(workspace, Rule(by="folder"))


def test_folders_of_real_photos_are_all_sets(workspace: Workspace, real_photos: Path) -> None:
    folders = [folder for folder in (real_photos / "sets").iterdir() if folder.is_dir()]
    report = import_paths(workspace, [real_photos / "sets"], sets="folder")
    assert (report.sets, report.not_in_a_set) == (len(folders), [])
    assert {workspace.db.read(sets.get, one).name for one in workspace.db.read(sets.ids)} == {
        folder.name for folder in folders
    }
