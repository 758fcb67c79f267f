"""From maps to points: what counts as one thing, and which score is enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from binscout_tui.learning.count.peaks import THRESHOLDS, USUAL_THRESHOLD, Peaks, choose_threshold, find_peaks, suppress


def heat_with(*peaks: tuple[int, int, float], shape: tuple[int, int] = (12, 16)) -> np.ndarray:
    heat = np.full(shape, 0.01)
    for x, y, score in peaks:
        heat[y, x] = score
    return heat


@pytest.mark.parametrize(
    ("peaks", "size", "expected"),
    [
        ((), 4, []),
        (((3, 3, 0.9),), 4, [(3, 3)]),
        (((0, 0, 0.5), (15, 11, 0.6)), 4, [(15, 11), (0, 0)]),  # corners count too
        (((3, 3, 0.9), (5, 3, 0.8)), 4, [(3, 3), (5, 3)]),  # half a width apart: two
        (((3, 3, 0.9), (5, 3, 0.8)), 5, [(3, 3)]),  # nearer than that: one
        (((3, 3, 0.9), (4, 3, 0.9)), 4, [(3, 3)]),  # a plateau is one maximum
        (((3, 3, 0.04),), 4, []),  # below every threshold
    ],
)
def test_which_maxima_are_things(peaks: tuple[tuple[int, int, float], ...], size: float, expected: list) -> None:
    found = find_peaks(heat_with(*peaks), np.full((12, 16), float(size)))
    assert [tuple(point) for point in found.points.astype(int).tolist()] == expected
    assert list(found.scores) == sorted(found.scores, reverse=True)


def test_small_things_may_be_nearer_to_each_other_than_large_ones() -> None:
    heat = heat_with((2, 2, 0.9), (4, 2, 0.8), (10, 8, 0.9), (12, 8, 0.8))
    sizes = np.full((12, 16), 3.0)
    sizes[:, 8:] = 8
    assert find_peaks(heat, sizes).count(0.5) == 3


@given(arrays(np.float64, (7, 9), elements=st.floats(0, 1), unique=True), st.floats(1, 8))
@settings(max_examples=60, deadline=None)
def test_the_count_of_a_map_is_that_of_its_mirror_images(heat: np.ndarray, size: float) -> None:
    sizes = np.full(heat.shape, size)
    found = find_peaks(heat, sizes)
    for turned in (heat[::-1], heat[:, ::-1], heat[::-1, ::-1], heat.T):
        other = find_peaks(turned, np.full(turned.shape, size))
        assert other.scores.tolist() == found.scores.tolist()


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30)), max_size=25), st.floats(0.1, 1))
@settings(max_examples=60, deadline=None)
def test_what_stays_is_apart_and_what_goes_was_near_something_stronger(places: list, reach: float) -> None:
    points, widths = np.array(places, np.float64).reshape(-1, 2), np.full(len(places), 6.0)
    kept = suppress(points, widths, reach)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert all(apart[a, b] >= reach * 6 for a in kept for b in kept if a != b)
    assert all(any(apart[row, a] < reach * 6 for a in kept if a < row) for row in range(len(places)) if row not in kept)


def peaks_of(*scores: float) -> Peaks:
    return Peaks(np.zeros((len(scores), 2)), np.array(sorted(scores, reverse=True)))


def test_the_threshold_is_the_middle_of_what_counts_right() -> None:
    pictures = [peaks_of(0.9, 0.8, 0.31), peaks_of(0.7, 0.12)]
    threshold = choose_threshold(pictures, [2, 1])
    assert threshold == pytest.approx((0.325 + 0.7) / 2, abs=0.013)
    assert [found.count(threshold) for found in pictures] == [2, 1]


def test_the_threshold_where_nothing_tells() -> None:
    assert choose_threshold([], []) == USUAL_THRESHOLD
    empty = choose_threshold([peaks_of()], [0])
    assert empty == pytest.approx((THRESHOLDS[0] + THRESHOLDS[-1]) / 2)


def test_fewer_errors_go_before_more_exact_counts() -> None:
    pictures = [peaks_of(*[0.5] * 10), peaks_of(*[0.2] * 3)]  # all or none of the weak ones
    assert choose_threshold(pictures, [10, 0]) > 0.2
    assert choose_threshold(pictures, [10, 3]) <= 0.2


@pytest.mark.parametrize(("score", "worth"), [(0.1, 0.0), (0.2, 0.0), (0.4, 0.5), (0.6, 1.0), (0.9, 1.0)])
def test_a_count_with_doubt(score: float, worth: float) -> None:
    assert peaks_of(score).soft_count(0.4) == pytest.approx(worth)
    assert peaks_of().soft_count(0.4) == 0
