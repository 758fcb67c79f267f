"""A small line plot in braille dots: a curve, perhaps another behind it, levels to compare with, the value axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from textual.content import Content
from textual.widget import Widget

Points = Sequence[tuple[float, float]]
# Bit of the dot in column x (0..1) and row y (0..3) of a braille cell.
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
BLANK = 0x2800
GUTTER = 6
LEVEL_EVERY = 4
CURVE, BEHIND = "$accent", "$text-muted"
Cells = list[list[int]]


def braille(points: Points, width: int, height: int, low: float, high: float) -> list[str]:
    """`height` rows of `width` braille cells with the curve through `points`; values go from `low` to `high`."""
    cells = curve_cells(points, width, height, (low, high), extent(points))
    return ["".join(chr(BLANK + cell) for cell in row) for row in cells]


def extent(*curves: Points) -> tuple[float, float]:
    """(first, last) x of curves that are drawn together."""
    ends = [end[0] for points in curves if points for end in (points[0], points[-1])]
    return (min(ends), max(ends)) if ends else (0.0, 0.0)


def curve_cells(
    points: Points, width: int, height: int, values: tuple[float, float], along: tuple[float, float]
) -> Cells:
    """The bits of the braille cells, rows of columns; `values` and `along` are the ends of the two axes."""
    cells = [[0] * max(0, width) for _ in range(max(0, height))]
    if not points or width < 1 or height < 1:
        return cells
    start, end = along
    across, span = width * 2 - 1, (end - start) or 1.0
    dots = [(round((x - start) / span * across), dot_row(y, height, values)) for x, y in points]
    for (x0, y0), (x1, y1) in zip(dots, [*dots[1:], dots[-1]], strict=True):
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            x, y = x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps)
            cells[y // 4][x // 2] |= DOTS[x % 2][y % 4]
    return cells


def level_cells(levels: Sequence[float], width: int, height: int, values: tuple[float, float]) -> Cells:
    """Dotted lines across, one for each level."""
    cells = [[0] * max(0, width) for _ in range(max(0, height))]
    for level in levels if width > 0 and height > 0 else ():
        y = dot_row(level, height, values)
        for x in range(0, width * 2, LEVEL_EVERY):
            cells[y // 4][x // 2] |= DOTS[x % 2][y % 4]
    return cells


def dot_row(value: float, height: int, values: tuple[float, float]) -> int:
    """The row of dots, from above, on which `value` lies in `height` rows of cells."""
    low, high = values
    down = height * 4 - 1
    return round(down - (min(max(value, low), high) - low) / ((high - low) or 1.0) * down)


def value_range(points: Points, least: float | None = None, most: float | None = None) -> tuple[float, float]:
    """(low, high) of the value axis: that of the finite values, or the given ends."""
    values = [y for _, y in points]
    low = min(values, default=0.0) if least is None else least
    high = max(values, default=1.0) if most is None else most
    return (low, high) if high > low else (low - 0.5, high + 0.5)


class LinePlot(Widget):
    """Shows one curve as large as there is room."""

    def __init__(
        self, title: str, *, least: float | None = None, most: float | None = None, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._title = title
        self._ends = (least, most)
        self._points: Points = ()
        self._behind: Points = ()
        self._levels: Mapping[str, float] = {}
        self._note = ""
        self._shown: object = None

    def show(
        self,
        points: Points,
        *,
        behind: Points = (),
        levels: Mapping[str, float] | None = None,
        note: str = "",
        title: str | None = None,
        ends: tuple[float | None, float | None] | None = None,
    ) -> None:
        """Show these (x, y), in order of x; values that are not finite are left out.

        `behind` is a second curve over the same x. `levels` are values with a name, each a dotted line across; `note`
        says what they are. `title` and the `ends` of the value axis stay as they are unless given.
        """
        self._points = [point for point in points if abs(point[1]) < float("inf")]
        self._behind = [point for point in behind if abs(point[1]) < float("inf")]
        self._levels, self._note = levels or {}, note
        self._title = self._title if title is None else title
        self._ends = self._ends if ends is None else ends
        # Only a change is painted: over a slow line each repaint counts.
        shown = (self._points, self._behind, dict(self._levels), self._title, self._ends)
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render(self) -> Content:
        """Title with the latest value and the levels, then the curves."""
        width, height = self.size.width - GUTTER, self.size.height - 1
        title = self._heading(self.size.width)
        if width < 4 or height < 1:
            return title
        if not (self._points or self._behind):
            return Content("\n").join([title, Content.styled(f"{'':<{GUTTER}}nothing yet", "$text-disabled")])
        values = self._values()
        ends = {0: values[1], height - 1: values[0]}
        lines = [
            Content.assemble((f"{_short(ends[row]) if row in ends else '':>{GUTTER - 1}} ", "$text-muted"), *parts)
            for row, parts in enumerate(self._drawn(width, height, values))
        ]
        return Content("\n").join([title, *lines])

    def _values(self) -> tuple[float, float]:
        levels = [(0.0, level) for level in self._levels.values()]
        return value_range([*self._points, *self._behind, *levels], *self._ends)

    def _drawn(self, width: int, height: int, values: tuple[float, float]) -> list[list[tuple[str, str]]]:
        """Rows of (braille cells, style); where things meet, the curve lies on top."""
        along = extent(self._points, self._behind)
        front = curve_cells(self._points, width, height, values, along)
        behind = curve_cells(self._behind, width, height, values, along)
        levels = level_cells(list(self._levels.values()), width, height, values)
        names = self._names(width, height, values, front)
        rows = []
        for row, (tops, seconds, thirds) in enumerate(zip(front, behind, levels, strict=True)):
            cells = [
                (chr(BLANK + (top or second or third)), CURVE if top else BEHIND)
                for top, second, third in zip(tops, seconds, thirds, strict=True)
            ]
            for start, name in names.get(row, ()):
                cells[start : start + len(name)] = [(letter, BEHIND) for letter in name]
            rows.append(
                [("".join(cell for cell, _ in run), style) for style, run in groupby(cells, lambda cell: cell[1])]
            )
        return rows

    def _names(
        self, width: int, height: int, values: tuple[float, float], front: Cells
    ) -> dict[int, list[tuple[int, str]]]:
        """{row: [(column, words)]}: each level says what it is, at the end of its line that the curve leaves free."""
        found: dict[int, list[tuple[int, str]]] = {}
        for name, value in self._levels.items():
            words = f"{name} {_short(value)}"
            row = dot_row(value, height, values) // 4
            for start in (width - len(words), 0):
                taken = any(front[row][start : start + len(words)]) or row in found
                if start >= 0 and len(words) <= width and not taken:
                    found.setdefault(row, []).append((start, words))
                    break
        return found

    def _heading(self, width: int) -> Content:
        latest = _short(self._points[-1][1]) if self._points else ""
        parts = Content.assemble((f"{'':<{GUTTER}}{self._title} ", "$text-muted"), (latest, "bold"))
        note = f"  ┈ {self._note}" if self._levels and self._note else ""
        return Content.assemble(parts, (note if parts.cell_length + len(note) <= width else "", "$text-muted"))


def _short(value: float) -> str:
    """At most five cells, as many as the axis has; a minus sign may be the sixth."""
    if value and not 1e-2 <= abs(value) < 1e3:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.3g}"
