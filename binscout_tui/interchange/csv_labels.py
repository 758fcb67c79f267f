"""CSV: one row for each thing that was said of a picture. Streams both ways."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar, cast

import msgspec

from binscout_tui.imaging.names import display_name

from . import geometry, reading
from .model import ClassInfo, Count, Found, FoundBox, FoundBoxes, FoundLabel, Labels, Size
from .refusals import NotThatFormatError, Place, Problem, Refused, refusal_of, refused

COLUMNS = ("file", "sha256", "width", "height", "kind", "state", "class", "x1", "y1", "x2", "y2", "count")
NAMES = {"file": ("file", "filename", "file_name", "image", "path"), "class": ("class", "label", "class_name")}
"""What other programs call the columns that a plain table of labels has."""
_COORDINATES = {"x1", "y1", "x2", "y2", "xmin", "ymin", "xmax", "ymax"}
_COUNTS_HINT = "Counts stand in the columns file,kind,class,count: kind is count, class is empty for everything."
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
Row = Mapping[str, str]
Said = TypeVar("Said")


class _Row(msgspec.Struct, frozen=True):
    place: Place
    cells: dict[str, str]
    problem: Problem | None = None

    @property
    def picture(self) -> tuple[str, str]:
        """What says which picture it is about."""
        return self.cells.get("file", ""), self.cells.get("sha256", "")


def write(handle: BinaryIO, classes: Sequence[ClassInfo], entries: Iterable[Labels]) -> None:
    """The columns' names and the rows of each entry."""
    handle.write(_line(COLUMNS))
    for one in entries:
        handle.writelines(_line(row) for row in _rows(one))


def _rows(one: Labels) -> Iterator[tuple[Any, ...]]:
    picture = (_guarded(one.file), one.sha256, *one.size)
    yield (*picture, "label", one.state, _name(one.label), *("",) * 5)
    if one.boxes_state != "boxes":
        yield (*picture, "boxes", one.boxes_state, *("",) * 6)
    for box in geometry.in_order(one.boxes):
        yield (*picture, "box", "boxes", _name(box.name), *map(geometry.number, box.box), "")
    for counted in sorted(one.counts, key=lambda found: (found.name is not None, found.name or "")):
        yield (*picture, "count", "", _name(counted.name), *("",) * 4, counted.count)


def read(path: Path) -> Iterator[ClassInfo | Found | Refused]:
    """What the table says. Raises NotThatFormatError."""
    scattered = _scattered(path)
    held: dict[tuple[str, str], list[_Row]] = {}
    damaged: set[tuple[str, str]] = set()
    for rows, lost in _pictures(_read_rows(path)):
        picture = _picture_of(rows)
        if picture in scattered:
            held.setdefault(picture, []).extend(rows)
            damaged.update([picture] if lost else [])
        else:
            yield from _found(rows, lost)
    for picture, rows in held.items():
        yield from _found(rows, picture in damaged)


def _scattered(path: Path) -> set[tuple[str, str]]:
    """Pictures whose rows do not stand together: the boxes of the first rows alone would be taken for all there are."""
    seen: set[tuple[str, str]] = set()
    scattered: set[tuple[str, str]] = set()
    for rows, _ in _pictures(_read_rows(path)):
        picture = _picture_of(rows)
        (scattered if picture in seen else seen).add(picture)
    return scattered


def _picture_of(rows: list[_Row]) -> tuple[str, str]:
    """The picture of neighbouring rows, none where nobody can read any of them."""
    return next((row.picture for row in rows if row.cells), ("", ""))


def _pictures(rows: Iterable[_Row]) -> Iterator[tuple[list[_Row], bool]]:
    """Neighbouring rows of one picture, and whether a row that nobody can read stands among or beside them."""
    group: list[_Row] = []
    picture, lost, after_lost = ("", ""), False, False
    for row in rows:
        if row.cells and row.picture != picture:
            if group:
                yield group, lost
            group, picture, lost = [], row.picture, after_lost
        after_lost = not row.cells
        lost = lost or after_lost
        group.append(row)
    if group:
        yield group, lost


def _found(rows: list[_Row], lost: bool) -> Iterator[Found | Refused]:
    """One thing for each picture, and what of its rows cannot be used."""
    label: FoundLabel | None = None
    state: str | None = None
    boxes: list[FoundBox] = []
    counts: list[Count] = []
    incomplete, usable = False, 0
    for row in rows:
        kind = row.cells.get("kind", "")
        try:
            if row.problem:
                raise row.problem
            if kind == "label":
                label = _only(label, _label(row.cells))
            elif kind == "boxes":
                state = _only(state, _one_of(row.cells["state"], ("unlabelled", "empty", "skipped")))
            elif kind == "box":
                boxes.append(_box(row))
            elif kind == "count":
                counts.append(Count(row.cells["class"] or None, _whole(row.cells["count"])))
            else:
                raise Problem("bad_kind", f"A row is a label, boxes, a box or a count, and not {kind!r}.")
            usable += 1
        except Problem as problem:
            incomplete = incomplete or kind in ("boxes", "box")
            lost = lost or kind not in ("label", "count")
            yield refusal_of(row.place, problem)
    if boxes and state is not None:
        yield refused(rows[0].place, "bad_state", f"The picture has boxes and is {state}.")
        incomplete = True
    incomplete = incomplete or (lost and bool(boxes or state))
    if usable:
        first = next(row for row in rows if row.cells)
        yield Found(
            place=first.place,
            file=first.cells["file"],
            sha256=first.cells["sha256"].lower(),
            size=_size(first.cells),
            label=label,
            boxes=None if incomplete else _boxes(boxes, state),
            counts=tuple(counts) or None,
            incomplete=incomplete,
        )


