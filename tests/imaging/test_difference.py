"""What differs between two pictures: known differences are found, whatever the sizes and however they lie in bands."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from binscout_tui.imaging import difference
from binscout_tui.imaging.difference import CLEAR, STRETCH, Difference, Pixels, bands, compare, reduced

SCREWS = ("Copy of lab camera/IMG_3364.jpg", "old phone backup/IMG_3378.jpg")
"""Two photos of one block with other screws in it."""


def pixels(path: Path) -> Pixels:
    """A photo, upright."""
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    """A picture with a different value at each place."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def smooth(height: int, width: int) -> Pixels:
    """A picture without sharp edges, which scales to the same at any size."""
    down, right = np.linspace(40, 200, height)[:, None], np.linspace(0, 30, width)[None, :]
    return np.stack([down + right, 220 - down + 0 * right, 100 + right + 0 * down], axis=2).astype(np.uint8)


def test_the_same_pixels_are_said_to_be_the_same() -> None:
    found = compare(noise(50, 70), noise(50, 70))
    assert found.same
    assert (found.changed, found.clear, found.largest, found.size) == (0, 0, 0, (70, 50))
    assert not any(band.any() for band in bands(noise(50, 70), noise(50, 70), found.stretch))


@pytest.mark.parametrize("band", [1, 400, 10**9], ids=["small bands", "some", "one"])
def test_a_missing_piece_is_measured_and_found(monkeypatch: pytest.MonkeyPatch, band: int) -> None:
    monkeypatch.setattr(difference, "_BAND", band)
    one = smooth(128, 256)
    other = one.copy()
    other[64:72, 128:140, 1] -= 50
    found = compare(one, other)
    assert not found.same
    assert found.changed == found.clear == pytest.approx(8 * 12 / (128 * 256))
    assert found.largest == 50
    left, top, right, bottom = found.where
    assert left <= 138 / 256 <= right + 12 / 256
    assert 64 / 128 <= top < bottom <= 72 / 128
    shown = np.concatenate(list(bands(one, other, 2.0)))
    assert shown.shape == one.shape
    assert set(np.unique(shown[64:72, 128:140, 1])) == {100}
    assert shown.sum() == 100 * 8 * 12


def test_noise_is_no_clear_difference_and_blocks_even_it_out() -> None:
    one = np.full((256, 256, 3), 120, dtype=np.uint8)
    other = one + np.random.default_rng(1).integers(-CLEAR // 2, CLEAR // 2 + 1, one.shape).astype(np.int16)
    found = compare(one, other.astype(np.uint8))
    assert found.changed > 0.9
    assert found.clear == 0
    assert found.largest < CLEAR
    assert 1 < found.stretch <= STRETCH


def test_another_size_is_brought_to_the_smaller_one_and_never_called_the_same() -> None:
    found = compare(smooth(300, 600), smooth(100, 200))
    assert (found.size, found.same, found.same_size, found.same_shape) == ((200, 100), False, False, True)
    assert found.clear == 0
    assert found.largest < 3
    assert not compare(smooth(300, 600), smooth(600, 300)).same_shape


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 90), st.integers(2, 90), st.integers(1, 4), st.integers(1, 3000))
def test_bands_of_any_height_scale_as_the_whole_does(height: int, width: int, times: int, band: int) -> None:
    large = smooth(height * times, width * times)
    whole = np.asarray(Image.fromarray(large).resize((width, height), Image.Resampling.BILINEAR))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(difference, "_BAND", band)
        found = compare(large, whole)
    # Rounding inside the scaling, no more.
    assert found.clear == 0
    assert found.largest <= 1


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 40), st.integers(1, 3000), st.data())
def test_no_single_pixel_is_lost_in_the_reduced_picture(
    height: int, width: int, longest: int, band: int, data: st.DataObject
) -> None:
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    picture[y, x] = (255, 7, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(difference, "_BAND", band)
        small = reduced(picture, longest)
    assert max(small.shape[:2]) <= longest
    assert small.max(axis=(0, 1)).tolist() == [255, 7, 0]
    step = -(-max(height, width) // longest)
    assert small[y // step, x // step].tolist() == [255, 7, 0]


def test_real_copies_differ_as_they_were_made(real_photos: Path) -> None:
    folder = real_photos / "dups"
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    bases = {row["cluster"]: row["path"] for row in rows if row["relation"] == "base"}

    def found(relation: str) -> list[Difference]:
        made = [row for row in rows if row["relation"] == relation and row["cluster"] in bases][:3]
        return [compare(pixels(folder / bases[row["cluster"]]), pixels(folder / row["path"])) for row in made]

    assert [one.same for one in [*found("exif_only"), *found("renamed_ext")]] == [True] * 6
    for one in [*found("recompressed"), *found("resized")]:
        assert not one.same
        assert (one.same_shape, one.clear < 0.1, one.largest < 25) == (True, True, True)
    screws = compare(*(pixels(folder / name) for name in SCREWS))
    assert screws.clear < 0.2
    assert screws.largest > 100
    left, top, right, bottom = screws.where
    assert right - left <= 2 / 64
    assert bottom - top <= 2 / 64 * 4 / 3
