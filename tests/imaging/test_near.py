"""Earlier photos that look the same: never two that differ by one screw."""

from __future__ import annotations

import csv
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pictures import photo
from PIL import Image, ImageDraw

from binscout_tui.imaging.hashes import perceptual_hash
from binscout_tui.imaging.near import RADIUS, HashIndex, same_picture
from binscout_tui.imaging.outcomes import Decoded
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.previews import PREVIEW, preview_path

BITS64 = st.integers(0, 2**64 - 1)


@given(st.lists(BITS64, max_size=60), BITS64, st.integers(0, 10), st.integers(1, 5))
def test_candidates_are_the_newest_within_the_radius(hashes: list[int], wanted: int, radius: int, most: int) -> None:
    index = HashIndex()
    index.append([], [])
    for number, one in enumerate(hashes):
        index.append([number * 3 + 1], [one])
    near = [n * 3 + 1 for n, one in enumerate(hashes) if (one ^ wanted).bit_count() <= radius]
    assert index.candidates(wanted, radius=radius, most=most) == near[::-1][:most]
    assert len(index) == len(hashes)


def test_the_index_grows_and_refuses_disorder() -> None:
    index = HashIndex()
    assert (index.last, index.candidates(5)) == (0, [])
    index.append(range(1, 5001), [number << 8 for number in range(5000)])
    index.append([6000], [2**64 - 1])
    assert index.last == 6000
    assert index.candidates(2**64 - 1) == [6000]
    for wrong in ([6000], [7000, 7000], [7001, 7000]):
        with pytest.raises(ValueError, match="ascend"):
            index.append(wrong, [0] * len(wrong))


def saved(image: Image.Image, path: Path, quality: int = 90) -> Path:
    image.save(path, "JPEG", quality=quality)
    return path


def reshot(image: Image.Image, light: float, noise: float) -> Image.Image:
    """The same scene once more: other light, other noise of the sensor."""
    pixels = np.asarray(image, dtype=np.float64) * light
    pixels += np.random.default_rng(7).normal(0, noise, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(("light", "noise", "quality"), [(1, 0, 40), (0.8, 0, 90), (1, 4, 85), (0.85, 3, 60)])
def test_light_noise_and_compression_do_not_matter(tmp_path: Path, light: float, noise: float, quality: int) -> None:
    first = photo(1024, 768)
    again = reshot(first, light, noise)
    assert same_picture(saved(first, tmp_path / "1.jpg"), saved(again, tmp_path / "2.jpg", quality))


def test_one_screw_less_is_another_photo(tmp_path: Path) -> None:
    """The hashes of a plate with 99 and with 100 screws are near, and still they are never called the same."""
    full = photo(1024, 768)
    draw = ImageDraw.Draw(full)
    for row in range(8):
        for column in range(12):
            draw.ellipse((40 + column * 80, 40 + row * 88, 62 + column * 80, 62 + row * 88), fill=(190, 190, 180))
    lacking = full.copy()
    gone = (40 + 5 * 80, 40 + 3 * 88, 63 + 5 * 80, 63 + 3 * 88)
    lacking.paste(photo(1024, 768).crop(gone), gone)
    assert (perceptual_hash(full) ^ perceptual_hash(lacking)).bit_count() <= RADIUS, "the hash alone would say so"
    assert not same_picture(saved(full, tmp_path / "100.jpg"), saved(lacking, tmp_path / "99.jpg"))


def test_other_shape_or_content_is_another_photo(tmp_path: Path) -> None:
    one = saved(photo(800, 600), tmp_path / "1.jpg")
    assert not same_picture(one, saved(photo(800, 600).transpose(Image.Transpose.ROTATE_90), tmp_path / "2.jpg"))
    assert not same_picture(one, saved(photo(800, 600).transpose(Image.Transpose.FLIP_LEFT_RIGHT), tmp_path / "3.jpg"))
    flat = saved(Image.new("RGB", (800, 600), (90, 90, 90)), tmp_path / "4.jpg")
    assert not same_picture(one, flat)
    assert not same_picture(flat, one)
    assert same_picture(flat, flat)


def test_a_missing_or_broken_preview_is_said(tmp_path: Path) -> None:
    one = saved(photo(80, 60), tmp_path / "1.jpg")
    with pytest.raises(OSError):
        same_picture(one, tmp_path / "none.jpg")
    (tmp_path / "broken.jpg").write_bytes(BytesIO(one.read_bytes()).read(300))
    with pytest.raises(OSError):
        same_picture(one, tmp_path / "broken.jpg")


def test_on_real_photos_copies_are_found_and_nothing_else_is(real_photos: Path, tmp_path: Path) -> None:
    folder = real_photos / "dups"
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    with DecodePool(tmp_path, workers=2) as pool:
        decoded = [one for one in pool.run(folder / row["path"] for row in rows) if isinstance(one, Decoded)]
    assert len(decoded) == len(rows)
    found, missed = set(), 0
    for i, one in enumerate(decoded):
        for j in range(i):
            other = decoded[j]
            if (one.phash ^ other.phash).bit_count() <= RADIUS and same_picture(
                preview_path(tmp_path, one.sha256, PREVIEW), preview_path(tmp_path, other.sha256, PREVIEW)
            ):
                found.add((i, j))
                assert rows[i]["cluster"] == rows[j]["cluster"], (rows[i]["path"], rows[j]["path"])
            elif {rows[i]["relation"], rows[j]["relation"]} in ({"base", "recompressed"}, {"base", "exif_only"}):
                missed += rows[i]["cluster"] == rows[j]["cluster"]
    assert len(found) > 30
    assert missed <= 1, "copies in other words are found"
