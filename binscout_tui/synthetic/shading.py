"""Light on metal and shadows: turns a relief into colour and lays it on a canvas."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from binscout_tui.synthetic.floors import Canvas, View, noise
from binscout_tui.synthetic.looks import Finish, Look, linear
from binscout_tui.synthetic.relief import Plane, Relief, gradient, make_grid, smoothstep
from binscout_tui.synthetic.shapes import Part

_STEEPEST = 3.5


def lay_part(
    canvas: Canvas,
    view: View,
    look: Look,
    part: Part,
    place: tuple[float, float, float],
    finish: Finish,
    rng: np.random.Generator,
) -> None:
    """Draw `part` into `canvas` at `place` = (x mm, y mm, angle radians), shadow first; outside the view is cut off."""
    column = (place[0] - view.x) * view.scale + view.width / 2
    row = (place[1] - view.y) * view.scale + view.height / 2
    middle = (int(np.floor(column)), int(np.floor(row)))
    tilt = (rng.normal(0, 0.05), rng.normal(0, 0.05))
    half = int(np.ceil((part.radius + 0.15) * view.scale))
    wear = np.random.default_rng(int(rng.integers(2**63)))
    margin = 2 * int(np.ceil((part.rise * 0.6 + 0.7) * view.scale))
    window = _window(canvas.shape, middle, half + margin)
    if window is None:
        return
    relief = part.draw(make_grid(half, 1 / view.scale, place[2], (column - middle[0], row - middle[1])))
    target, source = window
    dark = _shadow(np.pad(relief.cover, margin), part.rise, look, view.scale)
    canvas[target] *= (1 - dark[source])[:, :, None]
    window = _window(canvas.shape, middle, half)
    if window is None:
        return
    target, source = window
    colour = metal(relief, finish, look, 1 / view.scale, tilt, wear)
    patch = canvas[target]
    patch += relief.cover[source][:, :, None] * (colour[source] - patch)


def _window(
    shape: tuple[int, ...], middle: tuple[int, int], half: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """The slices of canvas and patch that overlap, or None."""
    left, top = middle[0] - half, middle[1] - half
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + 2 * half, shape[1]), min(top + 2 * half, shape[0])
    if x1 >= x2 or y1 >= y2:
        return None
    return (slice(y1, y2), slice(x1, x2)), (slice(y1 - top, y2 - top), slice(x1 - left, x2 - left))


def metal(
    relief: Relief, finish: Finish, look: Look, pixel: float, tilt: tuple[float, float], rng: np.random.Generator
) -> Canvas:
    """The colour of a metal relief under the look's lamp, (H, W, 3) linear light.

    Metal shows what it mirrors: the lamp, a window on the other side, a grey ceiling, and the floor at its flanks.
    """
    gy, gx = gradient(relief.height, pixel)
    uneven = np.float32(0.10) * noise(rng, relief.height.shape, (60, 60))
    gx = np.clip(gx, -_STEEPEST, _STEEPEST) + np.float32(tilt[0]) + uneven
    gy = np.clip(gy, -_STEEPEST, _STEEPEST) + np.float32(tilt[1]) - uneven
    nz = 1 / np.sqrt(1 + gx * gx + gy * gy)
    nx, ny = -gx * nz, -gy * nz
    rx, ry = 2 * nz * nx, 2 * nz * ny
    rz = (2 * nz * nz - 1).astype(np.float32)
    lx, ly, lz = (np.float32(value) for value in look.light)
    lamp = np.exp(np.float32(finish.gloss) * (rx * lx + ry * ly + rz * lz - 1))
    broad = np.exp(np.float32(5.0) * (rx * lx + ry * ly + rz * lz - 1))
    window = np.exp(np.float32(7.0) * (-rx * lx * 0.9 - ry * ly * 0.9 + rz * np.float32(0.45) - 1))
    diffuse = np.clip(nx * lx + ny * ly + nz * lz, 0, 1)
    sky = smoothstep(-0.35, 0.9, rz)
    worn = 1 + np.float32(0.10 * finish.wear) * _wear(relief.height.shape, rng)
    mirrored = np.float32(0.08) + np.float32(0.36) * sky + np.float32(0.30) * window + np.float32(0.55) * broad
    grey = (mirrored + np.float32(0.22) * diffuse) * worn * relief.tone
    glint = lamp * np.float32(0.9) * np.clip(relief.tone, 0.2, 1)
    tint = np.asarray(finish.tint, dtype=np.float32)
    floor = linear(look.floor_colour) * np.float32(0.45)
    colour = (grey + glint * np.float32(0.7))[:, :, None] * tint
    colour += ((1 - sky) * relief.tone)[:, :, None] * (floor * (tint * np.float32(0.8) + np.float32(0.1)))
    colour += (glint * np.float32(0.3))[:, :, None]
    return colour.astype(np.float32)


def _wear(shape: tuple[int, ...], rng: np.random.Generator) -> Plane:
    """Brush marks and blotches, about -1..1."""
    return np.float32(0.6) * (noise(rng, shape, (2.5, 40)) + noise(rng, shape, (26, 26)))


def _shadow(cover: Plane, rise: float, look: Look, scale: float) -> Plane:
    """How much of the light the part takes from what lies under it, 0..1: a cast shadow and a dark seam around.

    Shadows are soft, so they are made at half the resolution; `cover` has even sides.
    """
    lx, ly, lz = look.light
    small, scale = cover[::2, ::2], scale / 2
    length = rise * scale / max(lz, 0.3) * 0.9
    cast = np.zeros_like(small)
    for share in (0.25, 0.5, 0.75, 1.0):
        move = (round(-ly * length * share), round(-lx * length * share))
        cast = np.maximum(cast, np.roll(small, move, axis=(0, 1)))
    cast = _soften(cast, 0.22 * scale)
    seam = _soften(small, 0.38 * scale)
    dark = 1 - (1 - np.float32(0.60) * cast) * (1 - np.float32(0.42) * seam)
    size = (cover.shape[1], cover.shape[0])
    return np.asarray(Image.fromarray(dark).resize(size, Image.Resampling.BILINEAR), dtype=np.float32)


def _soften(plane: Plane, radius: float) -> Plane:
    picture = Image.fromarray((plane * 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) / np.float32(255)
