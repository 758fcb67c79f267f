"""What the terminal does to a running app: slow answers, another font, suspending, signals, another terminal."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.screen import Screen as TextualScreen

from binscout_tui.app import BinScoutApp
from binscout_tui.screens import app_terminal
from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from tests.app.driving import press, settle, told
from tests.app.probe_app import Pixels
from tests.conftest import REPOSITORY
from tests.seeing.kinds import KITTY, OLD_KITTY, PLAIN, SILENT, XTERM, Kind
from tests.seeing.screen import Screen
from tests.seeing.terminal import Terminal

PROBE = [sys.executable, "-m", "tests.app.probe_app"]
COLOURS = {"COLORTERM": "truecolor", "PYTHONPATH": str(REPOSITORY)}
SHELL = ["bash", "--norc", "--noprofile", "-i"]


def says(terminal: Terminal, *words: str) -> str:
    """Wait until the widget says all of `words`; its line."""
    screen = terminal.wait_for(
        lambda screen: "redrawn=" in screen.text() and all(word in screen.text() for word in words), what=str(words)
    )
    return next(line for line in screen.text().splitlines() if "redrawn=" in line)


@pytest.mark.parametrize(
    ("kind", "protocol", "delay_ms"),
    [
        (KITTY, "kitty", 300),
        (XTERM, "sixel", 300),
        (XTERM, "sixel", 900),
        (KITTY, "kitty", 1500),
        (XTERM, "sixel", 3000),
        (OLD_KITTY, "halfblock", 1500),
        (PLAIN, "halfblock", 0),
    ],
)
def test_a_slow_link_finds_the_right_protocol_and_answers_are_no_keys(kind: Kind, protocol: str, delay_ms: int) -> None:
    with Terminal(kind, delay_s=delay_ms / 1000).start(PROBE, COLOURS) as terminal:
        says(terminal, "halfblock" if delay_ms > 1000 else protocol)
        line = says(terminal, f"{protocol} 10x20")
        assert ("redrawn=0" in line) is (delay_ms < 1000 or protocol == "halfblock")
        terminal.press("12n")
        says(terminal, "(12n)")


def test_a_terminal_that_never_answers_costs_a_second_and_escape_still_works() -> None:
    with Terminal(SILENT).start(PROBE, COLOURS) as terminal:
        says(terminal, "halfblock")
        terminal.press("escape")
        says(terminal, "(<escape>)")
        terminal.press("n")
        says(terminal, "(<escape>n)")


@pytest.mark.parametrize("kind", [KITTY, XTERM, PLAIN])
def test_another_font_with_the_same_columns_and_rows(kind: Kind) -> None:
    with Terminal(kind, 80, 24, (10, 20)).start(PROBE, COLOURS) as terminal:
        says(terminal, "10x20 redrawn=0")
        terminal.resize(80, 24, (12, 25))
        says(terminal, "12x25 redrawn=1")
        terminal.resize(100, 30, (12, 25))
        terminal.press("n")
        says(terminal, "12x25 redrawn=1 (n)")


def test_the_signal_usr1_sends_everything_again() -> None:
    with Terminal(PLAIN).start(PROBE, COLOURS) as terminal:
        says(terminal, "redrawn=0")
        os.kill(terminal.pid, signal.SIGUSR1)
        says(terminal, "redrawn=1")


@pytest.fixture
def shell() -> Iterator[Terminal]:
    """The probe as the foreground job of a shell."""
    with Terminal(PLAIN, 100, 24).start(SHELL, {**COLOURS, "PS1": "ready> "}) as terminal:
        terminal.wait_for(lambda screen: "ready>" in screen.text(), what="the prompt")
        terminal.press(f"{sys.executable} -m tests.app.probe_app\r")
        says(terminal, "redrawn=0")
        yield terminal


def at_shell(terminal: Terminal, command: str, answer: str) -> None:
    """Wait for a fresh prompt, and type a command whose answer shows that echo and line editing are back."""

    def prompted(screen: Screen) -> bool:
        return not screen.alternate and screen.text().rstrip().endswith("ready>")

    terminal.wait_for(prompted, what="the shell")
    terminal.press(command + "\r")
    terminal.wait_for(lambda screen: answer in screen.text(), what=answer)


def keys_arrive(terminal: Terminal, before: str = "") -> None:
    """Twenty keys in a burst arrive in their order, each once."""
    terminal.press("abcdefghijklmnoprstu")
    says(terminal, f"({before}abcdefghijklmnoprstu)")


def test_ctrl_z_and_fg(shell: Terminal) -> None:
    for times in (1, 2):
        shell.press("ctrl+z")
        at_shell(shell, f"echo sum$((20+{times}))", f"sum{20 + times}")
        shell.press("fg\r")
        says(shell, f"redrawn={times}")
    keys_arrive(shell)
    shell.press("q")
    at_shell(shell, "echo sum$((30+1))", "sum31")


def test_in_the_background_it_waits_for_its_terminal(shell: Terminal) -> None:
    shell.press("ctrl+z")
    at_shell(shell, "bg", "probe_app &")
    at_shell(shell, "sleep 0.3; jobs; echo sum$((40+1))", "sum41")
    assert not shell.wait_quiet().alternate
    assert "Stopped" in shell.text()
    shell.press("fg\r")
    says(shell, "redrawn=1")
    keys_arrive(shell)


def test_stopped_from_outside_it_takes_its_terminal_back(shell: Terminal) -> None:
    shell.press("ctrl+z")
    at_shell(shell, "echo pid$(jobs -p)", "pid")
    screen = shell.wait_for(lambda screen: re.search(r"pid\d+", screen.text()), what="its number")
    pid = int(re.findall(r"pid(\d+)", screen.text())[-1])
    shell.press("fg\r")
    says(shell, "redrawn=1")
    os.kill(pid, signal.SIGSTOP)
    shell.wait_for(lambda screen: screen.text().count("Stopped") > 0, what="the shell says that it stopped")
    shell.press("fg\r")
    says(shell, "redrawn=2")
    keys_arrive(shell)


def test_without_a_shell_nobody_could_wake_it_so_it_does_not_stop() -> None:
    with Terminal(PLAIN).start(PROBE, COLOURS) as terminal:
        says(terminal, "redrawn=0")
        terminal.press("ctrl+z")
        says(terminal, "redrawn=1")
        keys_arrive(terminal)


async def test_ctrl_l_reaches_pictures_on_every_screen(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await settle(pilot)
        below, above, elsewhere = Pixels(), Pixels(), Pixels()
        await app.screen.mount(below)
        await press(pilot, "f6")
        await app.screen.mount(elsewhere)
        await press(pilot, "f2")
        await app.push_screen(TextualScreen())
        await app.screen.mount(above)
        await press(pilot, "ctrl+l")
        assert (below.redrawn, above.redrawn, elsewhere.redrawn) == (1, 1, 1)


async def test_without_a_shell_ctrl_z_says_why_not(app: BinScoutApp) -> None:
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+z")
        assert told(app)[0].endswith("No shell waits behind the program; q leaves it.")


async def test_a_word_that_means_nothing_is_told(root: Path) -> None:
    graphics = TerminalGraphics(Protocol.HALFBLOCK, warning="BINSCOUT_GRAPHICS=x means nothing.")
    app = BinScoutApp(root, graphics)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert told(app)[0].endswith("BINSCOUT_GRAPHICS=x means nothing.")


async def test_in_band_reports_tell_the_font_where_the_kernel_does_not(root: Path) -> None:
    app = BinScoutApp(root, TerminalGraphics(Protocol.KITTY, 10, 20))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        pixels = Pixels()
        await app.screen.mount(pixels)
        app.post_message(events.Resize.from_dimensions((80, 24), (80 * 9, 24 * 18)))
        await settle(pilot)
        assert (app.cell_size, pixels.redrawn) == ((9, 18), 1)
        app.post_message(events.Resize.from_dimensions((80, 24), (0, 0)))
        app.post_message(events.Resize.from_dimensions((80, 24), (80 * 9, 24 * 18)))
        await settle(pilot)
        assert (app.cell_size, pixels.redrawn) == ((9, 18), 1)


async def test_focus_inside_tmux_sends_everything_again(root: Path) -> None:
    for tmux in (False, True):
        app = BinScoutApp(root, TerminalGraphics(Protocol.HALFBLOCK, tmux=tmux))
        async with app.run_test() as pilot:
            await settle(pilot)
            pixels = Pixels()
            await app.screen.mount(pixels)
            app.post_message(events.AppFocus())
            await settle(pilot)
            assert pixels.redrawn == int(tmux)


@pytest.mark.parametrize(
    ("graphics", "times"),
    [
        (TerminalGraphics(Protocol.KITTY, tmux=True), 2),
        (TerminalGraphics(Protocol.KITTY), 0),
        (TerminalGraphics(Protocol.HALFBLOCK, tmux=True), 0),
    ],
)
async def test_after_a_resize_kitty_pictures_go_through_tmux_twice_more(
    root: Path, graphics: TerminalGraphics, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_terminal, "SETTLED_S", (0.2, 0.1))
    app = BinScoutApp(root, graphics)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        pixels = Pixels()
        await app.screen.mount(pixels)
        for width in (90, 100):
            app.post_message(events.Resize.from_dimensions((width, 30), None))
        await pilot.pause()
        assert (app._settling is not None) is bool(times)
        async with asyncio.timeout(10):
            while pixels.redrawn < times:
                await pilot.pause()
        assert pixels.redrawn == times


needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """A tmux server of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "tmux.conf"
        self._config.write_text('set -as terminal-features ",xterm*:RGB"\nset -g default-terminal tmux-256color\n')
        self._call = ["tmux", "-S", str(folder / "socket"), "-f", str(self._config)]

    def run(self, *words: str) -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("TMUX", "BINSCOUT_"))}
        done = subprocess.run(
            [*self._call, *words], env={**env, **COLOURS}, capture_output=True, text=True, check=True, timeout=20
        )
        return done.stdout

    def attached(self, kind: Kind) -> Terminal:
        """A terminal of `kind` that shows the session."""
        return Terminal(kind, 80, 24).start([*self._call, "attach"])


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    """The probe in a tmux that no terminal shows yet."""
    server = Tmux(tmp_path)
    server.run("new-session", "-d", "-x", "80", "-y", "24", f"exec {' '.join(PROBE)}")
    try:
        yield server
    finally:
        server.run("kill-server")


@needs_tmux
def test_every_terminal_that_is_attached_gets_what_it_can_show(tmux: Tmux) -> None:
    with tmux.attached(KITTY) as first:
        says(first, "kitty")
        assert tmux.run("show-options", "-pv", "allow-passthrough").strip() == "on"
        first.press("n")
        with tmux.attached(PLAIN):
            says(first, "halfblock", "(n)")
        line = says(first, "kitty")
    with tmux.attached(KITTY) as second:
        before = int(re.search(r"redrawn=(\d+)", line)[1])  # type: ignore[index]
        second.wait_for(
            lambda screen: any(f"kitty 10x20 redrawn={number}" in screen.text() for number in range(before + 1, 20)),
            what="everything is sent again",
        )
        second.press("m")
        says(second, "(nm)")
