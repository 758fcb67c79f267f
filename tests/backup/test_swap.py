"""Cut off at any moment, a swap leaves the one workspace or the other, whole; and it can be taken back."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from binscout_tui.backup.swapping import in_use, swap, undo_copies
from binscout_tui.backup.swapping.record import FOLDER, Expected
from binscout_tui.errors import NotFoundError, RefusedError, StorageError
from tests.backup.swapping import (
    CUT,
    EVERYTHING,
    content,
    cut_off_at,
    files,
    killed_at,
    made,
    plan_of,
    run_rollback,
    run_swap,
    staged_in,
    steps_of,
)

FORWARD = ["journal", *(f"move {n}" for n in range(1, 14)), "check", "commit", "after"]
"""Thirteen renames: seven entries, of which one is not there before."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path / "bins", "old")


@pytest.fixture
def staged(root: Path, tmp_path: Path) -> Path:
    return staged_in(root, tmp_path)


def whole(root: Path) -> str:
    """Which of the two the workspace is; it must be one of them entirely."""
    found = content(root)
    what = found["classes"]
    expected = {"new": 6, "old": 5}
    assert what in expected
    assert all(what in (root / name).read_text() for name in found if name != "classes")
    assert len(found) - 1 == expected[what]
    assert not (root / in_use.JOURNAL).exists()
    assert in_use.notice(root) is None
    return what


def test_everything_is_exchanged_and_the_copy_is_what_was(root: Path, staged: Path) -> None:
    old, new = files(root), files(staged)
    record = run_swap(root, staged)
    copy = root / FOLDER / record.copy
    assert (files(root), files(copy)) == (new, old)
    assert whole(root) == "new"
    found = swap.outcome(root)
    assert found is not None
    assert (found.state, found.words) == ("done", "The run of 22 Nov is in place.")
    assert (copy.stat().st_mode & 0o777, (root / "backup").stat().st_mode & 0o777) == (0o700, 0o700)


def test_the_stages_are_the_ones_that_are_cut_off_below(root: Path, staged: Path) -> None:
    assert steps_of(lambda step: run_swap(root, staged, step)) == FORWARD


@pytest.mark.parametrize("stage", FORWARD)
def test_cut_off_before_any_rename_the_next_opening_settles_it(root: Path, staged: Path, stage: str) -> None:
    assert cut_off_at(stage, lambda step: run_swap(root, staged, step)) == CUT
    is_new = stage in ("check", "commit", "after")
    assert whole(root) == ("new" if is_new else "old")
    if is_new:
        run_rollback(root)
        assert whole(root) == "old"
    else:
        # What was staged is all there for the next try.
        run_swap(root, staged)
        assert whole(root) == "new"


@pytest.mark.parametrize("stage", [*(f"back {n}" for n in range(13, 0, -1)), "forget"])
def test_cut_off_while_it_is_taken_back(root: Path, staged: Path, stage: str) -> None:
    def unsound(root: Path) -> None:
        raise StorageError("no", code="unhealthy")

    assert cut_off_at(stage, lambda step: run_swap(root, staged, step, check=unsound)) == CUT
    # With every rename still done, the next opening finds it sound by its own look.
    assert whole(root) == ("new" if stage == "back 13" else "old")


@pytest.mark.parametrize("stage", ["journal", *(f"move {n}" for n in range(1, 14)), "check", "commit", "after"])
def test_a_rollback_that_is_cut_off_leaves_one_of_the_two(root: Path, staged: Path, stage: str) -> None:
    run_swap(root, staged)
    assert cut_off_at(stage, lambda step: run_rollback(root, step)) == CUT
    found = whole(root)
    assert found == ("old" if stage in ("check", "commit", "after") else "new")
    run_rollback(root)
    assert whole(root) == {"old": "new", "new": "old"}[found]


