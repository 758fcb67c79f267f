"""Pictures through a real tmux, as the terminal around it shows them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.seeing.conftest import Scene
from tests.seeing.kinds import KITTY, PLAIN
from tests.seeing.looking import find_picture, shows
from tests.seeing.scenes import binscout, open_label, wait_picture, wait_same
from tests.seeing.terminal import Terminal
from tests.seeing.tmux import Tmux, installed, server

pytestmark = pytest.mark.skipif(
    not installed(), reason="tmux is not installed; scripts/install-test-packages.sh does it"
)


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    """A server whose panes let nothing through, as it is by default."""
    with server(passthrough=False) as running:
        yield running


HOLES = ("cannot be read", "amid the chunks of another", "does not end")
"""What a picture with holes leads to. While tmux draws its terminals anew, it drops what it is to pass on; such a
picture is sent again."""


def faults(terminal: Terminal) -> list[str]:
    """What went wrong that tmux did not cause."""
    return [error for error in terminal.errors if not any(hole in error for hole in HOLES)]


def opened(terminal: Terminal, tmux: Tmux, scene: Scene) -> Terminal:
    """The app on the Label screen in tmux in `terminal`."""
    terminal.start(tmux.session(binscout(scene.root)))
    open_label(terminal)
    return terminal


@pytest.mark.parametrize("passthrough", [True, False])
def test_the_picture_arrives_in_the_terminal_around_tmux(scene: Scene, passthrough: bool) -> None:
    with server(passthrough=passthrough) as tmux, Terminal(KITTY, 100, 31) as terminal:
        opened(terminal, tmux, scene)
        wait_picture(terminal, scene.photo(0))
        terminal.wait_for(lambda screen: screen.shown(), what="pixels, not half blocks")
        terminal.press("l")
        wait_picture(terminal, scene.photo(1))
        assert faults(terminal) == []


def test_it_stays_through_a_split_and_another_window(tmux: Tmux, scene: Scene) -> None:
    with Terminal(KITTY, 100, 31) as terminal:
        opened(terminal, tmux, scene)
        box = wait_picture(terminal, scene.photo(0))
        tmux("split-window", "-v", "cat")
        terminal.wait_for(lambda screen: "─────" in screen.text(), what="the border between the panes")
        tmux("kill-pane")
        wait_same(terminal, scene.photo(0), box, "after the split")
        tmux("new-window", "cat")
        terminal.wait_for(lambda screen: "? help" not in screen.text(), what="the other window")
        assert not find_picture(terminal.canvas(), scene.photo(0)).there
        tmux("kill-window")
        wait_same(terminal, scene.photo(0), box, "after the other window")
        terminal.press("l")
        wait_picture(terminal, scene.photo(1))
        assert faults(terminal) == []


def test_another_terminal_that_attaches_sees_it(tmux: Tmux, scene: Scene) -> None:
    with Terminal(KITTY, 100, 31) as terminal, Terminal(KITTY, 100, 31) as other:
        opened(terminal, tmux, scene)
        box = wait_picture(terminal, scene.photo(0))
        tmux("detach-client")
        assert terminal.wait_end() == 0
        other.start(tmux.attach())
        wait_same(other, scene.photo(0), box, "in the other terminal")
        other.press("l")
        wait_picture(other, scene.photo(1))
        assert faults(other) == []


def test_a_terminal_without_pictures_that_attaches_sees_half_blocks(tmux: Tmux, scene: Scene) -> None:
    with Terminal(KITTY, 100, 31) as terminal, Terminal(PLAIN, 100, 31) as other:
        opened(terminal, tmux, scene)
        wait_picture(terminal, scene.photo(0))
        terminal.wait_for(lambda screen: len(screen.transmitted) == 2, what="the fine picture after the draft")
        tmux("detach-client")
        assert terminal.wait_end() == 0
        other.start(tmux.attach())
        box = wait_picture(other, scene.photo(0), "in half blocks")
        assert "▀" in other.text()
        # What was sent before the app could know what this terminal is, reached it all the same.
        other.forget_errors()
        other.press("l")
        other.wait_for(lambda screen: not shows(screen.canvas(), scene.photo(0), box))
        wait_picture(other, scene.photo(1), "in half blocks")
        assert faults(other) == []
