"""Measuring an app in a terminal: a small program stands for the app, so that the true figures are known."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from binscout_tui.bench import keys
from binscout_tui.bench import running as bench_running
from binscout_tui.bench.area import Area
from binscout_tui.bench.figures import KeyFigures
from binscout_tui.bench.keys import View, measure_keys, measure_memory
from binscout_tui.bench.played import answers
from binscout_tui.bench.running import AppError, RunningApp, running
from binscout_tui.store import places
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.workspace import Workspace

AREA = Area(80, 24)
PICTURE = "\\x1b_Ga=T,f=100,i=7;AAAA\\x1b\\\\"
APP = """
import os, sys, time
def say(text): os.write(1, text.encode())
PICTURE = "%s"
say("words" + PICTURE)
while True:
    key = os.read(0, 1)
    if key == b"n":
        say("a status line")
        time.sleep(0.06)
        say(PICTURE + "x" * 1000)
    elif key == b"f":
        say(PICTURE)
        time.sleep(0.25)
        say(PICTURE + "finer")
    elif key == b"q":
        say("goodbye")
        sys.exit(4)
"""


@contextmanager
def played(code: str = APP % PICTURE) -> Iterator[RunningApp]:
    with running([sys.executable, "-c", code], Protocol.KITTY, AREA) as app:
        yield app


def within(seconds: float) -> float:
    return time.perf_counter() + seconds


def test_the_last_byte_is_that_of_the_picture() -> None:
    with played() as app:
        app.first_picture(time.perf_counter())
        answer = app.press(b"n", within(0.6), 0.1)
    assert answer.is_picture
    assert answer.first_ms < 50 < answer.last_ms < 400
    assert answer.bytes == len("a status line") + len(PICTURE.encode().decode("unicode_escape")) + 1000
    assert answer.later_bytes == 0


def test_a_finer_picture_after_a_rest_is_not_the_answer() -> None:
    with played() as app:
        app.first_picture(time.perf_counter())
        answer = app.press(b"f", within(0.8), 0.1)
    assert answer.last_ms < 200
    assert answer.later_bytes > 0


def test_a_late_answer_is_still_that_of_its_key() -> None:
    with played() as app:
        app.first_picture(time.perf_counter())
        answer = app.press(b"n", within(0.01), 0.1)
    assert answer.is_picture
    assert answer.last_ms >= 60


def test_a_key_without_a_picture_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_running, "NO_ANSWER_S", 0.3)
    with played() as app:
        app.first_picture(time.perf_counter())
        assert not app.press(b"?", within(0.2), 0.1).is_picture
        assert not app.press_quickly(b"?", 0.01)
        assert app.press_quickly(b"n", 0.01)


def test_an_app_that_ends_is_told_with_its_last_words() -> None:
    with played() as app:
        app.first_picture(time.perf_counter())
        with pytest.raises(AppError, match="ended with 4") as caught:
            app.press(b"q", within(5), 0.1)
    assert "goodbye" in caught.value.hint


def test_an_app_that_cannot_start_is_told_at_once() -> None:
    begun = time.perf_counter()
    with played("raise SystemExit('no such command')") as app, pytest.raises(AppError, match="ended with 1") as caught:
        app.first_picture(begun)
    assert "no such command" in caught.value.hint
    assert time.perf_counter() - begun < 20


def test_the_app_is_gone_afterwards() -> None:
    with played() as app:
        assert 0 < app.resident_mb() < 200
    assert app.process.returncode is not None


@pytest.fixture
def no_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "command_for", lambda root, words: [sys.executable, "-c", APP % PICTURE])


@pytest.mark.usefixtures("no_app")
def test_figures_of_keys(workspace: Workspace) -> None:
    def measured(key: bytes, presses: int) -> KeyFigures:
        view = View("full", (), key)
        return measure_keys(workspace.paths.root, Protocol.KITTY, view, AREA, presses=presses, rate=4)

    answered = measured(b"n", 3)
    assert (answered.presses, answered.without_picture) == (3, 0)
    assert 60 <= answered.median_ms <= answered.p95_ms < 250
    assert measured(b"?", 2).without_picture == 2


@pytest.mark.usefixtures("no_app")
def test_memory_until_no_more_pictures_come(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_running, "NO_ANSWER_S", 0.3)
    root = workspace.paths.root
    there = measure_memory(root, Protocol.KITTY, View("full", (), b"n"), AREA, presses=12)
    assert (there.presses, there.without_picture, len(there.mb)) == (12, 0, 10)
    ended = measure_memory(root, Protocol.KITTY, View("full", (), b"?"), AREA, presses=12)
    assert (ended.asked, ended.presses, ended.mb) == (12, 0, [])


def test_a_machine_of_ones_own_is_not_slower_than_itself() -> None:
    assert keys.slowdown(0.001) >= 0.99


def test_the_place_of_a_person_is_kept(workspace: Workspace) -> None:
    uid, db = workspace.user.uid, workspace.db
    db.write(places.keep, uid, "gallery", {"image": 3, "order": "oldest"})
    with keys.place_kept(workspace.paths.root):
        keys.go_to_the_beginning(workspace.paths.root)
        assert db.read(places.get, uid, "gallery") == {"order": "newest", "size": "M"}
    assert db.read(places.get, uid, "gallery") == {"image": 3, "order": "oldest"}


QUERIES = b"\x1b[>q\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c"
ANSWERS = {
    Protocol.KITTY: b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.41.1)\x1b\\\x1b[6;20;10t\x1b[?62;22c",
    Protocol.SIXEL: b"\x1bP>|XTerm(379)\x1b\\\x1b[6;20;10t\x1b[?62;4;22c",
    Protocol.HALFBLOCK: b"\x1bP>|XTerm(379)\x1b\\\x1b[6;20;10t\x1b[?62;22c",
}


@pytest.mark.parametrize("protocol", ANSWERS)
def test_the_terminal_answers_like_one_of_its_kind(protocol: Protocol) -> None:
    assert answers(QUERIES, protocol, Area(80, 24)) == ANSWERS[protocol]
    assert answers(b"words \x1b[1;1H", protocol, Area(80, 24)) == b""
