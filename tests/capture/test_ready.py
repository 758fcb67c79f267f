"""When a file is ready: the rules alone."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.capture import ready
from binscout_tui.capture.ready import Look, Rules, Verdict, Waiting
from binscout_tui.imaging.outcomes import Code

RULES = Rules(apart=0.1, patience=30.0)
EARLY = Rules(apart=0.1, patience=30.0, early=True)
ONE, TWO = Look(100, 1, 7), Look(200, 2, 7)


def test_one_look_is_never_enough() -> None:
    assert ready.verdict(ready.seen(None, ONE, 5.0), RULES) is Verdict.WAIT


def test_two_equal_looks_that_lie_apart_make_it_ready() -> None:
    waiting = ready.seen(ready.seen(None, ONE, 5.0), ONE, 5.1)
    assert ready.verdict(waiting, RULES) is Verdict.READY


@pytest.mark.parametrize("changed", [Look(101, 1, 7), Look(100, 2, 7), Look(100, 1, 8)])
def test_any_change_begins_the_wait_anew(changed: Look) -> None:
    waiting = ready.seen(ready.seen(None, ONE, 5.0), changed, 5.1)
    assert ready.verdict(waiting, RULES) is Verdict.WAIT
    assert ready.verdict(ready.seen(waiting, changed, 5.2), RULES) is Verdict.READY


def test_a_file_that_somebody_works_on_is_left_alone() -> None:
    waiting = ready.offered(ready.seen(ready.seen(None, ONE, 5.0), ONE, 9.0))
    assert ready.verdict(waiting, RULES) is Verdict.WAIT


def test_the_decoder_may_begin_at_the_first_look_but_once_only_and_never_with_an_empty_file() -> None:
    first = ready.seen(None, ONE, 5.0)
    assert ready.verdict(first, EARLY) is Verdict.READY
    again = ready.seen(ready.offered(first), TWO, 5.02)
    assert ready.verdict(again, EARLY) is Verdict.WAIT
    assert ready.verdict(ready.seen(None, Look(0, 1, 7), 5.0), EARLY) is Verdict.WAIT


def test_what_was_decoded_early_is_taken_only_after_the_second_look() -> None:
    waiting = ready.offered(ready.seen(None, ONE, 5.0))
    assert ready.stands(waiting, ONE, 5.03, EARLY) == pytest.approx(0.07)
    assert ready.stands(waiting, ONE, 5.2, EARLY) == 0.0
    assert ready.stands(waiting, TWO, 5.2, EARLY) is None
    assert ready.stands(None, ONE, 5.2, EARLY) is None


@pytest.mark.parametrize("code", [Code.TRUNCATED, Code.UNREADABLE, Code.TIMEOUT, Code.CRASHED])
def test_a_refused_file_that_stands_still_is_tried_twice_more_before_it_has_failed(code: Code) -> None:
    waiting = ready.refused(ready.seen(ready.seen(None, ONE, 0.0), ONE, 0.1), code, 0.1, RULES, "half")
    for again in (15.0, 30.0):
        assert ready.verdict(ready.seen(waiting, ONE, again - 1.0), RULES) is Verdict.WAIT
        waiting = ready.seen(waiting, ONE, again)
        assert ready.verdict(waiting, RULES) is Verdict.READY
        waiting = ready.refused(ready.offered(waiting), code, again, RULES, "half")
    assert (ready.verdict(waiting, RULES), waiting.code, waiting.detail) == (Verdict.FAILED, code, "half")


def test_a_refused_file_that_changes_begins_anew() -> None:
    waiting = ready.refused(ready.seen(ready.seen(None, ONE, 0.0), ONE, 1.0), Code.TRUNCATED, 1.0, RULES, "half")
    grown = ready.seen(waiting, TWO, 29.0)
    assert (grown.code, grown.tries) == (None, 0)
    assert ready.verdict(ready.seen(grown, TWO, 29.0 + ready.stillness(grown, RULES)), RULES) is Verdict.READY


@pytest.mark.parametrize("code", sorted(ready.FINAL))
def test_what_more_bytes_cannot_mend_has_failed_at_once(code: Code) -> None:
    waiting = ready.refused(ready.seen(None, ONE, 0.0), code, 0.1, RULES)
    assert ready.verdict(waiting, RULES) is Verdict.FAILED


def test_a_slow_writer_is_decoded_ever_less_often() -> None:
    waiting, pauses = ready.seen(None, Look(0, 0, 7), 0.0), []
    for number in range(1, 9):
        look = Look(number, number, 7)
        waiting = ready.seen(ready.seen(waiting, look, number), look, number + 0.5)
        waiting = ready.refused(waiting, Code.TRUNCATED, number + 0.5, RULES)
        pauses.append(ready.stillness(waiting, RULES))
    assert pauses == sorted(pauses)
    assert pauses[-1] == ready.LONGEST_STILLNESS_S


looks = st.lists(st.tuples(st.sampled_from([ONE, TWO, Look(300, 3, 7)]), st.floats(0.001, 40)), min_size=1, max_size=30)


@given(looks, st.booleans())
def test_nothing_is_ready_by_the_late_rules_that_changed_less_than_apart_ago(
    steps: list[tuple[Look, float]], early: bool
) -> None:
    rules = msgspec.structs.replace(RULES, early=early)
    waiting: Waiting | None = None
    now = since = 0.0
    for look, pause in steps:
        now += pause
        if waiting is None or waiting.look != look:
            since = now
        waiting = ready.seen(waiting, look, now)
        assert waiting.since == since
        if ready.verdict(waiting, rules) is Verdict.READY and not early:
            assert now - since >= rules.apart
        left = ready.stands(waiting, look, now, rules)
        assert left is not None
        assert (left == 0.0) == (since + rules.apart - now <= 0.0)


@given(looks)
def test_whatever_happens_there_is_a_next_look(steps: list[tuple[Look, float]]) -> None:
    waiting: Waiting | None = None
    now = 0.0
    for number, (look, pause) in enumerate(steps):
        now += pause
        waiting = ready.seen(waiting, look, now)
        if number % 3 == 0:
            waiting = ready.refused(waiting, Code.TRUNCATED, now, RULES)
        assert ready.due(waiting, RULES) <= now + max(ready.LONGEST_STILLNESS_S, ready.LOOK_AGAIN_S)


def test_a_fingerprint_tells_place_size_and_time_apart_and_takes_any_name() -> None:
    names = ["/in/a.jpg", "/in/b.jpg", "/in/b\udcff.jpg"]
    found = {ready.fingerprint(name, look) for name in names for look in (ONE, TWO, Look(100, 2, 7))}
    assert len(found) == 9
    assert ready.fingerprint("/in/a.jpg", ONE) == ready.fingerprint("/in/a.jpg", Look(100, 1, 99))
