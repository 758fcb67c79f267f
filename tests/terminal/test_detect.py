"""What is decided about terminals that answer, answer late, answer nonsense, or do not answer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from .conftest import CELL, OK, PLAIN, QUERY_END, VERSION_KITTY, WITH_SIXEL, Played, answering, kitty_reply

Play = Callable[..., Played]

DETECT = """
import dataclasses, json, os, select, sys, time
from binscout_tui.terminal.detect import detect
began = time.monotonic()
found = detect()
took = time.monotonic() - began
left = os.read(0, 4096).decode("latin-1") if select.select([0], [], [], 0)[0] else ""
with open(os.environ["REPORT"], "w") as report:
    json.dump({**dataclasses.asdict(found), "took": took, "left": left}, report, default=sorted)
"""


@pytest.mark.parametrize(
    ("reply", "protocol", "terminal"),
    [
        (VERSION_KITTY + OK + CELL + PLAIN, "kitty", "kitty(0.41.1)"),
        (b"\x1bP>|ghostty 1.1.3\x1b\\" + OK + CELL + PLAIN, "kitty", "ghostty 1.1.3"),
        (b"\x1bP>|kitty(0.26.5)\x1b\\" + OK + CELL + PLAIN, "halfblock", "kitty(0.26.5)"),
        (b"\x1bP>|WezTerm 20240203\x1b\\" + OK + CELL + WITH_SIXEL, "sixel", "WezTerm 20240203"),
        (b"\x1bP>|Konsole 23.08\x1b\\" + OK + CELL + PLAIN, "halfblock", "Konsole 23.08"),
        (b"\x1bP>|XTerm(379)\x1b\\" + CELL + WITH_SIXEL, "sixel", "XTerm(379)"),
        (CELL + PLAIN, "halfblock", "xterm-256color"),
        (OK + CELL + PLAIN, "halfblock", "xterm-256color"),
    ],
)
def test_a_terminal_that_answers(play: Play, reply: bytes, protocol: str, terminal: str) -> None:
    played = play(DETECT, answering(reply))
    assert played.report["protocol"] == protocol
    assert played.report["terminal"] == terminal
    assert (played.report["cell_width"], played.report["cell_height"]) == (11, 22)
    assert played.report["answers_due"] is False
    assert played.report["truecolor"] is (protocol == "kitty")
    assert played.report["took"] < 0.25
    assert played.report["warning"] == ""
    assert played.report["left"] == ""
    assert played.settings_after == played.settings_before


def test_the_graphics_query_is_one_that_kitty_answers(play: Play) -> None:
    def step(master: int, written: bytes) -> None:
        if written.endswith(b"\x1b[c"):
            os.write(master, VERSION_KITTY + kitty_reply(written) + PLAIN)

    assert play(DETECT, step).report["protocol"] == "kitty"


@pytest.mark.parametrize(
    ("reply", "size"),
    [
        (b"\x1bP>|XTerm(379)\x1b\\\x1b[?2;0;2000;1500S" + WITH_SIXEL, [2000, 1500]),
        (b"\x1bP>|XTerm(379)\x1b\\" + WITH_SIXEL, [1000, 1000]),
        (b"\x1bP>|foot(1.13.1)\x1b\\" + WITH_SIXEL, None),
    ],
)
def test_the_largest_sixel_picture_is_asked_for_before_the_last_question(
    play: Play, reply: bytes, size: list[int] | None
) -> None:
    played = play(DETECT, answering(reply))
    assert played.report["sixel_size"] == size
    assert played.written.index(b"\x1b[?2;4;0S") < played.written.index(QUERY_END)
    assert played.report["left"] == ""


def test_a_terminal_that_prints_what_it_does_not_know_is_asked_less(play: Play) -> None:
    played = play(DETECT, answering(PLAIN), {"TERM_PROGRAM": "Apple_Terminal"})
    assert b"S" not in played.written.partition(QUERY_END)[0]


def test_answers_in_pieces(play: Play) -> None:
    whole = VERSION_KITTY + OK + CELL + PLAIN
    sent: list[int] = []

    def step(master: int, written: bytes) -> None:
        if b"\x1b[c" in written and not sent:
            sent.append(1)
            for place in range(len(whole)):
                os.write(master, whole[place : place + 1])

    assert play(DETECT, step).report["protocol"] == "kitty"


def test_a_terminal_that_never_answers_costs_the_timeout_and_no_more(play: Play) -> None:
    played = play(DETECT, lambda master, written: None)
    assert played.report["protocol"] == "halfblock"
    assert played.report["answers_due"] is True
    assert "did not answer" in played.report["why"]
    assert 0.95 < played.report["took"] < 1.5
    assert played.settings_after == played.settings_before


@pytest.mark.parametrize(("reply", "protocol"), [(VERSION_KITTY + OK + PLAIN, "kitty"), (WITH_SIXEL, "sixel")])
@pytest.mark.parametrize("delay_s", [0.3, 0.9])
def test_a_slow_link_is_waited_for_also_without_ssh(play: Play, reply: bytes, protocol: str, delay_s: float) -> None:
    asked: list[float] = []

    def step(master: int, written: bytes) -> None:
        if QUERY_END in written and not asked:
            asked.append(1)
            timer = threading.Timer(delay_s, os.write, (master, reply))
            timer.daemon = True
            timer.start()

    played = play(DETECT, step)
    assert played.report["protocol"] == protocol
    assert delay_s - 0.1 < played.report["took"] < delay_s + 0.25
    assert played.report["left"] == ""


def test_an_answer_that_does_not_end_is_left_off(play: Play) -> None:
    little = "from binscout_tui.terminal import query\nquery.MOST_BYTES = 1000\n"
    played = play(little + DETECT, answering(b"\x1b_Gi=31;" + b"x" * 2000))
    assert played.report["protocol"] == "halfblock"
    assert played.report["answers_due"] is True
    assert played.report["took"] < 0.5


GONE = """
import json, os, signal, time
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from binscout_tui.terminal import query
from binscout_tui.terminal.detect import _Exchange
master, slave = os.openpty()
pid = os.fork()
if not pid:
    os.read(master, 4)
    os._exit(0)
