"""Ring features: the same for a turned picture, another for another size or colour."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.rings import COLOURS, SIDE, WIDTH, describe_parts, rings


def part(radius: int = 40, ink: tuple[int, int, int] = (200, 120, 40), turn: float = 0) -> Pixels:
    """A disc with a bar across it on a grey floor, (128, 128, 3)."""
    image = Image.new("RGB", (SIDE, SIDE), (90, 90, 90))
    draw = ImageDraw.Draw(image)
    middle = (SIDE - 1) / 2
    draw.ellipse((middle - radius, middle - radius, middle + radius, middle + radius), fill=ink)
    draw.rectangle((middle - radius, middle - 6, middle + radius / 2, middle + 6), fill=(20, 20, 60))
    turned = image.rotate(turn, Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))
    return np.asarray(turned)


def distance(first: Pixels, second: Pixels) -> float:
    one, other = rings(np.stack([first, second]))
    return float(np.linalg.norm(one - other))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_quarter_turns_change_nothing(turn: int) -> None:
    assert distance(part(), np.rot90(part(), turn // 90)) < 0.01


@pytest.mark.parametrize("turn", [33, 151])
def test_a_turn_changes_little_beside_a_size(turn: float) -> None:
    assert distance(part(), part(radius=32)) > 4 * distance(part(), part(turn=turn))


def test_a_colour_changes_them() -> None:
    assert distance(part(), part(ink=(120, 200, 40))) > 1


def test_every_size_of_square_gives_one_row_of_numbers() -> None:
    random = np.random.default_rng(0)
    found = describe_parts(random.integers(0, 256, (3, 60, 60, 3), dtype=np.uint8))
    assert found.shape == (3, WIDTH + COLOURS)
    assert found.dtype == np.float32
    flat = describe_parts(np.zeros((1, SIDE, SIDE, 3), np.uint8))
    assert np.isfinite(flat).all()