def test_a_rollback_can_be_taken_back_itself(root: Path, staged: Path) -> None:
    first = run_swap(root, staged)
    for expected in ("old", "new", "old"):
        record = run_rollback(root)
        assert whole(root) == expected
    assert [copy.copy for copy in undo_copies.copies(root)] == [record.copy]
    assert not (root / FOLDER / first.copy).exists()
    with pytest.raises(NotFoundError, match="no undo copy"):
        undo_copies.find(root, first.copy)


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        (Expected(rows={"class": 2}), "the table class has 1 rows instead of 2"),
        (Expected(rows={"nothing": 0}), "its database cannot be read"),
        (Expected(files=[("originals/aa/file", 15)]), "the file originals/aa/file has"),
        (Expected(files=[("originals/aa/other", 15)]), "the file originals/aa/other cannot be read"),
    ],
)
def test_what_is_not_sound_is_taken_back(root: Path, staged: Path, expected: Expected, why: str) -> None:
    new = files(staged)
    with pytest.raises(StorageError, match=why) as told:
        swap.swap(root, staged, plan_of(staged, expected=expected), undo_days=7)
    assert told.value.code == "unhealthy"
    assert whole(root) == "old"
    assert files(staged) == new
    assert undo_copies.copies(root) == []
    found = swap.outcome(root)
    assert found is not None
    assert found.state == "not done"
    assert found.words.endswith("The workspace is as it was before.")


def test_a_damaged_database_is_taken_back_also_by_the_next_opening(root: Path, staged: Path) -> None:
    def spoil(stage: str) -> None:
        if stage == "check":
            with (root / "binscout.db").open("r+b") as file:
                file.seek(4096)
                file.write(b"\xff" * 8192)
            os._exit(CUT)

    assert cut_off_at("never", lambda step: run_swap(root, staged, spoil)) == CUT
    assert whole(root) == "old"


def test_the_log_that_a_killed_program_left_is_part_of_the_copy(root: Path, staged: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from binscout_tui.workspace import Workspace;"
        "from binscout_tui.store import labels; w = Workspace(Path(sys.argv[1]));"
        "w.db.write(labels.add_class, 'last'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(root)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (root / "binscout.db-wal").stat().st_size
    run_swap(root, staged)
    assert whole(root) == "new"
    run_rollback(root)
    assert content(root)["classes"] == "last,old"


def test_a_database_that_is_damaged_already_is_exchanged_with_its_log(root: Path, staged: Path) -> None:
    (root / "binscout.db").write_bytes(b"no database at all" * 1000)
    (root / "binscout.db-wal").write_bytes(b"no log")
    record = run_swap(root, staged)
    assert whole(root) == "new"
    assert (root / FOLDER / record.copy / "binscout.db-wal").read_bytes() == b"no log"
    with pytest.raises(StorageError, match="not sound") as told:
        run_rollback(root)
    assert told.value.code == "unhealthy"
    assert whole(root) == "new"


def test_only_the_database_changes_where_only_that_is_meant(root: Path, staged: Path) -> None:
    before = files(root)
    swap.swap(root, staged, plan_of(staged, ("binscout.db",)), undo_days=7)
    assert content(root) == before | {"classes": "new"}


@pytest.mark.parametrize("stage", ["move 4", "move 9", "check"])
def test_a_real_kill(root: Path, staged: Path, stage: str) -> None:
    killed_at(root, staged, stage)
    assert json.loads((root / in_use.LOCK).read_bytes())["state"] == "moving"
    assert whole(root) == ("new" if stage == "check" else "old")


def test_what_raises_before_the_first_rename_changes_nothing(root: Path, staged: Path) -> None:
    def refuse() -> None:
        raise RefusedError("Job 4 was started meanwhile.", code="jobs_run")

    with pytest.raises(RefusedError, match="Job 4"):
        run_swap(root, staged, last_look=refuse)
    assert whole(root) == "old"
    assert list((root / FOLDER).glob("undo-*")) == []


def test_a_link_to_another_disk_is_told_before_anything_is_moved(root: Path, staged: Path, tmp_path: Path) -> None:
    (root / "originals").rename(tmp_path / "elsewhere")
    (root / "originals").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedError, match=r"originals is a link to .*elsewhere") as told:
        run_swap(root, staged)
    assert told.value.code == "other_disk"
    assert whole(root) == "old"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_another_disk_is_told(root: Path, staged: Path, small_disk: Path) -> None:
    shutil.rmtree(root / "models")
    subprocess.run(["mount", "--bind", str(small_disk), str(_folder(root / "models"))], check=True)
    try:
        with pytest.raises(RefusedError, match="models is a disk of its own"):
            run_swap(root, staged)
    finally:
        subprocess.run(["umount", str(root / "models")], check=True)
    assert content(root)["classes"] == "old"


