"""The classes of parts, and how the measures of one part are drawn by lot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from binscout_tui.errors import UsageError
from binscout_tui.synthetic import flat_parts, round_parts
from binscout_tui.synthetic.relief import Grid, Relief


@dataclass(frozen=True)
class Part:
    """One kind of part with fixed measures in mm: `length` by `width` seen from above, `rise` above the floor.

    `radius` is that of a circle around the middle that holds it whichever way it lies.
    """

    name: str
    length: float
    width: float
    rise: float
    radius: float
    draw: Callable[[Grid], Relief]

    def extent(self, angle: float) -> tuple[float, float]:
        """Half the width and half the height in mm of an upright box around the part turned by `angle` radians."""
        cos, sin = abs(float(np.cos(angle))), abs(float(np.sin(angle)))
        across, along = (self.length * cos + self.width * sin) / 2, (self.length * sin + self.width * cos) / 2
        return min(across, self.radius), min(along, self.radius)


def _round(name: str, outer: float, rise: float, draw: Callable[[Grid], Relief]) -> Part:
    return Part(name, outer, outer, rise, outer / 2, draw)


def _long(name: str, length: float, width: float, rise: float, draw: Callable[[Grid], Relief]) -> Part:
    return Part(name, length, width, rise, float(np.hypot(length, width)) / 2, draw)


def _nut(name: str, size: float, rng: np.random.Generator) -> Part:
    """Both nut sizes have the same proportions, so only scale tells them apart."""
    across = size * rng.uniform(0.985, 1.015)
    bore = across * rng.uniform(0.56, 0.59)
    draw = partial(flat_parts.hex_nut, across=across, bore=bore, thickness=across * 0.42)
    return _round(name, across * 1.155, across * 0.42, draw)


def _washer(rng: np.random.Generator) -> Part:
    outer = rng.uniform(6.6, 9.2)
    bore = outer * rng.uniform(0.42, 0.55)
    draw = partial(flat_parts.washer, outer=outer, bore=bore, thickness=0.8, dish=rng.uniform(0, 1))
    return _round("washer", outer, 0.8, draw)


def _clip(rng: np.random.Generator) -> Part:
    outer = rng.uniform(7.0, 9.6)
    draw = partial(flat_parts.retaining_clip, outer=outer, thickness=0.7, mouth=outer * rng.uniform(0.42, 0.52))
    return _round("clip", outer, 0.7, draw)


def _screw(rng: np.random.Generator) -> Part:
    diameter, length = rng.uniform(2.4, 3.2), rng.uniform(6.5, 9.0)
    head = round_parts.HEADS[int(rng.integers(len(round_parts.HEADS)))]
    pointed = bool(rng.random() < 0.3)
    pitch = diameter * rng.uniform(0.19, 0.26)
    draw = partial(round_parts.screw, diameter=diameter, length=length, head=head, pitch=pitch, pointed=pointed)
    return _long("screw", length + diameter, diameter * 2, diameter, draw)


def _pin(rng: np.random.Generator) -> Part:
    diameter, length = rng.uniform(1.8, 3.0), rng.uniform(8.0, 11.5)
    groove = rng.uniform(0.5, 1) if rng.random() < 0.35 else 0.0
    draw = partial(round_parts.pin, diameter=diameter, length=length, groove=groove)
    return _long("pin", length, diameter, diameter, draw)


def _spring(rng: np.random.Generator) -> Part:
    diameter, length, wire = rng.uniform(3.4, 4.8), rng.uniform(8.0, 11.0), rng.uniform(0.45, 0.65)
    turns = float(round(length / rng.uniform(1.35, 1.75)))
    draw = partial(round_parts.spring, diameter=diameter, length=length, wire=wire, turns=turns)
    return _long("spring", length + wire, diameter, diameter * 0.8, draw)


def _standoff(rng: np.random.Generator) -> Part:
    across, length, stud = rng.uniform(4.2, 5.2), rng.uniform(5.0, 8.0), rng.uniform(3.0, 4.2)
    roll = rng.uniform(0, np.pi / 3)
    draw = partial(round_parts.standoff, across=across, length=length, stud=stud, roll=roll)
    return _long("standoff", length + stud, across * 1.15, across * 0.9, draw)


_MAKERS: dict[str, Callable[[np.random.Generator], Part]] = {
    "clip": _clip,
    "nut_m3": partial(_nut, "nut_m3", 5.5),
    "nut_m5": partial(_nut, "nut_m5", 8.0),
    "pin": _pin,
    "screw": _screw,
    "spring": _spring,
    "standoff": _standoff,
    "washer": _washer,
}

CLASSES = tuple(sorted(_MAKERS))


def make_part(class_name: str, rng: np.random.Generator) -> Part:
    """A part of the class with measures drawn from `rng`.

    Raises UsageError where the class is not one of `CLASSES`.
    """
    maker = _MAKERS.get(class_name)
    if maker is None:
        raise UsageError(f"No made-up part is called {class_name!r}.", hint=f"Classes: {', '.join(CLASSES)}.")
    return maker(rng)
