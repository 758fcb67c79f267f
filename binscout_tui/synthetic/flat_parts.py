"""Parts that lie flat: nuts, washers, retaining clips. Each function draws one from its measures in mm."""

from __future__ import annotations

import numpy as np

from binscout_tui.synthetic.relief import Grid, Relief, box, cover, disc, hexagon, reach, rounded_edge, smoothstep


def hex_nut(grid: Grid, *, across: float, bore: float, thickness: float) -> Relief:
    """A hexagon nut with chamfered corners, countersunk bore (`bore` is its diameter) and the first turns of thread."""
    hull = hexagon(grid.x, grid.y, across)
    radius = reach(grid.x, grid.y)
    hole = radius - np.float32(bore / 2)
    chamfer = np.maximum(radius - np.float32(across * 0.465), 0) * np.float32(0.75)
    sink = smoothstep(0.0, 0.11 * bore, hole)
    height = thickness * rounded_edge(hull, 0.05 * across) - chamfer
    height = np.where(hole < 0.11 * bore, height - (1 - sink) * np.float32(0.10 * bore), height)
    depth = np.clip(-hole / np.float32(0.12 * bore), 0, 1)
    thread = np.float32(0.42) + np.float32(0.22) * np.sin(depth * np.float32(14.0) + np.arctan2(grid.y, grid.x))
    tone = np.where(hole < 0, thread, np.float32(1))
    solid = np.maximum(hull, np.float32(0.38 * bore) - radius)
    return Relief(height.astype(np.float32), cover(solid, grid.pixel), tone.astype(np.float32))


def washer(grid: Grid, *, outer: float, bore: float, thickness: float, dish: float) -> Relief:
    """A plain washer, both sizes diameters; `dish` 0..1 says how conical the stamping left it."""
    radius = reach(grid.x, grid.y)
    ring = np.maximum(radius - np.float32(outer / 2), np.float32(bore / 2) - radius)
    cone = (radius - np.float32(bore / 2)) / np.float32((outer - bore) / 2)
    height = thickness * rounded_edge(ring, 0.22) - np.float32(dish * 0.16) * np.clip(cone, 0, 1)
    # Turned metal mirrors a lamp as two opposite bright sectors.
    turned = 1 + np.float32(0.03) * np.sin(radius * np.float32(38.0))
    turned += np.float32(0.16) * np.cos(2 * np.arctan2(grid.y, grid.x))
    return Relief(height.astype(np.float32), cover(ring, grid.pixel), turned.astype(np.float32))


def retaining_clip(grid: Grid, *, outer: float, thickness: float, mouth: float) -> Relief:
    """An E-clip: a stamped ring open on one side with three lugs inside; `mouth` is the opening in mm."""
    x, y = grid.x, grid.y
    ring = np.maximum(disc(x, y, outer / 2), np.float32(outer * 0.345) - reach(x, y))
    opening = box(x, y - np.float32(outer * 0.45), mouth / 2, outer * 0.36, 0.1 * outer)
    shape = np.maximum(ring, -opening)
    for angle in (-np.pi / 2, np.pi * 0.10, np.pi * 0.90):
        along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
        across = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))
        lug = box(along - np.float32(outer * 0.31), across, outer * 0.12, outer * 0.075, 0.03 * outer)
        shape = np.minimum(shape, lug)
    height = thickness * rounded_edge(shape, 0.20)
    return Relief(height.astype(np.float32), cover(shape, grid.pixel), np.ones_like(height, dtype=np.float32))
