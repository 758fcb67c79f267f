"""The gallery's grid and full view in every protocol, by the pixels that a terminal shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.seeing.conftest import Scene
from tests.seeing.kinds import KITTY, PLAIN, XTERM, Kind
from tests.seeing.looking import COARSE, Box
from tests.seeing.scenes import NUMBER, binscout, close_help, is_anywhere, open_help, wait_picture, wait_same
from tests.seeing.terminal import Terminal

KINDS = pytest.mark.parametrize("kind", [KITTY, XTERM, PLAIN], ids=["kitty", "sixel", "half blocks"])
SIZES = {"80x24": (80, 24), "160x50": (160, 50)}
SOON = {"80x24-sixel", "160x50-kitty", "80x24-half blocks"}
"""Each kind of terminal and each size in every run of the tests; the slow ones are all of both."""
EVERY = pytest.mark.parametrize(
    ("size", "kind"),
    [
        pytest.param(
            size, kind, id=f"{of_size}-{of_kind}", marks=() if f"{of_size}-{of_kind}" in SOON else pytest.mark.slow
        )
        for of_size, size in SIZES.items()
        for of_kind, kind in (("kitty", KITTY), ("sixel", XTERM), ("half blocks", PLAIN))
    ],
)
NEWEST = NUMBER - 1


@pytest.fixture
def size() -> tuple[int, int]:
    """Columns and rows."""
    return 100, 30


@pytest.fixture
def terminal(kind: Kind, size: tuple[int, int], scene: Scene) -> Iterator[Terminal]:
    """The app on the gallery; at the end nothing may have been drawn that a terminal refuses."""
    with Terminal(kind, *size).start(binscout(scene.root, "open", "gallery")) as played:
        played.wait_for(lambda screen: f"{NUMBER} images" in screen.text(), what="the gallery")
        yield played
        assert played.errors == []


def wait_grid(terminal: Terminal, scene: Scene) -> list[Box]:
    """Wait until every picture is there; where they are."""
    return [wait_picture(terminal, scene.photo(n), f"number {n}", limit=COARSE) for n in range(NUMBER)]


def wait_same_grid(terminal: Terminal, scene: Scene, boxes: list[Box], what: str) -> None:
    """Wait until every picture is where it was."""
    for number, box in enumerate(boxes):
        wait_same(terminal, scene.photo(number), box, f"number {number} {what}", limit=COARSE)


def apart(first: Box, second: Box) -> bool:
    """Whether two places share no pixel."""
    return (
        first[0] + first[2] <= second[0]
        or second[0] + second[2] <= first[0]
        or first[1] + first[3] <= second[1]
        or second[1] + second[3] <= first[1]
    )


@KINDS
def test_moving_and_marking_send_no_picture_again(terminal: Terminal, scene: Scene) -> None:
    boxes = wait_grid(terminal, scene)
    terminal.wait_quiet()
    mark = terminal.mark()
    terminal.press("right", "down", "up", "space", "right")
    terminal.wait_for(lambda screen: "▸#5" in screen.text() or "▸#6" in screen.text(), what="the moved cursor")
    terminal.wait_quiet()
    sent = terminal.bytes_since(mark)
    assert b"a=T" not in sent
    assert b"\x1bP" not in sent
    wait_same_grid(terminal, scene, boxes, "after moving")


@EVERY
def test_the_grid_then_the_full_view_and_back(terminal: Terminal, scene: Scene) -> None:
    boxes = wait_grid(terminal, scene)
    assert all(apart(one, other) for place, one in enumerate(boxes) for other in boxes[:place])
    larger = boxes[NEWEST][3] * 3 // 2
    terminal.press("enter")
    wait_picture(terminal, scene.photo(NEWEST), "in full", least=larger)
    terminal.press("n")
    wait_picture(terminal, scene.photo(NEWEST - 1), "that follows", least=larger)
    assert not is_anywhere(terminal, scene.photo(NEWEST))
    terminal.press("escape")
    wait_same_grid(terminal, scene, boxes, "after the full view")


@KINDS
def test_the_grid_is_there_again_after_help_and_resizes(terminal: Terminal, scene: Scene) -> None:
    boxes = wait_grid(terminal, scene)
    open_help(terminal)
    close_help(terminal)
    wait_same_grid(terminal, scene, boxes, "after the help")
    terminal.wait_quiet()
    terminal.resize(84, 26)
    wait_grid(terminal, scene)
    terminal.resize(100, 30)
    wait_same_grid(terminal, scene, boxes, "at the first size again")


@pytest.mark.parametrize("kind", [KITTY], ids=["kitty"])
def test_looking_again_sends_nothing_again(terminal: Terminal, scene: Scene) -> None:
    def look() -> int:
        terminal.press("enter")
        wait_picture(terminal, scene.photo(NEWEST), least=300)
        terminal.wait_quiet()
        terminal.press("escape")
        wait_picture(terminal, scene.photo(0))
        return len(terminal.wait_quiet().transmitted)

    wait_grid(terminal, scene)
    # On a busy machine a first look may end before the last fine picture is sent; after that nothing is left to send.
    sent = [look(), look(), look()]
    assert sent[-1] == sent[-2]
