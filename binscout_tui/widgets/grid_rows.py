"""Rows of cells of a grid of tiles: captions, cards in place of pictures, and whole rows made of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from binscout_tui.widgets.grid_items import GridItem
from binscout_tui.widgets.picture_rows import printable, words

CURSOR_LEFT, CURSOR_RIGHT = "▸", "◂"
MARK = "✓"
PROBLEM = "✗"
WAITING = "·"
LEAST_BADGE = 3

Spans = list[tuple[str, Style]]


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
    """What the caption of one tile says."""

    item: GridItem | None
    marked: bool = False
    cursor: bool = False


def shortened(text: str, width: int) -> str:
    """`text` in at most `width` cells, with an ellipsis where it was cut."""
    clean = printable(text)
    if cell_len(clean) <= width:
        return clean
    return set_cell_size(clean, width - 1).rstrip() + "…" if width > 1 else clean[:0]


def caption_parts(caption: Caption, width: int) -> tuple[str, str, str]:
    """Mark, title and what stands at the right, which together with blanks before the last fill `width` cells."""
    item = caption.item
    mark = MARK if caption.marked else ""
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


def waiting_rows(width: int, height: int, styles: GridStyles) -> list[Strip]:
    """A dot in the middle, in a cell that any picture covers: pixels painted over it leave nothing of it."""
    rows = [Strip.blank(width, styles.ground)] * height
    left = (width - 1) // 2
    dot = [(" " * left, styles.ground), (WAITING, styles.quiet), (" " * (width - left - 1), styles.ground)]
    if height:
        rows[(height - 1) // 2] = Strip([Segment(text, style) for text, style in dot if text], width)
    return rows


def problem_rows(problem: str, width: int, height: int, styles: GridStyles) -> list[Strip]:
    """A card that says why there is no picture, as far as there is room."""
    return words((f"{PROBLEM} {problem}",), width, height, styles.problem)


def picture_rows(strips: Sequence[Strip], width: int, height: int, styles: GridStyles) -> list[Strip]:
    """`strips` in the middle of `height` rows of `width` cells."""
    blank = Strip.blank(width, styles.ground)
    top = max(0, (height - len(strips)) // 2)
    rows = [blank] * height
    for number, strip in enumerate(strips[:height]):
        left = max(0, (width - strip.cell_length) // 2)
        rows[top + number] = beside([(left, strip)], width, styles.ground).crop(0, width)
    return rows


def beside(strips: Iterable[tuple[int, Strip]], width: int, ground: Style) -> Strip:
    """A row of `width` cells with `strips` at their columns (in order) and `ground` between them.

    Blanks at the ends of neighbours become one segment; what lies within a strip is taken as it is.
    """
    segments: list[Segment] = []
    x = blanks = 0
    for left, strip in strips:
        parts = list(strip)
        blanks += left - x + _take_blank(parts, 0, ground)
        trailing = _take_blank(parts, -1, ground)
        if parts:
            if blanks:
                segments.append(Segment(" " * blanks, ground))
            segments += parts
            blanks = 0
        blanks += trailing
        x = left + strip.cell_length
    blanks += width - x
    if blanks > 0:
        segments.append(Segment(" " * blanks, ground))
    return Strip(segments, width)


def _take_blank(parts: list[Segment], end: int, ground: Style) -> int:
    """Take a blank of the ground's style off an end; how many cells it had."""
    if not parts or parts[end].style is not ground or not parts[end].text.isspace():
        return 0
    return len(parts.pop(end).text)
