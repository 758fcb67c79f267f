"""Lens and sensor: from linear light to a picture, and the ways in which a photo goes wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from binscout_tui.synthetic.floors import Canvas
from binscout_tui.synthetic.looks import Look
from binscout_tui.synthetic.relief import Plane, reach, smoothstep

DAMAGES = ("motion", "defocus", "dark", "bright", "cut", "hand")


@dataclass(frozen=True)
class Damage:
    """What went wrong with a photo: one of `DAMAGES`, `strength` 0..1 from noticeable to bad."""

    kind: str
    strength: float


def halve(canvas: Canvas) -> Canvas:
    """Average 2x2 pixels: the step from the drawing's resolution to the picture's."""
    return (canvas[0::2, 0::2] + canvas[1::2, 0::2] + canvas[0::2, 1::2] + canvas[1::2, 1::2]) * np.float32(0.25)


def develop(light: Canvas, look: Look, rng: np.random.Generator, damage: Damage | None = None) -> Image.Image:
    """The photo that the look's camera takes of `light` (H, W, 3) linear: exposure, damage, lens, noise, tone."""
    gain = _metered(light) * look.brightness
    light = _damaged(light, damage, look, rng)
    if damage is not None and damage.kind == "dark":
        gain *= 0.34 - 0.20 * damage.strength
    if damage is not None and damage.kind == "bright":
        gain = (1.1 + 0.8 * damage.strength) / max(float(light.mean()), 1e-3)
    light = convolve(light, _gaussian(look.blur)) * np.float32(gain)
    light *= _vignette(light.shape[0], light.shape[1], look.vignette)[:, :, None]
    light *= np.asarray([1 + look.warmth, 1.0, 1 - look.warmth], dtype=np.float32)
    grain = rng.standard_normal(light.shape, dtype=np.float32)
    light += grain * np.float32(look.noise) * np.sqrt(np.maximum(light, 0) * np.float32(0.8) + np.float32(0.05))
    toned = _shoulder(np.maximum(light, 0)) ** np.float32(1 / 2.2)
    return Image.fromarray((toned * 255 + np.float32(0.5)).astype(np.uint8))


def _metered(light: Canvas) -> float:
    """The camera's own exposure: towards a middle grey, half way as a photographer would, without burnt-out metal."""
    sample = light[::4, ::4, 1]
    for_mean = (0.24 / max(float(sample.mean()), 1e-3)) ** 0.6
    for_peaks = 0.78 / max(float(np.quantile(sample, 0.98)), 1e-3)
    return float(np.clip(min(for_mean, for_peaks), 0.6, 2.2))


def _shoulder(light: Canvas) -> Canvas:
    """Linear up to a half, then a soft approach to 1, so that highlights keep their drawing."""
    knee = np.float32(0.5)
    above = np.maximum(light - knee, 0)
    toned: Canvas = np.minimum(light, knee) + knee * (1 - np.exp(-above / knee))
    return toned


def _damaged(light: Canvas, damage: Damage | None, look: Look, rng: np.random.Generator) -> Canvas:
    if damage is None:
        return light
    size = light.shape[1] / 480
    if damage.kind == "motion":
        return convolve(light, _streak((9 + 16 * damage.strength) * size, rng.uniform(0, np.pi)))
    if damage.kind == "defocus":
        return convolve(light, _aperture((3.0 + 4.5 * damage.strength) * size))
    if damage.kind == "hand":
        return _hand(light, damage.strength, look, rng)
    return light


