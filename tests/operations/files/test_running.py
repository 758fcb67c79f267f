"""Moving on a real disk: pairs stay whole, the log is complete, undo takes it back."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.errors import BinScoutError, ConflictError
from binscout_tui.operations import operations_log
from binscout_tui.operations.files import history, relocating, transfer
from binscout_tui.operations.files.moving import move
from binscout_tui.operations.files.plan import Group
from binscout_tui.operations.files.running import Done, run, run_undo
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.pictures import photo

from .trees import content, make


def moved(root: Path, workspace: Workspace | None = None) -> Done:
    return run(workspace, root / "log.jsonl", lambda: move(root / "in", root / "out"))


def undone(root: Path, batch: str | None = None, workspace: Workspace | None = None) -> Done:
    return run_undo(workspace, root / "log.jsonl", batch)


def test_everything_arrives_and_comes_back(tmp_path: Path) -> None:
    before = content(make(tmp_path / "in", "a.jpg", "a.yaml", "d/b.png", "d/e/c.png", "d/e/c.png.xmp"))
    done = moved(tmp_path)
    assert (done.outcome.moved, done.outcome.groups, done.outcome.failed) == (5, 3, [])
    assert (content(tmp_path / "in"), content(tmp_path / "out")) == ({}, before)
    back = undone(tmp_path)
    assert back.outcome.moved == 5
    assert (content(tmp_path / "in"), content(tmp_path / "out")) == (before, {})


def test_an_undo_can_be_undone_by_its_name(tmp_path: Path) -> None:
    before = content(make(tmp_path / "in", "a.jpg", "a.yaml"))
    moved(tmp_path)
    back = undone(tmp_path)
    with pytest.raises(BinScoutError, match="no file operation left"):
        undone(tmp_path)
    undone(tmp_path, back.outcome.batch)
    assert content(tmp_path / "out") == before
    lines, _ = operations_log.read(tmp_path / "log.jsonl")
    holder = history.in_place(lines)
    assert [history.state(one, holder) for one in history.batches(lines)] == ["done", "undone", "done"]


def test_one_move_after_the_other_is_taken_back_down_to_the_first(tmp_path: Path) -> None:
    before = content(make(tmp_path / "in", "a.jpg", "a.yaml"))
    log = tmp_path / "log.jsonl"
    first = moved(tmp_path).outcome.batch
    run(None, log, lambda: move(tmp_path / "out", tmp_path / "far"))
    with pytest.raises(BinScoutError, match="moved on since"):
        undone(tmp_path, first)
    second = undone(tmp_path).outcome.batch
    assert content(tmp_path / "out") == before
    assert undone(tmp_path).outcome.moved == 2
    assert content(tmp_path / "in") == before
    with pytest.raises(BinScoutError, match="no file operation left"):
        undone(tmp_path)
    with pytest.raises(BinScoutError, match="moved on since"):
        undone(tmp_path, second)


def test_w16_an_occupied_name_keeps_the_whole_pair_where_it_was(tmp_path: Path) -> None:
    before = content(make(tmp_path / "in", "a.jpg", "a.yaml", "b.jpg", "b.yaml"))
    make(tmp_path / "out", "a.jpg")
    done = moved(tmp_path)
    assert {one.code for one in done.outcome.refused} == {"exists"}
    assert content(tmp_path / "in") == {name: before[name] for name in ("a.jpg", "a.yaml")}
    assert content(tmp_path / "out") == {"a.jpg": b"content of a.jpg"} | {n: before[n] for n in ("b.jpg", "b.yaml")}


def failing(monkeypatch: pytest.MonkeyPatch, *names: str, code: int = errno.EIO) -> None:
    """Renaming to one of these names fails."""
    real = transfer.rename_new

    def rename(source: Path, target: Path) -> None:
        if target.name in names:
            raise OSError(code, os.strerror(code), str(source), None, str(target))
        real(source, target)

    monkeypatch.setattr(transfer, "rename_new", rename)


def test_w15_a_failure_in_the_middle_leaves_files_and_log_in_agreement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(make(tmp_path / "in", "a.jpg", "a.txt", "b.jpg", "b.txt", "b.yaml", "c.jpg"))
    failing(monkeypatch, "b.yaml")
    done = moved(tmp_path)
    monkeypatch.undo()
    assert (done.outcome.moved, done.outcome.groups) == (3, 2), "only what really moved is counted"
    assert {one.path.name for one in done.outcome.failed} == {"b.jpg", "b.txt", "b.yaml"}
    assert content(tmp_path / "in") == {name: before[name] for name in ("b.jpg", "b.txt", "b.yaml")}
    lines, _ = operations_log.read(tmp_path / "log.jsonl")
    said = {Path(line.source).name: line.event for line in lines if line.source}
    assert said == {
        **dict.fromkeys(("a.jpg", "a.txt", "c.jpg"), "done"),
        **dict.fromkeys(("b.jpg", "b.txt", "b.yaml"), "failed"),
    }
    assert undone(tmp_path).outcome.moved == 3
    assert content(tmp_path / "in") == before


def test_w20_the_log_has_every_file_before_and_after_with_its_hash(tmp_path: Path) -> None:
    names = [f"d/{number:03}.{suffix}" for number in range(60) for suffix in ("jpg", "txt")]
    before = content(make(tmp_path / "in", *names))
    done = moved(tmp_path)
    lines, damaged = operations_log.read(tmp_path / "log.jsonl")
    assert damaged == 0
    assert [line.event for line in lines if not line.source] == ["begin", "end"]
    for event in ("intent", "done"):
        said = {line.source: line for line in lines if line.event == event}
        assert len(said) == len(names)
        for name, data in before.items():
            line = said[str(tmp_path / "in" / name)]
            assert (line.destination, line.bytes) == (str(tmp_path / "out" / name), len(data))
            assert line.sha256 == hashlib.sha256(data).hexdigest()
            owner = str(tmp_path / "in" / name.replace(".txt", ".jpg"))
            assert line.sidecar_of == ("" if name.endswith(".jpg") else owner)
    assert {line.batch for line in lines} == {done.outcome.batch}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.at) for line in lines)
    places = {line.source: place for place, line in enumerate(lines) if line.event == "intent"}
    assert all(place > places[line.source] for place, line in enumerate(lines) if line.event == "done")


def test_w20_a_damaged_log_is_added_to_and_never_removed(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    rubbish = b'not json\n\xff\xfe\n{"at": 1}\n[' + b"[" * 5000 + b'\n{"at": "cut o'
    log.write_bytes(rubbish)
    before = content(make(tmp_path / "in", "a.jpg"))
    moved(tmp_path)
    assert log.read_bytes().startswith(rubbish)
    assert operations_log.read(log)[1] == 5
    undone(tmp_path)
    assert content(tmp_path / "in") == before


def test_without_a_log_nothing_is_moved(tmp_path: Path) -> None:
    before = content(make(tmp_path / "in", "a.jpg"))
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(BinScoutError, match="log"):
        moved(tmp_path)
    assert content(tmp_path / "in") == before


def test_what_keeps_nothing_is_no_log(tmp_path: Path) -> None:
    before = content(make(tmp_path / "in", "a.jpg"))
    with pytest.raises(BinScoutError, match="no file that keeps a log"):
        run(None, Path(os.devnull), lambda: move(tmp_path / "in", tmp_path / "out"))
    assert content(tmp_path / "in") == before


def test_only_one_operation_runs_at_a_time(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.jpg")
    with (
        operations_log.opened(tmp_path / "log.jsonl", operations_log.Who(1, "somebody")),
        pytest.raises(BinScoutError, match="Another file operation"),
    ):
        moved(tmp_path)


def _change(path: Path) -> None:
    path.write_bytes(b"something else")


@pytest.mark.parametrize(
    "spoil", [_change, Path.unlink, lambda path: path.rename(path.with_name("x"))], ids=["changed", "gone", "renamed"]
)
def test_undo_leaves_a_pair_alone_when_one_of_it_is_not_what_it_was(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    before = content(make(tmp_path / "in", "a.jpg", "a.txt", "b.jpg", "b.txt"))
    moved(tmp_path)
    spoil(tmp_path / "out" / "a.txt")
    done = undone(tmp_path)
    assert done.outcome.moved == 2
    assert len([*done.outcome.refused, *done.outcome.failed]) == 2
    assert content(tmp_path / "in") == {name: before[name] for name in ("b.jpg", "b.txt")}
    assert (tmp_path / "out" / "a.jpg").read_bytes() == before["a.jpg"]


def test_undo_never_overwrites_what_came_since(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.jpg", "a.txt")
    moved(tmp_path)
    (tmp_path / "in" / "a.txt").write_bytes(b"newer")
    done = undone(tmp_path)
    assert (done.outcome.moved, {one.code for one in done.outcome.refused}) == (0, {"exists"})
    assert (tmp_path / "in" / "a.txt").read_bytes() == b"newer"


def test_a_name_that_is_taken_at_the_last_moment_is_not_overwritten(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.jpg", "a.txt")
    plan = move(tmp_path / "in", tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_bytes(b"first")
    done = run(None, tmp_path / "log.jsonl", lambda: plan)
    assert done.outcome.moved == 0
    assert (tmp_path / "out" / "a.txt").read_bytes() == b"first"
    assert sorted(content(tmp_path / "in")) == ["a.jpg", "a.txt"]


def test_a_file_that_changes_after_planning_stays(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.jpg", "a.txt")
    plan = move(tmp_path / "in", tmp_path / "out")
    (tmp_path / "in" / "a.txt").write_bytes(b"written meanwhile")
    done = run(None, tmp_path / "log.jsonl", lambda: plan)
    assert {one.code for one in done.outcome.failed} == {"changed"}
    assert sorted(content(tmp_path / "in")) == ["a.jpg", "a.txt"]


def test_without_the_call_for_it_a_name_is_still_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from binscout_tui.operations.files import naming

    monkeypatch.setattr(naming, "_renameat2", lambda source, target: errno.EINVAL)
    before = content(make(tmp_path / "in", "a.jpg", "b.jpg"))
    naming.rename_new(tmp_path / "in" / "a.jpg", tmp_path / "a.jpg")
    assert (tmp_path / "a.jpg").read_bytes() == before["a.jpg"]
    with pytest.raises(FileExistsError):
        naming.rename_new(tmp_path / "in" / "b.jpg", tmp_path / "a.jpg")
    assert content(tmp_path / "in") == {"b.jpg": before["b.jpg"]}


def in_place(workspace: Workspace, folder: Path) -> list[Path]:
    photo(folder / "one.jpg", 1)
    photo(folder / "two.jpg", 2)
    (folder / "one.txt").write_text("caption")
    import_paths(workspace, [folder], keep_in_place=True)
    return [image.path for image in workspace.db.read(images.in_place)]


def test_images_that_stayed_in_place_are_followed_and_followed_back(workspace: Workspace, tmp_path: Path) -> None:
    before = in_place(workspace, tmp_path / "in")
    done = moved(tmp_path, workspace)
    assert (done.outcome.moved, done.outcome.relocated) == (3, 2)
    after = workspace.db.read(images.in_place)
    assert [image.path for image in after] == [tmp_path / "out" / path.name for path in before]
    assert {image.health for image in after} == {"ok"}
    undone(tmp_path, workspace=workspace)
    assert [image.path for image in workspace.db.read(images.in_place)] == before


def test_images_that_were_imported_through_a_link_are_followed(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    in_place(workspace, tmp_path / "link")
    assert moved(tmp_path, workspace).outcome.relocated == 2


def test_when_the_workspace_cannot_follow_the_files_stay(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = in_place(workspace, tmp_path / "in")

    def refuse(*_: object) -> None:
        raise ConflictError("The database is busy.")

    monkeypatch.setattr(relocating, "_relocate", refuse)
    before = content(tmp_path / "in")
    done = moved(tmp_path, workspace)
    assert {one.code for one in done.outcome.failed} == {"workspace"}
    assert content(tmp_path / "in") == before
    assert [image.path for image in workspace.db.read(images.in_place)] == paths


def test_images_whose_files_had_moved_before_an_interruption_are_followed_by_the_next_command(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_place(workspace, tmp_path / "in")
    real = transfer.transfer

    def interrupted(group: Group, *words: Any) -> tuple[str, ...]:
        if group.first.name == "two.jpg":
            raise KeyboardInterrupt
        return real(group, *words)

    monkeypatch.setattr(transfer, "transfer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        moved(tmp_path, workspace)
    monkeypatch.undo()
    make(tmp_path / "other", "x.txt")
    done = run(workspace, tmp_path / "log.jsonl", lambda: move(tmp_path / "other", tmp_path / "elsewhere"))
    assert (done.settled.finished, done.settled.put_back) == (2, 1)
    assert {one.path for one in workspace.db.read(images.in_place)} == {
        tmp_path / "out" / "one.jpg",
        tmp_path / "in" / "two.jpg",
    }
    assert all(one.path.exists() for one in workspace.db.read(images.in_place))


def test_to_another_file_system_it_is_copied_and_the_original_set_aside(tmp_path: Path, small_disk: Path) -> None:
    before = content(make(tmp_path / "in", "a.jpg", "a.txt", "d/b.jpg"))
    os.utime(tmp_path / "in" / "a.jpg", ns=(10**18, 10**18))
    log = tmp_path / "log.jsonl"
    done = run(None, log, lambda: move(tmp_path / "in", small_disk / "out"))
    assert (done.outcome.moved, done.outcome.failed) == (3, [])
    assert content(small_disk / "out") == before
    assert (small_disk / "out" / "a.jpg").stat().st_mtime_ns == 10**18
    kept = content(tmp_path / "in")
    assert {Path(name).name: data for name, data in kept.items()} == {Path(n).name: d for n, d in before.items()}
    assert all(".binscout-moved-" in name for name in kept)
    assert run_undo(None, log, None).outcome.moved == 3
    assert {n: d for n, d in content(tmp_path / "in").items() if ".binscout" not in n} == before


def test_a_full_disk_parts_no_pair(tmp_path: Path, small_disk: Path) -> None:
    source = make(tmp_path / "in", "a.jpg", "b.jpg")
    (source / "b.txt").write_bytes(b"x" * (4 << 20))
    before = content(source)
    done = run(None, tmp_path / "log.jsonl", lambda: move(source, small_disk / "out"))
    assert {one.path.name for one in done.outcome.failed} == {"b.jpg", "b.txt"}
    assert sorted(content(small_disk / "out")) == ["a.jpg"]
    assert {name: before[name] for name in ("b.jpg", "b.txt")}.items() <= content(source).items()


def test_what_was_cut_off_at_the_end_of_the_log_hides_no_open_operation(tmp_path: Path) -> None:
    before = content(make(tmp_path / "in", "a.jpg", "a.txt"))
    moved(tmp_path)
    log = tmp_path / "log.jsonl"
    rows = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(rows[:3]) + rows[3][:40])  # announced, moved, and then the power went
    done = undone(tmp_path)
    assert (done.settled.finished, done.outcome.moved) == (2, 2)
    assert content(tmp_path / "in") == before
