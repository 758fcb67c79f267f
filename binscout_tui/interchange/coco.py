"""COCO: `annotations.json` with `images/` beside it. What COCO cannot say stands in members called `binscout`."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import msgspec

from binscout_tui.imaging.names import display_name

from . import geometry, reading
from .model import Box, ClassInfo, Found, FoundBox, FoundBoxes, Labels, no_class_name
from .record import Line, found_in, header, is_header, read_header, record, text
from .refusals import NotThatFormatError, Place, Problem, Refused, refusal_of, refused

KIND = "coco"
FILE, PICTURES = "annotations.json", "images"
Id = int | str
_OWN = ("sha256", "state", "label", "counts")


class Writer:
    """Writes the annotations, and says where pictures go.

    `unclassed`: there are boxes without a class; `info` stands among the information on the whole file.
    """

    def __init__(
        self, classes: Sequence[ClassInfo], *, unclassed: bool, info: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        self._classes = classes
        self._info = {"description": "Labels of BinScout"} | dict(info)
        self._ids: dict[str | None, int] = {one.name: number for number, one in enumerate(classes, 1)}
        if unclassed:
            self._ids[None] = len(classes) + 1
        self._others: list[str] = []

    def picture(self, one: Labels) -> str | None:
        """Where the picture belongs; one that nobody looked at would be taken for one with nothing in it."""
        return f"{PICTURES}/{one.file}" if one.is_boxed else None

    def write(self, folder: Path, entries: Iterable[Labels]) -> None:
        """The annotations, one a line."""
        with (folder / FILE).open("wb") as handle, tempfile.TemporaryFile(dir=folder) as notes:
            handle.write(f'{{"info":{text(self._info)},"licenses":[],\n"categories":['.encode())
            _join(handle, map(text, self._categories()))
            handle.write(b'],\n"images":[')
            _join(handle, self._images(entries, notes))
            handle.write(b'],\n"annotations":[')
            notes.seek(0)
            _join(handle, (line.decode().rstrip("\n") for line in notes))
            handle.write(b'],\n"binscout":')
            handle.write(text(header(KIND, self._classes, no_class=self._ids.get(None))).encode()[:-1])
            handle.write(b',"images":[')
            _join(handle, self._others)
            handle.write(b"]}}\n")

    def _categories(self) -> Iterator[dict[str, Any]]:
        for one in self._classes:
            yield {"id": self._ids[one.name], "name": one.name, "supercategory": one.group}
        if None in self._ids:
            yield {"id": self._ids[None], "name": no_class_name(self._classes), "supercategory": ""}

    def _images(self, entries: Iterable[Labels], notes: BinaryIO) -> Iterator[str]:
        """Those that somebody looked at, with their boxes put aside; the others are kept for the end."""
        self._others.clear()
        number = note = 0
        for one in entries:
            said = record(one, boxes=False)
            if not one.is_boxed:
                self._others.append(text(said))
                continue
            number += 1
            for box in geometry.in_order(one.boxes, one.size):
                note += 1
                notes.write(f"{text(self._annotation(note, number, one, box))}\n".encode())
            own = {key: said[key] for key in _OWN}
            size = {"width": one.size[0], "height": one.size[1]}
            yield text({"id": number, "file_name": one.file, **size, "binscout": own})

    def _annotation(self, note: int, image: int, one: Labels, box: Box) -> dict[str, Any]:
        x, y, width, height = geometry.to_coco(box.box, one.size)
        return {
            "id": note,
            "image_id": image,
            "category_id": self._ids[box.name],
            "bbox": [x, y, width, height],
            "area": round(width * height, geometry.PIXEL_DECIMALS),
            "iscrowd": 0,
            "segmentation": [],
        }


def _join(handle: BinaryIO, lines: Iterable[str]) -> None:
    first = True
    for line in lines:
        handle.write(f"{'' if first else ','}\n{line}".encode())
        first = False


class _File(msgspec.Struct, frozen=True):
    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw] = []
    categories: list[msgspec.Raw] = []
    binscout: msgspec.Raw = msgspec.Raw(b"")


class _Category(msgspec.Struct, frozen=True):
    id: Id
    name: str
    supercategory: str | None = None


class _Image(msgspec.Struct, frozen=True):
    id: Id
    file_name: str
    width: float | None = None
    height: float | None = None
    binscout: Line | None = None


class _Annotation(msgspec.Struct, frozen=True):
    image_id: Id
    category_id: Id | None = None
    bbox: list[float] | None = None
    iscrowd: int | bool = 0


class _Others(msgspec.Struct, frozen=True):
    images: list[msgspec.Raw] = []


def read(path: Path) -> Iterator[ClassInfo | Found | Refused]:
    """What the annotations say, of a file or of a folder that has it. Raises NotThatFormatError."""
    path = path / FILE if path.is_dir() else path
    try:
        content = reading.decoded(reading.whole(path, reading.LARGEST_WHOLE), _File)
    except Problem as problem:
        raise NotThatFormatError(
            f"{display_name(path.name)} is no COCO file: {problem.reason}", code=problem.code
        ) from problem
    yield from _Reader(path, content).run()


class _Reader:
    def __init__(self, path: Path, content: _File) -> None:
        self._path = path
        self._content = content
        self._folder = path.parent
        own = bytes(content.binscout)
        self._header = read_header(own, path) if own and is_header(own) else None
        self._names: dict[Id, str | None] = {}
        self._boxes: defaultdict[Id, list[FoundBox]] = defaultdict(list)
        self._damaged: set[Id] = set()

    def run(self) -> Iterator[ClassInfo | Found | Refused]:
        yield from self._categories()
        yield from self._annotations()
        known: set[Id] = set()
        for number, raw in enumerate(self._content.images):
            place = self._place("images", number)
            try:
                yield self._image(place, raw, known)
            except Problem as problem:
                yield refusal_of(place, problem)
        for image_id, boxes in self._boxes.items():
            if image_id not in known:
                reason = f"There is no image with the id {image_id}."
                yield from (refused(box.place, "unknown_image", reason) for box in boxes)
        if self._header is not None:
            yield from self._others()

    def _place(self, what: str, number: int) -> Place:
        return Place(display_name(self._path.name), item=f"{what}[{number}]")

    def _categories(self) -> Iterator[ClassInfo | Refused]:
        classes = {one.name: one for one in self._header.classes} if self._header else {}
        unclassed = (self._header.no_class, no_class_name(self._header.classes)) if self._header else None
        for number, raw in enumerate(self._content.categories):
            place = self._place("categories", number)
            try:
                one = reading.decoded(raw, _Category)
                if one.id in self._names:
                    raise Problem("again", f"The id {one.id} has a category already.")
            except Problem as problem:
                yield refusal_of(place, problem)
                continue
            if (one.id, one.name) == unclassed:
                self._names[one.id] = None
                continue
            self._names[one.id] = one.name
            yield classes.get(one.name) or ClassInfo(name=one.name, group=one.supercategory or "")

    def _annotations(self) -> Iterator[Refused]:
        for number, raw in enumerate(self._content.annotations):
            place = self._place("annotations", number)
            image_id: Id | None = None
            try:
                one = reading.decoded(raw, _Annotation)
                image_id = one.image_id
                box = self._box(place, one)
                self._boxes[image_id].append(box)
            except Problem as problem:
                yield refusal_of(place, problem)
                if image_id is None:
                    image_id = _image_of(raw)
                if image_id is not None:
                    self._damaged.add(image_id)

    def _box(self, place: Place, one: _Annotation) -> FoundBox:
        if one.iscrowd:
            raise Problem("crowd", "It stands for many things at once, and a box is of one.")
        if one.bbox is None or len(one.bbox) != 4:
            raise Problem("no_box", "It has no box of four numbers; shapes are not taken over.")
        if one.category_id not in self._names or one.category_id is None:
            raise Problem("unknown_category", f"There is no category with the id {one.category_id}.")
        x, y, width, height = one.bbox
        return FoundBox(geometry.from_corner(x, y, width, height), self._names[one.category_id], place)

    def _image(self, place: Place, raw: msgspec.Raw, known: set[Id]) -> Found:
        one = reading.decoded(raw, _Image)
        if one.id in known:
            raise Problem("again", f"The id {one.id} has an image already.")
        known.add(one.id)
        name = reading.checked_name(one.file_name)
        own = found_in(one.binscout, place, boxes=False) if one.binscout else None
        boxes = tuple(self._boxes.get(one.id, ()))
        damaged = one.id in self._damaged
        return Found(
            place=place,
            file=name,
            sha256=own.sha256 if own else "",
            path=reading.inside(self._folder / PICTURES, name) or reading.inside(self._folder, name),
            size=(int(one.width), int(one.height)) if one.width and one.height else None,
            label=own.label if own else None,
            boxes=None if damaged else FoundBoxes(state="boxes" if boxes else "empty", boxes=boxes, unit="pixels"),
            counts=own.counts if own else None,
            incomplete=damaged,
        )

    def _others(self) -> Iterator[Found | Refused]:
        """Pictures that nobody looked at for boxes, or that were passed by."""
        for number, raw in enumerate(reading.decoded(self._content.binscout, _Others).images):
            place = self._place("binscout.images", number)
            try:
                yield found_in(reading.decoded(raw, Line), place)
            except Problem as problem:
                yield refusal_of(place, problem)


class _Belongs(msgspec.Struct, frozen=True):
    image_id: Id


def _image_of(raw: msgspec.Raw) -> Id | None:
    try:
        return reading.decoded(raw, _Belongs).image_id
    except Problem:
        return None
