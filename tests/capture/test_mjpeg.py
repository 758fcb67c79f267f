"""The first whole JPEG of a stream."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from binscout_tui.capture.mjpeg import FirstJpeg


def jpeg(seed: int, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    image = Image.effect_noise(size, 20 + seed).convert("RGB")
    target = BytesIO()
    image.save(target, "JPEG", **options)
    return target.getvalue()


ONE, TWO = jpeg(1), jpeg(2, progressive=True, comment=b"\xff\xd9 \xff\xd8\xff inside of a comment")
WITH_RESTARTS = jpeg(3, restart_marker_blocks=2)


def stream(*pictures: bytes, boundary: bytes = b"--frame", length: bool = True) -> bytes:
    parts = []
    for picture in pictures:
        said = b"Content-Length: %d\r\n" % len(picture) if length else b""
        parts.append(boundary + b"\r\nContent-Type: image/jpeg\r\n" + said + b"\r\n" + picture + b"\r\n")
    return b"".join(parts)


def fed(data: bytes, sizes: list[int], skip: int = 0) -> bytes | None:
    finder, position = FirstJpeg(skip), 0
    for size in [*sizes, len(data)]:
        picture = finder.feed(data[position : position + size])
        position += size
        if picture is not None:
            return picture
    return None


@pytest.mark.parametrize("picture", [ONE, TWO, WITH_RESTARTS], ids=["plain", "progressive, comment", "restarts"])
@pytest.mark.parametrize("length", [True, False])
def test_the_first_picture_comes_out_byte_for_byte(picture: bytes, length: bool) -> None:
    assert fed(stream(picture, ONE, length=length), []) == picture


@given(st.lists(st.integers(1, 700), max_size=60), st.sampled_from([ONE, TWO, WITH_RESTARTS]))
def test_how_the_stream_is_cut_into_pieces_does_not_matter(sizes: list[int], picture: bytes) -> None:
    assert fed(stream(picture, ONE), sizes) == picture


def test_pictures_are_passed_over() -> None:
    assert fed(stream(ONE, ONE, TWO, ONE), [], skip=2) == TWO


def test_a_picture_that_is_cut_off_by_the_next_one_is_passed_over() -> None:
    assert fed(stream(WITH_RESTARTS[: len(WITH_RESTARTS) * 2 // 3], ONE), []) == ONE
    assert fed(stream(ONE[:50], WITH_RESTARTS), []) in (WITH_RESTARTS, None)


@given(st.integers(1, len(ONE) - 1))
def test_half_a_picture_is_none(cut: int) -> None:
    assert fed(b"--frame\r\n\r\n" + ONE[:cut], []) is None


@given(st.binary(max_size=3000))
def test_anything_may_come(data: bytes) -> None:
    finder = FirstJpeg()
    picture = finder.feed(data)
    assert picture is None or (picture.startswith(b"\xff\xd8\xff") and picture.endswith(b"\xff\xd9"))
    assert finder.held <= len(data)


def test_what_is_no_picture_is_not_kept() -> None:
    finder = FirstJpeg()
    for _ in range(100):
        assert finder.feed(b"not a picture" * 1000) is None
    assert finder.held < 10
