"""JSONL: a header with the classes, then one object a picture. Streams both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from binscout_tui.imaging.names import display_name

from . import reading
from .model import ClassInfo, Found, Labels
from .record import Header, Line, found_in, header, is_header, read_header, record, text
from .refusals import Place, Problem, Refused, refusal_of, refused

KIND = "jsonl"


def write(handle: BinaryIO, classes: Sequence[ClassInfo], entries: Iterable[Labels]) -> None:
    """The header and a line for each entry."""
    handle.write(f"{text(header(KIND, classes))}\n".encode())
    for one in entries:
        handle.write(f"{text(record(one))}\n".encode())


def read(path: Path) -> Iterator[ClassInfo | Found | Refused]:
    """What the file says, line by line; without a header too. Raises NotThatFormatError."""
    unsure = _said_twice(path)
    for place, content in _lines(path):
        if isinstance(content, Header):
            yield from content.classes
        elif isinstance(content, Refused):
            yield content
        elif content.boxes and _key(content) in unsure:
            yield refused(
                place, "again", "Lines of this picture name different boxes, and each line says that it has all."
            )
            yield _found(place, msgspec.structs.replace(content, boxes=None, boxes_state=None), incomplete=True)
        else:
            yield _found(place, content)


def _said_twice(path: Path) -> set[str]:
    """Pictures of which several lines name boxes, and not the same."""
    seen: dict[str, int] = {}
    lines = (line for _, line in _lines(path) if isinstance(line, Line) and line.boxes)
    return {
        key for key, boxes in ((_key(line), _digest(line)) for line in lines) if seen.setdefault(key, boxes) != boxes
    }


def _key(line: Line) -> str:
    return line.sha256.lower() or line.name


def _digest(line: Line) -> int:
    return hash(tuple(line.boxes or ()))


def read_records(path: Path) -> tuple[Header | None, list[tuple[Place, Line]], list[Refused]]:
    """(header, lines, refusals) of the file beside another format. Raises NotThatFormatError."""
    first: Header | None = None
    found: list[tuple[Place, Line]] = []
    refusals: list[Refused] = []
    for place, content in _lines(path):
        if isinstance(content, Header):
            first = content
        elif isinstance(content, Refused):
            refusals.append(content)
        else:
            found.append((place, content))
    return first, found, refusals


def told_once(
    lines: Iterable[tuple[Place, Line]], found: dict[str, tuple[Place, Line]], name_of: Callable[[Line], str]
) -> Iterator[Refused]:
    """Enter lines in `found` by the name of their picture; tell those whose picture has one already."""
    for place, line in lines:
        if found.setdefault(name_of(line), (place, line))[0] != place:
            yield refused(place, "again", f"Something was said of {display_name(line.name)} further up already.")


def _lines(path: Path) -> Iterator[tuple[Place, Header | Line | Refused]]:
    for number, content in reading.lines(path):
        place = Place(display_name(path.name), number)
        if isinstance(content, Problem):
            yield place, refusal_of(place, content)
        elif number == 1 and is_header(content):
            yield place, read_header(content, path)
        elif content.strip():
            yield place, _line(place, content)


def _line(place: Place, content: str) -> Line | Refused:
    try:
        return reading.decoded(content, Line)
    except Problem as problem:
        return refusal_of(place, problem)


def _found(place: Place, line: Line, *, incomplete: bool = False) -> Found | Refused:
    try:
        if line.name:
            reading.checked_name(line.name)
        elif not line.sha256:
            raise Problem("no_name", "It does not say which picture it is about.")
        return msgspec.structs.replace(found_in(line, place), incomplete=incomplete)
    except Problem as problem:
        return refusal_of(place, problem)