def convolve(light: Canvas, kernel: Plane) -> Canvas:
    """`light` (H, W, 3) through an odd-sized square `kernel` that sums to 1; edges are repeated."""
    margin = kernel.shape[0] // 2
    padded = np.pad(light, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    if margin <= 2:
        height, width = light.shape[:2]
        total = np.zeros_like(light)
        for (row, column), weight in np.ndenumerate(kernel):
            total += np.float32(weight) * padded[row : row + height, column : column + width]
        return total
    shape = (padded.shape[0], padded.shape[1])
    spectrum = np.fft.rfft2(padded, axes=(0, 1)) * np.fft.rfft2(kernel, s=shape)[:, :, None]
    whole = np.fft.irfft2(spectrum, s=shape, axes=(0, 1))
    return np.maximum(whole[2 * margin :, 2 * margin :], 0).astype(np.float32)


def _gaussian(sigma: float) -> Plane:
    steps = np.arange(-1, 2, dtype=np.float32)
    line = np.exp(-(steps**2) / np.float32(2 * sigma * sigma))
    return _normalised(line[:, None] * line[None, :])


def _streak(length: float, angle: float) -> Plane:
    """A straight line of `length` pixels: the path of the picture during the exposure."""
    margin = int(np.ceil(length / 2)) + 1
    steps = np.arange(-margin, margin + 1, dtype=np.float32)
    along = steps[None, :] * np.float32(np.cos(angle)) + steps[:, None] * np.float32(np.sin(angle))
    across = steps[:, None] * np.float32(np.cos(angle)) - steps[None, :] * np.float32(np.sin(angle))
    return _normalised(np.clip(1 - np.abs(across), 0, 1) * np.clip(length / 2 + 0.5 - np.abs(along), 0, 1))


def _aperture(radius: float) -> Plane:
    margin = int(np.ceil(radius)) + 1
    steps = np.arange(-margin, margin + 1, dtype=np.float32)
    return _normalised(np.clip(radius + 0.5 - np.hypot(steps[:, None], steps[None, :]), 0, 1))


def _normalised(kernel: Plane) -> Plane:
    share: Plane = kernel / kernel.sum()
    return share


def _vignette(height: int, width: int, amount: float) -> Plane:
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return 1 - np.float32(amount) * smoothstep(0.2, 1.6, rows * rows + columns * columns)


def _capsule(x: Plane, y: Plane, start: Plane, end: Plane, radius: float) -> Plane:
    """Distance to a thick line from `start` to `end`, each (x, y)."""
    way = end - start
    t = np.clip(((x - start[0]) * way[0] + (y - start[1]) * way[1]) / (way[0] ** 2 + way[1] ** 2), 0, 1)
    return reach(x - start[0] - t * way[0], y - start[1] - t * way[1]) - np.float32(radius)


def _hand(light: Canvas, strength: float, look: Look, rng: np.random.Generator) -> Canvas:
    """A hand reaches in from one side: its fingers shade the scene and one fingertip is in the picture."""
    height, width = light.shape[:2]
    unit = np.float32(height)
    angle = rng.uniform(0, 2 * np.pi)
    inward = np.asarray([np.cos(angle), np.sin(angle)], dtype=np.float32)
    aside = np.asarray([-inward[1], inward[0]], dtype=np.float32)
    x = (np.arange(width, dtype=np.float32)[None, :] - width / 2) / unit
    y = (np.arange(height, dtype=np.float32)[:, None] - height / 2) / unit
    shade = np.full((height, width), np.inf, dtype=np.float32)
    for finger, back in zip((-0.33, -0.11, 0.11, 0.33), (0.10, 0.0, 0.03, 0.13), strict=True):
        tip = aside * np.float32(finger) - inward * np.float32(back + 0.16 - 0.16 * strength)
        shade = np.minimum(shade, _capsule(x, y, tip, tip - inward * np.float32(1.2), 0.085))
    light = light * (1 - np.float32(0.55 + 0.2 * strength) * smoothstep(0.06, -0.06, shade))[:, :, None]
    tip = aside * np.float32(rng.uniform(-0.2, 0.2)) - inward * np.float32(0.42 - 0.12 * strength)
    finger_edge = _capsule(x, y, tip, tip - inward, 0.12)
    lx, ly, _ = look.light
    facing = (x - tip[0]) * np.float32(lx) + (y - tip[1]) * np.float32(ly)
    depth = np.clip(-finger_edge / np.float32(0.12), 0, 1)
    glow = (np.float32(0.30) + np.float32(0.75) * np.sqrt(depth)) * np.clip(1 + facing * np.float32(0.8), 0.5, 1.5)
    skin = glow[:, :, None] * np.asarray([0.50, 0.27, 0.19], dtype=np.float32)
    cover = smoothstep(0.008, -0.008, finger_edge)[:, :, None]
    shown: Canvas = light + (skin - light) * cover
    return shown
