"""YOLO: a text file of boxes for each picture, and `data.yaml` with the classes.

An empty text file says that nothing is in the picture; what it cannot say stands in `binscout.jsonl` beside.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import yaml

from binscout_tui.imaging.names import display_name, one_line

from . import geometry, reading
from .jsonl import read_records, told_once
from .model import ClassInfo, Found, FoundBox, FoundBoxes, Four, Labels, no_class_name
from .naming import SUFFIXES
from .record import SIDECAR, Header, Line, found_in, header, record, text
from .refusals import NotThatFormatError, Place, Problem, Refused, refusal_of, refused

KIND = "yolo"
DATA, PICTURES, LABELS = "data.yaml", "images", "labels"
CLASSES = "classes.txt"
LARGEST_NAMES = 1 << 20
_PICTURES = tuple({suffix for suffixes in SUFFIXES.values() for suffix in suffixes})


class Writer:
    """Writes text files, names and what they cannot say; `unclassed`: there are boxes without a class."""

    def __init__(self, classes: Sequence[ClassInfo], *, unclassed: bool) -> None:
        self._classes = classes
        self._ids: dict[str | None, int] = {one.name: number for number, one in enumerate(classes)}
        if unclassed:
            self._ids[None] = len(classes)

    def picture(self, one: Labels) -> str | None:
        """Where the picture belongs; one that nobody looked at would be taken for one with nothing in it."""
        return f"{PICTURES}/{one.file}" if one.is_boxed else None

    def write(self, folder: Path, entries: Iterable[Labels]) -> None:
        """All files but the pictures."""
        for name in (PICTURES, LABELS):
            (folder / name).mkdir(exist_ok=True)
        (folder / DATA).write_text(self._data(), encoding="utf-8")
        with (folder / SIDECAR).open("wb") as handle:
            first = header(KIND, self._classes, no_class=self._ids.get(None))
            handle.write(f"{text(first)}\n".encode())
            for one in entries:
                handle.write(f"{text(record(one, boxes=False))}\n".encode())
                if one.is_boxed:
                    path = folder / LABELS / f"{PurePosixPath(one.file).stem}.txt"
                    path.write_text("".join(self._lines(one)), encoding="ascii")

    def _data(self) -> str:
        names = [*(one.name for one in self._classes), *([no_class_name(self._classes)] if None in self._ids else [])]
        lines = [f"  {number}: {_quoted(name)}\n" for number, name in enumerate(names)]
        return f"path: .\ntrain: {PICTURES}\nval: {PICTURES}\nnames:{'' if lines else ' {}'}\n{''.join(lines)}"

    def _lines(self, one: Labels) -> Iterator[str]:
        for box in geometry.in_order(one.boxes):
            numbers = " ".join(map(geometry.number, geometry.to_centre(box.box)))
            yield f"{self._ids[box.name]} {numbers}\n"


def _quoted(name: str) -> str:
    """`name` as a double-quoted scalar; YAML has no characters U+FFFE and U+FFFF as they are."""
    return text(name).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def read(path: Path) -> Iterator[ClassInfo | Found | Refused]:
    """What the text files say, of a folder or of its `data.yaml`. Raises NotThatFormatError."""
    folder = path if path.is_dir() else path.parent
    first, lines, refusals = read_records(folder / SIDECAR) if (folder / SIDECAR).is_file() else (None, [], [])
    yield from refusals
    reader = _Reader(folder, _names(path, folder, first))
    yield from _classes(reader.names, first)
    beside: dict[str, tuple[Place, Line]] = {}
    yield from told_once(lines, beside, lambda line: PurePosixPath(line.name).stem)
    is_empty = first is None
    for label in reader.files():
        is_empty = False
        try:
            yield from reader.read(label, beside.pop(label.stem, None))
        except Problem as problem:
            yield refusal_of(Place(display_name(label.relative_to(folder))), problem)
        except NotThatFormatError as error:  # one of many that cannot be opened
            yield refused(Place(display_name(label.relative_to(folder))), error.code, error.sentence)
    if is_empty:
        raise NotThatFormatError(
            f"There is no text file below a folder {LABELS} in {display_name(folder)}.",
            hint=f"Name the folder that holds {LABELS} and {DATA}.",
            code="not_found",
        )
    for place, line in beside.values():
        yield _without_text(place, line)


def _names(path: Path, folder: Path, first: Header | None) -> list[str | None]:
    """The classes by number. Raises NotThatFormatError."""
    data = path if path.is_file() else folder / DATA
    listed = next((one for one in (folder / CLASSES, folder / LABELS / CLASSES) if one.is_file()), None)
    if data.is_file():
        names = _yaml_names(data)
    elif listed is not None:
        names = [line.strip() for _, line in reading.lines(listed) if isinstance(line, str) and line.strip()]
    else:
        raise NotThatFormatError(
            f"{display_name(folder)} has neither {DATA} nor {CLASSES}, so that nobody knows the classes.",
            hint="Name the folder that holds data.yaml, or that file.",
        )
    # Another program may have put a class of its own at the number of boxes without a class.
    unclassed = None if first is None else (first.no_class, no_class_name(first.classes))
    return [None if one == unclassed else one[1] for one in enumerate(names)]


class _Loader(yaml.BaseLoader):  # type: ignore[misc]
    """Refuses a key that stands twice: nobody knows which of two classes has the number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice", node.start_mark)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found