def test_a_full_disk_is_told_and_changes_nothing(small_disk: Path, tmp_path: Path) -> None:
    root = made(small_disk / "bins", "old")
    staged = staged_in(root, small_disk)
    fill = small_disk / "fill"
    with fill.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    with pytest.raises(StorageError, match="full; the workspace is as it was before") as told:
        run_swap(root, staged)
    assert told.value.code == "disk_full"
    assert (root / in_use.LOCK).read_bytes() == b""
    fill.unlink()
    assert whole(root) == "old"
    run_swap(root, staged)
    assert whole(root) == "new"


def fixed(path: Path, how: str) -> None:
    """Have the kernel refuse every change in a folder, also for root; or no more."""
    done = subprocess.run(["chattr", how, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"folders cannot be fixed here: {done.stderr.strip()}")


def test_a_disk_that_takes_nothing_any_more_in_the_middle_is_settled_later(root: Path, staged: Path) -> None:
    def turn(stage: str) -> None:
        if stage == "move 5":
            fixed(root, "+i")

    try:
        with pytest.raises(StorageError, match="between two states") as told:
            run_swap(root, staged, turn)
        assert told.value.code == "cut_off"
        with pytest.raises(StorageError, match="between two states"):
            content(root)
    finally:
        fixed(root, "-i")
    assert whole(root) == "old"


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize(
    "change",
    [
        {"copy": "undo-../../x"},
        {"copy": "../../../etc"},
        {"staged": "../elsewhere"},
        {"staged": "backup/restore/../../.."},
        {"staged": "/etc"},
        {"moves": [{"source": "backup/restore/run-everything/staged/originals", "target": "../../originals"}]},
        {"moves": [{"source": "logs", "target": "backup/restore/undo-20261122T010203Z-1a2b/logs"}]},
        {"moves": [{"source": "/etc/passwd", "target": "originals"}]},
        {"moves": "all"},
        {"format": 2},
    ],
)
def test_a_journal_that_this_program_did_not_write_moves_nothing(
    root: Path, staged: Path, change: dict[str, object]
) -> None:
    assert cut_off_at("move 3", lambda step: run_swap(root, staged, step)) == CUT
    path = root / in_use.JOURNAL
    good = path.read_text()
    path.write_text(json.dumps(json.loads(good) | change))
    before = sorted(root.rglob("*"))
    with pytest.raises(StorageError, match="cannot be understood") as told:
        content(root)
    assert told.value.code == "cut_off"
    assert sorted(root.rglob("*")) == before
    path.write_text(good)
    assert whole(root) == "old"


def test_something_in_the_way_is_never_replaced(root: Path, staged: Path) -> None:
    def meddle(stage: str) -> None:
        if stage == "move 4":  # the settings were moved away, and the new ones are on their way
            (root / "settings.toml").write_text("# somebody's\n")

    with pytest.raises(StorageError, match=r"settings\.toml is in the way"):
        run_swap(root, staged, meddle)
    assert (root / "settings.toml").read_text() == "# somebody's\n"
    (root / "settings.toml").unlink()
    assert whole(root) == "old"


def test_what_is_staged_must_be_a_workspace(root: Path, tmp_path: Path) -> None:
    staged = root / FOLDER / "empty"
    staged.mkdir(parents=True)
    plan = plan_of(root, expected=Expected())
    with pytest.raises(StorageError, match="holds no workspace"):
        swap.swap(root, staged, plan, undo_days=7)
    assert whole(root) == "old"
    assert plan.entries == EVERYTHING


def test_an_error_of_the_disk_in_the_middle_is_taken_back(root: Path, staged: Path) -> None:
    def fail(stage: str) -> None:
        if stage == "move 8":
            raise OSError(errno.EIO, "Input/output error", "originals")

    with pytest.raises(StorageError, match="cannot be moved: Input/output error"):
        run_swap(root, staged, fail)
    assert whole(root) == "old"
