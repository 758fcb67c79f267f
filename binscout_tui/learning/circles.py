"""Edges on circles around the middle of a picture: which way they run, seen from the middle, and how often they come.

At each point of a circle the gradient is taken relative to the line to the middle, so that a turn of the picture only
moves it along the circle. A histogram of directions for each pair of circles, and the strengths of its first waves
around the middle, are then the same for every turn. Beside them what `rings` tells. No learning, no torch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from binscout_tui.learning.features import Features, colours, resized
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.rings import ANGLES, RINGS, SIDE, rings, sampled

DIRECTIONS = 8
WAVES = 6
TOGETHER = 2  # circles that share a histogram
BLURS = (0.7, 1.6)  # deviations in pixels: fine imprint, and outline
CHUNK = 64


def describe_circles(pixels: Pixels) -> Features:
    """(N, S, S, 3) uint8 RGB to (N, D) float32: edges, rings and the histogram of colour."""
    small = resized(pixels, SIDE)
    starts = range(0, len(small), CHUNK)
    chunks = [small[start : start + CHUNK] for start in starts]
    return np.concatenate([np.concatenate([edges(part), rings(part), colours(part)], axis=1) for part in chunks])


def edges(pixels: Pixels) -> Features:
    """(N, 128, 128, 3) uint8 RGB to (N, D) float32."""
    grey = np.asarray(pixels @ np.array([0.2125, 0.7154, 0.0721], np.float32) / 255, np.float32)
    parts = [figure for blur in BLURS for figure in _figures(_histograms(_blurred(grey, blur)))]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _figures(histograms: Features) -> tuple[Features, Features]:
    """The waves of (N, R, DIRECTIONS, ANGLES) within each pair of circles, and how strong the pairs are."""
    count = len(histograms)
    means = histograms.mean(axis=3)
    local = np.sqrt((means**2).sum(axis=2, keepdims=True))[..., None] + 1e-3
    whole = np.sqrt((means**2).sum(axis=(1, 2), keepdims=True)) + 1e-3
    waves = np.abs(np.fft.rfft(histograms / local, axis=3))[..., : WAVES + 1] / ANGLES
    return np.sqrt(waves).reshape(count, -1), np.asarray(means / whole).reshape(count, -1)


def _histograms(grey: Features) -> Features:
    """The strength of the gradient by direction, shared linearly between two, (N, R, DIRECTIONS, ANGLES)."""
    outwards, along = _seen_from_the_middle(grey)
    strength = np.hypot(outwards, along)
    place = np.arctan2(along, outwards) / (2 * np.pi) * DIRECTIONS % DIRECTIONS
    low = np.floor(place).astype(np.intp) % DIRECTIONS
    share = place - np.floor(place)
    found = [
        strength * ((low == number) * (1 - share) + ((low + 1) % DIRECTIONS == number) * share)
        for number in range(DIRECTIONS)
    ]
    stacked = np.stack(found, axis=2)
    pairs = stacked.reshape(len(grey), RINGS // TOGETHER, TOGETHER, DIRECTIONS, ANGLES)
    return np.asarray(pairs.sum(axis=2), np.float32)


def _seen_from_the_middle(grey: Features) -> tuple[Features, Features]:
    """The gradient on the circles, outwards and along them, each (N, RINGS, ANGLES)."""
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    x, y = sampled(across, RINGS, ANGLES), sampled(down, RINGS, ANGLES)
    angle = (np.arange(ANGLES) / ANGLES * 2 * np.pi).astype(np.float32)
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def _blurred(grey: Features, deviation: float) -> Features:
    """Gaussian of `deviation` pixels, mirrored at the borders."""
    reach = int(4 * deviation + 0.5)
    kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * deviation**2)).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (1, 2):
        padding = [(reach, reach) if place == axis else (0, 0) for place in range(3)]
        grey = _correlated(np.pad(grey, padding, mode="symmetric"), kernel, axis)
    return grey


def _correlated(padded: Features, kernel: NDArray[np.float32], axis: int) -> Features:
    length = padded.shape[axis] - len(kernel) + 1
    shifted = (padded.take(range(place, place + length), axis=axis) for place in range(len(kernel)))
    return np.asarray(sum(part * weight for part, weight in zip(shifted, kernel, strict=True)), np.float32)
