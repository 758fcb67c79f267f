"""Reading logs of choosing that older programs wrote, line by line, and saying which lines can be trusted. Pure.

Those programs wrote a header for the images of their first line and then lines of any width, pixels where fractions
were promised, sizes of 0x0, and boxes that nobody had drawn. A line is taken as it is, or repaired where the line
itself proves what was meant, or refused; nothing is ever guessed.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

import msgspec

from binscout_tui.errors import UsageError

Verdict = Literal["trusted", "repaired", "refused"]
Kind = Literal["select-crop", "selection-only"]
SELECT_CROP_HEAD = (
    *("session_id", "set_id", "directory", "image_count", "chosen_index", "chosen_path"),
    *("crop_x1", "crop_y1", "crop_x2", "crop_y2", "timestamp"),
)
SELECTION_ONLY_HEAD = ("session_id", "set_id", "chosen_path", "neg_paths", "timestamp")
FIXED, PER_IMAGE = len(SELECT_CROP_HEAD), 4
MOST_IMAGES = 9
# A box drawn by hand is not drawn again on other pictures to its last digit.
REPEATS = 5
_WHOLE = ((0.0, 0.0, 1.0, 1.0),)


class LoggedImage(msgspec.Struct, frozen=True):
    """One candidate as the log names it; 0 pixels where the log does not know."""

    path: str
    width: int = 0
    height: int = 0


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """What a line says: the candidates, which of them was chosen (None: all were rejected), and its normalised crop."""

    session: str
    set_id: str
    images: tuple[LoggedImage, ...]
    chosen: int | None
    crop: tuple[float, float, float, float] | None
    at: str


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log (numbers from 1, `last` for a line that goes on) and how far it can be trusted.

    `codes` are stable, `reasons` sentences: what was repaired, or why it was refused. `logged` is None when refused.
    """

    line: int
    last: int
    verdict: Verdict
    codes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    logged: Logged | None = None


