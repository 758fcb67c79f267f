"""From a file, bytes or picture to the square of pixels that the networks see."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.decode import decode
from binscout_tui.imaging.exif import read_facts, upright
from binscout_tui.imaging.modes import eight_bit, opaque
from binscout_tui.imaging.outcomes import SENTENCES, Limits, Refusal
from binscout_tui.imaging.previews import PREVIEW
from binscout_tui.imaging.reading import open_regular, read_whole
from binscout_tui.learning.items import Crop
from binscout_tui.learning.sources import Pinned

Source = Path | Pinned | bytes | Image.Image
Pixels = NDArray[np.uint8]

LIMITS = Limits()


def read_square(source: Source, crop: Crop | None, side: int) -> Pixels:
    """The picture of `source` as (side, side, 3) uint8 RGB.

    Upright, cut to `crop` (0..1 of the upright picture), the longest side scaled to `side`, and the shorter one filled
    by repeating its edge: stretching would change the shape of a part, black bars would be learned as a feature.
    Raises BinScoutError `unreadable`, and `changed` for a pinned file with other bytes.
    """
    return square(cut(read_upright(source), crop), side)


def read_upright(source: Source, *, longest: int | None = PREVIEW) -> Image.Image:
    """The upright RGB picture, at most `longest` px long when it comes from a file; raises as `read_square` does."""
    return read_sized(source, longest=longest)[0]


def read_sized(source: Source, *, longest: int | None = PREVIEW) -> tuple[Image.Image, tuple[int, int]]:
    """The same, and the (width, height) in pixels that the original has as it is stored."""
    try:
        if isinstance(source, Image.Image):
            image = upright(opaque(eight_bit(source)), read_facts(source).orientation)
            return image, image.size
        picture = decode(_content(source), LIMITS, longest=longest)
        return picture.small, picture.size
    except Refusal as refusal:
        raise unreadable(SENTENCES[refusal.code]) from refusal
    except MemoryError as error:
        raise unreadable("The picture needs more memory than there is.") from error


def _content(source: Path | Pinned | bytes) -> bytes:
    """The bytes to decode. They are read once, so that those of a pinned file are the very ones that were compared."""
    if isinstance(source, bytes):
        return source
    with open_regular(source.path if isinstance(source, Pinned) else source) as handle:
        content, _ = read_whole(handle, LIMITS.file_bytes)
    if isinstance(source, Pinned) and hashlib.sha256(content).hexdigest() != source.sha256:
        raise BinScoutError(
            "The file holds other bytes than when it was taken in.",
            hint="Restore the file, or run `binscout images check` and build the dataset again.",
            code="changed",
        )
    return content


def unreadable(reason: str) -> BinScoutError:
    """The error for a picture that gives no pixels."""
    return BinScoutError(reason, hint="Look at the file, or leave it out.", code="unreadable")


def cut(image: Image.Image, crop: Crop | None) -> Image.Image:
    """The part of `image` inside `crop`, at least one pixel; BinScoutError `unreadable` for an impossible box."""
    if crop is None:
        return image
    x1, y1, x2, y2 = crop
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise unreadable(f"The crop {crop} is not inside the picture.")
    width, height = image.size
    left, top = min(int(x1 * width), width - 1), min(int(y1 * height), height - 1)
    return image.crop((left, top, max(left + 1, round(x2 * width)), max(top + 1, round(y2 * height))))


def square(image: Image.Image, side: int) -> Pixels:
    """`image` (RGB) scaled into (side, side, 3) uint8 and centred, its edges repeated outwards."""
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    resized = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    above, left = (side - height) // 2, (side - width) // 2
    padding = ((above, side - height - above), (left, side - width - left), (0, 0))
    return np.pad(resized, padding, mode="edge")
