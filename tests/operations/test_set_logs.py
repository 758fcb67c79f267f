"""Logs written from the journal: fixed columns, what stands, the same bytes every time."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from binscout_tui import clock
from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.operations.set_logs import SELECT_CROP, SELECTION_ONLY, Wanted, export
from binscout_tui.store import images, journal, sets
from binscout_tui.store.sets import Suggested
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages, row

BOX = (0.1, 0.2, 0.75, 1.0)


@pytest.fixture
def make_set(workspace: Workspace, add_images: AddImages) -> Any:
    """Makes a set of so many images and returns its id and theirs."""

    def make(number: int) -> tuple[int, list[int]]:
        members = add_images(number)
        return workspace.db.write(sets.add, name=f"set of {number}", kind="hand", image_ids=members)[0], members

    return make


def choose(workspace: Workspace, set_id: int, image_id: int | None, **options: Any) -> None:
    workspace.db.write(sets.choose, workspace.user.uid, set_id, image_id, **options)


def undo(workspace: Workspace) -> None:
    workspace.db.write(journal.undo, workspace.user.uid, "set")


def exported(workspace: Workspace, path: Path, **options: Any) -> list[dict[str, str]]:
    export(workspace, path, Wanted(replace=True, **options))
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_w8_every_line_has_the_columns_of_the_header_whatever_is_in_the_set(
    workspace: Workspace, make_set: Any, tmp_path: Path
) -> None:
    for number in (2, 4, 9, 3):
        set_id, members = make_set(number)
        choose(workspace, set_id, members[-1], crop=BOX)
    export(workspace, tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(newline="") as handle:
        lines = list(csv.reader(handle))
    assert {len(line) for line in lines} == {len(SELECT_CROP)}
    assert tuple(lines[0]) == SELECT_CROP
    rows = [dict(zip(SELECT_CROP, line, strict=True)) for line in lines[1:]]
    assert [row["image_count"] for row in rows] == ["2", "4", "9", "3"]
    assert [len(json.loads(row["images"])) for row in rows] == [2, 4, 9, 3]


def test_a_line_says_what_was_decided(workspace: Workspace, make_set: Any, tmp_path: Path) -> None:
    set_id, members = make_set(3)
    workspace.db.write(sets.rule_out, workspace.user.uid, set_id, members[0])
    said = Suggested(by="sharpest", image=members[2], score=0.5, shown=True, taken=False)
    choose(workspace, set_id, members[1], crop=BOX, suggested=said)
    [line] = exported(workspace, tmp_path / "log.csv")
    chosen = workspace.db.read(images.get, members[1])
    assert line | {"journal": "", "session": "", "timestamp": "", "images": ""} == {
        "journal": "",
        "session": "",
        "set_key": workspace.db.read(sets.get, set_id).key,
        "directory": "/photos",
        "image_count": "3",
        "chosen_index": "1",
        "chosen_path": str(chosen.path),
        "chosen_sha256": chosen.sha256,
        "crop_x1": "0.1",
        "crop_y1": "0.2",
        "crop_x2": "0.75",
        "crop_y2": "1.0",
        "state": "done",
        "status": "stands",
        "suggested_index": "2",
        "suggested_by": "sharpest",
        "suggested_score": "0.5",
        "suggestion_shown": "1",
        "suggestion_taken": "0",
        "uid": str(workspace.user.uid),
        "user": workspace.user.name,
        "timestamp": "",
        "images": "",
    }
    assert line["timestamp"].endswith("Z")
    members_said = json.loads(line["images"])
    assert list(members_said[0]) == ["path", "sha256", "width", "height", "stage", "ruled_out"]
    assert [one["ruled_out"] for one in members_said] == [True, False, False]


def test_w11_what_was_rejected_is_there_and_a_choice_without_a_crop_has_none(
    workspace: Workspace, make_set: Any, tmp_path: Path
) -> None:
    plain, first = make_set(2)
    rejected, second = make_set(3)
    skipped, _ = make_set(2)
    choose(workspace, plain, first[0])
    choose(workspace, rejected, None, state="rejected")
    choose(workspace, skipped, None, state="skipped")
    lines = exported(workspace, tmp_path / "log.csv")
    assert [line["state"] for line in lines] == ["done", "rejected", "skipped"]
    assert [line["crop_x1"] + line["crop_y2"] for line in lines] == ["", "", ""], "never the whole picture for a crop"
    assert [line["chosen_index"] for line in lines] == ["0", "", ""]
    lines = exported(workspace, tmp_path / "log.csv", format="selection-only")
    assert tuple(lines[0]) == SELECTION_ONLY
    assert [(line["chosen_path"], len(json.loads(line["negatives"]))) for line in lines] == [
        (str(workspace.db.read(images.get, first[0]).path), 1),
        ("", 3),
    ]
    assert json.loads(lines[1]["negatives"]) == [str(workspace.db.read(images.get, i).path) for i in second]


def test_what_was_undone_or_decided_again_is_told_only_when_asked(
    workspace: Workspace, make_set: Any, tmp_path: Path
) -> None:
    undone, (first, _) = make_set(2)
    again, (other, chosen) = make_set(2)
    reopened, (last, _) = make_set(2)
    choose(workspace, undone, first)
    undo(workspace)
    choose(workspace, again, other)
    choose(workspace, again, chosen)
    choose(workspace, reopened, last)
    choose(workspace, reopened, None, state="pending")
    lines = exported(workspace, tmp_path / "log.csv")
    assert [(line["set_key"], line["chosen_index"]) for line in lines] == [
        (workspace.db.read(sets.get, again).key, "1")
    ]
    lines = exported(workspace, tmp_path / "log.csv", everything=True)
    assert [line["status"] for line in lines] == ["undone", "superseded", "stands", "superseded", "superseded"]
    assert [line["state"] for line in lines][-1] == "pending"
    with pytest.raises(UsageError):
        export(workspace, tmp_path / "other.csv", Wanted(format="selection-only", everything=True))


def test_what_is_redone_stands_again(workspace: Workspace, make_set: Any, tmp_path: Path) -> None:
    set_id, (first, second) = make_set(2)
    choose(workspace, set_id, first, crop=BOX)
    choose(workspace, set_id, second)
    undo(workspace)
    [line] = exported(workspace, tmp_path / "log.csv")
    assert (line["chosen_index"], line["crop_x1"]) == ("0", "0.1")
    workspace.db.write(journal.redo, workspace.user.uid, "set")
    [line] = exported(workspace, tmp_path / "log.csv")
    assert (line["chosen_index"], line["crop_x1"]) == ("1", "")


def test_ruling_out_after_a_choice_leaves_the_choice_standing(
    workspace: Workspace, make_set: Any, tmp_path: Path
) -> None:
    set_id, (first, second) = make_set(2)
    choose(workspace, set_id, first)
    workspace.db.write(sets.rule_out, workspace.user.uid, set_id, second)
    [line] = exported(workspace, tmp_path / "log.csv")
    assert line["chosen_index"] == "0"


def test_the_log_agrees_with_the_sets(workspace: Workspace, make_set: Any, tmp_path: Path) -> None:
    for number in range(12):
        set_id, members = make_set(2 + number % 3)
        for turn in range(number % 4):
            choose(workspace, set_id, members[turn % 2], crop=BOX if turn else None)
        if number % 3 == 2:
            undo(workspace)
    lines = {line["set_key"]: line for line in exported(workspace, tmp_path / "log.csv")}
    for set_id in workspace.db.read(sets.ids):
        one = workspace.db.read(sets.get, set_id)
        line = lines.pop(one.key, None)
        assert (line is None) == (one.state == "pending")
        if line is not None:
            assert int(line["chosen_index"]) == [image.id for image in one.images].index(one.chosen_image_id)
            assert line["crop_x1"] == ("" if one.crop is None else str(one.crop[0]))
    assert not lines


def test_a_session_ends_with_a_pause_of_more_than_half_an_hour(
    workspace: Workspace, make_set: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from binscout_tui.store import journal as module

    moments = ["10:00", "10:30", "11:00", "11:31", "11:32"]
    for moment in moments:
        set_id, members = make_set(2)
        monkeypatch.setattr(module, "utc_now", lambda moment=moment: f"2026-03-01T{moment}:00.000Z")
        choose(workspace, set_id, members[0])
    monkeypatch.setattr(module, "utc_now", clock.utc_now)
    sessions = [line["session"] for line in exported(workspace, tmp_path / "log.csv")]
    assert [sessions.count(one) for one in dict.fromkeys(sessions)] == [3, 2]
    assert sessions[0] == f"{workspace.user.uid}-2026-03-01T10:00:00.000Z"


def test_the_same_journal_gives_the_same_bytes_in_both_forms(
    workspace: Workspace, make_set: Any, tmp_path: Path
) -> None:
    set_id, members = make_set(2)
    choose(workspace, set_id, members[1], crop=BOX)
    for name, lines in (("a", "csv"), ("b", "csv"), ("c", "jsonl"), ("d", "jsonl")):
        export(workspace, tmp_path / name, Wanted(lines=lines))  # type: ignore[arg-type]
    contents = [(tmp_path / name).read_bytes() for name in "abcd"]
    assert contents[0] == contents[1]
    assert contents[2] == contents[3]
    line = json.loads(contents[2])
    assert tuple(line) == SELECT_CROP
    assert (line["crop_x1"], line["chosen_index"], line["suggested_by"]) == (0.1, 1, None)
    assert line["images"] == json.loads(exported(workspace, tmp_path / "e")[0]["images"])


def test_names_from_outside_break_no_line_and_begin_no_formula(workspace: Workspace, tmp_path: Path) -> None:
    names = ['=cmd|"/C calc"!A0', "@x,\n;\t'\"", "\udcff-1+1", "[bold]"]

    def add(db: sqlite3.Connection, uid: int) -> list[int]:
        return [
            images.add(db, uid, row(n, storage="in_place", path=Path("/hostile") / name, source=f"/=1+1/{n}"))[0]
            for n, name in enumerate(names)
        ]

    members = workspace.db.write(add, workspace.user.uid)
    set_id, _ = workspace.db.write(sets.add, name="=1+1", kind="hand", image_ids=members)
    choose(workspace, set_id, members[0])
    [line] = exported(workspace, tmp_path / "log.csv")
    assert all("\n" not in cell and not cell.startswith(tuple("=+-@\t")) for cell in line.values())
    assert len({one["path"] for one in json.loads(line["images"])}) == len(names)


def test_a_file_that_is_there_is_not_replaced_unasked(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("mine")
    with pytest.raises(RefusedError):
        export(workspace, tmp_path / "log.csv")
    assert (tmp_path / "log.csv").read_text() == "mine"
    assert exported(workspace, tmp_path / "log.csv") == []
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["log.csv"]
