"""What the pictures of a session have in common: floor, walls, light, camera; and the finish of one batch of metal."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[float, float, float]

FLOORS = ("plastic", "wood", "cardboard", "cloth", "mat", "foam")

# sRGB 0..1; the first colour is the floor's, the second the walls'.
_COLOURS: dict[str, tuple[tuple[Rgb, Rgb], ...]] = {
    "plastic": (
        ((0.20, 0.36, 0.58), (0.22, 0.40, 0.64)),
        ((0.50, 0.59, 0.66), (0.58, 0.67, 0.74)),
        ((0.62, 0.22, 0.17), (0.66, 0.26, 0.20)),
        ((0.24, 0.26, 0.28), (0.30, 0.32, 0.34)),
    ),
    "wood": (((0.72, 0.54, 0.35), (0.58, 0.40, 0.24)), ((0.55, 0.37, 0.23), (0.45, 0.29, 0.17))),
    "cardboard": (((0.68, 0.54, 0.38), (0.72, 0.58, 0.42)), ((0.78, 0.69, 0.55), (0.74, 0.63, 0.48))),
    "cloth": (
        ((0.56, 0.18, 0.20), (0.34, 0.24, 0.17)),
        ((0.22, 0.28, 0.42), (0.42, 0.40, 0.38)),
        ((0.16, 0.42, 0.40), (0.46, 0.34, 0.22)),
    ),
    "mat": (((0.10, 0.36, 0.32), (0.66, 0.67, 0.66)), ((0.16, 0.24, 0.36), (0.60, 0.62, 0.64))),
    "foam": (((0.17, 0.17, 0.19), (0.26, 0.27, 0.29)), ((0.34, 0.42, 0.50), (0.62, 0.64, 0.66))),
}

# Name, tint in linear light, how black the surface stays between reflections, share among batches.
_METALS: tuple[tuple[str, Rgb, float], ...] = (
    ("steel", (0.66, 0.67, 0.69), 0.36),
    ("zinc", (0.70, 0.74, 0.80), 0.22),
    ("brass", (0.80, 0.56, 0.21), 0.14),
    ("yellow zinc", (0.80, 0.68, 0.36), 0.12),
    ("black oxide", (0.10, 0.10, 0.115), 0.12),
    ("copper", (0.76, 0.42, 0.26), 0.04),
)


@dataclass(frozen=True)
class Finish:
    """The surface of one batch: `tint` linear RGB, `gloss` is the exponent of the highlight (8 satin … 70 polished)."""

    metal: str
    tint: Rgb
    gloss: float
    wear: float


@dataclass(frozen=True)
class Look:
    """One session. Angles in radians, azimuth in picture axes (y down); `blur` pixels, `noise` share of full scale."""

    name: str
    floor: str
    floor_colour: Rgb
    wall_colour: Rgb
    grain_upright: bool
    azimuth: float
    elevation: float
    brightness: float
    warmth: float
    vignette: float
    blur: float
    noise: float
    pixels_per_mm: float
    finish: Finish | None = None

    @property
    def light(self) -> Rgb:
        """The unit vector towards the lamp, in picture axes, third component towards the camera."""
        flat = float(np.cos(self.elevation))
        return flat * float(np.cos(self.azimuth)), flat * float(np.sin(self.azimuth)), float(np.sin(self.elevation))


def linear(colour: Rgb) -> NDArray[np.float32]:
    """An sRGB colour 0..1 as linear light (3,) float32, by the plain 2.2 power that `camera.develop` undoes."""
    return np.asarray([channel**2.2 for channel in colour], dtype=np.float32)


def make_look(rng: np.random.Generator, name: str, floor: str | None = None) -> Look:
    """A session's look drawn from `rng`; `floor` is one of `FLOORS`, or drawn too."""
    kind = floor if floor is not None else FLOORS[int(rng.integers(len(FLOORS)))]
    floor_colour, wall_colour = _COLOURS[kind][int(rng.integers(len(_COLOURS[kind])))]
    return Look(
        name=name,
        floor=kind,
        floor_colour=floor_colour,
        wall_colour=wall_colour,
        grain_upright=bool(rng.random() < 0.5),
        azimuth=rng.uniform(0, 2 * np.pi),
        elevation=rng.uniform(0.75, 1.15),
        brightness=rng.uniform(0.85, 1.2),
        warmth=rng.uniform(-0.12, 0.14),
        vignette=rng.uniform(0.12, 0.4),
        blur=rng.uniform(0.35, 0.8),
        noise=rng.uniform(0.008, 0.02),
        pixels_per_mm=rng.uniform(17.4, 18.8),
    )


def make_finish(rng: np.random.Generator) -> Finish:
    """The finish of one batch of parts."""
    shares = np.cumsum([share for _, _, share in _METALS])
    metal, tint, _ = _METALS[int(np.searchsorted(shares, rng.random() * shares[-1]))]
    shift = rng.uniform(0.95, 1.05, 3)
    tinted = (tint[0] * float(shift[0]), tint[1] * float(shift[1]), tint[2] * float(shift[2]))
    return Finish(metal, tinted, float(np.exp(rng.uniform(np.log(9), np.log(60)))), rng.uniform(0.2, 1.0))


def shot_look(look: Look, rng: np.random.Generator) -> Look:
    """The look of one photo of a session: light and exposure wander a little, the parts are of one batch."""
    return replace(
        look,
        azimuth=look.azimuth + rng.normal(0, 0.25),
        elevation=float(np.clip(look.elevation + rng.normal(0, 0.06), 0.65, 1.25)),
        brightness=look.brightness * rng.uniform(0.9, 1.1),
        warmth=look.warmth + rng.normal(0, 0.015),
        blur=look.blur * rng.uniform(0.8, 1.3),
        finish=make_finish(rng),
    )
