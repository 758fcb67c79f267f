"""From files to tensors: upright, uncut, and the size of a part kept."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.augment import augment, views
from binscout_tui.learning.features import describe_pictures
from binscout_tui.learning.pixels import read_square

RED, BLUE = (220, 20, 20), (20, 20, 220)


def halves(width: int = 40, height: int = 20) -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def encoded(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def test_the_longest_side_fits_and_edges_are_repeated() -> None:
    pixels = read_square(halves(), None, 32)
    assert pixels.shape == (32, 32, 3)
    assert tuple(pixels[0, 2]) == RED
    assert tuple(pixels[31, 29]) == BLUE


def test_exif_orientation_is_applied_before_the_crop() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise: red on top
    source = encoded(halves(), format="PNG", exif=exif)
    pixels = read_square(source, (0.0, 0.0, 1.0, 0.5), 16)
    assert np.abs(pixels.astype(int) - RED).max() < 10


def test_bytes_files_and_pictures_are_the_same(tmp_path: Path) -> None:
    data = encoded(halves(), format="PNG")
    (tmp_path / "a.png").write_bytes(data)
    wanted = read_square(halves(), None, 24)
    assert np.array_equal(read_square(data, None, 24), wanted)
    assert np.array_equal(read_square(tmp_path / "a.png", None, 24), wanted)


@pytest.mark.parametrize("crop", [(0.5, 0, 0.5, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.1), (0.9, 0, 0.1, 1)])
def test_an_impossible_crop_is_refused(crop: tuple[float, float, float, float]) -> None:
    with pytest.raises(BinScoutError, match="not inside"):
        read_square(halves(), crop, 16)


@pytest.mark.parametrize("data", [b"", b"no picture", encoded(halves(), format="JPEG")[:200]])
def test_bad_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BinScoutError) as caught:
        read_square(data, None, 16)
    assert caught.value.code == "unreadable"


def test_a_tiny_crop_still_has_a_pixel() -> None:
    assert read_square(halves(), (0.999, 0.999, 1.0, 1.0), 8).shape == (8, 8, 3)


def disc(side: int = 64) -> torch.Tensor:
    """A white disc of a third of the picture on black, (1, 3, side, side) uint8."""
    across = torch.arange(side) - side / 2 + 0.5
    inside = across.view(-1, 1) ** 2 + across.view(1, -1) ** 2 < (side / 4) ** 2
    return (inside * 255).to(torch.uint8).expand(1, 3, side, side)


def test_views_turn_and_nothing_else() -> None:
    plain, quarter, half, _ = views(disc(), 64, 4)
    assert torch.allclose(plain, quarter, atol=1e-3)
    assert torch.allclose(plain, half, atol=1e-3)


def test_augmentation_keeps_the_size_of_a_part() -> None:
    generator = torch.Generator().manual_seed(0)
    batch = disc().repeat(200, 1, 1, 1)
    changed = augment(batch, 64, 0.0, generator)
    areas = (changed.mean(1) > 0.5).float().mean((1, 2)).sort().values[20:180]
    wanted = float((views(disc(), 64, 1)[0].mean(1) > 0.5).float().mean())
    assert float(areas.min()) > wanted * 0.75
    assert float(areas.max()) < wanted * 1.25


def test_augmentation_follows_its_generator_and_stays_in_range() -> None:
    batch = disc().repeat(8, 1, 1, 1)
    one, same, other = (augment(batch, 32, 1.0, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert float(one.min()) >= 0
    assert float(one.max()) <= 1


def test_descriptors_tell_stripes_and_colours() -> None:
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[:, ::8] = 255
    pictures = np.stack([stripes, stripes.transpose(1, 0, 2), np.roll(stripes, 8, 1), stripes // 2])
    features = describe_pictures(pictures)
    assert features.shape == (4, 5 * 5 * 36 + 128)
    gradients = features[:, :900]
    assert np.abs(gradients[0] - gradients[1]).max() > 0.1
    assert np.allclose(gradients[0], gradients[2], atol=0.02)
    assert np.allclose(gradients[0], gradients[3], atol=0.02)
    assert np.abs(features[0, 900:] - features[3, 900:]).max() > 0.1
