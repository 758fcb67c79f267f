"""The frame: areas, help, palette, refusals, failures, leaving."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets._toast import Toast

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.areas import AREAS
from binscout_tui.commands.table import SCOPES
from binscout_tui.errors import BinScoutError
from binscout_tui.screens.help import help_text
from binscout_tui.screens.home import HomeScreen
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.app.driving import press, screen_text, settle, told
from tests.app.filling import add_images, fill


async def test_areas_by_letter_and_by_function_key_and_back(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "comma")
        assert any("t  Training" in row for row in screen_text(app))
        await press(pilot, "t")
        assert app.current_mode == "training"
        assert "Training" in screen_text(app)[0]
        await press(pilot, "f7")
        assert app.current_mode == "models"
        await press(pilot, "escape")
        assert app.current_mode == "home"
        await press(pilot, "f6", "q")
        assert app.current_mode == "home"
        assert app.is_running


async def test_escape_never_leaves_and_q_leaves_from_home_only(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "escape", "escape")
        assert told(app)[0].endswith("q leaves the program.")
        await press(pilot, "comma", "q")
        assert app.return_code is None
        await pilot.press("q")
    assert app.return_code == 0


async def test_ctrl_c_says_how_one_leaves(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+c")
        assert "Press q to leave" in told(app)[0]


async def test_a_refused_key_says_why_and_does_nothing(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "f7", "a")
        assert told(app)[0].endswith("There is no model yet; a training run makes one.")
        assert len(app.screen_stack) == 1


async def test_help_shows_the_keys_of_here_and_why_some_do_not_work(app: BinScoutApp) -> None:
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "f6", "question_mark")
        text = "\n".join(screen_text(app))
        assert "Start a training run." in text
        assert "not now: There is no dataset yet" in text
        await press(pilot, "end")
        assert "Move to the previous panel." in "\n".join(screen_text(app))
        await press(pilot, "q")
        assert app.current_mode == "training"


async def test_help_follows_a_changed_keymap(app: BinScoutApp) -> None:
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        app.set_keymap({"home.open": "o"})
        await press(pilot, "question_mark")
        assert any("│   o " in row and "Go where this row leads." in row for row in screen_text(app))


async def test_the_palette_runs_a_command_of_the_screen(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "colon")
        await press(pilot, *"show areas")
        while not any("Show the areas" in row for row in screen_text(app)):
            await pilot.pause(0.02)
        await press(pilot, "enter")
        while not any("Go to" in row for row in screen_text(app)):
            await pilot.pause(0.02)
        assert any("t  Training" in row for row in screen_text(app))


class BrokenError(RuntimeError):
    """Something nobody expects."""


async def test_a_worker_that_fails_is_told_and_logged_and_the_app_lives(app: BinScoutApp, root: Path) -> None:
    async def fail() -> None:
        raise BrokenError("token=abcdef at http://ana:geheim@nas")

    async with app.run_test() as pilot:
        await settle(pilot)
        app.screen.run_worker(fail(), group="action", exit_on_error=False, description="break")
        await settle(pilot)
        assert "Something went wrong in break" in told(app)[0]
        await press(pilot, "e")
        assert any("BrokenError" in row for row in screen_text(app))
        assert app.is_running
    log = (root / "logs" / "binscout.log").read_text()
    assert "BrokenError" in log
    assert "abcdef" not in log
    assert "geheim" not in log


async def test_an_action_that_raises_is_told_with_its_hint(app: BinScoutApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: HomeScreen) -> None:
        raise BinScoutError("The lamp is off.", hint="Switch it on.", code="lamp")

    monkeypatch.setattr(HomeScreen, "action_down", fail)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "down")
        assert told(app)[0].endswith("The lamp is off. Switch it on.")
        await press(pilot, "escape")
        assert app.is_running


async def test_what_another_process_writes_shows_without_a_key(app: BinScoutApp, root: Path) -> None:
    async with app.run_test() as pilot:
        await settle(pilot)
        assert not any("unlabelled" in row for row in screen_text(app))
        with Workspace(root) as other:
            add_images(other, 3)
        while not any("3 images are unlabelled" in row for row in screen_text(app)):
            await pilot.pause(0.02)


async def test_the_database_is_let_go_of_at_the_end(app: BinScoutApp, root: Path) -> None:
    async with app.run_test() as pilot:
        await settle(pilot)
        connection = app.workspace.db._database.connection
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")
    assert not (root / "binscout.db-wal").exists()


async def test_the_database_is_let_go_of_after_a_crash(app: BinScoutApp, root: Path) -> None:
    with pytest.raises(BrokenError):
        await _crash(app)
    assert not (root / "binscout.db-wal").exists()


async def _crash(app: BinScoutApp) -> None:
    def fail() -> None:
        raise BrokenError

    async with app.run_test() as pilot:
        await settle(pilot)
        app.call_later(fail)
        await pilot.pause()


async def test_a_workspace_that_cannot_be_opened_ends_the_app_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = BinScoutApp(tmp_path / "nothing")
    async with app.run_test() as pilot:
        while app.return_code is None:
            await pilot.pause(0.01)
    assert app.return_code == 1
    assert "There is no workspace in" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "word"), [("dev", "DEV"), ("PROD", "PROD"), ("", "")])
async def test_the_environment_is_a_word_in_the_header(
    root: Path, monkeypatch: pytest.MonkeyPatch, value: str, word: str
) -> None:
    monkeypatch.setenv("BINSCOUT_ENV", value)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        head = screen_text(app)[0]
        assert (f" {word} " in head) if word else head.startswith(" BinScout  …")


async def choose(pilot: Any, query: str, line: str) -> None:
    """Type into the palette and take the first line, which must say `line`."""
    await press(pilot, "colon")
    await press(pilot, *query)
    while not any(line in row for row in screen_text(pilot.app)):
        await pilot.pause(0.02)
    await press(pilot, "enter")


@pytest.mark.parametrize("area", ["models", "label", "training", "select"])
async def test_the_palette_goes_to_areas(app: BinScoutApp, area: str) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await choose(pilot, area, f"Go to {area.title()}")
        while app.current_mode != area:
            await pilot.pause(0.02)


async def test_the_palette_begins_a_run_from_anywhere(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await choose(pilot, "new run", "Training: new run")
        while not told(app):
            await pilot.pause(0.02)
        assert app.current_mode == "training"
        assert "There is no dataset yet" in told(app)[0]


def toasts(app: BinScoutApp) -> list[str]:
    """What the toasts on the screen say, from top to bottom."""
    return [toast._notification.message for toast in app.screen.query(Toast)]


async def test_the_same_toast_is_not_stacked(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        for text in ("one", "one", "two", "one"):
            app.toast(text)
            await settle(pilot)
        assert toasts(app) == ["two", "one"]
        for number in range(5):
            app.toast(f"number {number}")
            await settle(pilot)
        assert toasts(app) == ["number 2", "number 3", "number 4"]


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (160, 50)])
async def test_a_long_sentence_loses_no_word(app: BinScoutApp, size: tuple[int, int]) -> None:
    words = [f"word{number:02d}" for number in range(24)]
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        app.toast(" ".join(words), "error")
        await settle(pilot)
        shown = " ".join(screen_text(app))
        assert [word for word in words if word not in shown] == []


async def test_toasts_go_with_the_place_they_are_about_but_errors_stay(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        app.toast("about Home")
        app.toast("broken", "error")
        await settle(pilot)
        assert toasts(app) == ["about Home", "broken"]
        await press(pilot, "f6")
        assert toasts(app) == ["broken"]


async def test_toasts_leave_the_last_two_rows_alone(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        app.toast("here")
        await settle(pilot)
        rows = screen_text(app)
        assert "here" in rows[-3]
        assert rows[-1].startswith(" Enter open")


async def test_asking_the_model_is_told_at_start_and_end(app: BinScoutApp, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = asyncio.Event()

    async def ask() -> int:
        await go_on.wait()
        return 12

    monkeypatch.setattr(app.session, "ask_model", ask)
    async with app.run_test() as pilot:
        await settle(pilot)
        app.ask_model()
        assert "The model looks at the unlabelled images" in told(app)[0]
        app.ask_model()
        assert "already" in told(app)[0]
        go_on.set()
        while "12 unlabelled images" not in told(app)[0]:
            await pilot.pause(0.02)


@pytest.mark.parametrize("area", ["home", "label", "gallery", "training"])
async def test_a_letter_typed_ahead_goes_to_the_menu_that_opens(app: BinScoutApp, root: Path, area: str) -> None:
    with Workspace(root) as ws:
        add_images(ws, 5)
    async with app.run_test() as pilot:
        await settle(pilot)
        app.go_to(area)
        await settle(pilot)
        app.post_message(events.Key("comma", ","))
        app.post_message(events.Key("d", "d"))
        await settle(pilot)
        assert app.current_mode == "data"
        assert not await app.workspace.db.read(images.page, trashed=True)
        app.post_message(events.Key("comma", ","))
        app.post_message(events.Key("m", "m"))
        await settle(pilot)
        assert app.current_mode == "models"


@pytest.mark.parametrize(("area", "key"), [("training", "enter"), ("label", "p"), ("label", "h"), ("models", "enter")])
async def test_a_key_before_a_screen_is_loaded_is_told_that_it_loads(
    app: BinScoutApp, root: Path, area: str, key: str
) -> None:
    fill(root)
    async with app.run_test() as pilot:
        await settle(pilot)
        app.go_to(area)
        app.post_message(events.Key(key, None if key == "enter" else key))
        await settle(pilot)
        assert f"{AREAS[area].title} is loading; press the key again when it is there." in told(app)[0]
        assert len(told(app)) == 1
        await press(pilot, key)
        assert "is loading" not in told(app)[0] or len(told(app)) == 1


async def test_a_screen_that_cannot_be_loaded_does_not_load_for_ever(
    app: BinScoutApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: HomeScreen) -> None:
        raise BinScoutError("It cannot be read.")

    monkeypatch.setattr(HomeScreen, "start", fail)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        assert told(app)[0].endswith("There is nothing to open on this row.")


async def test_a_title_that_fills_its_column_keeps_a_blank_in_the_help(app: BinScoutApp) -> None:
    for scope in SCOPES:
        verdicts = {command.id: True for command in scope}
        text = help_text([(scope, verdicts)], {}, 80, changes={}).plain  # type: ignore[list-item]
        for command in scope:
            assert f"{command.title} " in text
            assert f"{command.title}{command.help[:8]}" not in text
