"""The bottom of a compartment and the walls around it, in linear light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.synthetic.looks import Look, linear
from binscout_tui.synthetic.relief import Plane, box, gradient, smoothstep

Canvas = NDArray[np.float32]

_WALL_FACE = 1.1
_WALL_RIM = 1.5
_WALL_HEIGHT = 3.2


@dataclass(frozen=True)
class View:
    """What a picture shows: `width` x `height` pixels at `scale` pixels a mm, the middle at (`x`, `y`) mm from the
    middle of a compartment of `half_width` x `half_height` mm."""

    width: int
    height: int
    scale: float
    x: float
    y: float
    half_width: float
    half_height: float

    def axes(self) -> tuple[Plane, Plane]:
        """Positions in mm: x as (1, W), y as (H, 1)."""
        columns = (np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2) / self.scale + self.x
        rows = (np.arange(self.height, dtype=np.float32) + 0.5 - self.height / 2) / self.scale + self.y
        return columns[None, :].astype(np.float32), rows[:, None].astype(np.float32)


def noise(rng: np.random.Generator, shape: tuple[int, ...], cell: tuple[float, float]) -> Plane:
    """Smooth noise of about -1..1, (H, W) float32; `cell` is the size of its grains in pixels, (high, wide)."""
    rows = max(2, round(shape[0] / max(cell[0], 1.0)) + 1)
    columns = max(2, round(shape[1] / max(cell[1], 1.0)) + 1)
    coarse = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((shape[1], shape[0]), Image.Resampling.BICUBIC), dtype=np.float32)


def render_floor(view: View, look: Look, rng: np.random.Generator) -> Canvas:
    """The empty compartment, (H, W, 3) float32 linear light, walls where the view reaches them."""
    x, y = view.axes()
    tone, bump = _TEXTURES[look.floor](view, look, rng)
    dy, dx = gradient(bump, 1 / view.scale)
    light_x, light_y, _ = look.light
    lit = tone * np.clip(1 - (dx * np.float32(light_x) + dy * np.float32(light_y)), 0.25, 2.2)
    fall = (x * np.float32(light_x) + y * np.float32(light_y)) * np.float32(0.011)
    lit *= np.clip(1 + fall, 0.5, 1.6)
    return _with_walls(lit[:, :, None] * linear(look.floor_colour), x, y, view, look)


def _with_walls(canvas: Canvas, x: Plane, y: Plane, view: View, look: Look) -> Canvas:
    half = (view.half_width, view.half_height)
    light_x, light_y, light_z = look.light
    coarse_x, coarse_y = x[:, ::4], y[::4]
    reach = np.float32(_WALL_HEIGHT / light_z)
    cast = smoothstep(-0.9, 0.9, box(coarse_x + light_x * reach, coarse_y + light_y * reach, *half, 2.0))
    coarse = box(coarse_x, coarse_y, *half, 2.0)
    corner = np.float32(0.4) * np.exp(np.minimum(coarse, 0) / np.float32(1.3))
    dim = Image.fromarray((1 - np.float32(0.55) * cast) * (1 - corner))
    canvas *= np.asarray(dim.resize((view.width, view.height), Image.Resampling.BILINEAR))[:, :, None]
    rows, columns = np.nonzero(coarse > -0.5)
    if rows.size:
        down = slice(4 * int(rows.min()), 4 * int(rows.max()) + 4)
        across = slice(4 * int(columns.min()), 4 * int(columns.max()) + 4)
        _lay_wall(canvas[down, across], box(x[:, across], y[down], *half, 2.0), view.scale, look)
    return canvas


def _lay_wall(canvas: Canvas, edge: Plane, scale: float, look: Look) -> None:
    """Draw the wall into `canvas` where `edge`, the distance in mm to the rim of the floor, is positive."""
    light_x, light_y, _ = look.light
    down, along = gradient(edge, 1 / scale)
    wall = edge > -1 / scale
    edge = edge[wall]
    facing = -(along[wall] * np.float32(light_x) + down[wall] * np.float32(light_y))
    t = np.clip(edge / np.float32(_WALL_FACE), 0, 1)
    face = (np.float32(0.42) + np.float32(0.42) * facing) * (np.float32(0.55) + np.float32(0.45) * t)
    middle = np.float32(_WALL_FACE + _WALL_RIM / 2)
    rounding = np.clip((edge - middle) / np.float32(_WALL_RIM / 2), -1, 1)
    rim = np.float32(1.02) - np.float32(0.45) * facing * rounding * rounding * rounding
    shade = np.where(edge < _WALL_FACE, face, np.where(edge < _WALL_FACE + _WALL_RIM, rim, np.float32(0.34)))
    solid = np.clip(edge * np.float32(scale) + np.float32(0.5), 0, 1)[:, None]
    below = canvas[wall]
    canvas[wall] = below + solid * (np.clip(shade, 0.05, 1.8)[:, None] * linear(look.wall_colour) - below)


def _lines(at: Plane, spacing: float, width: float) -> Plane:
    """1 on lines every `spacing` mm, fading within `width` mm."""
    off = at / np.float32(spacing)
    off = (off - np.round(off)) * np.float32(spacing / width)
    return np.exp(-off * off)


def _plastic(view: View, look: Look, rng: np.random.Generator) -> tuple[Plane, Plane]:
    x, y = view.axes()
    shape = (view.height, view.width)
    shift_x, shift_y = rng.uniform(0, 5, 2)
    ribs = np.maximum(_lines(x + np.float32(shift_x), 5.0, 0.28), _lines(y + np.float32(shift_y), 5.0, 0.28))
    grain = noise(rng, shape, (3, 3))
    tone = 1 + np.float32(0.05) * noise(rng, shape, (90, 90)) + np.float32(0.025) * grain
    return tone, np.float32(0.11) * ribs + np.float32(0.0016) * grain


def _wood(view: View, look: Look, rng: np.random.Generator) -> tuple[Plane, Plane]:
    upright = look.grain_upright
    shape = (view.width, view.height) if upright else (view.height, view.width)
    s = view.scale
    flow = noise(rng, shape, (3.2 * s, 16 * s)) + np.float32(0.3) * noise(rng, shape, (1.2 * s, 9 * s))
    rows = np.arange(shape[0], dtype=np.float32)[:, None] / np.float32(s)
    rings = np.sin(np.float32(2 * np.pi) * (rows * np.float32(0.32) + flow * np.float32(1.1)))
    fibre = noise(rng, shape, (0.10 * s, 3.5 * s))
    pores = np.clip(noise(rng, shape, (0.14 * s, 1.6 * s)) - np.float32(0.55), 0, 1)
    tone = 1 + np.float32(0.13) * rings + np.float32(0.10) * fibre - np.float32(0.7) * pores
    bump = np.float32(0.006) * fibre - np.float32(0.03) * pores
    return (tone.T, bump.T) if upright else (tone, bump)


def _cardboard(view: View, look: Look, rng: np.random.Generator) -> tuple[Plane, Plane]:
    x, y = view.axes()
    shape = (view.height, view.width)
    s = view.scale
    flutes = np.sin((x if look.grain_upright else y) * np.float32(2 * np.pi / 3.1)) + np.zeros(shape, np.float32)
    fibre = noise(rng, shape, (0.12 * s, 0.7 * s)) + noise(rng, shape, (0.7 * s, 0.12 * s))
    specks = np.clip(noise(rng, shape, (0.2 * s, 0.2 * s)) - np.float32(0.72), 0, 1)
    tone = 1 + np.float32(0.035) * flutes + np.float32(0.06) * fibre - np.float32(1.3) * specks
    return tone, np.float32(0.03) * flutes + np.float32(0.006) * fibre


def _cloth(view: View, look: Look, rng: np.random.Generator) -> tuple[Plane, Plane]:
    x, y = view.axes()
    shape = (view.height, view.width)
    s = view.scale
    pull = np.float32(0.25) * noise(rng, shape, (5 * s, 5 * s))
    warp, weft = (x + pull) * np.float32(np.pi / 0.62), (y - pull) * np.float32(np.pi / 0.62)
    weave = np.abs(np.sin(warp)) * (np.cos(warp / 2) * np.cos(weft / 2) > 0) + np.abs(np.sin(weft)) * (
        np.cos(warp / 2) * np.cos(weft / 2) <= 0
    )
    fold = noise(rng, shape, (8 * s, 8 * s))
    tone = np.float32(0.72) + np.float32(0.36) * weave + np.float32(0.07) * noise(rng, shape, (0.3 * s, 0.3 * s))
    return tone.astype(np.float32), (np.float32(0.035) * weave + np.float32(0.30) * fold).astype(np.float32)


def _mat(view: View, look: Look, rng: np.random.Generator) -> tuple[Plane, Plane]:
    x, y = view.axes()
    shape = (view.height, view.width)
    shift_x, shift_y = rng.uniform(0, 10, 2)
    x, y = x + np.float32(shift_x), y + np.float32(shift_y)
    fine = np.maximum(_lines(x, 5.0, 0.09), _lines(y, 5.0, 0.09))
    bold = np.maximum(_lines(x, 10.0, 0.16), _lines(y, 10.0, 0.16))
    cuts = np.clip(noise(rng, shape, (2.5, 160)) - np.float32(0.93), 0, 1)
    grain = noise(rng, shape, (2.5, 2.5))
    tone = 1 + np.float32(0.05) * grain + np.float32(0.9) * fine + np.float32(2.2) * bold + np.float32(4) * cuts
    return tone, np.float32(0.002) * grain


def _foam(view: View, look: Look, rng: np.random.Generator) -> tuple[Plane, Plane]:
    shape = (view.height, view.width)
    s = view.scale
    cells = noise(rng, shape, (0.22 * s, 0.22 * s))
    pits = np.clip(noise(rng, shape, (0.45 * s, 0.45 * s)) - np.float32(0.45), 0, 1)
    tone = 1 + np.float32(0.16) * cells - np.float32(1.1) * pits + np.float32(0.06) * noise(rng, shape, (60, 60))
    return np.clip(tone, 0.2, 1.6), np.float32(0.012) * cells - np.float32(0.05) * pits


_TEXTURES: dict[str, Callable[[View, Look, np.random.Generator], tuple[Plane, Plane]]] = {
    "plastic": _plastic,
    "wood": _wood,
    "cardboard": _cardboard,
    "cloth": _cloth,
    "mat": _mat,
    "foam": _foam,
}
