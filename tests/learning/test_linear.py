"""The linear opinion learns, keeps to plain arrays, and does not mind how a part lies."""

from __future__ import annotations

import numpy as np
import pytest

from binscout_tui.learning.linear import LinearOpinion, fit_linear
from binscout_tui.learning.pixels import Pixels, read_square

from .shapes import CLASSES, draw


def pictures(first: int, number: int, classes: tuple[str, ...] = CLASSES) -> tuple[Pixels, np.ndarray]:
    squares = [read_square(draw(kind, first + i), None, 48) for i in range(number) for kind in classes]
    return np.stack(squares), np.tile(np.arange(len(classes)), number)


@pytest.mark.parametrize("classes", [CLASSES, CLASSES[:2]])
@pytest.mark.parametrize("turns", [1, 4])
def test_it_learns_two_and_more_classes(classes: tuple[str, ...], turns: int) -> None:
    pixels, labels = pictures(0, 12, classes)
    rows = np.arange(len(labels))
    opinion, _ = fit_linear(pixels, labels, rows[:24], rows[24:], len(classes), turns)
    unseen, truth = pictures(100, 10, classes)
    scores = opinion.probabilities(unseen)
    assert np.allclose(scores.sum(axis=1), 1)
    assert (scores.argmax(axis=1) == truth).mean() > 0.9
    again = LinearOpinion.from_arrays(opinion.arrays(), turns).probabilities(unseen)
    assert np.array_equal(again, scores)


def test_all_quarter_turns_of_a_picture_are_the_same_to_it() -> None:
    pixels, labels = pictures(0, 6)
    rows = np.arange(len(labels))
    opinion, _ = fit_linear(pixels, labels, rows, rows, 3, turns=4)
    turned = np.ascontiguousarray(np.rot90(pixels, 1, (1, 2)))
    assert np.allclose(opinion.probabilities(pixels), opinion.probabilities(turned), atol=1e-6)


def test_a_class_without_training_picture_is_never_the_answer() -> None:
    pixels, labels = pictures(0, 6)
    train = np.flatnonzero(labels < 2)
    opinion, _ = fit_linear(pixels, labels, train, train, 3)
    assert opinion.probabilities(pixels)[:, 2].max() < 1e-6


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    pixels, labels = pictures(0, 3)
    rows = np.arange(len(labels))
    arrays = fit_linear(pixels, labels, rows, rows, 3)[0].arrays()
    with pytest.raises(ValueError, match="differ in size"):
        LinearOpinion.from_arrays({**arrays, "bias": arrays["bias"][:2]}, 1)
    with pytest.raises(KeyError):
        LinearOpinion.from_arrays({"bias": arrays["bias"]}, 1)
