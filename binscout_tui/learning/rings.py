"""What lies on circles around the middle of a picture: a description of a part that does not care how it is turned.

On each circle the mean and the spread of brightness and colour, how much changes along and across it, and the strength
of its first Fourier waves. A turn of the picture moves the values along the circles, which changes none of these. The
distance from the middle stays, because size tells an M3 from an M4. No learning, no torch.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.features import Features, colours, resized
from binscout_tui.learning.pixels import Pixels

SIDE = 128  # pixels; descriptors are always taken at this size
RINGS = 20
ANGLES = 96
WAVES = 16
COLOUR_WAVES = 8
WIDTH = RINGS * (3 * 2 + WAVES + 2 * COLOUR_WAVES) + (RINGS - 1) + RINGS
COLOURS = 128
CHUNK = 64

Corners = tuple[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]], ...]


def describe_parts(pixels: Pixels) -> Features:
    """(N, S, S, 3) uint8 RGB to (N, WIDTH + COLOURS) float32: rings, then the histogram of colour."""
    small = resized(pixels, SIDE)
    parts = [rings(small[start : start + CHUNK]) for start in range(0, len(small), CHUNK)]
    return np.concatenate([np.concatenate(parts), colours(small)], axis=1)


def rings(pixels: Pixels) -> Features:
    """(N, 128, 128, 3) uint8 RGB to (N, WIDTH) float32."""
    on_rings = [sampled(channel, RINGS, ANGLES) for channel in _channels(pixels)]
    brightness = on_rings[0]
    parts = [figure(values) for values in on_rings for figure in (_means, _spreads)]
    parts.append(np.abs(np.diff(brightness, axis=1)).mean(axis=2))
    parts.append(np.abs(brightness - np.roll(brightness, 1, axis=2)).mean(axis=2))
    parts.append(_waves(brightness, WAVES, 20))
    parts += [_waves(values, COLOUR_WAVES, 50) for values in on_rings[1:]]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _channels(pixels: Pixels) -> tuple[Features, Features, Features]:
    """Brightness, standardised in each picture, and two opponent colours (red to green, both to blue)."""
    values = pixels.astype(np.float32) / 255
    red, green, blue = values[..., 0], values[..., 1], values[..., 2]
    total = red + green + blue
    grey = total / 3
    mean, spread = grey.mean(axis=(1, 2), keepdims=True), grey.std(axis=(1, 2), keepdims=True)
    light = total + 1e-3
    brightness = np.asarray((grey - mean) / (spread + 1e-3), np.float32)
    opponents = (red - green) / light, (red + green - 2 * blue) / light
    return brightness, np.asarray(opponents[0], np.float32), np.asarray(opponents[1], np.float32)


def sampled(channel: Features, rings: int, angles: int) -> Features:
    """(N, 128, 128) to its values on circles around the middle, (N, rings, angles), bilinear."""
    return np.asarray(sum(channel[:, y, x] * weight for y, x, weight in _corners(rings, angles)))


@cache
def _corners(rings: int, angles: int) -> Corners:
    """For each point of the circles the four pixels around it and their weights."""
    radius = (np.arange(rings) + 0.5) / rings * SIDE / 2
    angle = np.arange(angles) / angles * 2 * np.pi
    middle = SIDE / 2 - 0.5
    y = np.clip(middle + radius[:, None] * np.sin(angle), 0, SIDE - 1)
    x = np.clip(middle + radius[:, None] * np.cos(angle), 0, SIDE - 1)
    top, left = np.minimum(y.astype(np.intp), SIDE - 2), np.minimum(x.astype(np.intp), SIDE - 2)
    down, right = (y - top).astype(np.float32), (x - left).astype(np.float32)
    return (
        (top, left, (1 - down) * (1 - right)),
        (top, left + 1, (1 - down) * right),
        (top + 1, left, down * (1 - right)),
        (top + 1, left + 1, down * right),
    )


def _means(values: Features) -> Features:
    return np.asarray(values.mean(axis=2))


def _spreads(values: Features) -> Features:
    return np.asarray(values.std(axis=2))


def _waves(values: Features, count: int, gain: float) -> Features:
    """Logarithms of the strengths of the first `count` waves on each circle, (N, RINGS * count)."""
    strength = np.abs(np.fft.rfft(values, axis=2))[:, :, 1 : count + 1] / ANGLES
    return np.log1p(gain * strength).reshape(len(values), -1)
