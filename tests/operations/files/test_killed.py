"""An operation is killed at every single step; the next command finishes or puts back, and every pair is whole."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.operations import operations_log
from binscout_tui.operations.files import history, relocating, settling, transfer
from binscout_tui.operations.files.moving import move
from binscout_tui.operations.files.relocating import Places
from binscout_tui.operations.files.running import run, run_undo
from binscout_tui.operations.operations_log import Log, Who
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.conftest import row

from .trees import content, make

PAIRS = 3
MOST_STEPS = 200


def steps(kill_at: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A wrapper for what touches the disk: the process is killed before or after the call that makes `kill_at`."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            step()
            result = function(*args, **kwargs)
            step()
            return result

        return wrapped

    return wrap


def killed(work: Callable[[], object], kill_at: int) -> bool:
    """Whether a process that does `work` was killed at that step; False when it came to its end before."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            wrap = steps(kill_at)
            Log.append = wrap(Log.append)  # type: ignore[method-assign]
            transfer.rename_new = settling.rename_new = wrap(transfer.rename_new)  # type: ignore[attr-defined]
            transfer._copy_file = wrap(transfer._copy_file)
            relocating._relocate = wrap(relocating._relocate)
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


class Scene:
    """A workspace with in-place pictures, each with a caption, and a folder to move them to."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.root, self.source, self.target = folder / "ws", folder / "in", target
        self.log = folder / "log.jsonl"
        workspaces.create(self.root)
        make(self.source, *(f"{number}.{suffix}" for number in range(PAIRS) for suffix in ("jpg", "txt")))
        self.files = content(self.source)
        with Workspace(self.root) as workspace:
            workspace.db.write(self._add_pictures, workspace.user.uid)

    def _add_pictures(self, db: sqlite3.Connection, uid: int) -> None:
        for number in range(PAIRS):
            name = f"{number}.jpg"
            sha256 = hashlib.sha256(self.files[name]).hexdigest()
            images.add(db, uid, row(number, sha256=sha256, storage="in_place", path=self.source / name))

    def move(self) -> None:
        with Workspace(self.root) as workspace:
            run(workspace, self.log, lambda: move(self.source, self.target))

    def undo(self) -> None:
        with Workspace(self.root) as workspace:
            run_undo(workspace, self.log, None)

    def settle(self) -> None:
        with Workspace(self.root) as workspace, operations_log.opened(self.log, Who(1, "next")) as log:
            settling.settle(log, Places(workspace))

    def look(self) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """What is in both places, without what copies set aside."""
        ours = [content(folder) if folder.exists() else {} for folder in (self.source, self.target)]
        return tuple({n: d for n, d in found.items() if ".binscout" not in n} for found in ours)  # type: ignore[return-value]

    def check(self) -> None:
        """Every file is in exactly one place, beside its partner; log and workspace say the same."""
        here, there = self.look()
        assert here | there == self.files
        assert not here.keys() & there.keys()
        for number in range(PAIRS):
            assert (f"{number}.jpg" in here) == (f"{number}.txt" in here)
        with Workspace(self.root) as workspace:
            known = {image.path for image in workspace.db.read(images.in_place)}
        pictures = {self.source / name for name in here} | {self.target / name for name in there}
        assert known == {path for path in pictures if path.suffix == ".jpg"}
        lines, _ = operations_log.read(self.log)
        assert not any(batch.open_groups() or not batch.ended for batch in history.batches(lines))
        put = {path for path in history.in_place(lines) if Path(path).parent == self.target}
        assert put == {str(self.target / name) for name in there}
        assert not [path for folder in (self.source, self.target) for path in folder.glob(".binscout-part-*")]


@pytest.mark.parametrize("kind", ["rename", pytest.param("copy", marks=pytest.mark.slow)])
def test_a_move_that_is_killed_at_any_step_is_settled_by_the_next_command(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    disk = request.getfixturevalue("small_disk") if kind == "copy" else tmp_path
    ends = set()
    for kill_at in range(1, MOST_STEPS):
        scene = Scene(tmp_path / str(kill_at), disk / f"out{kill_at}")
        was_killed = killed(scene.move, kill_at)
        killed(scene.settle, kill_at // 2 + 1)  # which can be killed as well
        scene.settle()
        scene.check()
        ends.add(len(scene.look()[1]))
        if not was_killed:
            break
    assert not was_killed, "the operation has more steps than were tried"
    assert kill_at > 10
    assert ends == {0, 2 * PAIRS} | (ends & {2, 4}), "only whole pairs move"
    assert len(ends) > 2, "no kill came between two pairs"


def test_an_undo_that_is_killed_at_any_step_is_settled_by_the_next_command(tmp_path: Path) -> None:
    for kill_at in range(1, MOST_STEPS):
        scene = Scene(tmp_path / str(kill_at), tmp_path / f"out{kill_at}")
        scene.move()
        was_killed = killed(scene.undo, kill_at)
        scene.settle()
        scene.check()
        if not was_killed:
            break
    assert not was_killed
    assert scene.look() == (scene.files, {})


def test_settling_says_which_file_it_cannot_find(tmp_path: Path) -> None:
    scene = Scene(tmp_path, tmp_path / "out")
    kill_at = next(n for n in range(1, MOST_STEPS) if _killed_after_a_rename(scene, n))
    assert kill_at
    moved = next(iter(sorted(scene.target.glob("*"))))
    moved.unlink()
    with Workspace(scene.root) as workspace, operations_log.opened(scene.log, Who(1, "next")) as log:
        settled = settling.settle(log, Places(workspace))
    assert any(moved.name in one for one in settled.lost)
    assert (scene.source / moved.name).with_suffix(".txt").exists(), "the rest of the pair is where it was"


def _killed_after_a_rename(scene: Scene, kill_at: int) -> bool:
    killed(scene.move, kill_at)
    if scene.look()[1]:
        return True
    scene.settle()
    return False
