"""What formats hold: classes, and what people said of pictures. The same for all formats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from .refusals import Place

LabelState = Literal["unlabelled", "class", "empty", "skipped"]
BoxState = Literal["unlabelled", "boxes", "empty", "skipped"]
Unit = Literal["normalised", "pixels"]
Four = tuple[float, float, float, float]
Size = tuple[int, int]
NO_CLASS = "object"
"""The name, in formats where each box has a class, of the class of boxes that have none."""


class ClassInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A class; `parent` is a name."""

    name: str
    key: str | None = None
    colour: str | None = None
    group: str = ""
    parent: str | None = None


class Box(msgspec.Struct, frozen=True):
    """A box `x1, y1, x2, y2` normalised to the upright picture, and its class or None."""

    box: Four
    name: str | None = None


class Count(msgspec.Struct, frozen=True):
    """How many a person counted of a class, or of everything when `name` is None."""

    name: str | None
    count: int


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one picture, to be written; `file` is unique, `size` in pixels of the upright picture."""

    file: str
    sha256: str
    size: Size
    state: LabelState = "unlabelled"
    label: str | None = None
    boxes_state: BoxState = "unlabelled"
    boxes: tuple[Box, ...] = ()
    counts: tuple[Count, ...] = ()

    @property
    def is_boxed(self) -> bool:
        """Whether somebody looked for things in it and said what is there, or that nothing is."""
        return self.boxes_state in ("boxes", "empty")


class FoundBox(msgspec.Struct, frozen=True):
    """A box as it stands in a file, unchecked."""

    box: Four
    name: str | None
    place: Place


class FoundBoxes(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of the things in a picture, in `unit`."""

    state: Literal["boxes", "empty", "skipped"]
    boxes: tuple[FoundBox, ...] = ()
    unit: Unit = "normalised"


class FoundLabel(msgspec.Struct, frozen=True):
    """What a file says of the whole picture; `name` for the state `class`."""

    state: Literal["class", "empty", "skipped"]
    name: str | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of one picture; what it does not say is None.

    The picture is the one with `sha256`, else the bytes of `path`, else the name `file` (with `by_stem` without its
    extension). `size` is what the file believes of the picture, in pixels. `incomplete`: a box of it was refused.
    """

    place: Place
    file: str = ""
    by_stem: bool = False
    sha256: str = ""
    path: Path | None = None
    size: Size | None = None
    label: FoundLabel | None = None
    boxes: FoundBoxes | None = None
    counts: tuple[Count, ...] | None = None
    incomplete: bool = False


def no_class_name(classes: Sequence[ClassInfo]) -> str:
    """`NO_CLASS`, or with underscores when a class is called like that."""
    taken, name = {one.name for one in classes}, NO_CLASS
    while name in taken:
        name += "_"
    return name
