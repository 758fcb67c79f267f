"""Rows of cells of a grid of tiles: captions, cards in place of pictures, and whole rows made of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from binscout_tui.terminal.kitty import id_colour, id_top, placeholder_row
from binscout_tui.widgets.grid_items import GridItem
from binscout_tui.widgets.picture_rows import printable, words

CURSOR_LEFT, CURSOR_RIGHT = "▸", "◂"
MARK = "✓"
PROBLEM = "✗"
WAITING = "·"
LEAST_BADGE = 3

Spans = list[tuple[str, Style]]


class Row(NamedTuple):
    """One row of cells of a tile: `before` blank ones, then `parts`, then `after` blank ones.

    Not a Strip, which takes longer to make than all that a frame does with it.
    """

    before: int
    parts: tuple[Segment, ...]
    after: int


@dataclass(frozen=True, slots=True)
class GridStyles:
    """Of the ground, captions, the caption under the cursor, marks, signs, and what stands in a picture's place."""

    ground: Style
    caption: Style
    cursor: Style
    mark: Style
    quiet: Style
    problem: Style


@dataclass(frozen=True, slots=True)
class Caption:
    """What the caption of one tile says; `mark` is what stands first where it is marked."""

    item: GridItem | None
    marked: bool = False
    cursor: bool = False
    mark: str = MARK


def shortened(text: str, width: int) -> str:
    """`text` in at most `width` cells, with an ellipsis where it was cut."""
    clean = printable(text)
    if cell_len(clean) <= width:
        return clean
    return set_cell_size(clean, width - 1).rstrip() + "…" if width > 1 else clean[:0]


def caption_parts(caption: Caption, width: int) -> tuple[str, str, str]:
    """Mark, title and what stands at the right, which together with blanks before the last fill `width` cells."""
    item = caption.item
    mark = shortened(caption.mark, width) if caption.marked else ""
    room = width - cell_len(mark)
    title = shortened(item.title if item is not None else "…", room)
    room -= cell_len(title) + 1
    right = _right(item, room) if item is not None else ""
    blanks = width - cell_len(mark) - cell_len(title) - cell_len(right)
    return mark, title, " " * blanks + right


def _right(item: GridItem, room: int) -> str:
    """Sign and badge in at most `room` cells; the sign is kept longest."""
    problem = PROBLEM if item.problem else ""
    sign = " ".join(part for part in (problem, item.sign) if part)
    if cell_len(sign) > room:
        return shortened(sign, max(0, room))
    left = room - cell_len(sign) - (1 if sign else 0)
    badge = shortened(item.badge, left) if left >= min(LEAST_BADGE, max(1, cell_len(item.badge))) else ""
    return " ".join(part for part in (sign, badge) if part)


def caption_row(captions: Sequence[Caption], lefts: Sequence[int], width: int, row: int, styles: GridStyles) -> Strip:
    """The captions of one row of tiles, each `width` cells, at `lefts`, in a strip of `row` cells.

    Neighbours of one style become one segment: what a frame costs is mostly its changes of style.
    """
    spans: Spans = []
    for caption, left in zip(captions, lefts, strict=False):
        before = _length(spans)
        pointer = CURSOR_LEFT if caption.cursor else ""
        spans.append((" " * (left - before - len(pointer)), styles.caption))
        spans.extend(_caption_spans(caption, width, styles))
    spans.append((" " * (row - _length(spans)), styles.caption))
    return Strip([Segment(text, style) for text, style in merged(spans)], row).crop(0, row)


def _caption_spans(caption: Caption, width: int, styles: GridStyles) -> Spans:
    mark, title, right = caption_parts(caption, width)
    if caption.cursor:
        return [(f"{CURSOR_LEFT}{mark}{title}{right}{CURSOR_RIGHT}", styles.cursor)]
    return [(mark, styles.mark), (title + right, styles.caption)]


def _length(spans: Spans) -> int:
    return sum(cell_len(text) for text, _ in spans)


def merged(spans: Iterable[tuple[str, Style]]) -> Spans:
    """`spans` without empty ones, neighbours of one style as one."""
    found: Spans = []
    for text, style in spans:
        if not text:
            continue
        if found and found[-1][1] == style:
            found[-1] = (found[-1][0] + text, style)
        else:
            found.append((text, style))
    return found


def waiting_rows(width: int, height: int, styles: GridStyles) -> list[Row]:
    """A dot in the middle, in a cell that any picture covers: pixels painted over it leave nothing of it."""
    rows = [Row(width, (), 0)] * height
    if height:
        left = (width - 1) // 2
        rows[(height - 1) // 2] = Row(left, (Segment(WAITING, styles.quiet),), width - left - 1)
    return rows


def problem_rows(problem: str, width: int, height: int, styles: GridStyles) -> list[Row]:
    """A card that says why there is no picture, as far as there is room."""
    strips = words((f"{PROBLEM} {problem}",), width, height, styles.problem)
    return [Row(0, tuple(strip), width - strip.cell_length) for strip in strips]


def picture_rows(strips: Sequence[Strip], width: int, height: int, ground: Style) -> list[Row]:
    """`strips`, none wider than `width`, in the middle of `height` rows of `width` cells."""
    top = max(0, (height - len(strips)) // 2)
    rows = [Row(width, (), 0)] * height
    for number, strip in enumerate(strips[:height]):
        rows[top + number] = _row(list(strip), strip.cell_length, width, ground)
    return rows


def placeholder_rows(size: tuple[int, int], image_id: int, width: int, height: int, ground: Style) -> list[Row]:
    """The kitty picture `image_id` of `size` (columns, rows) in the middle of `height` rows of `width` cells."""
    columns, count, top_byte = min(size[0], width), min(size[1], height), id_top(image_id)
    rows = [Row(width, (), 0)] * height
    left, top = (width - columns) // 2, (height - count) // 2
    colour = id_colour(image_id)
    style = ground + Style(color=Color.from_rgb(colour >> 16, colour >> 8 & 255, colour & 255))
    for number in range(count):
        text = _placeholders(number, columns, top_byte)
        rows[top + number] = Row(left, (Segment(text, style),), width - left - columns)
    return rows


_placeholders = lru_cache(maxsize=4096)(placeholder_row)


def _row(parts: list[Segment], length: int, width: int, ground: Style) -> Row:
    left = max(0, (width - length) // 2)
    before = left + _take_blank(parts, 0, ground)
    after = width - left - length + _take_blank(parts, -1, ground)
    return Row(before, tuple(parts), after)


def _take_blank(parts: list[Segment], end: int, ground: Style) -> int:
    """Take a blank of the ground's style off an end; how many cells it had."""
    if not parts or parts[end].style is not ground or not parts[end].text.isspace():
        return 0
    return len(parts.pop(end).text)


def beside(rows: Iterable[Row], lefts: Sequence[int], width: int, row: int, ground: Style) -> Strip:
    """A strip of `row` cells with rows of tiles, each `width` cells, at `lefts` (in order), and `ground` around them.

    Blanks of neighbours become one segment.
    """
    segments: list[Segment] = []
    x = blanks = 0
    for (before, parts, after), left in zip(rows, lefts, strict=False):
        blanks += left - x + before
        x = left + width
        if parts:
            if blanks:
                segments.append(_blank(blanks, ground))
            segments.extend(parts)
            blanks = 0
        blanks += after
    blanks += row - x
    if blanks > 0:
        segments.append(_blank(blanks, ground))
    return Strip(segments, row)


def _blank(cells: int, ground: Style) -> Segment:
    return Segment(" " * cells, ground)
