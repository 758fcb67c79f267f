"""Move, collect and drop as plans over real folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.errors import BinScoutError
from binscout_tui.operations.files.collecting import collect
from binscout_tui.operations.files.dropping import drop
from binscout_tui.operations.files.moving import move
from binscout_tui.operations.files.plan import Plan
from binscout_tui.operations.files.running import run
from binscout_tui.operations.files.stages import runs

from .trees import make


def moves(made: Plan, source: Path, target: Path) -> dict[str, str]:
    return {
        str(one.file.path.relative_to(source)): str(one.destination.relative_to(target))
        for group in made.groups
        for one in group.moves
    }


def test_a_recursive_move_takes_everything_and_keeps_pairs_together(tmp_path: Path) -> None:
    source = make(tmp_path / "in", "a.jpg", "a.yaml", "d/b.png", "d/b.txt", "d/notes.pdf", "d/orphan.txt")
    made = move(source, tmp_path / "out")
    assert moves(made, source, tmp_path / "out") == {
        name: name for name in ("a.jpg", "a.yaml", "d/b.png", "d/b.txt", "d/notes.pdf", "d/orphan.txt")
    }
    assert [len(group.moves) for group in made.groups] == [2, 2, 1, 1]
    assert made.groups[0].moves[1].sidecar_of == source / "a.jpg"


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [("in", "in", "same_folder"), ("in", "in/below", "inside_source"), ("in", "link", "same_folder"),
     ("absent", "out", "no_folder"), ("in/a.jpg", "out", "no_folder"), ("in", "file", "no_folder")],
)  # fmt: skip
def test_folders_that_make_no_sense_are_refused(tmp_path: Path, source: str, target: str, code: str) -> None:
    make(tmp_path / "in", "a.jpg")
    make(tmp_path, "file")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    with pytest.raises(BinScoutError) as refused:
        move(tmp_path / source, tmp_path / target)
    assert refused.value.code == code


def test_links_and_pipes_stay_and_so_does_what_goes_with_them(tmp_path: Path) -> None:
    source = make(tmp_path / "in", "a.jpg", "b.jpg")
    (source / "a.yaml").symlink_to(source / "b.jpg")
    (source / "folder").symlink_to(tmp_path)
    os.mkfifo(source / "pipe")
    made = move(source, tmp_path / "out")
    assert moves(made, source, tmp_path / "out") == {"b.jpg": "b.jpg"}
    assert {one.path.name: one.code for one in made.refused} == {
        "a.jpg": "odd_sidecar",
        "a.yaml": "link",
        "folder": "link",
        "pipe": "not_a_file",
    }


def test_hostile_names_are_planned_and_refused(tmp_path: Path) -> None:
    source = make(tmp_path / "in", b"caf\xe9.jpg", "new\nline.jpg", "fine [b].jpg")
    made = move(source, tmp_path / "out")
    assert moves(made, source, tmp_path / "out") == {"fine [b].jpg": "fine [b].jpg"}
    assert {one.code for one in made.refused} == {"name"}


def test_the_files_of_a_workspace_are_its_own(tmp_path: Path) -> None:
    workspaces.create(tmp_path / "in" / "ws")
    make(tmp_path / "in", "a.jpg", "ws/originals/aa/x.jpg")
    made = move(tmp_path / "in", tmp_path / "out")
    assert moves(made, tmp_path / "in", tmp_path / "out") == {"a.jpg": "a.jpg"}
    assert [one.code for one in made.refused] == ["workspace"]
    with pytest.raises(BinScoutError, match="belongs to a workspace"):
        move(tmp_path / "in" / "ws" / "originals", tmp_path / "out")


def test_collecting_a_stage_flattens_and_refuses_two_of_one_name(tmp_path: Path) -> None:
    source = make(
        tmp_path / "in",
        "p/20240101_101500_stage2_big.png",
        "p/20240101_101500_stage2_big.yaml",
        "p/20240101_101400_stage1.5_x.png",
        "q/20240102_101500_stage2_big.png",
        "q/same_stage2.png",
        "r/same_stage2.png",
        "r/backstage2.png",
    )
    made = collect(source, tmp_path / "out", "2")
    assert sorted(moves(made, source, tmp_path / "out").values()) == [
        "20240101_101500_stage2_big.png",
        "20240101_101500_stage2_big.yaml",
        "20240102_101500_stage2_big.png",
    ]
    assert {str(one.path.relative_to(source)): one.code for one in made.refused} == {
        "q/same_stage2.png": "same_target",
        "r/same_stage2.png": "same_target",
    }
    assert len(collect(source, tmp_path / "out", "stage1.5").groups) == 1
    with pytest.raises(BinScoutError, match="is no stage"):
        collect(source, tmp_path / "out", "two")


def test_runs_rise_and_stop_at_a_gap() -> None:
    day = "20240101_"
    a, b, late = (f"{day}100000_stage1_g.png", f"{day}100500_stage2_u.png", f"{day}150000_stage3_e.png")
    assert runs([late, b, a]) == [(a, b), (late,)]
    twice = f"{day}100700_stage2_u.png"
    assert runs([a, b, twice]) == [(a, b), (twice,)]
    assert runs(["x_stage1.png", "x_stage2.png", "y_stage3.png", "none.png"]) == [
        ("x_stage1.png", "x_stage2.png"),
        ("y_stage3.png",),
    ]
    assert runs(["x_stage1.png", "x_stage2.jpg", "x_stage2.png"]) == [("x_stage1.png", "x_stage2.jpg", "x_stage2.png")]


def test_w17_a_dropped_set_goes_with_all_its_sidecars(tmp_path: Path) -> None:
    names = [f"20240101_10{minute}00_stage{stage}" for minute, stage in (("00", "1"), ("05", "1.5"), ("10", "2"))]
    files = [f"{name}.{suffix}" for name in names for suffix in ("png", "yaml", "caption", "txt", "json", "decision")]
    fresh = ["20240102_100000_stage1.png", "20240102_100000_stage1.caption"]
    source = make(tmp_path / "in", *(f"d/{name}" for name in files + fresh))
    done = make(tmp_path / "done", "kept/20240101_100500_stage1.5_crop.png")
    made = drop(source, done)
    [group] = made.groups
    assert sorted(move.file.path.name for move in group.moves) == sorted(files)
    assert {move.destination.parent for move in group.moves} == {tmp_path / "in.dropped" / "d"}
    assert all(move.sidecar_of is not None for move in group.moves if move.file.path.suffix != ".png")


def test_a_set_that_comes_again_goes_again(tmp_path: Path) -> None:
    name = "20240101_100000_stage1.png"
    done = make(tmp_path / "done", name)
    for target in ("in.dropped", "in.dropped-2"):
        made = drop(make(tmp_path / "in", name), done)
        assert made.root == tmp_path / target
        assert run(None, tmp_path / "log", lambda made=made: made).outcome.moved == 1


def test_a_finished_set_with_a_link_for_a_picture_stays_whole_and_is_told(tmp_path: Path) -> None:
    source = make(tmp_path / "in", "20240101_120000_stage1.png", "20240101_120000_stage2.png")
    (source / "20240101_120000_stage3.png").symlink_to(source / "20240101_120000_stage1.png")
    made = drop(source, make(tmp_path / "done", "20240101_120000_stage2.png"))
    assert not made.groups
    assert [one.path.name[-5] for one in made.refused] == ["1", "2", "3"]
    assert all("a link" in one.reason for one in made.refused)


def test_a_set_that_only_comes_after_a_finished_one_is_not_dropped(tmp_path: Path) -> None:
    source = make(tmp_path / "in", "20240101_100000_stage1.png", "20240101_180000_stage2.png")
    done = make(tmp_path / "done", "20240101_100000_stage1.png")
    made = drop(source, done)
    assert [move.file.path.name for group in made.groups for move in group.moves] == ["20240101_100000_stage1.png"]


def test_drop_refuses_a_finished_folder_that_would_prove_everything(tmp_path: Path) -> None:
    source = make(tmp_path / "in", "done/20240101_100000_stage1.png")
    with pytest.raises(BinScoutError, match="lie in each other"):
        drop(source, source / "done")


def test_a_set_with_a_picture_that_cannot_go_stays_whole(tmp_path: Path) -> None:
    first, second = (f"20240101_100{stage}00_stage{stage}" for stage in (1, 2))
    source = make(tmp_path / "in", f"{first}.png", f"{second}.png")
    (source / f"{second}.txt").symlink_to(tmp_path)
    made = drop(source, make(tmp_path / "done", f"{first}.png"))
    assert not made.groups
    assert {one.path.name for one in made.refused} == {f"{first}.png", f"{second}.png"}


def test_a_name_without_a_moment_proves_nothing(tmp_path: Path) -> None:
    source = make(tmp_path / "in", "p/stage1.png", "p/stage2.png")
    assert not drop(source, make(tmp_path / "done", "q/stage1.png")).groups
