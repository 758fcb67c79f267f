"""What happens to a picture happens to the box on it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from binscout_tui.learning.select.augment import as_boxes, augment_set, lit, mirrored, moved, plain, turned

SIDE = 64


def marked(left: int, top: int, width: int, height: int) -> tuple[Tensor, Tensor]:
    """A white rectangle on black (1, 3, S, S), and its box 0..1."""
    image = torch.zeros(1, 3, SIDE, SIDE)
    image[:, :, top : top + height, left : left + width] = 1
    return image, torch.tensor([left, top, left + width, top + height]) / SIDE


def found(image: Tensor) -> np.ndarray:
    """Where the white rectangle is, 0..1."""
    white = (image[0, 1] > 0.75).numpy()
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / SIDE


places = st.tuples(st.integers(12, 30), st.integers(12, 30), st.integers(8, 20), st.integers(8, 20))


@given(places)
@settings(deadline=None, max_examples=30)
def test_mirrored(place: tuple[int, int, int, int]) -> None:
    image, box = marked(*place)
    image, boxes = mirrored(image, as_boxes(box, SIDE))
    assert boxes is not None
    assert plain(boxes, SIDE).numpy() == pytest.approx(found(image), abs=1e-5)


@given(places, st.integers(0, 3))
@settings(deadline=None, max_examples=40)
def test_turned(place: tuple[int, int, int, int], quarters: int) -> None:
    image, box = marked(*place)
    image, boxes = turned(image, as_boxes(box, SIDE), quarters)
    assert boxes is not None
    assert plain(boxes, SIDE).numpy() == pytest.approx(found(image), abs=1e-4)


@given(places, st.integers(-4, 4), st.integers(-4, 4), st.floats(0.85, 1.15))
@settings(deadline=None, max_examples=40)
def test_moved_and_scaled(place: tuple[int, int, int, int], right: int, down: int, scale: float) -> None:
    image, box = marked(*place)
    image, boxes = moved(image, as_boxes(box, SIDE), (right, down), scale)
    assert boxes is not None
    assert plain(boxes, SIDE).numpy() == pytest.approx(found(image), abs=1.6 / SIDE)


@given(places, st.integers(0, 2**31))
@settings(deadline=None, max_examples=40)
def test_everything_together(place: tuple[int, int, int, int], seed: int) -> None:
    image, box = marked(*place)
    changed, moved_box = augment_set(image, box, torch.Generator().manual_seed(seed))
    assert moved_box is not None
    bright = (changed[0, 1] > changed[0, 1].max() * 0.9).numpy()
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    assert moved_box.numpy() * SIDE == pytest.approx([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], abs=2.5)


def test_the_candidates_of_a_set_change_alike() -> None:
    images = torch.rand(1, 3, SIDE, SIDE).repeat(3, 1, 1, 1)
    changed, box = augment_set(images, None, torch.Generator().manual_seed(5))
    assert box is None
    assert torch.equal(changed[0], changed[1])
    assert torch.equal(changed[0], changed[2])


def test_the_same_seed_gives_the_same_change() -> None:
    images, box = marked(20, 20, 10, 16)
    one, two = (augment_set(images, box, torch.Generator().manual_seed(9)) for _ in range(2))
    other = augment_set(images, box, torch.Generator().manual_seed(10))
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[0], other[0])


def test_light_keeps_the_order_of_dark_and_bright() -> None:
    images = torch.stack([torch.full((3, 8, 8), value) for value in (0.3, 0.4, 0.6)])
    means = lit(images, 0.85, 1.15, 0.8).mean(dim=(1, 2, 3)).tolist()
    assert means == sorted(means)
    assert len(set(means)) == 3
