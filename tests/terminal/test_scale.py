"""Decoding, fitting and drawing boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.overlay import AMBER, Box, draw_boxes
from binscout_tui.terminal.payload import Payloads, Quality, Recent, Request, scale
from binscout_tui.terminal.scale import PictureError, Seen, as_decoded, fit, open_upright, picture_size, place

sides = st.integers(1, 20_000)


@given(
    st.tuples(sides, sides), st.tuples(st.integers(1, 300), st.integers(1, 200)), st.sampled_from([(10, 20), (7, 15)])
)
def test_a_fit_lies_inside_and_touches_two_edges(
    picture: tuple[int, int], cells: tuple[int, int], cell: tuple[int, int]
) -> None:
    target = fit(picture, cells, cell, cell)
    left, top, right, bottom = target.area
    assert 1 <= target.columns <= cells[0]
    assert 1 <= target.rows <= cells[1]
    assert target.canvas == (target.columns * cell[0], target.rows * cell[1])
    assert 0 <= left < right <= target.canvas[0]
    assert 0 <= top < bottom <= target.canvas[1]
    assert right - left == cells[0] * cell[0] or bottom - top == cells[1] * cell[1]


def test_the_aspect_is_kept_also_where_half_blocks_are_not_square() -> None:
    assert fit((400, 300), (80, 40), (10, 20), (10, 20)).area == (0, 0, 800, 600)
    wide = fit((100, 100), (80, 20), (10, 20), (1, 2))
    assert (wide.columns, wide.rows) == (40, 20)
    narrow_cells = fit((100, 100), (80, 20), (8, 20), (1, 2))
    assert (narrow_cells.columns, narrow_cells.canvas) == (50, (50, 40))


@given(
    st.tuples(sides, sides), st.tuples(st.integers(1, 300), st.integers(1, 200)), st.floats(0.2, 1), st.integers(1, 10)
)
def test_a_place_for_what_is_decoded_is_the_same_place_with_other_dots(
    picture: tuple[int, int], cells: tuple[int, int], reduce: float, hundred_thousands: int
) -> None:
    target = fit(picture, cells, (10, 20), (10 * reduce, 20 * reduce))
    other = as_decoded(target, picture, 100_000 * hundred_thousands)
    assert (other.columns, other.rows) == (target.columns, target.rows)
    left, top, right, bottom = other.area
    assert 0 <= left < right <= other.canvas[0]
    assert 0 <= top < bottom <= other.canvas[1]
    if other != target:
        assert (right - left) * (bottom - top) <= 100_000 * hundred_thousands
        assert (right - left, bottom - top) in [(-(-picture[0] // by), -(-picture[1] // by)) for by in (1, 2, 4, 8)]
        assert (right - left) / other.canvas[0] == pytest.approx(
            (target.area[2] - target.area[0]) / target.canvas[0], abs=2 / (right - left)
        )


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("size", [(1024, 768), (1023, 767), (768, 1024)])
def test_a_draft_of_a_preview_is_what_the_decoder_gives(
    tmp_path: Path, size: tuple[int, int], orientation: int
) -> None:
    path = tmp_path / "preview.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.radial_gradient("L").resize(size).convert("RGB").save(path, exif=exif)
    request = Request(path, 110, 42, 10, 20, Protocol.KITTY, quality=Quality.DRAFT)
    half = tuple(-(-side // 2) for side in (size if orientation == 1 else size[::-1]))
    seen = scale(request)
    left, top, right, bottom = seen.target.area
    assert (right - left, bottom - top) == half
    wanted = open_upright(path, (half[0] - 1, half[1] - 1))
    assert wanted.size == half
    assert seen.image.crop(seen.target.area).tobytes() == wanted.tobytes()


def test_rotation_and_draft(tmp_path: Path) -> None:
    picture = Image.new("RGB", (1600, 800), (0, 0, 200))
    picture.paste((200, 0, 0), (0, 0, 800, 800))
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    picture.save(path, exif=exif)
    assert picture_size(path) == (800, 1600)
    small = open_upright(path, (100, 200))
    assert small.width * 2 == small.height
    assert small.width < 800
    top, bottom = small.getpixel((small.width // 2, 5)), small.getpixel((small.width // 2, small.height - 5))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 150 > bottom[0]


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "I;16", "I", "F", "1"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "picture.tif"
    Image.new("RGBA" if mode == "P" else mode, (6, 4)).convert(mode).save(path)
    assert open_upright(path, (6, 4)).mode == "RGB"


def test_sixteen_bit_greys_keep_their_contrast(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.linspace(1000, 9000, 64, dtype=np.uint16).reshape(8, 8)).save(path)
    low, high = open_upright(path, (8, 8)).convert("L").getextrema()
    assert (low, high) == (0, 255)


def test_damage_has_a_code_and_a_sentence(tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    Image.new("RGB", (300, 300), (9, 9, 9)).save(whole)
    cut = tmp_path / "cut.png"
    cut.write_bytes(whole.read_bytes()[:150])
    text = tmp_path / "page.jpg"
    text.write_text("<html>")
    for path, code in ((cut, "damaged"), (text, "not_a_picture"), (tmp_path / "absent.png", "missing")):
        with pytest.raises(PictureError) as caught:
            open_upright(path, (100, 100))
        assert caught.value.code == code
        assert caught.value.sentence


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (13_000, 12_000)).save(path)
    with pytest.raises(PictureError) as caught:
        open_upright(path, (100, 100))
    assert caught.value.code == "too_large"


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
def test_hostile_files_give_a_picture_or_an_error(real_photos: Path) -> None:
    outcomes = [outcome_of(path) for path in sorted((real_photos / "odd" / "files").iterdir())]
    assert set(outcomes) <= {"RGB", "damaged", "not_a_picture", "too_large"}
    assert outcomes.count("RGB") > 20


def outcome_of(path: Path) -> str:
    """The mode of the picture, or the code of the error."""
    try:
        return open_upright(path, (160, 120)).mode
    except PictureError as error:
        return error.code


@pytest.mark.parametrize("dots", [2, 20])
def test_a_box_is_drawn_where_it_belongs(dots: int) -> None:
    image = Image.new("RGB", (100, 80), (90, 90, 90))
    draw_boxes(image, [Box(0.25, 0.25, 0.75, 0.75)], (0, 0, 100, 80), dots=dots)
    pixels = np.asarray(image)
    changed = (pixels != 90).any(axis=2)
    ys, xs = np.nonzero(changed)
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (25, 74, 20, 59)
    edge = pixels[20, 25:75]
    assert (edge == AMBER).all(axis=1).any()
    assert (edge == 0).all(axis=1).any()
    assert not changed[30:50, 35:65].any()


def test_a_box_may_cover_everything_or_one_pixel() -> None:
    image = Image.new("RGB", (10, 10))
    draw_boxes(image, [Box(0, 0, 1, 1), Box(0.999, 0.999, 1, 1, dashed=False)], (0, 0, 10, 10), dots=2)
    assert image.getpixel((0, 0)) == AMBER


def test_what_is_left_free_has_the_background(tmp_path: Path) -> None:
    target = fit((100, 55), (10, 10), (10, 20), (10, 20))
    seen = Seen(Image.new("RGB", (100, 55), (255, 255, 255)), (0, 0, 100, 55), (0, 0, 1, 1), target)
    canvas = place(seen, (1, 2, 3))
    assert canvas.size == (100, 60)
    assert canvas.getpixel((50, 0)) == (1, 2, 3)
    assert canvas.getpixel((50, 30)) == (255, 255, 255)


def test_the_memory_is_bounded_and_drops_the_oldest() -> None:
    recent: Recent[str, bytes] = Recent(30, len)
    for name in "abc":
        recent.put(name, b"0123456789")
    assert recent.get("a") is not None
    recent.put("d", b"0123456789")
    assert recent.get("b") is None
    assert all(recent.get(name) for name in "acd")


def test_a_moving_box_decodes_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.new("RGB", (64, 64), (250, 250, 250)).save(path)
    payloads = Payloads()
    request = Request(path, 16, 8, 10, 20, Protocol.HALFBLOCK)
    plain = payloads.make(request)
    path.unlink()
    boxed = payloads.make(Request(path, 16, 8, 10, 20, Protocol.HALFBLOCK, boxes=(Box(0, 0, 0.5, 0.5),)))
    assert plain is not None
    assert boxed is not None
    assert list(boxed.runs or ()) != list(plain.runs or ())
    assert payloads.ready(request) is plain
    payloads.forget(path)
    assert payloads.ready(request) is None
    with pytest.raises(PictureError):
        payloads.make(request)


def test_unwanted_work_stops(tmp_path: Path) -> None:
    assert Payloads().make(Request(tmp_path / "x", 1, 1, 1, 1, Protocol.SIXEL), wanted=lambda: False) is None


@pytest.mark.parametrize("rows", [1, 3, 7, 24])
def test_sixel_never_reaches_below_its_cells(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "picture.png"
    Image.new("RGB", (100, 100), (250, 250, 250)).save(path)
    payload = Payloads().make(Request(path, 80, rows, 8, 17, Protocol.SIXEL))
    assert payload is not None
    assert payload.sixel is not None
    height = int(payload.sixel.split('"')[1].split(";")[3].split("#")[0])
    assert height % 6 == 0
    assert rows * 17 - 6 < height <= rows * 17


def test_a_box_that_dims_darkens_only_the_picture_outside_it() -> None:
    canvas = Image.new("RGB", (60, 40), (200, 200, 200))
    draw_boxes(canvas, [Box(0.25, 0.25, 0.75, 0.75, dims=True)], (10, 0, 50, 40), dots=2)
    assert canvas.getpixel((5, 5)) == (200, 200, 200)
    assert canvas.getpixel((30, 20)) == (200, 200, 200)
    outside = canvas.getpixel((12, 2))
    assert isinstance(outside, tuple)
    assert max(outside) < 100
