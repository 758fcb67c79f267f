"""Descriptors with linear heads: they learn made-up parts, keep to arrays, and do not mind how a part lies."""

from __future__ import annotations

import numpy as np
import pytest

from binscout_tui.learning.circles import describe_circles, edges
from binscout_tui.learning.classify.opinions import CIRCLES, GRADIENTS, KINDS, PATCHES, Lesson, Opinion, fit_opinion
from binscout_tui.learning.patches import BANDS, Dictionary, learn_dictionary
from binscout_tui.learning.pixels import Pixels, read_square

from .shapes import CLASSES, draw


def pictures(first: int, number: int) -> tuple[Pixels, np.ndarray]:
    squares = [read_square(draw(kind, first + i), None, 48) for i in range(number) for kind in CLASSES]
    return np.stack(squares), np.tile(np.arange(len(CLASSES)), number)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    pixels, labels = pictures(0, 14)
    rows = np.arange(len(labels))
    return Lesson(pixels, labels, rows[:30], rows[30:], len(CLASSES))


@pytest.fixture(scope="module")
def opinions(lesson: Lesson) -> dict[str, Opinion]:
    return {kind: fit_opinion(lesson, kind)[0] for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_each_learns_and_can_be_kept(kind: str, opinions: dict[str, Opinion]) -> None:
    unseen, truth = pictures(100, 8)
    opinion = opinions[kind]
    scores = opinion.probabilities(unseen)
    assert (scores.argmax(axis=1) == truth).mean() > 0.8
    again = Opinion.from_arrays(kind, opinion.turns, opinion.arrays())
    assert np.array_equal(again.probabilities(unseen), scores)
    assert opinion.probabilities(unseen[:0]).shape == (0, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_quarter_turn_changes_next_to_nothing(kind: str, opinions: dict[str, Opinion]) -> None:
    unseen, _ = pictures(100, 8)
    turned = np.ascontiguousarray(np.rot90(unseen, 1, (1, 2)))
    opinion = opinions[kind]
    assert opinion.probabilities(turned) == pytest.approx(opinion.probabilities(unseen), abs=0.02)


def test_edges_tell_a_disc_from_a_frame_and_not_its_turns() -> None:
    disc, frame = (read_square(draw(kind, 3), None, 128)[None] for kind in ("disc", "frame"))
    own, other = edges(disc), edges(frame)
    turned = edges(np.ascontiguousarray(np.rot90(disc, 1, (1, 2))))
    assert own.shape == other.shape
    assert own.dtype == np.float32
    assert np.abs(turned - own).mean() < 0.05 * np.abs(other - own).mean()


def test_circles_are_the_same_in_chunks_and_alone() -> None:
    pixels, _ = pictures(0, 23)
    assert len(pixels) > 64
    together = describe_circles(pixels)
    assert together[[0, 66]] == pytest.approx(
        np.concatenate([describe_circles(pixels[i : i + 1]) for i in (0, 66)]), abs=1e-5
    )


def test_a_dictionary_of_few_pictures_has_fewer_words() -> None:
    pixels = np.full((2, 32, 32, 3), 90, np.uint8)
    found = learn_dictionary(pixels, np.arange(2))
    described = found(pixels)
    assert described.shape == (2, BANDS * len(found.words))
    assert np.isfinite(described).all()


def test_the_dictionary_follows_from_the_seed(lesson: Lesson) -> None:
    first, again, other = (learn_dictionary(lesson.pixels, lesson.train, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.words, again.words)
    assert not np.array_equal(first.words, other.words)


def test_what_does_not_belong_together_is_refused(opinions: dict[str, Opinion]) -> None:
    dictionary = opinions[PATCHES].dictionary
    assert dictionary is not None
    with pytest.raises(KeyError):
        Opinion.from_arrays(PATCHES, 1, opinions[CIRCLES].arrays())
    with pytest.raises(ValueError, match="differ in size"):
        Dictionary.from_arrays({**dictionary.arrays(), "whiten": dictionary.whiten[:5]})
    with pytest.raises(ValueError, match="no descriptor"):
        Opinion.from_arrays("colour", 1, opinions[GRADIENTS].arrays())
