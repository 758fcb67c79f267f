"""Writing all pixels of a picture in a worker process."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
from made_pictures import corners, encoded, photo, stored_as
from PIL import Image

from binscout_tui.imaging.outcomes import Code, Decoded, Limits, Rejected, Unpacked
from binscout_tui.imaging.pool import DecodePool


def pixels(made: Unpacked, target: Path) -> np.ndarray:
    return np.fromfile(target, dtype=np.uint8).reshape(made.height, made.width, 3)


def unpacked(pool: DecodePool, path: Path, content: bytes) -> tuple[Unpacked, np.ndarray]:
    path.write_bytes(content)
    target = path.with_suffix(".rgb")
    made = pool.unpack(path, target)
    assert isinstance(made, Unpacked)
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    return made, pixels(made, target)


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (1500, 1100)])
def test_every_pixel_is_there(pool: DecodePool, tmp_path: Path, size: tuple[int, int]) -> None:
    image = photo(*size)
    _, found = unpacked(pool, tmp_path / "a.png", encoded(image, "PNG"))
    assert np.array_equal(found, np.asarray(image))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright(pool: DecodePool, tmp_path: Path, orientation: int) -> None:
    image = corners()
    made, found = unpacked(pool, tmp_path / "a.png", stored_as(image, orientation, "PNG"))
    assert (made.width, made.height) == image.size
    assert np.array_equal(found, np.asarray(image))


def test_a_jpeg_is_not_scaled_down(pool: DecodePool, tmp_path: Path) -> None:
    content = encoded(photo(4000, 3000))
    made, found = unpacked(pool, tmp_path / "a.jpg", content)
    (tmp_path / "b.jpg").write_bytes(content)
    with Image.open(tmp_path / "b.jpg") as image:
        assert np.array_equal(found, np.asarray(image))
    assert (made.width, made.height) == (4000, 3000)


def test_what_is_no_picture_is_rejected_and_nothing_is_written(pool: DecodePool, tmp_path: Path) -> None:
    path, target = tmp_path / "a.jpg", tmp_path / "a.rgb"
    path.write_bytes(encoded(photo())[:3000])
    made = pool.unpack(path, target)
    assert isinstance(made, Rejected)
    assert made.code is Code.TRUNCATED
    assert [left.name for left in tmp_path.iterdir()] == ["a.jpg"]


def test_it_writes_no_more_than_it_may(tmp_path: Path) -> None:
    path, target = tmp_path / "a.png", tmp_path / "a.rgb"
    path.write_bytes(encoded(photo(640, 480), "PNG"))
    with DecodePool(None, Limits(written=640 * 480 * 3 - 1), workers=1) as pool:
        made = pool.unpack(path, target)
        assert isinstance(made, Rejected)
        assert "too large" in made.detail
        assert [left.name for left in tmp_path.iterdir()] == ["a.png"]
        path.write_bytes(encoded(photo(64, 48), "PNG"))
        assert isinstance(pool.unpack(path, target), Unpacked)


def test_limits_are_those_of_an_import(tmp_path: Path) -> None:
    path, target = tmp_path / "a.png", tmp_path / "a.rgb"
    path.write_bytes(encoded(photo(64, 48), "PNG"))
    with DecodePool(None, Limits(pixels=64 * 48 - 1), workers=1) as pool:
        made = pool.unpack(path, target)
        assert isinstance(made, Rejected)
        assert made.code is Code.TOO_MANY_PIXELS
    hostile = (sys.executable, "-P", str(Path(__file__).with_name("hostile_worker.py")))
    hanging = tmp_path / "hang.png"
    hanging.write_bytes(path.read_bytes())
    with DecodePool(None, Limits(seconds=1.0), workers=1, command=hostile) as pool:
        made = pool.unpack(hanging, target)
        assert isinstance(made, Rejected)
        assert made.code is Code.TIMEOUT
        assert isinstance(pool.unpack(path, target), Unpacked), "another worker goes on"


def test_one_pool_does_both(pool: DecodePool, tmp_path: Path) -> None:
    path, target = tmp_path / "a.png", tmp_path / "a.rgb"
    path.write_bytes(encoded(photo(64, 48), "PNG"))
    assert isinstance(pool.decode_one(path), Decoded)
    assert isinstance(pool.unpack(path, target), Unpacked)
    assert isinstance(pool.decode_one(path), Decoded)
