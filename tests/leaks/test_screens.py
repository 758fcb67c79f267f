"""What is hidden is on no screen of the app, in no completion or picker, and in no number.

Each screen is that of a workspace which never had what is hidden, whatever keys were pressed on it.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.areas import AREAS
from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from tests.app.driving import press, screen_text, settle, told
from tests.leaks import library
from tests.leaks.library import MARK, Library

SIZE = (110, 40)
OFTEN = {"select", "gallery"}
"""The areas that every run of the tests looks at; the slow ones look at all."""
FROZEN = {"training", "report"}
"""Figures of a run were true of all and stay."""
KEYS = ("down", "enter", "i", "question_mark", "escape", "escape", "colon")
"""In every area: the next row, what is behind it, the details, the keys that work, and the commands."""
WALKS = {
    "the sidebar": ("s", *"/brass"),
    "tags": ("t", *"pri"),
    "collections": ("m", *"col"),
    "classes": ("L",),
    "tags of a filter": ("slash", *'tag:"'),
    "collections of a filter": ("slash", *"collection:"),
    "kept filters": ("slash", "@"),
    "the last filters": ("slash", "up"),
    "numbers of a filter": ("slash", *"label:", "down"),
    "the trash": ("slash", *"in:trash", "enter"),
    "words": ("slash", *"text:title", "enter"),
    "a hidden tag": ("slash", *f'tag:"tag {MARK}"', "enter"),
    "details": ("i", "i", "i"),
    "in full": ("enter", "i", "n", "n", "n", "N"),
    "all marked": ("A", "full_stop"),
    "compare": ("space", "l", "space", "c"),
    "similar": ("y", "c"),
    "a map": ("y", "p"),
    "an export": ("A", "E"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The two workspaces."""
    return library.build(tmp_path_factory.mktemp("leaks"))


async def shown(root: Path, area: str, keys: tuple[str, ...]) -> list[list[str]]:
    """The rows of an area's screen and what was told, at first and after each of some keys."""
    app = BinScoutApp(root, TerminalGraphics(Protocol.NONE))  # how fine a picture is by now is not what is asked
    looks = []
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "comma", AREAS[area].letter)
        assert app.current_mode == area
        looks.append([*screen_text(app), *told(app)])
        for key in keys:
            await press(pilot, key)
            looks.append([*screen_text(app), *told(app)])
    return [[alike(row) for row in rows] for rows in looks]


def alike(row: str) -> str:
    """A row without what differs between any two moments and the two folders."""
    row = re.sub(r"\S*/[ab]/bins", "ROOT", row)
    row = re.sub(r"\b\d\d:\d\d(:\d\d)?\b|\(just now\) |\(\d+ min ago\)", "TIME", row)
    # What a person did today counts, whatever it was about.
    return re.sub(r"(?<=Today       )\d+ labels · \d+ sets", "DONE", row)


async def compared(made: Library, folder: Path, area: str, keys: tuple[str, ...]) -> None:
    """Both workspaces look the same after each key, in `folder`, since a look keeps its place."""
    looks = []
    for root in (made.hidden, made.without):
        ours = folder / root.parent.name / root.name
        shutil.copytree(root, ours)
        looks.append(await shown(ours, area, keys))
    hidden, without = looks
    assert MARK in "".join(keys) or not [row for rows in hidden for row in rows if MARK in row]
    if area in FROZEN:
        return
    for key, one, other in zip(("", *keys), hidden, without, strict=True):
        assert one == other, f"after {key!r}"


@pytest.mark.parametrize(
    "area", [pytest.param(area, marks=[] if area in OFTEN else pytest.mark.slow, id=area) for area in AREAS]
)
async def test_a_screen_is_that_of_a_workspace_that_never_had_what_is_hidden(
    made: Library, tmp_path: Path, area: str
) -> None:
    await compared(made, tmp_path, area, KEYS)


SOON = {"the sidebar", "tags", "tags of a filter", "the last filters", "a hidden tag"}


@pytest.mark.parametrize(
    "walk", [pytest.param(walk, marks=[] if walk in SOON else pytest.mark.slow, id=walk) for walk in WALKS]
)
async def test_the_gallery_is_that_of_a_workspace_that_never_had_what_is_hidden(
    made: Library, tmp_path: Path, walk: str
) -> None:
    await compared(made, tmp_path, "gallery", WALKS[walk])


async def test_words_that_filters_are_completed_from_have_what_is_not_hidden(made: Library) -> None:
    app = BinScoutApp(made.hidden)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "comma", "g", "slash", *'tag:"')
        assert any("brass" in row for row in screen_text(app))
