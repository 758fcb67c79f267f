"""From a file to the pixels that fit a number of character cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from binscout_tui.errors import BinScoutError
from binscout_tui.terminal.overlay import Colour
from binscout_tui.terminal.view import Region

MAX_PIXELS = 120_000_000
DOTS_TO_SEE_PIXELS = 4
"""From this many dots a pixel on, the pixels of a picture are shown as squares: they are what people look for."""
NEAR = 1.4
"""A draft may have so many times fewer dots each way when that saves scaling."""
LEAST_DECODED = 32
_ROTATED = (5, 6, 7, 8)
_ORIENTATION = 0x0112


class PictureError(BinScoutError):
    """A file that cannot be shown as a picture."""

    code = "picture"


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a picture lies on a canvas that covers whole cells.

    `columns` and `rows` are cells, `canvas` the (width, height) of the canvas in dots, `area` the
    (left, top, right, bottom) of the picture on it.
    """

    columns: int
    rows: int
    canvas: tuple[int, int]
    area: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Detail:
    """All pixels of an upright picture as raw bytes, (height, width, 3) uint8, in a file that is read in parts.

    Where it is not `plain` the picture has more than that: transparency, deeper colours, inks, further frames.
    """

    path: Path
    width: int
    height: int
    plain: bool = True


def fit(picture: tuple[float, float], cells: tuple[int, int], cell: tuple[int, int], dots: tuple[float, float]) -> Fit:
    """The largest place for a picture of `picture` pixels within `cells` (columns, rows), aspect kept.

    `cell` is the size of a cell in screen pixels, `dots` how many dots of the canvas a cell has each way
    (the same as `cell`, or (1, 2) for half blocks).
    """
    width, height = max(1e-3, picture[0]), max(1e-3, picture[1])
    scale = min(cells[0] * cell[0] / width, cells[1] * cell[1] / height)
    wide, high = width * scale / cell[0], height * scale / cell[1]
    columns = min(cells[0], max(1, _ceil(wide)))
    rows = min(cells[1], max(1, _ceil(high)))
    canvas = max(1, round(columns * dots[0])), max(1, round(rows * dots[1]))
    across = min(canvas[0], max(1, round(wide * dots[0])))
    down = min(canvas[1], max(1, round(high * dots[1])))
    left, top = (canvas[0] - across) // 2, (canvas[1] - down) // 2
    return Fit(columns, rows, canvas, (left, top, left + across, top + down))


