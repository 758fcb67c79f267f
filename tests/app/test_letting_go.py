"""Programs that are open while another workspace is put in place: they let go, wait, and come back on it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.backup.swapping import in_use
from binscout_tui.screens.standing_by import LOOK_S, StandingBy
from binscout_tui.store import labels
from binscout_tui.workspace import Workspace
from tests.app.driving import screen_text, settle, told
from tests.app.made_up import add_classes, add_images
from tests.backup.made import digest, made_workspace
from tests.backup.swapping import content, killed_at, made, run_swap, staged_in
from tests.command_line import ok
from tests.seeing.kinds import KITTY, PLAIN
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal

F5 = b"\x1b[15~"
PRESSES = 6
OPEN = [sys.executable, "-m", "binscout_tui"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with images to label and three classes, which `staged` lacks."""
    root = made(tmp_path / "bins", "old")
    add_classes(root, ["washer", "nut"])
    add_images(root, 12)
    return root


@pytest.fixture
def two(root: Path) -> Iterator[list[Terminal]]:
    """Two programs on the workspace, one of them on Label."""
    with ExitStack() as stack:
        found = [
            stack.enter_context(Terminal(kind, 100, 30).start(OPEN, {"BINSCOUT_WORKSPACE": str(root)}))
            for kind in (PLAIN, KITTY)
        ]
        for terminal in found:
            terminal.wait_for(lambda screen: "Home" in screen.text(), what="Home")
        found[1].press(F5)
        found[1].wait_for(lambda screen: "12 left" in screen.text(), what="twelve to label")
        yield found


def said(*words: str) -> object:
    """Whether a screen says all of that; a toast may break a line anywhere."""

    def found(screen: Screen) -> bool:
        text = re.sub(r"[\s│┃▌▊▎]+", " ", screen.text())
        return all(word in text for word in words)

    return found


def label(terminal: Terminal, key: str, answer: str) -> None:
    """Label what is shown; a key that comes before the picture is there is refused, and pressed again."""
    for _ in range(PRESSES):
        terminal.press(key)
        with suppress(AssertionError):
            terminal.wait_for(lambda screen: answer in screen.text(), what=answer, limit_s=3)
            return
    raise AssertionError(f"{answer} was not seen:\n{terminal.text()}")


