"""The linear heads learn, keep to plain arrays, and stand for the last layer of a network."""

from __future__ import annotations

import numpy as np
import pytest

from binscout_tui.learning.linear import LinearHead, Views, fit_head, fit_prototypes


def blobs(number: int, classes: int = 3, seed: int = 0, width: int = 12) -> Views:
    """Two views of `number` pictures a class around means of their own, one column without any spread."""
    middles = np.random.default_rng(7).normal(size=(classes, width)) * 3
    dice = np.random.default_rng(seed)
    labels = np.tile(np.arange(classes), number)
    views = [(middles[labels] + dice.normal(size=(len(labels), width)) + 5).astype(np.float32) for _ in range(2)]
    for view in views:
        view[:, 0] = 4.0
    return Views(views, labels)


@pytest.mark.parametrize("classes", [2, 3])
def test_it_learns_two_and_more_classes(classes: int) -> None:
    head, strength = fit_head(blobs(12, classes), blobs(6, classes, 1), classes)
    unseen = blobs(40, classes, 2)
    scores = head.probabilities(unseen.features)
    assert strength > 0
    assert np.allclose(scores.sum(axis=1), 1)
    assert (scores.argmax(axis=1) == unseen.labels).mean() > 0.9
    assert np.array_equal(LinearHead.from_arrays(head.arrays()).probabilities(unseen.features), scores)


def test_the_strength_is_the_one_most_likely_on_validation() -> None:
    dice = np.random.default_rng(3)
    lesson = blobs(10)
    noisy = Views(lesson.features, dice.permutation(lesson.labels))  # nothing to learn: the more held back the better
    _, held_back = fit_head(noisy, blobs(20, seed=1), 3)
    _, free = fit_head(lesson, blobs(20, seed=1), 3)
    assert held_back < free


def test_without_scales_it_says_the_same() -> None:
    head, _ = fit_head(blobs(12), blobs(6, seed=1), 3)
    weight, bias = head.unscaled()
    width = weight.shape[1]
    plain = LinearHead(np.zeros(width, np.float32), np.ones(width, np.float32), weight, bias)
    unseen = blobs(10, seed=2).features
    assert plain.probabilities(unseen) == pytest.approx(head.probabilities(unseen), abs=1e-4)


def test_prototypes_answer_by_the_nearest_direction() -> None:
    head = fit_prototypes(blobs(2), 3)
    unseen = blobs(40, seed=2)
    said = head.probabilities(unseen.features[:1]).argmax(axis=1)
    assert (said == unseen.labels).mean() > 0.9
    longer = head.probabilities([unseen.features[0] * 3]).argmax(axis=1)
    assert np.array_equal(said, longer)


@pytest.mark.parametrize(
    "fit", [lambda lesson: fit_head(lesson, lesson, 3)[0], lambda lesson: fit_prototypes(lesson, 3)]
)
def test_a_class_without_training_picture_is_never_the_answer(fit) -> None:  # type: ignore[no-untyped-def]
    lesson = blobs(8, 2)
    assert fit(lesson).probabilities(lesson.features)[:, 2].max() < 1e-6


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    arrays = fit_prototypes(blobs(3), 3).arrays()
    with pytest.raises(ValueError, match="differ in size"):
        LinearHead.from_arrays({**arrays, "bias": arrays["bias"][:2]})
    with pytest.raises(KeyError):
        LinearHead.from_arrays({"bias": arrays["bias"]})
