"""Where a picture lies in its widget: from cells to places on the picture and back. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from binscout_tui.terminal.scale import fit
from binscout_tui.terminal.view import Region, View, seen_in


@dataclass(frozen=True, slots=True)
class Place:
    """A picture in a room of cells.

    `left`, `top`, `right`, `bottom` bound what is seen of it, in cells and parts of cells; `region` is that part of
    the picture.
    """

    left: float
    top: float
    right: float
    bottom: float
    region: Region

    def at(self, x: float, y: float) -> tuple[float, float] | None:
        """The point of the picture (0..1) at a place in cells, or None beside the picture."""
        if not (self.left <= x <= self.right and self.top <= y <= self.bottom):
            return None
        return self.beyond(x, y)

    def beyond(self, x: float, y: float) -> tuple[float, float]:
        """The point of the picture at a place in cells; beside the picture its numbers are less than 0 or more."""
        across = (x - self.left) / (self.right - self.left)
        down = (y - self.top) / (self.bottom - self.top)
        left, top, right, bottom = self.region
        return left + across * (right - left), top + down * (bottom - top)

    def cells_of(self, x: float, y: float) -> tuple[float, float] | None:
        """The place in cells of a point of the picture (0..1), or None where it is not seen."""
        across, down = seen_in(self.region, x, y)
        if not (0 <= across <= 1 and 0 <= down <= 1):
            return None
        return self.left + across * (self.right - self.left), self.top + down * (self.bottom - self.top)


def place(
    picture: tuple[int, int],
    cells: tuple[int, int],
    cell: tuple[int, int],
    view: View,
    shown: tuple[int, int] | None = None,
    filled: tuple[int, int] | None = None,
) -> Place:
    """Where `view` of a picture of `picture` pixels lies in a room of `cells`, whose cells have `cell` pixels.

    `shown` is how many cells it covers, where that is less than there is room for; `filled` is how much of the room
    any picture may fill.
    """
    filled = filled or cells
    region = view.region(picture, (filled[0] * cell[0], filled[1] * cell[1]))
    seen = (picture[0] * (region[2] - region[0]), picture[1] * (region[3] - region[1]))
    target = fit(seen, shown or filled, cell, cell)
    left, top, right, bottom = target.area
    across, down = shown or (target.columns, target.rows)
    x = (cells[0] - across) // 2 + (across - target.columns) / 2
    y = (cells[1] - down) // 2 + (down - target.rows) / 2
    return Place(x + left / cell[0], y + top / cell[1], x + right / cell[0], y + bottom / cell[1], region)


def whole_place(cells: tuple[int, int], shown: tuple[int, int]) -> Place:
    """Where a picture of unknown size lies that covers `shown` cells in the middle of a room of `cells`."""
    x, y = max(0, (cells[0] - shown[0]) // 2), max(0, (cells[1] - shown[1]) // 2)
    return Place(x, y, x + shown[0], y + shown[1], (0.0, 0.0, 1.0, 1.0))


def zoomed_at(
    view: View, factor: float, point: tuple[float, float], picture: tuple[int, int], room: tuple[int, int]
) -> View:
    """Closer or farther, with `point` of the picture (0..1) staying where it is on the screen, as far as edges allow.

    `room` is in screen pixels.
    """
    before = view.region(picture, room)
    closer = view.zoomed(factor, picture, room)
    after = closer.region(picture, room)
    across, down = seen_in(before, *point)
    x = point[0] + (0.5 - across) * (after[2] - after[0])
    y = point[1] + (0.5 - down) * (after[3] - after[1])
    return View(closer.zoom, x, y).settled(picture, room)