def test_two_programs_come_back_on_the_other_workspace_and_their_keys_work(
    root: Path, two: list[Terminal], tmp_path: Path
) -> None:
    staged = staged_in(root, tmp_path)
    label(two[1], "1", "11 left")  # acknowledged before anybody has to let go
    pids = [terminal.pid for terminal in two]
    run_swap(root, staged)
    for terminal in two:
        terminal.wait_for(said("The run of 22 Nov is in place", "takes that back"), what="what happened")
        terminal.wait_for(lambda screen: "Backups" in screen.text().splitlines()[0], what="Backups")
    assert [terminal.pid for terminal in two] == pids
    for terminal in two:
        terminal.press(F5)
        terminal.wait_for(lambda screen: "Label" in screen.text().splitlines()[0], what="Label")
        terminal.wait_for(lambda screen: "12 left" not in screen.text(), what="nothing of the old one")
    # What was decided before lies in the copy, and comes back with it; both let go once more.
    done = subprocess.run(
        [*OPEN, "--workspace", str(root), "backup", "rollback", "--confirm", "rollback"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for terminal in two:
        terminal.wait_for(said("What was there until"), what="what happened")
        terminal.press(F5)
        terminal.wait_for(lambda screen: "11 left" in screen.text(), what="eleven to label")
    label(two[0], "2", "10 left")
    for terminal in two:
        terminal.wait_for(lambda screen: "10 left" in screen.text(), what="that it shows in both")
    two[0].press("q", "q")
    assert two[0].wait_end() == 0
    with Workspace(root) as opened:
        assert opened.db.connection.execute("SELECT count(*) FROM label").fetchone()[0] == 2


def test_a_restore_by_the_command_line_under_two_programs(tmp_path: Path) -> None:
    root = made_workspace(tmp_path / "bins", files=8)
    (tmp_path / "nas").mkdir()
    ok(root, "backup", "target", "add", "nas", tmp_path / "nas")
    ok(root, "backup", "run")
    before = digest(root)
    with ExitStack() as stack:
        two = [stack.enter_context(Terminal(PLAIN, 80, 24).start([*OPEN, "--workspace", root])) for _ in range(2)]
        for terminal in two:
            terminal.wait_for(lambda screen: "Home" in screen.text(), what="Home")
        shutil.rmtree(root / "originals")
        ok(root, "label", "add-class", "made since")
        ok(root, "backup", "restore", "latest", "--in-place", "--confirm", "restore")
        for terminal in two:
            terminal.wait_for(said("The run", "is in place", "takes that back"), what="what happened")
            terminal.press(F5)
            terminal.wait_for(lambda screen: "Label" in screen.text().splitlines()[0], what="Label")
            terminal.wait_for(lambda screen: "left" in screen.text(), what="images")
        # The restore is in the journal, and where the two programs are is a place of theirs.
        beside = {"rows of journal", "rows of place"}
        assert {name for name, value in digest(root).items() if before.get(name) != value} <= beside
        assert before.keys() == digest(root).keys()
        assert [holder.kind for holder in in_use.who(root)] == ["the app"] * 2
    with Workspace(root) as opened:
        assert "made since" not in [one.name for one in opened.db.read(labels.classes)]


def test_one_that_is_stopped_is_named_and_the_others_come_back(root: Path, two: list[Terminal], tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    os.kill(two[0].pid, signal.SIGSTOP)
    try:
        with pytest.raises(Exception, match=rf"still open in the app \(process {two[0].pid}, since .*, stopped\)"):
            run_swap(root, staged, patience_s=3)
    finally:
        os.kill(two[0].pid, signal.SIGCONT)
    two[1].wait_for(said("No other workspace was put in place"), what="what happened")
    two[1].wait_for(lambda screen: "12 left" in screen.text(), what="Label, where it was")
    label(two[1], "1", "11 left")


@pytest.mark.parametrize(("stage", "words"), [("move 5", "as it was before"), ("check", "and finished now")])
def test_killed_in_the_middle_the_program_that_stands_by_settles_it(
    root: Path, two: list[Terminal], tmp_path: Path, stage: str, words: str
) -> None:
    staged = staged_in(root, tmp_path)
    killed_at(root, staged, stage)
    for terminal in two:
        terminal.wait_for(said("cut off", words), what="what happened")
    assert content(root)["classes"] == ("new" if stage == "check" else "nut,old,washer")


def test_a_signal_of_a_hook_while_it_stands_by_ends_nothing(root: Path, two: list[Terminal], tmp_path: Path) -> None:
    with in_use.taken(root, "the run of 22 Nov"):
        for terminal in two:
            terminal.wait_for(said("Another workspace is being put in place", "the run of 22 Nov"), what="standing by")
            os.kill(terminal.pid, signal.SIGUSR1)
        two[0].press("q")
        assert two[0].wait_end() == 0
    two[1].wait_for(said("how that ended is not known here"), what="what happened")


async def test_the_app_ends_by_itself_and_has_closed_its_workspace(root: Path) -> None:
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await settle(pilot)
        taking = threading.Thread(target=_taken_once, args=(root,))
        taking.start()
        await app.workers.wait_for_complete([worker for worker in app.workers if worker.group == "let go"])
        await pilot.pause()
    assert app.let_go is not None
    assert app.let_go[1] == "home"
    taking.join(20)
    assert not taking.is_alive()


async def test_what_happened_is_told_at_the_start(root: Path) -> None:
    app = BinScoutApp(root, told="The run [b] is in place.")
    async with app.run_test() as pilot:
        await settle(pilot)
        assert told(app)[0].endswith("The run [b] is in place.")


async def test_standing_by_says_what_for_and_ends_as_soon_as_nobody_wants_the_workspace(root: Path) -> None:
    app = StandingBy(root)
    with in_use.taken(root, "the run of [22] Nov"):
        async with app.run_test() as pilot:
            await pilot.pause(3 * LOOK_S)
            assert app.return_value is None
            assert any("the run of [22] Nov" in row for row in screen_text(app))
            (root / in_use.LOCK).write_bytes(b"")
            while app.return_value is None:
                await pilot.pause(LOOK_S)
    assert app.return_value is True


async def test_q_leaves_instead_of_standing_by(root: Path) -> None:
    app = StandingBy(root)
    with in_use.taken(root, "x"):
        async with app.run_test() as pilot:
            await pilot.press("q")
    assert app.return_value is False


def _taken_once(root: Path) -> None:
    with in_use.taken(root, "x"):
        pass
