"""PNGs that are made here are what another program reads."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from binscout_tui.terminal import png

SIDES = st.integers(1, 40)


@given(SIDES, SIDES, st.integers(0, 2**32 - 1))
def test_colours_come_back(width: int, height: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    with Image.open(BytesIO(png.of_rgb(pixels))) as image:
        assert image.format == "PNG"
        assert np.array_equal(np.asarray(image.convert("RGB")), pixels)


@given(SIDES, SIDES, st.integers(1, 256), st.integers(0, 2**32 - 1))
def test_indices_and_palette_come_back(width: int, height: int, colours: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    indices = random.integers(0, colours, (height, width), dtype=np.uint8)
    palette = random.integers(0, 256, (colours, 3), dtype=np.uint8)
    with Image.open(BytesIO(png.of_indices(indices, palette))) as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image.convert("RGB")), palette[indices])


def test_a_photo_takes_fewer_bytes_than_its_pixels() -> None:
    slope = np.add.outer(np.arange(200), np.arange(300))
    pixels = np.stack([slope % 256, slope // 2 % 256, slope // 3 % 256], axis=2).astype(np.uint8)
    assert len(png.of_rgb(pixels)) < pixels.size / 20
