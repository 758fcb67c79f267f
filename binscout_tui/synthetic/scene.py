"""Whole pictures: one part, a compartment to count, several photos of one scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from binscout_tui.synthetic.camera import DAMAGES, Damage, develop, halve
from binscout_tui.synthetic.floors import Canvas, View, render_floor
from binscout_tui.synthetic.looks import Look, make_finish
from binscout_tui.synthetic.placing import Place, place_apart
from binscout_tui.synthetic.shading import lay_part
from binscout_tui.synthetic.shapes import CLASSES, Part, make_part

Size = tuple[int, int]
_TRAY = (17.0, 14.0)


@dataclass(frozen=True)
class CountPicture:
    """A compartment with known contents: `points` are the middles of the counted parts in pixels of the picture."""

    image: Image.Image
    points: list[tuple[float, float]]
    distractors: list[tuple[str, float, float]]


@dataclass(frozen=True)
class SetPicture:
    """One photo of a set: `damage` is None for the good one; `box` holds the parts, x1,y1,x2,y2 as 0..1, cut to the photo."""

    image: Image.Image
    damage: Damage | None
    box: tuple[float, float, float, float]


def render_part(class_name: str, rng: np.random.Generator, session: Look, size: Size = (320, 240)) -> Image.Image:
    """A photo of one part near the middle, `size` = (width, height) pixels, RGB.

    A neighbour may reach in from the side, as in a crop from a tray. Raises UsageError for an unknown class.
    """
    part = make_part(class_name, rng)
    scale = session.pixels_per_mm * size[0] / 320
    centre = rng.uniform(-1, 1, 2) * (_TRAY[0] - part.radius, _TRAY[1] - part.radius)
    off = rng.normal(0, 0.9, 2)
    view = View(2 * size[0], 2 * size[1], 2 * scale, centre[0] + off[0], centre[1] + off[1], *_TRAY)
    canvas = render_floor(view, session, rng)
    finish = session.finish or make_finish(rng)
    if rng.random() < 0.35:
        _lay_neighbour(canvas, view, session, part, (centre[0], centre[1]), rng)
    lay_part(canvas, view, session, part, (centre[0], centre[1], rng.uniform(0, 2 * np.pi)), finish, rng)
    return develop(halve(canvas), session, rng)


def _lay_neighbour(
    canvas: Canvas, view: View, look: Look, part: Part, centre: tuple[float, float], rng: np.random.Generator
) -> None:
    """Another part of the same compartment, far enough away not to be the subject."""
    finish = look.finish or make_finish(rng)
    way = rng.uniform(0, 2 * np.pi)
    distance = part.radius * 2 + rng.uniform(0.3, 2.0)
    x, y = centre[0] + np.cos(way) * distance, centre[1] + np.sin(way) * distance
    if abs(x) < _TRAY[0] - part.radius and abs(y) < _TRAY[1] - part.radius:
        lay_part(canvas, view, look, part, (x, y, rng.uniform(0, 2 * np.pi)), finish, rng)


def render_count(
    class_name: str, count: int, distractors: int, rng: np.random.Generator, session: Look, size: Size = (480, 360)
) -> CountPicture:
    """A compartment with `count` parts of one class and some of others, all wholly in view."""
    part = make_part(class_name, rng)
    others = [name for name in CLASSES if name != class_name and not {name, class_name} <= {"nut_m3", "nut_m5"}]
    strangers = [make_part(others[int(rng.integers(len(others)))], rng) for _ in range(distractors)]
    parts = [part] * count + strangers
    tray, places = place_apart(parts, size[0] / size[1], rng)
    scale = size[0] / (2 * tray[0] + 5.0)
    view = View(2 * size[0], 2 * size[1], 2 * scale, 0.0, 0.0, *tray)
    canvas = render_floor(view, session, rng)
    finish, strange = session.finish or make_finish(rng), make_finish(rng)
    for index in rng.permutation(len(parts)):
        lay_part(canvas, view, session, parts[index], places[index], finish if index < count else strange, rng)
    points = [_to_pixels(place, size, scale) for place in places]
    image = develop(halve(canvas), session, rng)
    odd = [(other.name, *point) for other, point in zip(strangers, points[count:], strict=True)]
    return CountPicture(image, points[:count], odd)


def _to_pixels(place: Place, size: Size, scale: float) -> tuple[float, float]:
    return round(place[0] * scale + size[0] / 2, 1), round(place[1] * scale + size[1] / 2, 1)


def render_set(
    class_name: str, shots: int, rng: np.random.Generator, session: Look, size: Size = (480, 360)
) -> list[SetPicture]:
    """`shots` photos of one scene in random order, exactly one good, each of the others damaged in another way."""
    part = make_part(class_name, rng)
    room = max(part.radius * 2.6, 13.0)
    scale = size[0] / room / 2
    place = (*rng.uniform(-2.5, 2.5, 2), rng.uniform(0, 2 * np.pi))
    world = View(3 * size[0], 3 * size[1], 2 * scale, place[0], place[1], room * 0.95, room * 0.8)
    canvas = render_floor(world, session, rng)
    finish = session.finish or make_finish(rng)
    lay_part(canvas, world, session, part, place, finish, rng)
    light = halve(canvas)
    kinds = [DAMAGES[int(index)] for index in rng.permutation(len(DAMAGES))[: shots - 1]]
    damages: list[Damage | None] = [None, *(Damage(kind, round(float(rng.random()), 3)) for kind in kinds)]
    order = rng.permutation(shots)
    return [_shoot(light, part, scale, size, damages[int(index)], session, rng) for index in order]


def _shoot(
    light: Canvas, part: Part, scale: float, size: Size, damage: Damage | None, look: Look, rng: np.random.Generator
) -> SetPicture:
    """One photo out of a drawing half again as large as the picture, with the part in its middle."""
    room_x, room_y = light.shape[1] - size[0], light.shape[0] - size[1]
    off_x, off_y = rng.normal(0, 0.02, 2) * size[0]
    reach = part.radius * scale
    if damage is not None and damage.kind == "cut":
        side = 1 if rng.random() < 0.5 else -1
        if rng.random() < 0.5:
            off_x = side * (size[0] / 2 - reach * (0.45 - 0.6 * damage.strength))
        else:
            off_y = side * (size[1] / 2 - reach * (0.45 - 0.6 * damage.strength))
    left = int(np.clip(room_x / 2 + off_x, 0, room_x))
    top = int(np.clip(room_y / 2 + off_y, 0, room_y))
    image = develop(light[top : top + size[1], left : left + size[0]], look, rng, damage)
    x, y = light.shape[1] / 2 - left, light.shape[0] / 2 - top
    edges = ((x - reach) / size[0], (y - reach) / size[1], (x + reach) / size[0], (y + reach) / size[1])
    x1, y1, x2, y2 = (round(float(np.clip(edge, 0, 1)), 4) for edge in edges)
    return SetPicture(image, damage, (x1, y1, x2, y2))
