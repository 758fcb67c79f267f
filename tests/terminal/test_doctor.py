"""The report on the terminal."""

from __future__ import annotations

from binscout_tui.terminal.doctor import lines, report
from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from binscout_tui.terminal.tmux import TmuxState


def test_an_old_tmux_over_ssh_gets_advice() -> None:
    graphics = TerminalGraphics(Protocol.HALFBLOCK, why="too old", tmux=True, terminal="tmux 3.2a in foot")
    env = {"TERM": "tmux-256color", "TMUX": "x", "SSH_CONNECTION": "a"}
    state = TmuxState(version="3.2a", term_name="foot", escape_time_ms=500)
    found = {finding.name: finding for finding in report(graphics, env, state)}
    assert found["colours"].value == "256"
    assert "COLORTERM=truecolor" in found["colours"].advice
    assert "too old" in found["pictures"].value
    assert "3.3" in found["tmux"].advice
    assert "escape-time" in found["escape-time"].advice
    assert found["connection"].value == "ssh"


def test_a_good_terminal_needs_no_advice() -> None:
    graphics = TerminalGraphics(Protocol.KITTY, 9, 18, "answers", terminal="kitty(0.41.1)", truecolor=True)
    found = report(graphics, {"TERM": "xterm-kitty"})
    assert not any(finding.advice for finding in found)
    text = lines(found)
    assert any("9 x 18 pixels" in line for line in text)
    assert len(text) == len(found)
