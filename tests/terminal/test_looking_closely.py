"""Parts of pictures: exactly what is asked for, smooth or as squares, from the file or from all its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.terminal import sixel
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.overlay import AMBER, Box, Point
from binscout_tui.terminal.payload import Quality, Request, encode, scale
from binscout_tui.terminal.scale import Detail, Fit, PictureError, coarser
from binscout_tui.terminal.view import View

WIDTH, HEIGHT = 200, 150
CELLS = (40, 15)


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    """Red grows with x, green with y, one step a pixel."""
    path = tmp_path / "ramp.png"
    Image.fromarray(ramp_pixels()).save(path)
    return path


def ramp_pixels() -> NDArray[np.uint8]:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([x, y, np.zeros_like(x)], axis=2).astype(np.uint8)


@pytest.fixture
def detail(tmp_path: Path) -> Detail:
    path = tmp_path / "ramp.raw"
    path.write_bytes(ramp_pixels().tobytes())
    return Detail(path, WIDTH, HEIGHT)


def asked(path: Path, view: View, protocol: Protocol = Protocol.KITTY, **more: object) -> Request:
    return Request(path, *CELLS, 10, 20, protocol, view=view, **more)  # type: ignore[arg-type]


def pixels_of(request: Request) -> NDArray[np.float64]:
    """(h, w, 3): what is scaled for the request, without boxes."""
    return np.asarray(scale(request).image, dtype=float)


@pytest.mark.parametrize("from_detail", [False, True])
@given(zoom=st.floats(1.0, 5.0), x=st.floats(0, 1), y=st.floats(0, 1))
def test_every_dot_shows_its_place_of_the_picture(
    tmp_path_factory: pytest.TempPathFactory, from_detail: bool, zoom: float, x: float, y: float
) -> None:
    folder = tmp_path_factory.getbasetemp()
    path, raw = folder / "shared-ramp.png", folder / "shared-ramp.raw"
    if not raw.exists():
        Image.fromarray(ramp_pixels()).save(path)
        raw.write_bytes(ramp_pixels().tobytes())
        Image.fromarray(ramp_pixels()).resize((50, 38)).save(folder / "small.png")
    request = asked(path, View(zoom, x, y).settled((WIDTH, HEIGHT), (400, 300)))
    if from_detail:
        request = asked(folder / "small.png", request.view, detail=Detail(raw, WIDTH, HEIGHT))
    found = pixels_of(request)
    left, top, right, bottom = request.view.region((WIDTH, HEIGHT), request.room)
    across = (np.arange(found.shape[1]) + 0.5) / found.shape[1] * (right - left) + left
    down = (np.arange(found.shape[0]) + 0.5) / found.shape[0] * (bottom - top) + top
    off = 1.01 if not from_detail else 1.2
    middle = (slice(8, -8), slice(8, -8))
    assert np.abs(found[..., 0] - (across * WIDTH - 0.5))[middle].max() <= off
    assert np.abs(found[..., 1] - (down * HEIGHT - 0.5)[:, None])[middle].max() <= off


def test_real_pixels_are_squares_when_one_looks_closely_and_smooth_before(ramp: Path, detail: Detail) -> None:
    close = View(zoom=4, x=0.5, y=0.5)
    squares = pixels_of(asked(ramp, close, detail=detail))
    row = squares[100, :, 0]
    assert set(np.diff(np.flatnonzero(np.diff(row)))) == {8}
    assert squares[100, 0, 0] == 75
    assert len(np.unique(pixels_of(asked(ramp, View(zoom=1.5), detail=detail))[100, :, 0])) > 100
    smooth = asked(ramp, close)
    assert np.diff(np.flatnonzero(np.diff(pixels_of(smooth)[100, :, 0]))).max() <= 8
    noisy = np.random.default_rng(2).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(noisy).save(ramp)
    assert len(np.unique(pixels_of(smooth)[100, :, 0])) > 60


def test_far_more_pixels_than_dots_are_read_in_steps(tmp_path: Path, ramp: Path) -> None:
    raw = tmp_path / "large.raw"
    y, x = np.mgrid[0:3000, 0:4000]
    raw.write_bytes(np.stack([x // 16, y // 12, x * 0], axis=2).astype(np.uint8).tobytes())
    request = asked(ramp, View(), detail=Detail(raw, 4000, 3000))
    found = pixels_of(request)
    assert found.shape == (300, 400, 3)
    across = (np.arange(400) + 0.5) * 10 / 16
    assert np.abs(found[150, 4:-4, 0] - across[4:-4]).max() < 1.5


def test_a_detail_that_is_cut_off_or_gone_is_an_error(ramp: Path, detail: Detail) -> None:
    Image.fromarray(ramp_pixels()).resize((20, 15)).save(ramp)
    request = asked(ramp, View(), detail=detail)
    assert scale(request).image.size == (400, 300)
    detail.path.write_bytes(detail.path.read_bytes()[:-1])
    for _ in range(2):
        with pytest.raises(PictureError) as caught:
            scale(request)
        assert caught.value.code == "missing"
        detail.path.unlink(missing_ok=True)


@pytest.mark.parametrize("protocol", [Protocol.KITTY, Protocol.SIXEL, Protocol.HALFBLOCK])
@pytest.mark.parametrize("quality", list(Quality))
def test_draft_and_fine_take_the_same_cells(tmp_path: Path, protocol: Protocol, quality: Quality) -> None:
    path = tmp_path / "picture.jpg"
    noisy = np.random.default_rng(3).normal(120, 25, (768, 1024, 3)).clip(0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(path, quality=90)
    request = Request(path, 110, 42, 9, 18, protocol, quality=quality, budget=100_000)
    payload = encode(scale(request), request)
    assert (payload.columns, payload.rows) == (110, 42)
    if payload.picture is not None:
        assert (len(payload.picture) < 110_000) == (quality is Quality.DRAFT)
        assert (payload.picture.unpacked_bytes == 4 * 990 * 756) == (quality is Quality.FINE)
    elif payload.sixel is not None:
        assert payload.sixel.startswith('\x1bP0;1q"1;1;990;756#')
        assert len(payload.sixel) < (150_000 if quality is Quality.DRAFT else 1_000_000)
    else:
        assert payload.size() < (490_000 if quality is Quality.DRAFT else 700_000)


def test_a_draft_of_few_pixels_is_sent_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    Image.fromarray(ramp_pixels()[:60, :80]).save(path)
    request = asked(path, View(), quality=Quality.DRAFT)
    assert scale(request).image.size == (80, 60)
    assert scale(asked(path, View())).image.size == (400, 300)


@given(st.integers(1, 900), st.integers(1, 150), st.sampled_from([1, 2, 3, 6]), st.data())
def test_a_coarser_place_covers_the_same(width: int, bands: int, dot: int, data: st.DataObject) -> None:
    left = data.draw(st.integers(0, width - 1))
    right = data.draw(st.integers(left + 1, width))
    target = coarser(Fit(5, 5, (width, bands * 6), (left, 0, right, bands * 6)), dot)
    assert target.canvas == (-(-width // dot), bands * 6 // dot)
    assert 0 <= target.area[0] < target.area[2] <= target.canvas[0]
    assert (target.area[1], target.area[3]) == (0, target.canvas[1])
    assert abs(target.area[0] * dot - left) <= max(dot, 1)


def shown_with(request: Request) -> NDArray[np.uint8]:
    """(2h, w, 3): the half blocks of a request as pixels."""
    payload = encode(scale(request), request)
    rows = payload.runs or []
    packed = [
        [[(run.top, run.bottom)[half] for run in row for _ in range(run.length)] for half in (0, 1)] for row in rows
    ]
    flat = np.array(packed).reshape(2 * len(rows), -1)
    return (flat[..., None] >> np.array([16, 8, 0]) & 255).astype(np.uint8)


@pytest.mark.parametrize("zoom", [1.0, 2.0, 4.0, 8.0])
def test_the_edges_of_a_box_are_where_they_are_at_every_zoom(tmp_path: Path, zoom: float) -> None:
    path = tmp_path / "grey.png"
    Image.new("RGB", (400, 300), (90, 90, 90)).save(path)
    box = Box(0.5, 0.5, 0.9, 0.9, dashed=False)
    view = View(zoom, 0.5, 0.5).settled((400, 300), (400, 300))
    image = shown_with(asked(path, view, Protocol.HALFBLOCK, boxes=(box,))).astype(int)
    amber = np.abs(image - AMBER).sum(axis=2) < 20
    ys, xs = np.nonzero(amber)
    left, top, right, bottom = view.region((400, 300), (400, 300))
    assert abs(xs.min() - (0.5 - left) / (right - left) * 40) <= 1
    assert abs(ys.min() - (0.5 - top) / (bottom - top) * 30) <= 1
    if zoom == 1:
        assert (xs.max(), ys.max()) == (35, 26)
    else:  # the far edges are not seen: at the edge of what is seen there are only the near ones, cut off
        assert amber[:, -1].sum() == amber[-1].sum() == 1


def test_a_point_is_drawn_where_it_is_and_not_outside(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.new("RGB", (400, 300), (90, 90, 90)).save(path)
    points = (Point(0.6, 0.5, colour=(255, 0, 0)), Point(0.1, 0.1, colour=(0, 255, 0)))
    view = View(2.0, 0.75, 0.5)
    image = shown_with(asked(path, view, Protocol.HALFBLOCK, points=points)).astype(int)
    red = np.argwhere((image[..., 0] > 150) & (image[..., 1] < 60))
    assert np.abs(red.mean(axis=0) - (14.5, 7.5)).max() <= 1
    assert not (image[..., 1] > 150).any()


@pytest.mark.parametrize("dashed", [False, True])
@pytest.mark.parametrize("dims", [False, True])
def test_a_box_far_larger_than_what_is_seen_costs_nothing(tmp_path: Path, dashed: bool, dims: bool) -> None:
    path = tmp_path / "grey.png"
    Image.new("RGB", (4000, 30), (90, 90, 90)).save(path)
    view = View(300.0, 0.5, 0.5).settled((4000, 30), (400, 300))
    inside = asked(path, view, boxes=(Box(0, 0, 1, 1, dashed=dashed, dims=dims),))
    payload = encode(scale(inside), inside)
    plain = asked(path, view)
    assert payload.picture is not None
    assert payload == encode(scale(plain), plain)


@pytest.mark.parametrize(
    ("largest", "width"), [((1000, 1000), 1000), ((1500, 1500), 1500), ((505, 9000), 500), (None, 1930)]
)
def test_a_sixel_picture_is_never_larger_than_the_terminal_shows_or_can_be_sent(
    tmp_path: Path, largest: tuple[int, int] | None, width: int
) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(ramp_pixels()).resize((640, 360)).save(path)
    request = Request(path, 200, 80, 10, 20, Protocol.SIXEL, largest_sixel=largest)
    payload = encode(scale(request), request)
    assert payload.sixel is not None
    assert payload.sixel.startswith(f'\x1bP0;1q"1;1;{width};')
    assert request.room[0] == width


def test_on_a_huge_screen_sixel_does_not_give_up(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(ramp_pixels()).resize((640, 360)).save(path)
    request = Request(path, 384, 108, 10, 20, Protocol.SIXEL, largest_sixel=None)
    assert encode(scale(request), request).sixel is not None
    assert request.room[0] * request.room[1] <= sixel.MAX_PIXELS


@pytest.mark.parametrize("limit", [400_000, 200_000])
def test_a_fine_sixel_picture_keeps_to_its_bytes(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (600, 800, 3), dtype=np.uint8)).save(path)
    request = Request(path, 100, 40, 10, 20, Protocol.SIXEL, fine_sixel=limit)
    payload = encode(scale(request), request)
    assert payload.sixel is not None
    assert len(payload.sixel) < limit
