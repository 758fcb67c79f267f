"""What is told is seen: again when it is told again, and over nothing that one needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.content import Content

from binscout_tui.app import BinScoutApp
from binscout_tui.dialogs.reader import Reader

from .deciding import open_area, ready
from .driving import press, screen_text, settle
from .made_up import add_images

SAID = "There is nothing to open on this row"


def shown(app: BinScoutApp, words: str) -> list[int]:
    """The rows of the screen that say this."""
    return [number for number, row in enumerate(screen_text(app)) if words in row]


async def test_what_is_told_again_is_seen_again(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "end")
        for _ in range(8):
            await press(pilot, "enter")
            assert shown(app, SAID) == [21]
        for number in range(12):
            app.toast(f"another, number {number}")
            await settle(pilot)
        assert [shown(app, f"number {number}") for number in (8, 9, 10, 11)] == [[], [19], [20], [21]]


async def test_what_is_told_is_seen_after_going_to_and_fro(app: BinScoutApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        for _ in range(4):
            await press(pilot, "f6", "enter")
            assert shown(app, "There is no run yet; n starts one.") == [21]
            await press(pilot, "f2", "end", "enter")
            assert shown(app, SAID) == [21]


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (160, 50)])
async def test_the_keys_of_a_dialog_stay_in_sight(app: BinScoutApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        app.push_screen(Reader("Text", Content("\n".join(f"line {number}" for number in range(90)))))
        await settle(pilot)
        keys = shown(app, "Esc close")
        assert keys
        app.toast("three")
        app.toast("things")
        app.toast("here")
        await settle(pilot)
        assert shown(app, "Esc close") == keys
        assert shown(app, "three")
        assert shown(app, "here")


async def test_the_lines_below_a_picture_with_boxes_stay_in_sight(root: Path) -> None:
    add_images(root, 2)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_area(pilot, "boxes")
        await ready(pilot)
        before = screen_text(app)[21:]
        app.toast("something long enough to lie over what is there")
        await settle(pilot)
        assert shown(app, "something long") == [20]
        assert screen_text(app)[21:] == before