def _boxes(boxes: list[FoundBox], state: str | None) -> FoundBoxes | None:
    if boxes:
        return FoundBoxes(state="boxes", boxes=tuple(boxes))
    if state in (None, "unlabelled"):
        return None
    return FoundBoxes(state=cast(Literal["empty", "skipped"], state))


def _read_rows(path: Path) -> Iterator[_Row]:
    """Every row with its first line; refused ones carry their problem."""
    source = _Lines(path)
    reader = csv.reader(source, strict=True)
    columns: list[str] | None = None
    while True:
        begin = source.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            if columns is None:
                raise NotThatFormatError(f"{display_name(path.name)} is empty.") from None
            return
        except csv.Error as error:
            if columns is None:
                raise NotThatFormatError(f"{display_name(path.name)} is not a table: {error}.") from error
            yield _Row(Place(display_name(path.name), begin), {}, Problem("bad_csv", f"This is not CSV: {error}."))
            reader = csv.reader(source, strict=True)
            continue
        if columns is None:
            columns = _columns(cells, path)
        elif cells:
            yield _row(Place(display_name(path.name), begin), columns, cells)


class _Lines:
    """The lines of a file for the reader of tables, which cannot say where a row begins."""

    def __init__(self, path: Path) -> None:
        self._lines = reading.lines(path)
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if isinstance(line, Problem):
            raise csv.Error(line.reason)
        return line + "\n"


def _columns(cells: list[str], path: Path) -> list[str]:
    found = [cell.strip().lower() for cell in cells]
    ours = []
    for column in found:
        ours.append(next((name for name, others in NAMES.items() if column in others), column))
    if "class" not in ours or not {"file", "sha256"} & set(ours):
        raise NotThatFormatError(
            f"{display_name(path.name)} has no columns for the picture and its class.",
            hint=_COUNTS_HINT
            if "count" in ours
            else "The first line names them, such as file,label; docs/formats.md has all.",
        )
    if len(set(ours)) < len(ours):
        raise NotThatFormatError(f"{display_name(path.name)} has a column twice.")
    if "kind" not in ours and _COORDINATES & set(ours):
        raise NotThatFormatError(
            f"{display_name(path.name)} has coordinates, but no column kind that says what a row is.",
            hint="Each row of a plain table is the class of a whole picture; docs/formats.md has the columns of boxes.",
            code="no_kind",
        )
    if "kind" not in ours and "count" in ours:
        raise NotThatFormatError(
            f"{display_name(path.name)} has counts, but no column kind that says what a row is.",
            hint=_COUNTS_HINT,
            code="no_kind",
        )
    return ours


def _row(place: Place, columns: list[str], cells: list[str]) -> _Row:
    if len(cells) != len(columns):
        return _Row(
            place, {}, Problem("bad_csv", f"The row has {len(cells)} cells and the table {len(columns)} columns.")
        )
    found = dict.fromkeys(COLUMNS, "") | dict(zip(columns, cells, strict=True))
    if "kind" not in columns:
        found["kind"] = "label"
        found["state"] = found["state"] or ("class" if found["class"] else "unlabelled")
    found["file"], found["class"] = _plain(found["file"]), _plain(found["class"])
    try:
        if found["file"]:
            reading.checked_name(found["file"])
        elif not found["sha256"]:
            raise Problem("no_name", "It does not say which picture it is about.")
    except Problem as problem:
        return _Row(place, found, problem)
    return _Row(place, found)


def _label(cells: Row) -> FoundLabel | None:
    state = _one_of(cells["state"], ("unlabelled", "class", "empty", "skipped"))
    if (state == "class") != bool(cells["class"]):
        raise Problem("bad_state", f"The state {state} and the class {cells['class']!r} exclude each other.")
    if state == "unlabelled":
        return None
    return FoundLabel(cast(Literal["class", "empty", "skipped"], state), cells["class"] or None)


def _box(row: _Row) -> FoundBox:
    x1, y1, x2, y2 = (reading.number(row.cells[name]) for name in ("x1", "y1", "x2", "y2"))
    return FoundBox((x1, y1, x2, y2), row.cells["class"] or None, row.place)


def _only(before: Said | None, said: Said | None) -> Said | None:
    """What two rows say, where they say the same or one of them nothing. Raises Problem."""
    if before is not None and said is not None and before != said:
        raise Problem("again", "A row further up says something else of the picture.")
    return said if before is None else before


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise Problem("bad_state", f"The state is one of {', '.join(known)}, and not {value!r}.")
    return value


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Problem("bad_count", f"{text!r} is not a whole number.")
    return int(text)


def _size(cells: Row) -> Size | None:
    try:
        return _whole(cells["width"]), _whole(cells["height"])
    except Problem:
        return None


def _name(name: str | None) -> str:
    return "" if name is None else _guarded(name)


def _guarded(text: str) -> str:
    """No cell begins like a formula: an apostrophe stands before it, which reading takes away."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _line(cells: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode()
