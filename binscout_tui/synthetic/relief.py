"""Distances and heights: the small geometry from which every part is built.

All lengths are millimetres. A distance is negative inside a shape and positive outside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """Where each pixel of a patch lies in the part's own frame: `x`, `y` (H, W) float32 in mm, `pixel` mm a pixel."""

    x: Plane
    y: Plane
    pixel: float


@dataclass(frozen=True)
class Relief:
    """A part seen from above, all (H, W) float32: `height` mm, `cover` 0..1 of each pixel, `tone` darkens the metal."""

    height: Plane
    cover: Plane
    tone: Plane


def make_grid(half: int, pixel: float, angle: float, shift: tuple[float, float] = (0.0, 0.0)) -> Grid:
    """A square patch of `2 * half` pixels around a part turned by `angle` radians; `shift` in pixels is below one."""
    steps = np.arange(-half, half, dtype=np.float32) + np.float32(0.5)
    column = (steps[None, :] - np.float32(shift[0])) * np.float32(pixel)
    row = (steps[:, None] - np.float32(shift[1])) * np.float32(pixel)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return Grid(column * cos + row * sin, row * cos - column * sin, pixel)


def smoothstep(low: float, high: float, value: Plane) -> Plane:
    """0 below `low`, 1 above `high`, smooth between."""
    t: Plane = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def cover(distance: Plane, pixel: float) -> Plane:
    """The share of each pixel inside a shape, from the distance to its edge."""
    share: Plane = np.clip(np.float32(0.5) - distance / np.float32(pixel), 0, 1)
    return share


def rounded_edge(distance: Plane, width: float) -> Plane:
    """Height 0..1 of a quarter-round edge: 0 on the edge, 1 from `width` mm inside."""
    t: Plane = 1 - np.clip(-distance / np.float32(width), 0, 1)
    height: Plane = np.sqrt(1 - t * t)
    return height


def reach(x: Plane, y: Plane) -> Plane:
    """Distance from the origin; several times faster than `np.hypot`, whose care for overflow is not needed here."""
    return np.sqrt(x * x + y * y)


def gradient(plane: Plane, pixel: float) -> tuple[Plane, Plane]:
    """How fast a plane rises per mm, down its rows and along its columns."""
    down: Plane = np.gradient(plane, np.float32(pixel), axis=0)
    along: Plane = np.gradient(plane, np.float32(pixel), axis=1)
    return down, along


def disc(x: Plane, y: Plane, radius: float) -> Plane:
    """Distance to a circle around the origin."""
    return reach(x, y) - np.float32(radius)


def box(x: Plane, y: Plane, half_width: float, half_height: float, corner: float = 0.0) -> Plane:
    """Distance to a rectangle around the origin with rounded corners."""
    dx = np.abs(x) - np.float32(half_width - corner)
    dy = np.abs(y) - np.float32(half_height - corner)
    outside = reach(np.maximum(dx, 0), np.maximum(dy, 0))
    return outside + np.minimum(np.maximum(dx, dy), 0) - np.float32(corner)


def hexagon(x: Plane, y: Plane, across_flats: float) -> Plane:
    """Distance to a regular hexagon around the origin (exact inside, a close bound outside)."""
    ax, ay = np.abs(x), np.abs(y)
    return np.maximum(ax * np.float32(0.8660254) + ay * np.float32(0.5), ay) - np.float32(across_flats / 2)


def revolved(radius: Plane, y: Plane, pixel: float) -> tuple[Plane, Plane]:
    """Height and cover of a turned body lying on its side: `radius` mm at each pixel's x, axis along y = 0.

    Where the radius is not positive there is nothing.
    """
    inside = np.maximum(radius * radius - y * y, 0)
    rows, columns = gradient(radius, pixel)
    steep = np.sqrt(1 + np.minimum(rows * rows + columns * columns, 4))
    edge = np.clip(np.float32(0.5) + (radius - np.abs(y)) / (np.float32(pixel) * steep), 0, 1)
    return np.sqrt(inside), np.where(radius > 0, edge, np.float32(0))
