"""JSONL: a header with the classes, then one object a picture. Streams both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from . import reading
from .model import ClassInfo, Found, Labels
from .record import Header, Line, found_in, header, is_header, read_header, record, text
from .refusals import Place, Problem, Refused, refusal_of

KIND = "jsonl"


def write(handle: BinaryIO, classes: Sequence[ClassInfo], entries: Iterable[Labels]) -> None:
    """The header and a line for each entry."""
    handle.write(f"{text(header(KIND, classes))}\n".encode())
    for one in entries:
        handle.write(f"{text(record(one))}\n".encode())


def read(path: Path) -> Iterator[ClassInfo | Found | Refused]:
    """What the file says, line by line; without a header too. Raises NotThatFormatError."""
    for place, content in _lines(path):
        if isinstance(content, Header):
            yield from content.classes
            continue
        yield content if isinstance(content, Refused) else _found(place, content)


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


def _lines(path: Path) -> Iterator[tuple[Place, Header | Line | Refused]]:
    for number, content in reading.lines(path):
        place = Place(path.name, number)
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


def _found(place: Place, line: Line) -> Found | Refused:
    try:
        if line.name:
            reading.checked_name(line.name)
        elif not line.sha256:
            raise Problem("no_name", "It does not say which picture it is about.")
        return found_in(line, place)
    except Problem as problem:
        return refusal_of(place, problem)
