"""The dialog of one run, driven with keys, on real runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.backup.archive import layout
from binscout_tui.dialogs.run_detail import RunDetail, sections_text
from binscout_tui.dialogs.run_files import RunFiles
from binscout_tui.operations.backups import running, targets
from binscout_tui.operations.backups.telling import Section, Told
from binscout_tui.store import jobs
from binscout_tui.widgets.press import Press
from binscout_tui.workspace import Workspace
from tests.backup.made import add_pictures, kept_files, made_workspace

from .driving import press, screen_text, settle, told

SIZE = (80, 24)


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A workspace with a target and two runs on it."""
    folder = tmp_path_factory.mktemp("detail")
    (folder / "target").mkdir()
    root = made_workspace(folder / "bins")
    with Workspace(root) as ws:
        targets.add(ws, "nas", str(folder / "target"), tested=False)
        runs = [running.run(ws, "nas").run]
        add_pictures(ws, range(700, 703))
        runs.append(running.run(ws, "nas").run)
    return root, runs


@pytest.fixture
def app(backed_up: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> BinScoutApp:
    """The app on it."""
    monkeypatch.delenv("BINSCOUT_ENV", raising=False)
    return BinScoutApp(backed_up[0])


async def opened(app: BinScoutApp, pilot: Pilot[Any], run: str, answers: list[Any] | None = None) -> None:
    """Open the dialog and wait until it has read everything."""
    await settle(pilot)
    app.push_screen(RunDetail("nas", run), (answers if answers is not None else []).append)
    await settle(pilot)


async def found(app: BinScoutApp, pilot: Pilot[Any]) -> None:
    """Wait until what was typed was looked for."""
    for worker in [worker for worker in app.workers if worker.group == "find"]:
        await app.workers.wait_for_complete([worker])
    await settle(pilot)


def text(app: BinScoutApp) -> str:
    """The screen."""
    return "\n".join(screen_text(app))


async def all_of(app: BinScoutApp, pilot: Pilot[Any]) -> str:
    """Everything in the dialog, by scrolling through it."""
    pages = [text(app)]
    await press(pilot, "home")
    for _ in range(20):
        pages.append(text(app))
        await press(pilot, "pagedown")
    return "\n".join(pages)


async def test_it_shows_everything_of_a_run_by_keys_alone(app: BinScoutApp, backed_up: Any) -> None:
    first, second = backed_up[1]
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, second)
        assert f"Run {second} on nas" in text(app)
        shown = await all_of(app, pilot)
        for part in (
            "read back",
            "originals",
            f"Since the run before ({first})",
            "added",
            "sha256",
            "in all",
            "by the run itself",
            "rclone --config",
        ):
            assert part in shown, part
        await press(pilot, "home")
        assert "state     committed" in text(app)
        await press(pilot, "escape")
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("v",), "verify"),
        (("R",), "restore"),
        (("o",), "folder"),
        (("q",), None),
        (("tab", "enter"), "verify"),
        (("tab", "tab", "enter"), "restore"),
        (("tab", "tab", "tab", "tab", "shift+tab", "enter"), "folder"),
    ],
)
async def test_what_is_chosen_is_answered(
    app: BinScoutApp, backed_up: Any, keys: tuple[str, ...], answer: str | None
) -> None:
    answers: list[Any] = []
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, backed_up[1][1], answers)
        await press(pilot, *keys)
        assert answers == [answer]


async def test_the_mouse_presses_its_buttons(app: BinScoutApp, backed_up: Any) -> None:
    answers: list[Any] = []
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, backed_up[1][1], answers)
        await pilot.click("#detail-restore")
        await settle(pilot)
        assert answers == ["restore"]


async def test_the_commands_are_copied(app: BinScoutApp, backed_up: Any) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, backed_up[1][1])
        await press(pilot, "y")
        assert "rclone --config" in app.clipboard
        assert f"{layout.RUNS}/{backed_up[1][1]}" in app.clipboard
        assert len(app.screen_stack) == 2


async def test_who_may_not_is_told_why(app: BinScoutApp, backed_up: Any) -> None:
    root, runs = backed_up
    with Workspace(root) as ws:
        ws.db.connection.execute("UPDATE user SET role = 'viewer'")
    try:
        answers: list[Any] = []
        async with app.run_test(size=SIZE) as pilot:
            await opened(app, pilot, runs[1], answers)
            refused = {press.id for press in app.screen.query(Press) if press.refused}
            assert refused == {"detail-verify", "detail-restore", "detail-folder"}
            await press(pilot, "R", "v")
            assert answers == []
            assert any("needs the role admin" in line for line in told(app))
            assert any("needs the role operator" in line for line in told(app))
    finally:
        with Workspace(root) as ws:
            ws.db.connection.execute("UPDATE user SET role = 'admin'")


async def test_all_files_are_found_by_typing(app: BinScoutApp, backed_up: Any) -> None:
    number = len([path for path in kept_files(backed_up[0]) if path.name != "settings.toml"])
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, backed_up[1][1])
        await press(pilot, "f")
        await found(app, pilot)
        assert isinstance(app.screen, RunFiles)
        assert f"{number} files" in text(app)
        await press(pilot, *"safetens")
        await found(app, pilot)
        assert f"1 of {number} files" in text(app)
        assert "models/screws-1/model.safetensors" in text(app)
        await press(pilot, *["backspace"] * 8)
        await press(pilot, "end")
        await found(app, pilot)
        last = text(app)
        await press(pilot, "home")
        assert text(app) != last
        await press(pilot, "escape")
        assert isinstance(app.screen, RunDetail)


async def test_a_job_that_failed_shows_its_sentence_and_log(app: BinScoutApp, backed_up: Any) -> None:
    root = backed_up[0]
    with Workspace(root) as ws:
        job = ws.db.write(jobs.add, ws.user.uid, "backup", {"target": "nas"})
        ws.db.write(jobs.finish, job, "failed", error="nas is full.")
        ws.paths.logs.mkdir(exist_ok=True)
        (ws.paths.logs / f"job-{job}.log").write_text("[bold]not markup[/bold]\n")
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, f"job-{job}")
        assert "failed: nas is full." in text(app)
        assert "[bold]not markup[/bold]" in text(app)
        await press(pilot, "R")
        assert any("no manifest" in line for line in told(app))
        assert len(app.screen_stack) == 2


async def test_a_run_that_is_not_there_is_told_in_the_dialog(app: BinScoutApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "20200101T000000Z-00000000")
        assert "There is no run '20200101T000000Z-00000000'." in text(app)
        await press(pilot, "f", "v", "y", "end")
        assert len(app.screen_stack) == 2


@pytest.mark.parametrize("width", [30, 76, 150])
def test_no_word_of_a_section_is_lost(width: int) -> None:
    words = [f"{'word' * (1 + number % 3)}{number}" for number in range(40)]
    parts = [
        Section("First", [Told("name", " ".join(words)), Told("a name that is longer than its column", "short")]),
        Section("Second", [Told("", "\n".join(words), "error"), Told("", "x" * 200)]),
    ]
    shown = sections_text(parts, width).plain
    assert all(shown.count(word) >= 2 for word in words)
    assert shown.replace("\n", "").replace(" ", "").count("x" * 200) == 1
    assert all(len(line) <= width for line in shown.splitlines() if "a name that is longer" not in line)
