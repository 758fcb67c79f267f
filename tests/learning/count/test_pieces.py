"""Pieces of training pictures: what is known moves along, and the same seed gives the same piece."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui.learning.count.augment import (
    Piece,
    change_light,
    cut_piece,
    draw_piece,
    made_up_surface,
    on_other_ground,
)


@given(st.floats(0, 6.3), st.floats(0.75, 1.3), st.booleans(), st.floats(20, 60), st.floats(20, 40))
@settings(max_examples=30, deadline=None)
def test_a_spot_is_where_its_point_is(turn: float, scale: float, mirrored: bool, x: float, y: float) -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    column, row = int(x), int(y)
    picture[row - 1 : row + 2, column - 1 : column + 2] = 255
    piece = Piece((x, y), turn, scale, mirrored, 32)
    point = piece.moved(np.array([[column + 0.5, row + 0.5]]))[0]
    pixels, visible = cut_piece(picture, piece)
    light = pixels[0].numpy()
    rows, columns = np.mgrid[0:32, 0:32] + 0.5
    assert (light * columns).sum() / light.sum() == pytest.approx(point[0], abs=0.3)
    assert (light * rows).sum() / light.sum() == pytest.approx(point[1], abs=0.3)
    assert visible.any()


def test_what_is_beside_the_picture_is_not_visible() -> None:
    _, visible = cut_piece(np.zeros((64, 64, 3), np.uint8), Piece((0.0, 32.0), 0.0, 1.0, False, 64))
    assert not visible[:, :8].any()
    assert visible[:, 8:].all()


def test_pieces_follow_from_the_seed() -> None:
    points = np.array([[5.0, 6.0]])

    def draws(seed: int) -> list[Piece]:
        generator = torch.Generator().manual_seed(seed)
        return [draw_piece((60, 80), points, 32, generator) for _ in range(5)]

    assert draws(1) == draws(1) != draws(2)


def test_other_ground_keeps_the_things_alone() -> None:
    pixels = torch.full((3, 64, 64), 0.5)
    changed = on_other_ground(pixels, np.array([[32.0, 32.0]]), np.array([20.0]), torch.Generator().manual_seed(0))
    assert torch.equal(changed[:, 30:34, 30:34], pixels[:, 30:34, 30:34])
    assert not torch.isclose(changed[:, :16], pixels[:, :16]).all()


def test_light_stays_within_bounds_and_differs() -> None:
    images = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    changed = change_light(images, 1.0, torch.Generator().manual_seed(1))
    assert 0 <= changed.min() < changed.max() <= 1
    assert torch.equal(changed, change_light(images, 1.0, torch.Generator().manual_seed(1)))
    surface = made_up_surface(32, torch.Generator().manual_seed(3))
    assert surface.shape == (3, 32, 32)
    assert surface.std() > 0
