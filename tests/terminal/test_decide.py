"""Decisions inside tmux, and asking tmux."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from binscout_tui.terminal.answers import Answers
from binscout_tui.terminal.decide import decide_tmux, draws_placeholders, tmux_obstacle
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.tmux import TmuxState, allow_passthrough, tmux_state, version_numbers, wrap

KITTY = TmuxState(
    version="3.5a", term_name="xterm-kitty", term_type="kitty(0.41.1)", features=frozenset({"RGB", "sync"})
)
XTERM = TmuxState(version="3.5a", term_name="xterm", term_type="XTerm(398)", features=frozenset({"256", "sixel"}))
SIXEL = frozenset({62, 4})


@pytest.mark.parametrize(
    ("name", "draws"),
    [
        ("kitty(0.41.1)", True),
        ("kitty(0.28.0)", True),
        ("kitty(0.26.5)", False),
        ("kitty", False),
        ("ghostty 1.1.3", True),
        ("WezTerm 20240203-110809", False),
        ("Konsole 23.08.1", False),
        ("XTerm(379)", False),
        ("", False),
        ("\u200bkitty", False),
    ],
)
def test_who_draws_placeholders(name: str, draws: bool) -> None:
    assert draws_placeholders(name) is draws


@pytest.mark.parametrize(
    ("state", "answers", "protocol", "word"),
    [
        (KITTY, Answers(kitty=True, attributes=SIXEL), Protocol.KITTY, "through tmux"),
        (KITTY, Answers(attributes=SIXEL), Protocol.HALFBLOCK, "in time"),
        (replace(KITTY, version="3.2a"), Answers(attributes=SIXEL), Protocol.HALFBLOCK, "3.3"),
        (replace(KITTY, features=frozenset()), Answers(attributes=SIXEL), Protocol.HALFBLOCK, "24-bit"),
        (replace(KITTY, term_type="kitty(0.26.5)"), Answers(attributes=SIXEL), Protocol.HALFBLOCK, "0.26.5"),
        (XTERM, Answers(attributes=SIXEL), Protocol.SIXEL, "sixel"),
        (XTERM, Answers(attributes=frozenset({62})), Protocol.HALFBLOCK, "XTerm"),
        (None, Answers(attributes=SIXEL), Protocol.HALFBLOCK, "could not be asked"),
    ],
)
def test_inside_tmux_the_outer_terminal_counts(
    state: TmuxState | None, answers: Answers, protocol: Protocol, word: str
) -> None:
    found, why = decide_tmux(state, answers, tmux_obstacle(state))
    assert found is protocol
    assert word in why


def test_version_numbers() -> None:
    assert version_numbers("tmux 3.3a") == (3, 3)
    assert version_numbers("next-3.6") == (3, 6)
    assert version_numbers("") == ()


def test_the_envelope_doubles_escapes() -> None:
    assert wrap("\x1b_Gx\x1b\\") == "\x1bPtmux;\x1b\x1b_Gx\x1b\x1b\\\x1b\\"


def test_a_tmux_that_fails_is_no_tmux() -> None:
    def failing(arguments: list[str]) -> str:
        raise subprocess.TimeoutExpired(arguments, 1)

    assert tmux_state({}, failing) is None
    assert allow_passthrough({}, failing) is False


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_real_tmux_answers_and_switches_passthrough_on_for_one_pane(tmp_path: Path) -> None:
    def tmux(arguments: list[str]) -> str:
        command = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout

    tmux(["new-session", "-d", "-x", "80", "-y", "24", "cat"])
    try:
        env = {"TMUX_PANE": tmux(["display-message", "-p", "#{pane_id}"]).strip()}
        before = tmux_state(env, tmux)
        assert before is not None
        assert before.can_pass_through
        assert not before.passthrough
        assert before.escape_time_ms is not None
        assert allow_passthrough(env, tmux)
        after = tmux_state(env, tmux)
        assert after is not None
        assert after.passthrough
        assert tmux(["show-options", "-gwv", "allow-passthrough"]).strip() == "off"
    finally:
        tmux(["kill-server"])
