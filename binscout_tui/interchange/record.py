"""A picture's labels as one JSON object: the lines of JSONL, of the file beside other formats, and inside COCO."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.imaging.names import display_name

from . import geometry
from .model import BoxState, ClassInfo, Count, Found, FoundBox, FoundBoxes, FoundLabel, Four, Labels, LabelState
from .reading import decoded
from .refusals import NotThatFormatError, Place, Problem

VERSION = 1
SIDECAR = "binscout.jsonl"
Record = dict[str, Any]


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: what follows, and the classes in order; other members belong to single formats."""

    binscout: str
    version: int
    classes: list[ClassInfo] = []
    no_class: int | None = None
    folders: dict[str, str] = {}


class _Mark(msgspec.Struct, frozen=True):
    binscout: str | msgspec.UnsetType = msgspec.UNSET


class _Box(msgspec.Struct, frozen=True):
    x1: float
    y1: float
    x2: float
    y2: float
    name: str | None = msgspec.field(name="class", default=None)


class _Count(msgspec.Struct, frozen=True):
    count: int
    name: str | None = msgspec.field(name="class", default=None)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What a line may say; of older or other programs also `image`, `path` or `file_name` for the file."""

    file: str = ""
    image: str = ""
    path: str = ""
    file_name: str = ""
    sha256: str = ""
    width: int | None = None
    height: int | None = None
    state: LabelState | None = None
    label: str | None = None
    boxes_state: BoxState | None = None
    boxes: list[_Box] | None = None
    counts: list[_Count] | None = None

    @property
    def name(self) -> str:
        """The file that it is about, empty where it names none."""
        return self.file or self.file_name or self.path or self.image


def header(kind: str, classes: Sequence[ClassInfo], **more: Any) -> Record:
    """The header as an object."""
    found = {"binscout": kind, "version": VERSION, "classes": msgspec.to_builtins(list(classes))}
    return found | {key: value for key, value in more.items() if value is not None}


def record(labels: Labels, *, boxes: bool = True) -> Record:
    """Everything that is known of a picture; without `boxes` only their state, where they stand elsewhere."""
    found: Record = {
        "file": labels.file,
        "sha256": labels.sha256,
        "width": labels.size[0],
        "height": labels.size[1],
        "state": labels.state,
        "label": labels.label,
        "boxes_state": labels.boxes_state,
    }
    if boxes:
        keys = ("x1", "y1", "x2", "y2")
        found["boxes"] = [
            dict(zip(keys, one.box, strict=True)) | {"class": one.name} for one in geometry.in_order(labels.boxes)
        ]
    found["counts"] = [{"class": one.name, "count": one.count} for one in _in_order(labels.counts)]
    return found


def text(value: Any) -> str:
    """`value` as JSON on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def found_in(line: Line, place: Place, *, boxes: bool = True) -> Found:
    """What a line says; without `boxes` nothing of them. Raises Problem."""
    sized = line.width is not None and line.height is not None
    if line.sha256 and not (len(line.sha256) == 64 and line.sha256.isalnum()):
        raise Problem("bad_field", "sha256 has 64 hexadecimal digits.")
    return Found(
        place=place,
        file=line.name,
        sha256=line.sha256.lower(),
        size=(line.width or 0, line.height or 0) if sized else None,
        label=_label(line),
        boxes=_boxes(line, place) if boxes else None,
        counts=tuple(Count(one.name, one.count) for one in line.counts) if line.counts else None,
    )


def is_header(content: str | bytes | msgspec.Raw) -> bool:
    """Whether a JSON line is the header of this program's files."""
    try:
        return decoded(content, _Mark).binscout is not msgspec.UNSET
    except Problem:
        return False


def read_header(content: str | bytes | msgspec.Raw, file: Path) -> Header:
    """The header. Raises NotThatFormatError when it is damaged or of a newer program."""
    try:
        found = decoded(content, Header)
    except Problem as problem:
        raise NotThatFormatError(
            f"The first line of {display_name(file.name)} is damaged: {problem.reason}"
        ) from problem
    if found.version > VERSION:
        raise NotThatFormatError(
            f"{display_name(file.name)} has version {found.version} and this program knows up to version {VERSION}.",
            hint="Update BinScout; nothing was changed.",
            code="newer_format",
        )
    return found


def _in_order(counts: Iterable[Count]) -> list[Count]:
    return sorted(counts, key=lambda one: (one.name is not None, one.name or ""))


def _label(line: Line) -> FoundLabel | None:
    state = line.state or ("class" if line.label is not None else "unlabelled")
    if (state == "class") != (line.label is not None):
        raise Problem("bad_field", f"The state {state} and the label {line.label!r} exclude each other.")
    return None if state == "unlabelled" else FoundLabel(state, line.label)


def _boxes(line: Line, place: Place) -> FoundBoxes | None:
    state = line.boxes_state or ("boxes" if line.boxes else "unlabelled")
    if (state == "boxes") != bool(line.boxes):
        raise Problem(
            "bad_field", f"The state {state} of the boxes and {len(line.boxes or [])} boxes exclude each other."
        )
    if state == "unlabelled":
        return None
    found = [
        FoundBox(_four(one), one.name, Place(place.file, place.line, f"{place.item} boxes[{number}]".strip()))
        for number, one in enumerate(line.boxes or [])
    ]
    return FoundBoxes(state=state, boxes=tuple(found))


def _four(one: _Box) -> Four:
    return one.x1, one.y1, one.x2, one.y2