class Doubt(Exception):  # noqa: N818 - why a line is refused, not an error of the program
    """A line cannot be trusted."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class _Line(msgspec.Struct, frozen=True):
    first: int
    last: int
    fields: list[str] | None
    problem: str = ""


Repairs = list[tuple[str, str]]
Reader = Callable[[list[str], Repairs], Logged]


def judge(lines: Iterable[str]) -> list[Judged]:
    """Every line below the header with its verdict, in order. `lines` end as they stand in the file.

    Raises UsageError when the header is of no log that is known.
    """
    rows = list(_rows(lines))
    kind = kind_of(rows[0].fields if rows else None)
    header, body = rows[0], rows[1:]
    read: Reader = _selection_only
    if kind == "select-crop":
        read = partial(_select_crop, width=len(header.fields or ()), repeated=_repeated_boxes(body))
    return _without_repeats(_judged(row, read) for row in body)


def kind_of(header: Sequence[str] | None) -> Kind:
    """Which log a header belongs to. Raises UsageError."""
    names = tuple(header or ())
    if names[:FIXED] == SELECT_CROP_HEAD:
        return "select-crop"
    if names == SELECTION_ONLY_HEAD:
        return "selection-only"
    raise UsageError(
        "The first line is not the header of a log that can be read.",
        hint="Known are select_crop_log.csv and selection_only_log.csv.",
        code="header",
    )


def _rows(lines: Iterable[str]) -> Iterator[_Line]:
    """The records of a CSV file; one that cannot be read does not hide the others."""
    reader = csv.reader(lines, strict=True)
    first = 1
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Line(first, reader.line_num, None, str(error))
        else:
            if fields:
                yield _Line(first, reader.line_num, fields)
        first = reader.line_num + 1


def _judged(row: _Line, read: Reader) -> Judged:
    repairs: Repairs = []
    try:
        if row.fields is None:
            raise Doubt("csv", f"The line is not CSV: {row.problem}.")
        logged = read(row.fields, repairs)
    except Doubt as doubt:
        return Judged(line=row.first, last=row.last, verdict="refused", codes=(doubt.code,), reasons=(doubt.reason,))
    return Judged(
        line=row.first,
        last=row.last,
        verdict="repaired" if repairs else "trusted",
        codes=tuple(code for code, _ in repairs),
        reasons=tuple(reason for _, reason in repairs),
        logged=logged,
    )


def _select_crop(fields: list[str], repairs: Repairs, *, width: int, repeated: frozenset[tuple[str, ...]]) -> Logged:
    number, rest = divmod(len(fields) - FIXED, PER_IMAGE)
    if rest or number < 1:
        raise Doubt("fields", f"{len(fields)} fields are not {FIXED} and {PER_IMAGE} for each image.")
    session, set_id, _, count, index, chosen_path, *box, at = fields[:FIXED]
    images = tuple(_image(fields[FIXED + PER_IMAGE * place :]) for place in range(number))
    moment = _moment(at)
    if _whole_number(count) != number:
        raise Doubt("count", f"The line says {count!r} images and holds {number}.")
    _must_be_a_set([image.path for image in images])
    chosen = _chosen(index, chosen_path, images)
    if len(fields) != width:
        repairs.append(("width", f"{len(fields)} fields stand under a header of {width}; they fit {number} images."))
    crop = None if chosen is None else _crop(box, images[chosen], repairs, tuple(box) in repeated)
    if chosen is None and any(box) and _numbers(box) not in (*_WHOLE, (0.0, 0.0, 0.0, 0.0)):
        raise Doubt("crop", "There is a crop and no chosen image.")
    return Logged(session=session, set_id=set_id, images=images, chosen=chosen, crop=crop, at=moment)


def _selection_only(fields: list[str], repairs: Repairs) -> Logged:
    if len(fields) != len(SELECTION_ONLY_HEAD):
        raise Doubt("fields", f"{len(fields)} fields, not {len(SELECTION_ONLY_HEAD)}.")
    session, set_id, chosen_path, text, at = fields
    try:
        negatives = json.loads(text)
    except (ValueError, RecursionError):
        negatives = None
    if not isinstance(negatives, list) or not all(isinstance(path, str) and path for path in negatives):
        raise Doubt("negatives", "What was not chosen is no JSON list of paths.")
    paths = [path for path in (chosen_path, *negatives) if path]
    _must_be_a_set(paths)
    images = tuple(LoggedImage(path) for path in paths)
    return Logged(
        session=session, set_id=set_id, images=images, chosen=0 if chosen_path else None, crop=None, at=_moment(at)
    )


def _image(fields: Sequence[str]) -> LoggedImage:
    path, stage, width, height = fields[:PER_IMAGE]
    sizes = _whole_number(width or "0"), _whole_number(height or "0")
    if not path or None in sizes:
        raise Doubt("shifted", f"Where an image is expected stand {path!r}, {stage!r}, {width!r}, {height!r}.")
    return LoggedImage(path, *(size or 0 for size in sizes))


def _must_be_a_set(paths: Sequence[str]) -> None:
    if len(paths) < 2:
        raise Doubt("single", "One image is no choice among several.")
    if len(paths) > MOST_IMAGES:
        raise Doubt("too_many", f"{len(paths)} images are more than a set has.")
    if len(set(paths)) < len(paths):
        raise Doubt("same_path", "One path stands for two images.")


def _chosen(index: str, path: str, images: Sequence[LoggedImage]) -> int | None:
    place = _whole_number(index) if index.strip() not in ("", "-1", "None") else None
    if place is None:
        if path or index.strip() not in ("", "-1", "None"):
            raise Doubt("chosen", f"The chosen image is number {index!r} and {path!r}.")
        return None
    if place >= len(images) or images[place].path != path:
        raise Doubt("chosen", f"Image number {place} of the line is not {path!r}.")
    return place


def _crop(
    box: Sequence[str], image: LoggedImage, repairs: Repairs, is_repeated: bool
) -> tuple[float, float, float, float] | None:
    """The normalised crop, None where nothing was cropped."""
    if not any(text.strip() for text in box):
        return None
    numbers = _numbers(box)
    if numbers is None:
        raise Doubt("shifted", f"Where a crop is expected stands {', '.join(map(repr, box))}.")
    if numbers in _WHOLE:
        repairs.append(("whole", "The whole picture is no crop; older programs wrote it where nothing was cropped."))
        return None
    x1, y1, x2, y2 = numbers
    if not (0 <= x1 < x2 and 0 <= y1 < y2):
        raise Doubt("placeholder" if not any(numbers) else "crop", f"{', '.join(box)} is no box.")
    if (x1, y1, x2, y2) == (0, 0, image.width, image.height):
        repairs.append(("whole", f"The whole picture of {image.width}x{image.height} pixels is no crop."))
        return None
    if is_repeated:
        raise Doubt("placeholder", f"The same box stands for {REPEATS} pictures or more, so nobody drew it here.")
    if x2 <= 1 and y2 <= 1:
        return x1, y1, x2, y2
    if not image.width or not image.height:
        raise Doubt("no_size", f"The crop is in pixels of a picture of {image.width}x{image.height}.")
    if x2 > image.width or y2 > image.height:
        raise Doubt("outside", f"The crop leaves the picture of {image.width}x{image.height} pixels.")
    repairs.append(("pixels", f"The crop is in pixels of {image.width}x{image.height}."))
    return x1 / image.width, y1 / image.height, x2 / image.width, y2 / image.height


def _repeated_boxes(rows: Iterable[_Line]) -> frozenset[tuple[str, ...]]:
    """Boxes that stand for many pictures as the same text."""
    drawn = {(tuple(row.fields[6:10]), row.fields[5]) for row in rows if row.fields and len(row.fields) > FIXED}
    boxes = Counter(box for box, _ in drawn)
    return frozenset(box for box, times in boxes.items() if times >= REPEATS)


def _without_repeats(judged: Iterable[Judged]) -> list[Judged]:
    """Of lines about the same images only the first counts when they agree, and none when they do not."""
    found = list(judged)
    said: dict[frozenset[str], list[Judged]] = {}
    for one in found:
        if one.logged is not None:
            said.setdefault(frozenset(image.path for image in one.logged.images), []).append(one)
    doubts: dict[int, Doubt] = {}
    for same in said.values():
        if len({_decision(one) for one in same}) > 1:
            others = ", ".join(str(one.line) for one in same)
            doubts |= {one.line: Doubt("contradiction", f"Lines {others} decide differently.") for one in same}
        else:
            doubts |= {one.line: Doubt("repeated", f"Line {same[0].line} says the same.") for one in same[1:]}
    return [_refused(one, doubts[one.line]) if one.line in doubts else one for one in found]


def _decision(one: Judged) -> tuple[object, ...]:
    logged = one.logged
    if logged is None:
        return ()
    return (None if logged.chosen is None else logged.images[logged.chosen].path, logged.crop)


def _refused(one: Judged, doubt: Doubt) -> Judged:
    return Judged(line=one.line, last=one.last, verdict="refused", codes=(doubt.code,), reasons=(doubt.reason,))


def _numbers(box: Sequence[str]) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(text) for text in box)
    except ValueError:
        return None
    return numbers if all(math.isfinite(number) for number in numbers) else None


def _whole_number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _moment(text: str) -> str:
    """The moment as it is written: without a zone nobody knows which one was meant."""
    try:
        datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Doubt("shifted", f"Where a time is expected stands {text!r}.") from error
    return text.strip()
