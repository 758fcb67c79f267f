"""A workspace of made-up pictures, and the steps that tests of what is to be seen share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.command_line import ok
from tests.pictures import photo
from tests.seeing.looking import NOT_THERE, THERE, Box, Picture, find_picture, shows
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal

NUMBER = 8
PATIENCE = 10
SIZES = ((640, 480), (480, 640), (800, 450), (600, 600))


def name(number: int) -> str:
    """The file name of picture `number`."""
    return f"p{number:02d}.jpg"


def make_workspace(folder: Path, number: int = NUMBER) -> Path:
    """A workspace in `folder`/bins with pictures `folder`/photos/pNN.jpg, all of them easy to tell apart."""
    for place in range(number):
        photo(folder / "photos" / name(place), place, size=SIZES[place % len(SIZES)])
    ok(folder / "bins", "init")
    ok(folder / "bins", "import", folder / "photos")
    return folder / "bins"


def binscout(root: Path, *words: object) -> Sequence[object]:
    """The command that opens the app on `root`."""
    return [sys.executable, "-m", "binscout_tui", "--workspace", root, *words]


def open_label(terminal: Terminal, first: str = name(0)) -> None:
    """From the first frame to the Label screen with its first image."""
    terminal.wait_for(lambda screen: "? help" in screen.text(), what="the first frame")
    terminal.press(",")
    terminal.wait_for(lambda screen: "Label" in screen.text(), what="the menu of areas")
    terminal.press("l")
    terminal.wait_for(lambda screen: first in screen.text(), what="the first image to label")


def wait_picture(terminal: Terminal, picture: Picture, what: str = "", *, limit: float = THERE, least: int = 60) -> Box:
    """Wait until `picture` is on the screen, whole and at least `least` pixels high; where it is, in pixels."""
    found: list[Box] = []

    def there(screen: Screen) -> bool:
        canvas = screen.canvas()
        found[:] = [find_picture(canvas, picture, least=least).box]
        return shows(canvas, picture, found[0], limit)

    terminal.wait_for(there, what=f"the picture {what}")
    return found[0]


def decide(terminal: Terminal, key: str, seen: Callable[[Screen], object], what: str) -> None:
    """Press a key that decides until `seen`: one that comes before the program knows that the picture was drawn is told
    and not taken, and a person presses it again."""
    for _ in range(PATIENCE):
        before = _refused(terminal.text())
        terminal.press(key)
        screen = terminal.wait_for(lambda screen, n=before: seen(screen) or _refused(screen.text()) > n, what=what)
        if seen(screen):
            return
        terminal.wait_quiet()
    raise AssertionError(f"refused {PATIENCE} times: {key}\n{terminal.text()}")


def _refused(text: str) -> int:
    """How many keys came too early, as the screen says it."""
    found = re.search(r"(\d+) (?:keys? too early|early keys?)", text)
    return int(found[1]) if found else 0


def wait_same(terminal: Terminal, picture: Picture, box: Box, what: str = "", *, limit: float = THERE) -> None:
    """Wait until `picture` is at `box`, whole."""
    terminal.wait_for(lambda screen: shows(screen.canvas(), picture, box, limit), what=f"the picture {what}")


def is_anywhere(terminal: Terminal, picture: Picture) -> bool:
    """Whether `picture` is anywhere on the screen."""
    return find_picture(terminal.canvas(), picture).difference < NOT_THERE


def open_help(terminal: Terminal) -> None:
    """Open the help of keys."""
    terminal.press("?")
    terminal.wait_for(lambda screen: "Esc close" in screen.text(), what="the help")


def close_help(terminal: Terminal) -> None:
    """Close the help of keys."""
    terminal.press("escape")
    terminal.wait_for(lambda screen: "Esc close" not in screen.text(), what="the end of the help")
