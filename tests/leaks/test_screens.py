"""What is hidden is on no screen of the app, in no completion, and in no number."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.areas import AREAS
from tests.app.driving import press, screen_text, settle, told
from tests.leaks import library
from tests.leaks.library import MARK, Library

SIZE = (110, 40)
OFTEN = {"home", "select", "gallery"}
"""The areas that every run of the tests looks at; the slow ones look at all."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The two workspaces."""
    return library.build(tmp_path_factory.mktemp("leaks"))


async def shown(root: Path, area: str) -> list[str]:
    """The rows of an area's screen and what was told, before and after some keys."""
    app = BinScoutApp(root)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "comma", AREAS[area].letter)
        assert app.current_mode == area
        rows = [*screen_text(app), *told(app)]
        for key in ("down", "enter", "i"):
            await press(pilot, key)
            rows += [*screen_text(app), *told(app)]
    return rows


@pytest.mark.parametrize(
    "area", [pytest.param(area, marks=[] if area in OFTEN else pytest.mark.slow, id=area) for area in AREAS]
)
async def test_a_screen_shows_nothing_that_is_hidden(made: Library, area: str) -> None:
    rows = await shown(made.hidden, area)
    assert not [row for row in rows if MARK in row]


async def test_words_that_filters_are_completed_from_have_nothing_that_is_hidden(made: Library) -> None:
    app = BinScoutApp(made.hidden)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "comma", "g", "slash", *'tag:"')
        assert any("brass" in row for row in screen_text(app))
        assert not any(MARK in row for row in screen_text(app))
