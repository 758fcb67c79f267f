"""LabelMe and X-AnyLabeling, read only: a JSON file for each picture, of which rectangles are taken over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from . import reading
from .model import ClassInfo, Found, FoundBox, FoundBoxes, FoundLabel, Four
from .refusals import Place, Problem, Refused, refusal_of, refused
from .voc import read_files

LARGEST = 256 << 20
"""Bytes of a file, which may hold the picture too."""


class _Shape(msgspec.Struct, frozen=True):
    label: str
    points: list[tuple[float, float]]
    shape_type: str = "polygon"


class _File(msgspec.Struct, frozen=True, rename={"path": "imagePath", "width": "imageWidth", "height": "imageHeight"}):
    shapes: list[msgspec.Raw]
    path: str = ""
    width: int | None = None
    height: int | None = None
    flags: dict[str, bool] | None = None


def read(path: Path) -> Iterator[ClassInfo | Found | Refused]:
    """What a file, or every `.json` below a folder, says. Raises NotThatFormatError."""
    yield from read_files(path, ".json", _read_file)


def _read_file(path: Path, place: Place) -> Iterator[Found | Refused]:
    content = reading.decoded(reading.whole(path, LARGEST), _File)
    told = content.path.replace("\\", "/").removeprefix("../")
    name = reading.checked_name(told or path.stem)
    boxes: list[FoundBox] = []
    damaged = False
    for number, raw in enumerate(content.shapes):
        where = Place(place.file, item=f"shapes[{number}]")
        try:
            shape = reading.decoded(raw, _Shape)
            boxes.append(FoundBox(_box(shape), shape.label, where))
        except Problem as problem:
            damaged = True
            yield refusal_of(where, problem)
    flags = [flag for flag, is_set in (content.flags or {}).items() if is_set]
    if len(flags) > 1:
        yield refused(
            Place(place.file, item="flags"), "flags", f"{len(flags)} flags are set, and a picture has one class."
        )
    yield Found(
        place=place,
        file=name,
        by_stem=not told,
        path=reading.inside(path.parent, name),
        size=(content.width, content.height) if content.width and content.height else None,
        label=FoundLabel("class", flags[0]) if len(flags) == 1 else None,
        # Who only set flags looked for no things.
        boxes=None
        if damaged or (flags and not boxes)
        else FoundBoxes(state="boxes" if boxes else "empty", boxes=tuple(boxes), unit="pixels"),
        incomplete=damaged,
    )


def _box(shape: _Shape) -> Four:
    if shape.shape_type != "rectangle" or len(shape.points) not in (2, 4):
        raise Problem("shape", f"It is a {shape.shape_type} of {len(shape.points)} points, and not a rectangle.")
    xs, ys = [point[0] for point in shape.points], [point[1] for point in shape.points]
    return min(xs), min(ys), max(xs), max(ys)
