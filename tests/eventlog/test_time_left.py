"""The time left: near the truth, and readable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.eventlog.time_left import LEAST_S, MOST_CHANGE, TimeLeft, nearer


def test_nothing_is_said_before_there_is_something_to_go_by() -> None:
    left = TimeLeft()
    left.add(0, 0, 100)
    assert left.seconds is None
    left.add(LEAST_S - 1, 5, 100)
    assert left.seconds is None


def test_a_steady_run_is_foretold_exactly() -> None:
    left = TimeLeft()
    for second in range(50):
        left.add(second, 2 * second, 200)
    assert left.seconds is not None
    assert abs(left.seconds - 51) < 0.5


def test_pauses_between_epochs_count_and_are_smoothed() -> None:
    """Ten steps a second for five seconds, then five seconds of judging: five steps a second in truth."""
    left, at, done = TimeLeft(), 0.0, 0
    errors = []
    while done < 1500:
        at, done = at + 1, done + 10
        if done % 50 == 0:
            at += 5
        left.add(at, done, 2000)
        truth = (2000 - done) / 50 * 10
        if done > 300:
            errors.append(abs((left.seconds or 0) - truth) / truth)
    assert max(errors) < 0.25


@given(shown=st.floats(0, 1e6), estimate=st.floats(0, 1e6), passed=st.floats(0, 60))
def test_it_never_jumps(shown: float, estimate: float, passed: float) -> None:
    now = nearer(shown, estimate, passed)
    run_down = max(0.0, shown - passed)
    assert min(run_down, estimate) <= now <= max(run_down, estimate), "never past the estimate, never away from it"
    assert abs(now - run_down) <= MOST_CHANGE * max(shown, estimate, 1.0) * passed + 1e-6


def test_when_all_is_done_nothing_is_left() -> None:
    left = TimeLeft()
    for second in range(11):
        left.add(second, second, 10)
    assert left.seconds == 0


def test_another_total_or_a_step_back_begins_anew() -> None:
    left = TimeLeft()
    for second in range(20):
        left.add(second, second, 100)
    assert left.seconds is not None
    left.add(21, 0, 100)
    assert left.seconds is None
