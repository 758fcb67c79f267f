"""Parts that lie on their side: screws, pins, springs, standoffs. Each function draws one from its measures in mm."""

from __future__ import annotations

import numpy as np

from binscout_tui.synthetic.relief import (
    Grid,
    Plane,
    Relief,
    cover,
    gradient,
    reach,
    revolved,
    rounded_edge,
    smoothstep,
)

HEADS = ("pan", "cap", "countersunk", "hex")


def screw(grid: Grid, *, diameter: float, length: float, head: str, pitch: float, pointed: bool) -> Relief:
    """A screw seen from the side, head to the left; `length` is without the head."""
    head_length = _head_length(diameter, head)
    start = -(length + head_length) / 2
    along = grid.x - np.float32(start)
    shaft = along - np.float32(head_length)
    radius = np.where(
        shaft < 0, _head_radius(along, diameter, head), _shaft(shaft, grid.y, diameter, length, pitch, pointed)
    )
    inside = (along > 0) & (shaft < length)
    radius = np.where(inside, radius, np.float32(0)).astype(np.float32)
    height, edge = revolved(radius, grid.y, grid.pixel)
    tone = np.where((shaft > -0.12) & (shaft < 0.10), np.float32(0.55), np.float32(1))
    if head == "cap":
        knurl = 1 + np.float32(0.22) * np.sin(np.arcsin(np.clip(grid.y / diameter, -1, 1)) * 44) * (shaft < -0.35)
        tone = (tone * knurl).astype(np.float32)
    if head == "hex":
        height = np.where(shaft < 0, np.minimum(height, np.float32(diameter * 0.72)), height)
    return Relief(height, edge, tone)


def _head_length(diameter: float, head: str) -> float:
    return diameter * {"pan": 0.62, "cap": 1.0, "countersunk": 0.55, "hex": 0.68}[head]


def _head_radius(along: Plane, diameter: float, head: str) -> Plane:
    """Radius of the head at `along` mm from its top."""
    size = _head_length(diameter, head)
    t: Plane = np.clip(along / np.float32(size), 0, 1)
    if head == "pan":
        dome: Plane = np.clip(1 - (1 - t) ** np.float32(2.4), 0, 1)
        return np.sqrt(dome) * np.float32(diameter)
    if head == "countersunk":
        lip = smoothstep(0.0, 0.08, t)
        cone: Plane = np.float32(0.98) - np.float32(0.5) * np.maximum(t - np.float32(0.16), 0)
        return cone * lip * np.float32(diameter)
    corner = np.minimum(t, 1 - t) * np.float32(size)
    return np.float32(diameter * 0.9) * (np.float32(0.88) + np.float32(0.12) * rounded_edge(-corner, 0.3))


def _shaft(at: Plane, y: Plane, diameter: float, length: float, pitch: float, pointed: bool) -> Plane:
    """Radius of the threaded shaft at `at` mm behind the head; the turns lean as a right-hand thread does."""
    phase = at / np.float32(pitch) + y / np.float32(diameter * 1.9)
    saw = np.abs((phase - np.floor(phase)) * 2 - 1)
    taper: Plane = np.clip((length - at) / np.float32(diameter * (1.5 if pointed else 0.25)), 0, 1)
    core = np.float32(diameter / 2) * (taper if pointed else np.float32(0.72) + np.float32(0.28) * taper)
    return core * (np.float32(0.76) + np.float32(0.24) * smoothstep(0.1, 0.75, saw))


def pin(grid: Grid, *, diameter: float, length: float, groove: float) -> Relief:
    """A dowel pin with rounded ends; `groove` 0..1 is the depth of a ring turned near one end."""
    half = length / 2
    end = np.clip((np.float32(half) - np.abs(grid.x)) / np.float32(diameter * 0.32), 0, 1)
    radius = np.float32(diameter / 2) * (np.float32(0.62) + np.float32(0.38) * np.sqrt(1 - (1 - end) ** 2))
    ring = np.exp(-(((grid.x - np.float32(half * 0.72)) / np.float32(0.28)) ** 2))
    radius = np.where(np.abs(grid.x) < half, radius * (1 - np.float32(0.3 * groove) * ring), np.float32(0))
    height, edge = revolved(radius.astype(np.float32), grid.y, grid.pixel)
    return Relief(height, edge, np.ones_like(height))


def spring(grid: Grid, *, diameter: float, length: float, wire: float, turns: float) -> Relief:
    """A compression spring: from the side a helix is a sine wave, front strands above, back strands below."""
    half = length / 2
    at: Plane = np.abs(grid.x)
    ends = smoothstep(0.80 * half, half, at) * np.sign(grid.x) * np.float32(0.8)
    phase = np.float32(2 * np.pi) * (grid.x / np.float32(length / turns) + ends)
    radius = np.float32((diameter - wire) / 2)
    # First-order distance to y = r cos(phase): close enough within one wire's thickness of the curve.
    rows, columns = gradient(phase, grid.pixel)
    slope = radius * np.sin(phase) * reach(rows, columns)
    within: Plane = np.clip(grid.y, -radius, radius)
    distance: Plane = np.abs(within - radius * np.cos(phase)) / np.sqrt(1 + slope * slope)
    outside: Plane = np.abs(grid.y - within) + np.maximum(at - np.float32(half), 0)
    distance = reach(distance, outside) - np.float32(wire / 2)
    rod = np.sqrt(np.maximum(np.float32(wire * wire / 4) - (distance + np.float32(wire / 2)) ** 2, 0))
    front = smoothstep(-0.35, 0.35, np.sin(phase))
    height = rod * np.float32(1.6) + np.float32(diameter * 0.16) * np.sin(phase)
    tone = np.float32(0.45) + np.float32(0.55) * front
    return Relief(height.astype(np.float32), cover(distance, grid.pixel), tone.astype(np.float32))


def standoff(grid: Grid, *, across: float, length: float, stud: float, roll: float) -> Relief:
    """A hexagonal spacer with a threaded stud to the right; `roll` radians turns it about its axis."""
    total = length + stud
    along = grid.x + np.float32(total / 2)
    height = np.full_like(grid.x, np.inf)
    half_width = 0.0
    for side in range(6):
        angle = roll + side * np.pi / 3
        half_width = max(half_width, across / np.sqrt(3) * abs(np.sin(angle + np.pi / 6)))
        if np.cos(angle) > 0.05:
            facet = (np.float32(across / 2) - grid.y * np.float32(np.sin(angle))) / np.float32(np.cos(angle))
            height = np.minimum(height, facet)
    edge = np.maximum(
        np.abs(grid.y) - np.float32(half_width), np.abs(along - np.float32(length / 2)) - np.float32(length / 2)
    )
    body = np.minimum(height, across * 0.6) - np.float32(0.25) * (1 - rounded_edge(edge, 0.3))
    thread = _shaft(along - np.float32(length), grid.y, across * 0.52, stud, across * 0.11, pointed=False)
    thread = np.where((along > length) & (along < total), thread, np.float32(0)).astype(np.float32)
    stud_height, stud_edge = revolved(thread, grid.y, grid.pixel)
    on_body = along < length
    tone = np.where(np.abs(along - np.float32(length + 0.1)) < 0.14, np.float32(0.5), np.float32(1))
    surface = np.where(on_body, body, stud_height).astype(np.float32)
    return Relief(surface, np.maximum(cover(edge, grid.pixel), stud_edge), tone)
