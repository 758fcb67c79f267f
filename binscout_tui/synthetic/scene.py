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
    """One photo of a set: `damage` is None for the good one; `box` holds the part, x1,y1,x2,y2 in 0..1 of the photo."""

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
    off = rng.normal(0, 0.6, 2)
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
    half = part.extent(place[2])
    reach = (half[0] * scale, half[1] * scale)
    kinds = [DAMAGES[int(index)] for index in rng.permutation(len(DAMAGES))[: shots - 1]]
    damages = [None, *(Damage(kind, round(float(rng.random()), 3)) for kind in kinds)]
    shuffled = [damages[int(index)] for index in rng.permutation(shots)]
    aims = [_aim(damage, reach, size, rng) for damage in shuffled]
    # One drawing large enough for all photos; `first` is the aim of its upper left corner's photo.
    first = (min(x for x, _ in aims), min(y for _, y in aims))
    last = (max(x for x, _ in aims), max(y for _, y in aims))
    whole = (size[0] + last[0] - first[0], size[1] + last[1] - first[1])
    middle = (place[0] + (first[0] + last[0]) / 2 / scale, place[1] + (first[1] + last[1]) / 2 / scale)
    world = View(2 * whole[0], 2 * whole[1], 2 * scale, *middle, room * 0.95, room * 0.8)
    canvas = render_floor(world, session, rng)
    lay_part(canvas, world, session, part, place, session.finish or make_finish(rng), rng)
    light = halve(canvas)
    pictures = []
    for damage, (x, y) in zip(shuffled, aims, strict=True):
        left, top = x - first[0], y - first[1]
        image = develop(light[top : top + size[1], left : left + size[0]], session, rng, damage)
        pictures.append(SetPicture(image, damage, _box_in_photo((x, y), reach, size)))
    return pictures


def _aim(damage: Damage | None, reach: tuple[float, float], size: Size, rng: np.random.Generator) -> tuple[int, int]:
    """How many pixels right and below the part a photo aims; `reach` is half the part's size in pixels."""
    off = rng.normal(0, 0.02, 2) * size[0]
    if damage is not None and damage.kind == "cut":
        axis = int(rng.integers(2))
        side = 1 if rng.random() < 0.5 else -1
        off[axis] = side * (size[axis] / 2 - reach[axis] * (0.5 - 0.7 * damage.strength))
    return round(float(off[0])), round(float(off[1]))


def _box_in_photo(aim: tuple[int, int], reach: tuple[float, float], size: Size) -> tuple[float, float, float, float]:
    x, y = size[0] / 2 - aim[0], size[1] / 2 - aim[1]
    edges = ((x - reach[0]) / size[0], (y - reach[1]) / size[1], (x + reach[0]) / size[0], (y + reach[1]) / size[1])
    x1, y1, x2, y2 = (round(min(max(edge, 0.0), 1.0), 4) for edge in edges)
    return x1, y1, x2, y2
