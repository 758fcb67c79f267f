"""Dialogs answer what was meant and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.content import Content
from textual.widgets import Input

from binscout_tui.app import BinScoutApp
from binscout_tui.dialogs.ask import Ask
from binscout_tui.dialogs.confirm import Confirm
from binscout_tui.dialogs.new_run import NewRun, NewRunForm, Trainable
from binscout_tui.dialogs.reader import Reader
from binscout_tui.dialogs.typed import TypedConfirm

from .driving import press, screen_text, settle


async def answers(app: BinScoutApp, make: Any, *key_runs: list[str]) -> list[Any]:
    """The answer of a new dialog after each run of keys; "open" when it is still there."""
    found: list[Any] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for keys in key_runs:
            app.push_screen(make(), found.append)
            await settle(pilot)
            await press(pilot, *keys)
            if len(app.screen_stack) > 1:
                app.pop_screen()
                found.append("open")
                await settle(pilot)
    return found


async def test_confirm_is_no_until_yes_is_meant(app: BinScoutApp) -> None:
    def make() -> Confirm:
        return Confirm("Cancel it?", "It stops.")

    runs = [["enter"], ["y"], ["n"], ["escape"], ["q"], ["right", "enter"], ["tab", "tab", "enter"], ["x"]]
    assert await answers(app, make, *runs) == [False, True, False, False, False, True, False, "open"]


async def test_a_typed_answer_must_be_the_word(app: BinScoutApp) -> None:
    def make() -> TypedConfirm:
        return TypedConfirm("Purge?", "Gone for ever.", "purge")

    runs = [["enter"], [*"purg", "enter"], [*"purge", "enter"], [*"purge", "escape"], [*"q", "enter"]]
    assert await answers(app, make, *runs) == ["open", "open", True, None, "open"]


async def test_a_long_text_scrolls_and_is_copied_whole(app: BinScoutApp) -> None:
    text = "\n".join(f"line {number} [b]not markup[/b]" for number in range(100))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.push_screen(Reader("Text", Content(text)))
        await settle(pilot)
        assert any("line 0 [b]not markup[/b]" in row for row in screen_text(app))
        await press(pilot, "end")
        assert any("line 99 " in row for row in screen_text(app))
        await press(pilot, "y")
        assert app.clipboard == text
        await press(pilot, "q")
        assert len(app.screen_stack) == 1


async def test_the_area_menu_goes_by_click_too(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "comma")
        await pilot.click("#dialog-menu", offset=(4, 4))
        await settle(pilot)
        assert app.current_mode == "training"


async def test_the_footer_can_be_clicked(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.click("FooterBar", offset=(75, 0))
        await settle(pilot)
        assert any("Show the keys that work here." in row for row in screen_text(app))


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize(
    "make", [lambda t: Ask("Name", t), lambda t: Confirm("Sure?", t), lambda t: TypedConfirm("Gone?", t, "gone")]
)
async def test_no_word_of_a_dialog_is_lost(app: BinScoutApp, width: int, make: Any) -> None:
    text = " ".join(f"{'word' * (1 + number % 3)}{number}" for number in range(30))
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(pilot)
        app.push_screen(make(text))
        await settle(pilot)
        shown = " ".join(screen_text(app)).replace("│", " ").split()
        assert [word for word in text.split() if word not in shown] == []


async def test_no_word_of_the_form_is_lost_and_the_focus_shows(app: BinScoutApp) -> None:
    about = " ".join(f"explanation{number}" for number in range(9))
    async with app.run_test(size=(60, 24)) as pilot:
        await settle(pilot)
        trainable = [Trainable(("1", "screws", about), "classify")]
        app.push_screen(NewRunForm(trainable, {"classify": [("tiny", "tiny", "small")]}))
        await settle(pilot)
        text = "\n".join(screen_text(app))
        assert [word for word in about.split() if word not in text] == []
        assert "▎dataset" in text
        await press(pilot, "tab", "tab", "tab")
        assert any("▎the preset's" in row for row in screen_text(app))


async def test_a_run_is_asked_for_by_task_and_bad_input_is_told_at_its_field(app: BinScoutApp, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    weights.write_bytes(b"w")
    answers: list[NewRun | None] = []
    datasets = [Trainable(("1", "screws", "m3"), "classify"), Trainable(("2", "picks", "sets"), "select")]
    presets = {"classify": [("tiny", "tiny", "small")], "select": [("a", "a", "first"), ("b", "b", "second")]}
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.push_screen(NewRunForm(datasets, presets), answers.append)
        await settle(pilot)
        await press(pilot, "right", "tab", "right", "tab", *"nowhere.pt", "enter")
        assert any("There is no weights file nowhere.pt." in row for row in screen_text(app))
        assert app.focused is not None
        assert app.focused.id == "weights"
        app.screen.query_one("#weights", Input).value = str(weights)
        for field, bad in (("processes", "65"), ("seed", "-1"), ("epochs", "0")):
            app.screen.query_one(f"#{field}", Input).value = bad
            await press(pilot, "enter")
            assert any(f"{field} is a number from" in row for row in screen_text(app))
            assert app.focused is app.screen.query_one(f"#{field}")
            app.screen.query_one(f"#{field}", Input).value = "7"
        await press(pilot, "enter")
        await settle(pilot)
    assert answers == [NewRun("2", "b", 7, str(weights), 7, 7)]


async def test_a_question_with_a_field_names_enter(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.push_screen(Ask("Name", "What is it called?", "parts"))
        await settle(pilot)
        assert any("Enter go on  Esc close" in row for row in screen_text(app))
