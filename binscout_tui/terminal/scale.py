"""From a file to the pixels that fit a number of character cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from binscout_tui.errors import BinScoutError
from binscout_tui.terminal.overlay import Colour

MAX_PIXELS = 120_000_000
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


def fit(picture: tuple[int, int], cells: tuple[int, int], cell: tuple[int, int], dots: tuple[float, float]) -> Fit:
    """The largest place for a picture of `picture` pixels within `cells` (columns, rows), aspect kept.

    `cell` is the size of a cell in screen pixels, `dots` how many dots of the canvas a cell has each way
    (the same as `cell`, or (1, 2) for half blocks).
    """
    width, height = max(1, picture[0]), max(1, picture[1])
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


def _ceil(value: float) -> int:
    return -int(-(value - 1e-6) // 1)


def picture_size(path: Path) -> tuple[int, int]:
    """(width, height) of the upright picture, read from the header. Raises PictureError."""
    with _opened(path) as image:
        return _upright_size(image)


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


def place(image: Image.Image, target: Fit, background: Colour) -> Image.Image:
    """`image` scaled onto a canvas as `target` says; what it leaves free has the colour `background`."""
    left, top, right, bottom = target.area
    scaled = image.resize((right - left, bottom - top), Image.Resampling.BILINEAR, reducing_gap=2.0)
    if scaled.size == target.canvas:
        return scaled
    canvas = Image.new("RGB", target.canvas, background)
    canvas.paste(scaled, (left, top))
    return canvas


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
