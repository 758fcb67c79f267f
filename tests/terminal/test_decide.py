"""Decisions inside tmux, and asking tmux."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from binscout_tui.terminal.answers import Answers
from binscout_tui.terminal.decide import (
    decide_late,
    decide_tmux,
    draws_placeholders,
    for_attached,
    largest_in_tmux,
    largest_sixel,
    never_answers,
    surely_truecolor,
    tmux_obstacle,
    without_answers,
)
from binscout_tui.terminal.graphics import Protocol, TerminalGraphics
from binscout_tui.terminal.tmux import TmuxClient, TmuxState, allow_passthrough, tmux_state, version_numbers, wrap

IN_KITTY = TmuxClient(11, "xterm-kitty", "kitty(0.41.1)", frozenset({"RGB", "sync"}))
IN_OLD_KITTY = TmuxClient(12, "xterm-kitty", "kitty(0.26.5)", frozenset({"RGB"}))
IN_XTERM = TmuxClient(13, "xterm", "XTerm(398)", frozenset({"256", "sixel"}))
IN_FOOT = TmuxClient(14, "foot", "foot(1.16.2)", frozenset({"RGB", "sixel"}))
IN_VTE = TmuxClient(15, "xterm-256color", "", frozenset({"256"}))


def inside(*clients: TmuxClient, version: str = "3.5a", passthrough: bool = True) -> TmuxState:
    """Our pane, shown by `clients`."""
    return TmuxState(version, frozenset(clients), passthrough)


KITTY = inside(IN_KITTY)
XTERM = inside(IN_XTERM)
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
        (
            inside(replace(IN_KITTY, features=frozenset())),
            Answers(kitty=True, attributes=SIXEL),
            Protocol.HALFBLOCK,
            "24-bit",
        ),
        (inside(IN_OLD_KITTY), Answers(kitty=True, attributes=SIXEL), Protocol.HALFBLOCK, "0.26.5"),
        (inside(IN_KITTY, IN_XTERM), Answers(kitty=True, attributes=SIXEL), Protocol.HALFBLOCK, "XTerm"),
        (inside(), Answers(attributes=SIXEL), Protocol.HALFBLOCK, "no terminal"),
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


@pytest.mark.parametrize(
    ("state", "tmux_sixel", "protocol", "word"),
    [
        (inside(IN_KITTY), True, Protocol.KITTY, "kitty(0.41.1)"),
        (inside(IN_KITTY, replace(IN_KITTY, pid=2)), False, Protocol.KITTY, "placeholders"),
        (inside(IN_KITTY, IN_XTERM), True, Protocol.HALFBLOCK, "XTerm(398)"),
        (inside(IN_XTERM), True, Protocol.SIXEL, "sixel"),
        (inside(IN_XTERM, IN_FOOT), True, Protocol.SIXEL, "sixel"),
        (inside(IN_XTERM), False, Protocol.HALFBLOCK, "XTerm"),
        (inside(IN_XTERM, IN_VTE), True, Protocol.HALFBLOCK, "XTerm"),
        (inside(IN_VTE), True, Protocol.HALFBLOCK, "xterm-256color"),
        (inside(IN_OLD_KITTY), True, Protocol.HALFBLOCK, "0.26.5"),
        (inside(IN_KITTY, version="3.2a"), True, Protocol.HALFBLOCK, "3.3"),
        (inside(IN_KITTY, passthrough=False), True, Protocol.HALFBLOCK, "passthrough is off"),
    ],
)
def test_terminals_that_come_later_get_what_all_of_them_can_show(
    state: TmuxState, tmux_sixel: bool, protocol: Protocol, word: str
) -> None:
    before = TerminalGraphics(Protocol.SIXEL, 9, 18, "as it was", tmux=True, tmux_sixel=tmux_sixel)
    found = for_attached(before, state)
    assert found.protocol is protocol
    assert word in found.why
    assert found.clients == state.clients
    assert found.cell == (9, 18)


def test_what_a_person_chose_stays_whoever_comes() -> None:
    chosen = TerminalGraphics(Protocol.SIXEL, why="BINSCOUT_GRAPHICS=sixel", tmux=True, forced=True)
    found = for_attached(chosen, KITTY)
    assert (found.protocol, found.why) == (Protocol.SIXEL, chosen.why)
    due = replace(chosen, answers_due=True)
    assert decide_late(due, Answers("kitty(0.41.1)", True, None, SIXEL)) == due


WAITING = TerminalGraphics(Protocol.HALFBLOCK, why="not in time", terminal="xterm-256color", answers_due=True)


@pytest.mark.parametrize(
    ("before", "answers", "protocol", "due"),
    [
        (WAITING, Answers("kitty(0.41.1)", True), Protocol.HALFBLOCK, True),
        (WAITING, Answers("kitty(0.41.1)", True, None, frozenset({62})), Protocol.KITTY, False),
        (WAITING, Answers("kitty(0.26.5)", True, None, frozenset({62})), Protocol.HALFBLOCK, False),
        (WAITING, Answers(None, None, None, SIXEL), Protocol.SIXEL, False),
        (replace(WAITING, tmux=True), Answers(None, None, None, SIXEL), Protocol.HALFBLOCK, True),
        (replace(WAITING, tmux=True), Answers(None, True), Protocol.KITTY, False),
        (replace(WAITING, tmux=True), Answers(None, False), Protocol.HALFBLOCK, True),
        (replace(WAITING, answers_due=False), Answers(None, None, None, SIXEL), Protocol.HALFBLOCK, False),
    ],
)
def test_late_answers_still_count(before: TerminalGraphics, answers: Answers, protocol: Protocol, due: bool) -> None:
    found = decide_late(before, answers)
    assert (found.protocol, found.answers_due) == (protocol, due)


def test_a_late_answer_tells_the_cell_where_the_kernel_does_not() -> None:
    answers = Answers("XTerm(379)", None, (9, 18), SIXEL)
    assert decide_late(WAITING, answers).cell == (9, 18)
    assert decide_late(replace(WAITING, cell_width=7, cell_height=15), answers).cell == (7, 15)


@pytest.mark.parametrize(
    ("name", "told", "largest"),
    [
        ("XTerm(379)", None, (1000, 1000)),
        ("XTerm(379)", (2000, 1500), (2000, 1500)),
        ("foot(1.13.1)", None, None),
        ("foot(1.13.1)", (10000, 10000), (10000, 10000)),
        ("", None, None),
    ],
)
def test_the_largest_sixel_picture(name: str, told: tuple[int, int] | None, largest: tuple[int, int] | None) -> None:
    assert largest_sixel(name, told) == largest
    late = decide_late(WAITING, Answers(name, None, None, SIXEL, told))
    assert late.sixel_size == largest


def test_tmux_draws_for_the_terminals_around_it() -> None:
    foot, xterm = TmuxClient(1, "foot", "foot(1.13.1)"), TmuxClient(2, "xterm", "XTerm(379)")
    assert largest_in_tmux(TmuxState(clients=frozenset({foot}))) is None
    assert largest_in_tmux(TmuxState(clients=frozenset({foot, xterm}))) == (1000, 1000)
    assert largest_in_tmux(None) == (1000, 1000)


@pytest.mark.parametrize(
    ("env", "asked", "protocol"),
    [
        ({"TERM": "xterm-256color"}, True, None),
        ({"TERM": "linux"}, False, Protocol.HALFBLOCK),
        ({"TERM": "vt52"}, False, Protocol.NONE),
        ({}, False, Protocol.NONE),
        ({"TERM": "screen", "STY": "1.x"}, False, Protocol.HALFBLOCK),
        ({"TERM": "tmux-256color", "STY": "1.x", "TMUX": "y"}, True, None),
    ],
)
def test_who_is_asked(env: dict[str, str], asked: bool, protocol: Protocol | None) -> None:
    assert (never_answers(env) == "") is asked
    assert protocol is None or without_answers(env) is protocol


def test_who_surely_has_all_colours() -> None:
    assert surely_truecolor({"TERM": "xterm-kitty"})
    assert surely_truecolor({"TERM": "screen", "TMUX": "x"})
    assert not surely_truecolor({"TERM": "xterm-256color"})


LISTED = """3.4|1|500|@3|%5
101|@3|%5|0|xterm-kitty|256,RGB|kitty(0.41.1)
102|@4|%6|0|xterm||another window
103|@3|%7|1|xterm||another pane zoomed
104|@3|%5|1|xterm|RGB|odd|name
nonsense
x|@3|%5|0|a|b|c
"""


def test_only_terminals_that_show_our_pane_count() -> None:
    state = TmuxState.read(LISTED)
    assert state.clients == {
        TmuxClient(101, "xterm-kitty", "kitty(0.41.1)", frozenset({"256", "RGB"})),
        TmuxClient(104, "xterm", "odd|name", frozenset({"RGB"})),
    }
    assert (state.version, state.passthrough, state.escape_time_ms) == ("3.4", True, 500)
    assert state.around == "kitty(0.41.1) and odd|name"
    assert TmuxState.read("").clients == frozenset()


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