os.close(master)
began = time.monotonic()
answers = _Exchange(slave, slave, 5.0)(query.ATTRIBUTES, wait_for_kitty=False)
json.dump({"took": time.monotonic() - began, "known": answers.attributes}, open(os.environ["REPORT"], "w"))
"""


def test_a_terminal_that_goes_away_while_it_is_asked_is_no_error(play: Play) -> None:
    played = play(GONE, lambda master, written: None)
    assert played.report["known"] is None
    assert played.report["took"] < 2


def test_a_word_that_means_nothing_is_told_and_the_terminal_is_asked(play: Play) -> None:
    played = play(DETECT, answering(WITH_SIXEL), env={"BINSCOUT_GRAPHICS": "si\x1bxels"})
    assert played.report["protocol"] == "sixel"
    assert played.report["warning"] == (
        "BINSCOUT_GRAPHICS=si?xels means nothing; it can be kitty, sixel, halfblock, none."
    )


def test_nonsense_is_no_answer(play: Play) -> None:
    noise = b"\x1b[?;;c\x1b_Gi=31;ENOTSUPPORTED\x1b\\\x1bP>|\xff\xfe\x1b\\\x1b[6;0;0t\x1b[6;99999999;1t"
    played = play(DETECT, answering(noise))
    assert played.report["protocol"] == "halfblock"
    assert (played.report["cell_width"], played.report["cell_height"]) == (10, 20)


@pytest.mark.parametrize("term", ["dumb", "linux"])
def test_terminals_that_never_answer_are_not_asked(play: Play, term: str) -> None:
    played = play(DETECT, lambda master, written: None, env={"TERM": term})
    assert played.report["protocol"] == ("none" if term == "dumb" else "halfblock")
    assert played.report["took"] < 0.1
    assert b"\x1b" not in played.written


@pytest.mark.parametrize("word", ["kitty", "sixel", "halfblock", "none"])
def test_the_environment_overrides_without_a_question(play: Play, word: str) -> None:
    played = play(DETECT, lambda master, written: None, env={"BINSCOUT_GRAPHICS": word})
    assert played.report["protocol"] == word
    assert played.report["forced"] is True
    assert b"\x1b" not in played.written


def test_without_a_terminal_nothing_is_shown_or_asked() -> None:
    code = "from binscout_tui.terminal.detect import detect; print(detect().protocol.value)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if name != "BINSCOUT_GRAPHICS"},
    )
    assert done.stdout == "none\n"


def test_the_package_does_not_import_textual_and_asks_nothing_on_import(play: Play) -> None:
    code = (
        "import json, os, sys\n"
        "import binscout_tui.terminal.detect, binscout_tui.terminal.payload, binscout_tui.terminal.doctor\n"
        "loaded = [name for name in sys.modules if name.split('.')[0] in ('textual', 'textual_image', 'rich')]\n"
        "json.dump({'loaded': loaded}, open(os.environ['REPORT'], 'w'))\n"
    )
    played = play(code, lambda master, written: None)
    assert played.report["loaded"] == []
    assert played.written == b""
