"""Reading answers, and taking them out of the keyboard's bytes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.terminal.answers import AnswerFilter, read_answers

ANSWERS = "\x1bP>|kitty(0.41.1)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?2;0;1000;850S\x1b[?62;4c"


def test_answers_among_typed_keys() -> None:
    answers = read_answers(b"ab\x1b[6;20;10tx\x1bP>|XTerm(379)\x1b\\y\x1b[?62;4;22c\x1b[A")
    assert answers.version == "XTerm(379)"
    assert answers.cell == (10, 20)
    assert answers.sixel
    assert answers.kitty is None


@pytest.mark.parametrize(
    ("answer", "size"),
    [
        (b"\x1b[?2;0;1000;850S", (1000, 850)),
        (b"\x1b[?2;3;0S", None),
        (b"\x1b[?2;2S", None),
        (b"\x1b[?1;0;256S", None),
        (b"\x1b[?2;0;0;0S", None),
    ],
)
def test_the_largest_sixel_picture(answer: bytes, size: tuple[int, int] | None) -> None:
    answers = read_answers(answer + b"\x1b[?62;4c")
    assert answers.sixel_size == size
    assert answers.sixel


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(data: bytes) -> None:
    read_answers(data)


@given(st.lists(st.integers(0, len(ANSWERS)), max_size=12), st.sampled_from(["", "n", "12", "\x1b[A"]))
def test_no_way_of_cutting_the_answers_lets_a_key_through(cuts: list[int], typed: str) -> None:
    places = sorted({0, *cuts, len(ANSWERS)})
    answers = AnswerFilter()
    seen = "".join(answers.feed(ANSWERS[start:end]) for start, end in itertools.pairwise(places)) + answers.feed(typed)
    assert seen == typed
    assert answers.taken == ANSWERS


def test_keys_pass_before_between_and_after() -> None:
    answers = AnswerFilter()
    assert answers.feed("a\x1b_Gi=3") == "a"
    assert answers.feed("1;OK\x1b\\b") == "b"
    assert answers.feed("\x1b[A\x1b[?2026;2$y") == "\x1b[A\x1b[?2026;2$y"
    assert answers.feed("\x1b[?62c\x1b") == ""
    assert answers.flush() == "\x1b"
    assert answers.taken == "\x1b_Gi=31;OK\x1b\\\x1b[?62c"


def test_a_pressed_escape_is_given_free_after_a_moment() -> None:
    answers = AnswerFilter()
    assert answers.feed("\x1b") == ""
    assert answers.flush() == "\x1b"
    assert answers.feed("x") == "x"


def test_a_begun_answer_stays_held_over_a_pause() -> None:
    answers = AnswerFilter()
    assert answers.feed("\x1b_Gi=31") == ""
    assert answers.flush() == ""
    assert answers.feed(";OK\x1b\\q") == "q"


def test_without_patience_a_pressed_escape_does_not_wait_but_answers_are_still_no_keys() -> None:
    answers = AnswerFilter()
    answers.patient = False
    assert answers.feed("\x1b") == "\x1b"
    assert answers.feed("a" + ANSWERS + "b") == "ab"
    assert answers.feed("\x1b[?62") == ""
    assert answers.feed(";4cn") == "n"
    assert answers.feed("\x1b_Gi=31") == ""
    assert answers.flush() == ""
    assert answers.feed("n") == "n"


@pytest.mark.parametrize(("begun", "end"), [("\x1b_Gi=31;", "\x1b\\"), ("\x1bP>|", "\x07"), ("\x1b[?1;", "c")])
def test_an_answer_that_does_not_end_is_no_keys_and_takes_no_room(begun: str, end: str) -> None:
    answers = AnswerFilter()
    assert answers.feed(begun) == ""
    for _ in range(3000):
        assert answers.feed("12;34;" * 100) == ""
    assert len(answers._held) < 1000
    assert answers.feed(end[:1]) == ""
    assert answers.feed(end[1:] + "n") == "n"