def whole_bands(target: Fit, band: int) -> Fit:
    """`target` with a canvas whose height is a multiple of `band` dots, a few dots lower where necessary.

    Sixel paints whole bands: one that reaches below the last row makes terminals scroll.
    """
    width, height = target.canvas
    lower = max(band, height - height % band)
    if lower >= height:
        return target
    left, top, right, bottom = target.area
    area = (left, top * lower // height, right, max(1, bottom * lower // height))
    return replace(target, canvas=(width, lower), area=area)


def coarser(target: Fit, dot: int) -> Fit:
    """`target` with one dot of the canvas for `dot` x `dot` of them."""
    width, height = target.canvas
    canvas = max(1, -(-width // dot)), max(1, height // dot)
    left, top, right, bottom = (round(edge / dot) for edge in target.area)
    right, bottom = min(canvas[0], max(left + 1, right)), min(canvas[1], max(top + 1, bottom))
    return replace(target, canvas=canvas, area=(min(left, right - 1), min(top, bottom - 1), right, bottom))


def as_decoded(target: Fit, picture: tuple[float, float], most_dots: int) -> Fit:
    """`target` with as many dots as a JPEG of `picture` pixels has when it is decoded at 1, 1/2, 1/4 or 1/8.

    Then nothing is left to scale, which takes as long as decoding. Unchanged where none of them is near, or of at
    most `most_dots`.
    """
    left, top, right, bottom = target.area
    sizes = [(_ceil(picture[0] / divisor), _ceil(picture[1] / divisor)) for divisor in (1, 2, 4, 8)]
    near = [
        (width, height)
        for width, height in sizes
        if width * height <= most_dots
        and (right - left) / NEAR <= width <= NEAR * (right - left)
        and min(width, height) >= LEAST_DECODED
    ]
    if not near:
        return target
    width, height = near[0]
    across = round((target.canvas[0] - (right - left)) * width / (right - left))
    down = round((target.canvas[1] - (bottom - top)) * height / (bottom - top))
    area = across // 2, down // 2, across // 2 + width, down // 2 + height
    return replace(target, canvas=(width + across, height + down), area=area)


def _ceil(value: float) -> int:
    return -int(-(value - 1e-6) // 1)


def picture_size(path: Path) -> tuple[int, int]:
    """(width, height) of the upright picture, read from the header. Raises PictureError."""
    with _opened(path) as image:
        return _upright_size(image)


Framed = Callable[[tuple[int, int]], tuple[Region, Fit]]
"""From the size of a picture in pixels to the part of it that is seen and its place on a canvas."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Decoded pixels, the `box` (left, top, right, bottom) of them that is seen, in fractions of pixels, and where.

    `region` is the same part of the whole picture. `real` says that these are the pixels of the picture itself,
    which people want to see as pixels when they look closely.
    """

    image: Image.Image
    box: Region
    region: Region
    target: Fit
    real: bool = False


def open_region(path: Path, detail: Detail | None, framed: Framed) -> Seen:
    """The part of a picture that is seen and where it goes, decoded no larger than needed.

    `detail` is used where the file has fewer pixels than the canvas wants. Raises PictureError.
    """
    available = picture_size(path)
    size = (detail.width, detail.height) if detail is not None else available
    region, target = framed(size)
    across, down = region[2] - region[0], region[3] - region[1]
    left, top, right, bottom = target.area
    # One pixel less, so that half of an odd size is enough for half of it.
    wanted = max(1, _ceil((right - left) / across) - 1), max(1, _ceil((bottom - top) / down) - 1)
    if detail is not None and (available[0] < min(wanted[0], size[0]) or available[1] < min(wanted[1], size[1])):
        return _read_detail(detail, region, target)
    image = open_upright(path, wanted)
    return Seen(image, _scaled_by(region, image.size), region, target, real=detail is not None and size == image.size)


def _scaled_by(region: Region, size: tuple[float, float]) -> Region:
    return region[0] * size[0], region[1] * size[1], region[2] * size[0], region[3] * size[1]


def _read_detail(detail: Detail, region: Region, target: Fit) -> Seen:
    """The pixels of a region, every n-th of them where the canvas has far fewer dots."""
    try:
        pixels = np.memmap(detail.path, dtype=np.uint8, mode="r", shape=(detail.height, detail.width, 3))
    except (OSError, ValueError) as error:
        raise PictureError("the full picture is no longer there", code="missing") from error
    exact = _scaled_by(region, (detail.width, detail.height))
    # One pixel more on each side than is seen: smooth scaling looks at neighbours.
    left, top = max(0, int(exact[0]) - 1), max(0, int(exact[1]) - 1)
    right, bottom = min(detail.width, _ceil(exact[2]) + 1), min(detail.height, _ceil(exact[3]) + 1)
    step = max(1, min((right - left) // (2 * target.canvas[0]), (bottom - top) // (2 * target.canvas[1])))
    image = Image.fromarray(np.ascontiguousarray(pixels[top:bottom:step, left:right:step]))
    corners = (exact[0] - left) / step, (exact[1] - top) / step, (exact[2] - left) / step, (exact[3] - top) / step
    box = corners[0], corners[1], min(corners[2], image.width), min(corners[3], image.height)
    return Seen(image, box, region, target, real=step == 1)


def open_upright(path: Path, at_least: tuple[int, int]) -> Image.Image:
    """The picture in `path`, RGB and upright, decoded no larger than needed for `at_least` (width, height) pixels.

    Raises PictureError for what is absent, damaged, no picture, or too large to decode safely.
    """
    with _opened(path) as image:
        wanted = at_least[::-1] if _is_rotated(image) else at_least
        image.draft("RGB", wanted)
        try:
            image.load()
            upright = ImageOps.exif_transpose(image)
            return _as_rgb(upright)
        except (OSError, ValueError, TypeError, SyntaxError, IndexError, EOFError, OverflowError, MemoryError) as error:
            raise PictureError(
                f"the picture is damaged: {error}", hint="look at the original or trash it", code="damaged"
            ) from error


def place(seen: Seen, background: Colour) -> Image.Image:
    """What is seen, scaled onto its canvas; what it leaves free has the colour `background`."""
    left, top, right, bottom = seen.target.area
    scaled = _resized(seen, (right - left, bottom - top))
    if scaled.size == seen.target.canvas:
        return scaled
    canvas = Image.new("RGB", seen.target.canvas, background)
    canvas.paste(scaled, (left, top))
    return canvas


def _resized(seen: Seen, size: tuple[int, int]) -> Image.Image:
    across = size[0] / max(1e-6, seen.box[2] - seen.box[0])
    if seen.real and across >= DOTS_TO_SEE_PIXELS:
        return seen.image.resize(size, Image.Resampling.NEAREST, box=seen.box)
    return seen.image.resize(size, Image.Resampling.BILINEAR, box=seen.box, reducing_gap=2.0)


def _opened(path: Path) -> Image.Image:
    try:
        image = Image.open(path)
    except FileNotFoundError as error:
        raise PictureError("the file is not there", hint="was it moved or purged?", code="missing") from error
    except UnidentifiedImageError as error:
        raise PictureError("the file is no picture that can be read", code="not_a_picture") from error
    except Image.DecompressionBombError as error:
        raise PictureError("the picture is too large to show", code="too_large") from error
    except (OSError, ValueError, TypeError, SyntaxError, IndexError, EOFError, OverflowError) as error:
        raise PictureError(f"the file cannot be read: {error}", code="damaged") from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise PictureError(
            f"the picture is too large to show ({image.width} x {image.height} pixels)", code="too_large"
        )
    return image


def _is_rotated(image: Image.Image) -> bool:
    try:
        return image.getexif().get(_ORIENTATION) in _ROTATED
    except (OSError, ValueError, TypeError, SyntaxError, IndexError, KeyError):
        return False


def _upright_size(image: Image.Image) -> tuple[int, int]:
    return (image.height, image.width) if _is_rotated(image) else (image.width, image.height)


def _as_rgb(image: Image.Image) -> Image.Image:
    """RGB; what is transparent becomes a mid grey, 16-bit greys are brought down to 8 bits."""
    if image.mode.startswith("I") or image.mode == "F":
        low, high = image.getextrema()
        span = float(high) - float(low) or 1.0  # type: ignore[arg-type]
        return image.convert("F").point(lambda value: (value - float(low)) * (255.0 / span)).convert("L").convert("RGB")  # type: ignore[arg-type]
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        ground = Image.new("RGBA", rgba.size, (128, 128, 128, 255))
        return Image.alpha_composite(ground, rgba).convert("RGB")
    return image.convert("RGB")
