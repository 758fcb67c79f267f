"""Where parts lie in a compartment: apart enough that each can be seen and counted."""

from __future__ import annotations

import numpy as np

from binscout_tui.synthetic.shapes import Part

Place = tuple[float, float, float]
Circle = tuple[float, float, float]

_TRIES = 120
_OVERLAP = 0.92


def place_apart(parts: list[Part], aspect: float, rng: np.random.Generator) -> tuple[tuple[float, float], list[Place]]:
    """A place (x mm, y mm, angle radians) for each part, and the half width and half height in mm of a compartment
    of the given aspect (width over height) in which they fit without hiding one another."""
    area = sum(part.length * part.width for part in parts)
    longest = max(part.radius for part in parts)
    half_height = max(float(np.sqrt(area * 2.4 / aspect)) / 2, longest * 1.35, 9.0)
    while True:
        tray = (half_height * aspect, half_height)
        places = _try_to_place(parts, tray, rng)
        if places is not None:
            return tray, places
        half_height *= 1.06


def _try_to_place(parts: list[Part], tray: tuple[float, float], rng: np.random.Generator) -> list[Place] | None:
    taken: list[Circle] = []
    places: list[Place] = []
    for part in parts:
        for _ in range(_TRIES):
            x, y = rng.uniform(-1, 1, 2) * (tray[0] - part.radius - 0.4, tray[1] - part.radius - 0.4)
            place = (float(x), float(y), float(rng.uniform(0, 2 * np.pi)))
            circles = _circles(part, place)
            if not _touch(circles, taken):
                taken.extend(circles)
                places.append(place)
                break
        else:
            return None
    return places


def _circles(part: Part, place: Place) -> list[Circle]:
    """The part's outline as a row of circles along its length."""
    radius = part.width / 2
    number = max(1, round(part.length / part.width * 1.6))
    steps = np.linspace(-1, 1, number) * (part.length / 2 - radius) if number > 1 else np.zeros(1)
    return [(place[0] + s * np.cos(place[2]), place[1] + s * np.sin(place[2]), radius) for s in steps]


def _touch(circles: list[Circle], taken: list[Circle]) -> bool:
    return any((x - a) ** 2 + (y - b) ** 2 < ((r + s) * _OVERLAP) ** 2 for x, y, r in circles for a, b, s in taken)
