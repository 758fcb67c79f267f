"""A small line plot in braille dots: one curve, its title, the ends of its value axis."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

Points = Sequence[tuple[float, float]]
# Bit of the dot in column x (0..1) and row y (0..3) of a braille cell.
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
BLANK = 0x2800
GUTTER = 6


def braille(points: Points, width: int, height: int, low: float, high: float) -> list[str]:
    """`height` rows of `width` braille cells with the curve through `points`; values go from `low` to `high`."""
    cells = [[0] * width for _ in range(height)]
    across, down = width * 2 - 1, height * 4 - 1
    if not points or width < 1 or height < 1:
        return ["".join(map(chr, (BLANK + cell for cell in row))) for row in cells]
    start, span = points[0][0], (points[-1][0] - points[0][0]) or 1.0
    scale = (high - low) or 1.0
    dots = [
        (round((x - start) / span * across), round(down - (min(max(y, low), high) - low) / scale * down))
        for x, y in points
    ]
    for (x0, y0), (x1, y1) in zip(dots, [*dots[1:], dots[-1]], strict=True):
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            x, y = x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps)
            cells[y // 4][x // 2] |= DOTS[x % 2][y % 4]
    return ["".join(chr(BLANK + cell) for cell in row) for row in cells]


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

    def show(self, points: Points) -> None:
        """Show these (x, y), in order of x; values that are not finite are left out."""
        self._points = [point for point in points if abs(point[1]) < float("inf")]
        self.refresh()

    def render(self) -> Content:
        """Title with the latest value, then the curve."""
        width, height = self.size.width - GUTTER, self.size.height - 1
        title = Content.assemble((f"{'':<{GUTTER}}{self._title} ", "$text-muted"), self._latest())
        if width < 4 or height < 1:
            return title
        if not self._points:
            return Content("\n").join([title, Content.styled(f"{'':<{GUTTER}}nothing yet", "$text-disabled")])
        low, high = value_range(self._points, *self._ends)
        ends = {0: high, height - 1: low}
        lines = [
            Content.assemble(
                (f"{_short(ends[row]) if row in ends else '':>{GUTTER - 1}} ", "$text-muted"), (dots, "$accent")
            )
            for row, dots in enumerate(braille(self._points, width, height, low, high))
        ]
        return Content("\n").join([title, *lines])

    def _latest(self) -> tuple[str, str]:
        return (_short(self._points[-1][1]), "bold") if self._points else ("", "")


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0e}"
