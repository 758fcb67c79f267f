"""Any Pillow mode to 8-bit RGB that looks right: wide samples scaled, transparency over mid grey."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BACKDROP = (128, 128, 128)
_WIDE_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_FULL_SCALES = (255, 4095, 65535)  # 8, 12 and 16 bits


def to_rgb(image: Image.Image) -> Image.Image:
    """`image` as RGB, its pixels in the same places."""
    return opaque(eight_bit(image))


def eight_bit(image: Image.Image) -> Image.Image:
    """`image` in a mode with 8 bits a channel that can be resized: L, LA, RGB, RGBA or CMYK.

    Wide integer samples are scaled by the narrowest of 8, 12 and 16 bits that holds them all (a camera's 12 bits
    in 16-bit words would come out black otherwise); wider integers and floats are stretched from min to max.
    """
    if image.mode in _WIDE_MODES:
        return _narrow(image)
    if image.has_transparency_data:
        return image if image.mode in {"RGBA", "LA"} else image.convert("RGBA")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def opaque(image: Image.Image) -> Image.Image:
    """An `eight_bit` picture as RGB; what was transparent becomes mid grey, on which black and white both show."""
    if image.mode not in {"RGBA", "LA"}:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    flat = Image.new("RGB", image.size, BACKDROP)
    flat.paste(layer, mask=layer.getchannel("A"))
    return flat


def _narrow(image: Image.Image) -> Image.Image:
    samples = np.asarray(image)
    grey = Image.fromarray(_scaled(samples))
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey.putalpha(Image.fromarray(np.where(samples == transparent, 0, 255).astype(np.uint8)))
    return grey


def _scaled(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """(H, W) numbers as 0..255. Row by row where memory counts: such pictures can have 100 megapixels."""
    low, high = _extent(samples)
    if samples.dtype.kind in "iu" and low >= 0 and high <= _FULL_SCALES[-1]:
        low, high = 0.0, float(next(scale for scale in _FULL_SCALES if high <= scale))
    grey = np.zeros(samples.shape, dtype=np.uint8)
    if high > low:
        for source, target in zip(samples, grey, strict=True):
            row = np.nan_to_num(source.astype(np.float64), nan=low, posinf=high, neginf=low)
            target[:] = np.rint((row - low) * (255.0 / (high - low)))
    return grey


def _extent(samples: NDArray[np.generic]) -> tuple[float, float]:
    """The smallest and the largest finite number; (0, 0) without one."""
    if samples.dtype.kind in "iu":
        return float(samples.min()), float(samples.max())
    extents = [(float(row.min()), float(row.max())) for row in (row[np.isfinite(row)] for row in samples) if row.size]
    return min((low for low, _ in extents), default=0.0), max((high for _, high in extents), default=0.0)
