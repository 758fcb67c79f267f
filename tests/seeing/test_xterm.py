"""Pictures in a real xterm, by screenshots compared with the files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.seeing.conftest import Scene
from tests.seeing.looking import Box, Canvas, Picture, find_picture, shows
from tests.seeing.scenes import NUMBER, binscout
from tests.seeing.xterm import Display, Window, display, missing, xterm

MISSING = missing()
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)}; scripts/install-test-packages.sh does it"
)
SIZES = pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 50)], ids=["80x24", "160x50"])


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Display]:
    """One display for all tests of this module."""
    with display(tmp_path_factory.mktemp("shots")) as shown:
        yield shown


def wait_picture(window: Window, picture: Picture, what: str, *, least: int = 60) -> Box:
    """Wait until `picture` is in the window, whole and at least `least` pixels high; where."""
    found: list[Box] = []

    def there(shot: Canvas) -> bool:
        found[:] = [find_picture(shot, picture, least=least).box]
        return shows(shot, picture, found[0])

    window.wait_for(there, what)
    return found[0]


def open_label(window: Window) -> None:
    """From the first frame, which has bright letters on a dark row, to the Label screen."""
    window.wait_for(lambda shot: 0.05 < (shot[4:14, 4:400].max(axis=2) > 60).mean() < 0.5, "the first frame")
    window.press("comma", "l")


@SIZES
def test_label_shows_the_image_and_again_after_help(screen: Display, scene: Scene, columns: int, rows: int) -> None:
    with xterm(screen, columns, rows, binscout(scene.root)) as window:
        open_label(window)
        box = wait_picture(window, scene.photo(0), "the first image")
        assert box[3] > rows * 8
        window.press("question")
        window.wait_for(lambda shot: not shows(shot, scene.photo(0), box), "the help over the picture")
        window.press("Escape")
        window.wait_for(lambda shot: shows(shot, scene.photo(0), box), "the picture after the help")
        window.press("l")
        wait_picture(window, scene.photo(1), "the second image")
        assert not find_picture(screen.shot(), scene.photo(0)).there


@SIZES
def test_the_gallery_in_the_grid_and_in_full(screen: Display, scene: Scene, columns: int, rows: int) -> None:
    with xterm(screen, columns, rows, binscout(scene.root, "open", "gallery")) as window:
        boxes = [wait_picture(window, scene.photo(number), f"number {number}") for number in range(NUMBER)]
        larger = max(box[3] for box in boxes) * 3 // 2
        window.press("Return")
        full = wait_picture(window, scene.photo(NUMBER - 1), "the newest in full", least=larger)
        window.press("question")
        window.wait_for(lambda shot: not shows(shot, scene.photo(NUMBER - 1), full), "the help over the picture")
        window.press("Escape")
        window.wait_for(lambda shot: shows(shot, scene.photo(NUMBER - 1), full), "the picture after the help")
        window.press("n")
        wait_picture(window, scene.photo(NUMBER - 2), "the one that follows", least=larger)
        window.press("Escape")
        places = [(scene.photo(number), box) for number, box in enumerate(boxes)]
        window.wait_for(lambda shot: all(shows(shot, photo, box) for photo, box in places), "the grid again")
