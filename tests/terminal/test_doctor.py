"""The report on the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from binscout_tui.terminal.doctor import lines, report
from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from binscout_tui.terminal.tmux import TmuxClient, TmuxState


def test_an_old_tmux_over_ssh_gets_advice() -> None:
    graphics = TerminalGraphics(Protocol.HALFBLOCK, why="too old", tmux=True, terminal="tmux 3.2a in foot")
    env = {"TERM": "tmux-256color", "TMUX": "x", "SSH_CONNECTION": "a"}
    state = TmuxState("3.2a", frozenset({TmuxClient(1, "foot")}), escape_time_ms=500)
    found = {finding.name: finding for finding in report(graphics, env, state)}
    assert found["colours"].value == "256"
    assert "COLORTERM=truecolor" in found["colours"].advice
    assert "too old" in found["pictures"].value
    assert "3.3" in found["tmux"].advice
    assert "escape-time" in found["escape-time"].advice
    assert found["around tmux"].value == "foot"
    assert found["connection"].value == "ssh"


def test_a_good_terminal_needs_no_advice() -> None:
    graphics = TerminalGraphics(Protocol.KITTY, 9, 18, "answers", terminal="kitty(0.41.1)", truecolor=True)
    found = report(graphics, {"TERM": "xterm-kitty"})
    assert not any(finding.advice for finding in found)
    text = lines(found)
    assert any("9 x 18 pixels" in line for line in text)
    assert len(text) == len(found)


KITTY = TmuxClient(1, "xterm-kitty", "kitty(0.41.1)", frozenset({"RGB"}))
OLD = TmuxClient(2, "xterm-kitty", "kitty(0.26.5)", frozenset({"RGB"}))
PALE = TmuxClient(3, "xterm-kitty", "kitty(0.41.1)")
XTERM = TmuxClient(4, "xterm", "XTerm(379)")


def blocks(terminal: str = "", *clients: TmuxClient, **other: object) -> TerminalGraphics:
    """Half blocks, inside tmux when there are clients."""
    tmux = bool(clients) or terminal.startswith("tmux")
    base = TerminalGraphics(Protocol.HALFBLOCK, terminal=terminal, tmux=tmux, clients=frozenset(clients))
    return replace(base, **other)


@pytest.mark.parametrize(
    ("graphics", "advice"),
    [
        (blocks("Konsole 23.08"), "Ghostty"),
        (blocks("kitty(0.26.5)"), "kitty 0.28 or later"),
        (blocks("tmux 3.5a"), "look again"),
        (blocks("", OLD), "kitty 0.28 or later"),
        (blocks("", XTERM), "attach from kitty"),
        (blocks("", KITTY, XTERM), "all of them"),
        (blocks("", PALE), 'terminal-features ",xterm-kitty:RGB"'),
        (blocks("", KITTY), "allow-passthrough"),
        (blocks("x", answers_due=True), "BINSCOUT_GRAPHICS=kitty"),
        (blocks("x", forced=True), "BINSCOUT_GRAPHICS decides"),
        (blocks("x", warning="BINSCOUT_GRAPHICS=x means nothing."), "means nothing"),
    ],
)
def test_every_reason_for_half_blocks_has_its_advice(graphics: TerminalGraphics, advice: str) -> None:
    found = {finding.name: finding for finding in report(graphics, {"TERM": "xterm-256color"})}
    assert advice in found["pictures"].advice


def test_a_slow_answer_is_measured() -> None:
    sixel = TerminalGraphics(Protocol.SIXEL, answered_s=1.4)
    found = {finding.name: finding for finding in report(sixel, {"TERM": "xterm"})}
    assert found["answer time"].value == "1400 ms"
    assert "1 s" in found["answer time"].advice
