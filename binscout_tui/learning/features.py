"""Classical descriptors of a picture: oriented gradients and a histogram of colour. No learning, no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.learning.pixels import Pixels

SIDE = 96  # pixels; descriptors are always taken at this size
CELL = 16
BINS = 9
COLOUR_BINS = (8, 4, 4)

Features = NDArray[np.float32]


def describe_pictures(pixels: Pixels) -> Features:
    """(N, S, S, 3) uint8 RGB to (N, D) float32."""
    small = resized(pixels, SIDE)
    return np.concatenate([oriented_gradients(small), colours(small)], axis=1)


def resized(pixels: Pixels, side: int) -> Pixels:
    """(N, S, S, 3) uint8 to (N, side, side, 3), each pixel the mean of what it covers."""
    if pixels.shape[1] == side:
        return pixels
    size, box = (side, side), Image.Resampling.BOX
    return np.stack([np.asarray(Image.fromarray(picture).resize(size, box)) for picture in pixels])


def oriented_gradients(pixels: Pixels) -> Features:
    """HOG (Dalal and Triggs 2005): 9 unsigned orientations in cells of 16 pixels, blocks of 2 x 2 cells, L2-Hys."""
    grey = pixels.astype(np.float32) @ np.array([0.2125, 0.7154, 0.0721], np.float32) / 255
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    strength = np.hypot(across, down)
    angle = np.floor(np.arctan2(down, across) / np.pi * BINS).astype(int) % BINS
    cells = np.stack([_cell_sums(strength * (angle == index)) for index in range(BINS)], axis=-1)
    corners = [cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:]]
    blocks = np.concatenate(corners, axis=-1)
    blocks = np.minimum(_unit(blocks), 0.2)
    return _unit(blocks).reshape(len(pixels), -1).astype(np.float32)


def _cell_sums(values: NDArray[np.float32]) -> NDArray[np.float32]:
    count, side, _ = values.shape
    cells = side // CELL
    return np.asarray(values.reshape(count, cells, CELL, cells, CELL).sum(axis=(2, 4)))


def _unit(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + 1e-10))


def colours(pixels: Pixels) -> Features:
    """Square roots of a joint histogram of hue, saturation and value (8 x 4 x 4)."""
    return np.stack([_colour_histogram(picture) for picture in pixels])


def _colour_histogram(picture: Pixels) -> Features:
    hsv = np.asarray(Image.fromarray(picture).convert("HSV")).reshape(-1, 3).astype(int)
    hue, saturation, value = (hsv[:, axis] * COLOUR_BINS[axis] // 256 for axis in range(3))
    place = (hue * COLOUR_BINS[1] + saturation) * COLOUR_BINS[2] + value
    counts = np.bincount(place, minlength=int(np.prod(COLOUR_BINS)))
    return np.sqrt(counts / len(hsv)).astype(np.float32)
