"""Names of boxes as letters in the cells of a picture: half blocks and kitty's placeholders give way to them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from binscout_tui.terminal.overlay import Box, Colour, ink
from binscout_tui.widgets.picture_place import Place
from binscout_tui.widgets.picture_rows import printable


@dataclass(frozen=True, slots=True)
class Tag:
    """`text` in the row `y` of a picture from its column `x` on, both from 0."""

    x: int
    y: int
    text: str
    colour: Colour


def tags_of(boxes: Sequence[Box], place: Place, columns: int, rows: int) -> list[Tag]:
    """The names of `boxes` on a picture whose cells are `columns` x `rows`; `place` is where it lies on them.

    A name begins in the cell of the box's upper left corner and is as wide as the box, except that of a dashed one,
    which is the one that somebody edits. What has no room for a letter has no name.
    """
    found = []
    for box in boxes:
        if not box.name or not _is_seen(box, place):
            continue
        (left, top), (right, _) = _cell(place, box.x1, box.y1), _cell(place, box.x2, box.y2)
        x, y = max(0, min(int(left), columns - 1)), max(0, min(int(top), rows - 1))
        room = columns - x if box.dashed else min(columns, int(right)) - x
        text = printable(box.name)
        if cell_len(text) > room:
            text = set_cell_size(text, max(0, room - 1)) + "…" if room > 2 else set_cell_size(text, max(0, room))
        if text:
            found.append(Tag(x, y, text, box.colour))
    return found


def _is_seen(box: Box, place: Place) -> bool:
    left, top, right, bottom = place.region
    return box.x1 < right and box.x2 > left and box.y1 < bottom and box.y2 > top


def _cell(place: Place, x: float, y: float) -> tuple[float, float]:
    """Like `Place.cells_of`, also for what is not seen."""
    left, top, right, bottom = place.region
    across, down = (x - left) / (right - left), (y - top) / (bottom - top)
    return place.left + across * (place.right - place.left), place.top + down * (place.bottom - place.top)


def tagged(rows: Sequence[Strip], tags: Sequence[Tag]) -> list[Strip]:
    """`rows` with `tags` over them; a later tag covers an earlier one."""
    found = list(rows)
    for tag in tags:
        if 0 <= tag.y < len(found):
            found[tag.y] = _with(found[tag.y], tag)
    return found


def _with(strip: Strip, tag: Tag) -> Strip:
    width = strip.cell_length
    end = min(width, tag.x + cell_len(tag.text))
    style = Style(color=Color.from_rgb(*ink(tag.colour)), bgcolor=Color.from_rgb(*tag.colour))
    label = Segment(set_cell_size(tag.text, end - tag.x), style)
    return Strip([*_part(strip, 0, tag.x), label, *_part(strip, end, width)], width)


def _part(strip: Strip, begin: int, end: int) -> list[Segment]:
    """The cells from `begin` to before `end`; a placeholder of kitty keeps the marks behind its character."""
    found, at = [], 0
    for segment in strip:
        cells = segment.cell_length
        first, last = max(begin - at, 0), min(end - at, cells)
        if first < last:
            stride = len(segment.text) // cells if cells and len(segment.text) % cells == 0 else 1
            found.append(Segment(segment.text[first * stride : last * stride], segment.style))
        at += cells
    return found
