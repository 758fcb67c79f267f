"""Pascal VOC, read only: an XML file for each picture; pixels are counted from 1, and the last is inside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from binscout_tui.imaging.names import display_name

from . import reading
from .model import ClassInfo, Found, FoundBox, FoundBoxes, Four, Size
from .refusals import NotThatFormatError, Place, Problem, Refused, refusal_of, refused

_SIDES = ("xmin", "ymin", "xmax", "ymax")


def read(path: Path) -> Iterator[ClassInfo | Found | Refused]:
    """What a file, or every `.xml` below a folder, says. Raises NotThatFormatError."""
    yield from read_files(path, ".xml", _read_file)


def read_files(path: Path, suffix: str, read_file: object) -> Iterator[ClassInfo | Found | Refused]:
    """`read_file(path, place)` for a file, or for every file with `suffix` below a folder, in order."""
    if not path.exists():
        raise NotThatFormatError(f"There is no {display_name(path)}.", code="not_found")
    files = [path] if path.is_file() else _below(path, suffix)
    is_empty = True
    for file in files:
        is_empty = False
        place = Place(display_name(file.relative_to(path) if path.is_dir() else file.name))
        try:
            yield from read_file(file, place)  # type: ignore[operator]
        except Problem as problem:
            yield refusal_of(place, problem)
    if is_empty:
        raise NotThatFormatError(f"There is no file {suffix} in {display_name(path)}.", code="not_found")


def _below(folder: Path, suffix: str) -> Iterator[Path]:
    for top, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(top, name) for name in sorted(files) if name.lower().endswith(suffix))


def _read_file(path: Path, place: Place) -> Iterator[Found | Refused]:
    root = _parsed(path)
    if root.tag != "annotation":
        raise Problem("bad_xml", "The file is not an annotation of Pascal VOC.")
    name = reading.checked_name(_text(root, "filename") or path.stem)
    boxes: list[FoundBox] = []
    damaged = False
    for number, thing in enumerate(root.iter("object")):
        where = Place(place.file, item=f"object[{number}]")
        try:
            boxes.append(FoundBox(_box(thing), _name(thing), where))
        except Problem as problem:
            damaged = True
            yield refused(where, problem.code, problem.reason)
    yield Found(
        place=place,
        file=name,
        by_stem=not _text(root, "filename"),
        path=reading.inside(path.parent, name) or reading.inside(path.parent.parent / "JPEGImages", name),
        size=_size(root),
        boxes=None if damaged else FoundBoxes(state="boxes" if boxes else "empty", boxes=tuple(boxes), unit="pixels"),
        incomplete=damaged,
    )


def _parsed(path: Path) -> Element:
    try:
        root: Element = fromstring(reading.whole(path), forbid_dtd=True)
    except DefusedXmlException as error:
        raise Problem("unsafe_xml", "The file declares entities or a document type, and is not read.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Problem("bad_xml", f"This is not XML: {error}.") from error
    return root


def _box(thing: Element) -> Four:
    """The edges of the box: pixel 1 begins at 0, and the last pixel is inside. A 0 that some write is the edge too."""
    sides = thing.find("bndbox")
    if sides is None:
        raise Problem("no_box", "It has no box.")
    x1, y1, x2, y2 = (reading.number(_text(sides, side)) for side in _SIDES)
    return (x1 - 1 if x1 else 0.0), (y1 - 1 if y1 else 0.0), x2, y2


def _name(thing: Element) -> str:
    name = _text(thing, "name")
    if not name:
        raise Problem("no_class", "It does not say what it is.")
    return name


def _size(root: Element) -> Size | None:
    size = root.find("size")
    words = [_text(size, name) for name in ("width", "height")] if size is not None else []
    numbers = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 10]
    return (numbers[0], numbers[1]) if len(numbers) == 2 and all(numbers) else None


def _text(root: Element, name: str) -> str:
    return (root.findtext(name) or "").strip()