def _yaml_names(path: Path) -> list[str]:
    try:
        # Everything stays text: a class may be called `no` or `1.0`.
        data = yaml.load(reading.whole(path, LARGEST_NAMES).decode(), Loader=_Loader)
    except (Problem, yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        said = f": {one_line(str(error.problem))}" if isinstance(error, yaml.MarkedYAMLError) else ""
        name = display_name(path.name)
        raise NotThatFormatError(f"{name} is not YAML that can be read{said}.", code="bad_yaml") from error
    names = data.get("names") if isinstance(data, dict) else None
    if isinstance(names, dict):
        if set(names) != {str(number) for number in range(len(names))}:
            raise NotThatFormatError(
                f"The classes of {display_name(path.name)} are not numbered from 0 on.", code="bad_names"
            )
        names = [names[str(number)] for number in range(len(names))]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise NotThatFormatError(f"{display_name(path.name)} does not list the names of the classes.", code="bad_names")
    return names


def _classes(names: list[str | None], first: Header | None) -> Iterator[ClassInfo]:
    known = {one.name: one for one in first.classes} if first else {}
    yield from (known.get(name) or ClassInfo(name=name) for name in names if name is not None)


def _without_text(place: Place, line: Line) -> Found | Refused:
    """A picture with no text file: nobody looked for boxes, or somebody took the file away."""
    state = line.boxes_state if line.boxes_state == "skipped" else None
    try:
        return found_in(msgspec.structs.replace(line, boxes_state=state, boxes=None), place)
    except Problem as problem:
        return refusal_of(place, problem)


class _Reader:
    def __init__(self, folder: Path, names: list[str | None]) -> None:
        self.folder = folder
        self.names = names
        self._pictures: tuple[Path, dict[str, list[Path]]] = (Path(), {})

    def files(self) -> Iterator[Path]:
        """Every text file below a folder called `labels`, in order. Links to folders are not followed."""
        for top, folders, files in os.walk(self.folder):
            folders.sort()
            if LABELS in Path(top).relative_to(self.folder).parts:
                wanted = (name for name in sorted(files) if name.endswith(".txt") and name != CLASSES)
                yield from (Path(top, name) for name in wanted)

    def read(self, path: Path, beside: tuple[Place, Line] | None) -> Iterator[Found | Refused]:
        """What a text file says, together with what stands beside it."""
        name = display_name(path.relative_to(self.folder))
        boxes: list[FoundBox] = []
        damaged = False
        for number, content in reading.lines(path):
            place = Place(name, number)
            try:
                if isinstance(content, Problem):
                    raise content
                if content.strip():
                    boxes.append(FoundBox(*self._box(content), place))
            except Problem as problem:
                damaged = True
                yield refusal_of(place, problem)
        more = None
        if beside is not None:
            try:
                more = found_in(msgspec.structs.replace(beside[1], boxes_state=None, boxes=None), beside[0])
            except Problem as problem:
                yield refusal_of(beside[0], problem)
        yield Found(
            place=Place(name),
            file=more.file if more else path.stem,
            by_stem=more is None,
            sha256=more.sha256 if more else "",
            path=self._picture(path, more.file if more else ""),
            size=more.size if more else None,
            label=more.label if more else None,
            boxes=None if damaged else FoundBoxes(state="boxes" if boxes else "empty", boxes=tuple(boxes)),
            counts=more.counts if more else None,
            incomplete=damaged,
        )

    def _box(self, line: str) -> tuple[Four, str | None]:
        words = line.split()
        if len(words) == 6:
            raise Problem("prediction", "A sixth number is the score of a prediction, which is not a label.")
        if len(words) > 6:
            raise Problem("shape", "It is a shape, and not a box of a class and four numbers.")
        if len(words) < 5:
            raise Problem("bad_line", "A line is the number of a class and x, y, width and height.")
        number = int(words[0]) if words[0].isascii() and words[0].isdigit() and len(words[0]) < 10 else None
        if number is None or number >= len(self.names):
            raise Problem("class_id", f"{words[0]!r} is not a class: the numbers go from 0 to {len(self.names) - 1}.")
        x, y, width, height = map(reading.number, words[1:])
        return geometry.from_centre(x, y, width, height), self.names[number]

    def _picture(self, label: Path, name: str) -> Path | None:
        """The picture that lies where the text file would, in `images` instead of `labels`.

        Raises Problem when it may be one of several, none of which is called `name`.
        """
        parts = list(label.parent.relative_to(self.folder).parts)
        place = len(parts) - 1 - parts[::-1].index(LABELS)
        folder = self.folder.joinpath(*parts[:place], PICTURES, *parts[place + 1 :])
        if self._pictures[0] != folder:
            found = sorted(folder.iterdir()) if folder.is_dir() else []
            self._pictures = folder, {}
            for path in found:
                if path.suffix.lower() in _PICTURES:
                    self._pictures[1].setdefault(path.stem, []).append(path)
        fitting = self._pictures[1].get(label.stem, [])
        fitting = [path for path in fitting if path.name == name] or fitting
        if len(fitting) > 1:
            raise Problem("ambiguous", f"{len(fitting)} pictures are called {display_name(label.stem)}.")
        return fitting[0] if fitting else None
