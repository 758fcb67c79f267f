"""The Label screen in every protocol, by the pixels that a terminal shows."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.seeing.conftest import Scene
from tests.seeing.kinds import KITTY, KONSOLE, OLD_KITTY, PLAIN, XTERM, Kind
from tests.seeing.scenes import (
    binscout,
    close_help,
    decide,
    is_anywhere,
    open_help,
    open_label,
    wait_picture,
    wait_same,
)
from tests.seeing.terminal import Terminal

KINDS = pytest.mark.parametrize("kind", [KITTY, XTERM, PLAIN], ids=["kitty", "sixel", "half blocks"])


@pytest.fixture
def terminal(kind: Kind, scene: Scene) -> Iterator[Terminal]:
    """The app on the Label screen; at the end nothing may have been drawn that a terminal refuses."""
    with Terminal(kind, 100, 30).start(binscout(scene.root)) as played:
        open_label(played)
        yield played
        assert played.errors == []


@KINDS
def test_the_image_on_the_desk_is_what_one_sees(terminal: Terminal, scene: Scene) -> None:
    for number in range(3):
        box = wait_picture(terminal, scene.photo(number), f"number {number}")
        assert min(box[2], box[3]) > 300
        assert not is_anywhere(terminal, scene.photo(number - 1 if number else 1))
        terminal.press("l")


@KINDS
def test_it_is_there_again_after_help(terminal: Terminal, scene: Scene) -> None:
    box = wait_picture(terminal, scene.photo(0))
    open_help(terminal)
    close_help(terminal)
    wait_same(terminal, scene.photo(0), box, "after the help")


@KINDS
def test_it_fits_after_every_resize(terminal: Terminal, scene: Scene) -> None:
    before = wait_picture(terminal, scene.photo(0))
    terminal.wait_quiet()
    terminal.resize(80, 24)
    terminal.wait_for(lambda screen: "? help" in screen.text().splitlines()[23])
    smaller = wait_picture(terminal, scene.photo(0), "at 80 x 24")
    assert smaller[2] < before[2]
    terminal.resize(100, 30)
    wait_same(terminal, scene.photo(0), before, "at 100 x 30 again")


@KINDS
def test_a_toast_leaves_no_hole(terminal: Terminal, scene: Scene) -> None:
    box = wait_picture(terminal, scene.photo(0))
    decide(terminal, "7", lambda screen: "No class has the key 7" in screen.text(), "the toast")
    terminal.wait_for(lambda screen: "No class has the key 7" not in screen.text(), what="the end of the toast")
    wait_same(terminal, scene.photo(0), box, "after the toast")


@KINDS
def test_it_is_there_again_when_the_shell_gives_the_terminal_back(terminal: Terminal, scene: Scene) -> None:
    box = wait_picture(terminal, scene.photo(0))
    terminal.wait_quiet()
    for _ in range(2):
        mark = terminal.mark()
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.wait_for(lambda _, mark=mark: b"?1049h" in terminal.bytes_since(mark), what="the screen of the app")
        terminal.wait_quiet()
        wait_same(terminal, scene.photo(0), box, "after going on")


@pytest.mark.parametrize("kind", [KITTY], ids=["kitty"])
def test_a_larger_font_is_seen_though_the_cells_are_as_many(terminal: Terminal, scene: Scene) -> None:
    before = wait_picture(terminal, scene.photo(0))
    terminal.resize(100, 30, (15, 30))
    larger = wait_picture(terminal, scene.photo(0), "with larger cells")
    assert larger[2] == pytest.approx(before[2] * 1.5, rel=0.06)


@pytest.mark.parametrize("kind", [KITTY], ids=["kitty"])
def test_nothing_stays_in_the_terminal_at_the_end(terminal: Terminal, scene: Scene) -> None:
    wait_picture(terminal, scene.photo(0))
    terminal.press("q")
    terminal.wait_for(lambda screen: "Home" in screen.text(), what="Home")
    terminal.press("q")
    assert terminal.wait_end() == 0
    screen = terminal.wait_for(lambda screen: not screen.alternate, what="the shell's screen")
    assert screen.held_ids == set()


@pytest.mark.parametrize(("kind", "word"), [(KITTY, "kitty"), (XTERM, "sixel")], ids=["kitty", "sixel"])
def test_a_slow_link_costs_neither_pictures_nor_labels(kind: Kind, word: str, scene: Scene) -> None:
    with Terminal(kind, 100, 30, delay_s=0.3).start(binscout(scene.root)) as terminal:
        open_label(terminal)
        wait_picture(terminal, scene.photo(0))
        screen = terminal.wait_quiet()
        assert "▀" not in screen.text()
        assert "8 left" in screen.text()
        assert terminal.errors == []


@pytest.mark.parametrize("kind", [OLD_KITTY, KONSOLE], ids=["old kitty", "Konsole"])
def test_terminals_that_say_yes_and_draw_nothing_get_half_blocks(kind: Kind, terminal: Terminal, scene: Scene) -> None:
    wait_picture(terminal, scene.photo(0))
    assert "▀" in terminal.text()
    assert terminal.held_ids == set()
