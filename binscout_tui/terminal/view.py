"""Which part of a picture is shown: zoom and centre, and what follows from them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

MAX_DOTS_A_PIXEL = 16.0
"""No closer than this many screen pixels for one pixel of the picture."""

Region = tuple[float, float, float, float]
"""(left, top, right, bottom), normalised to 0..1 of the upright picture."""


@dataclass(frozen=True, slots=True)
class View:
    """`zoom` 1 shows the whole picture as large as there is room, 2 twice as large; `x`, `y` is the centre, 0..1."""

    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5

    @property
    def is_whole(self) -> bool:
        """Nothing of the picture is cut off."""
        return self.zoom <= 1.0

    def region(self, picture: tuple[int, int], room: tuple[int, int]) -> Region:
        """The part of a picture of `picture` pixels that is seen in a room of `room` screen pixels."""
        if self.is_whole:
            return (0.0, 0.0, 1.0, 1.0)
        scale = fitting_scale(picture, room) * self.zoom
        across = min(1.0, room[0] / scale / picture[0])
        down = min(1.0, room[1] / scale / picture[1])
        left = min(max(0.0, self.x - across / 2), 1.0 - across)
        top = min(max(0.0, self.y - down / 2), 1.0 - down)
        return (left, top, left + across, top + down)

    def zoomed(self, factor: float, picture: tuple[int, int], room: tuple[int, int]) -> View:
        """Closer (`factor` above 1) or farther, never farther than the whole picture; the centre stays."""
        closest = max(1.0, MAX_DOTS_A_PIXEL / fitting_scale(picture, room))
        return replace(self, zoom=min(max(1.0, self.zoom * factor), closest)).settled(picture, room)

    def panned(self, right: float, down: float, picture: tuple[int, int], room: tuple[int, int]) -> View:
        """Moved by a share of what is seen: `right` 0.5 is half of its width."""
        region = self.region(picture, room)
        x = self.x + right * (region[2] - region[0])
        y = self.y + down * (region[3] - region[1])
        return replace(self, x=x, y=y).settled(picture, room)

    def settled(self, picture: tuple[int, int], room: tuple[int, int]) -> View:
        """The same view with its centre where it really is: a picture does not leave its edges."""
        if self.is_whole:
            return WHOLE
        left, top, right, bottom = self.region(picture, room)
        return replace(self, x=(left + right) / 2, y=(top + bottom) / 2)


WHOLE = View()


def fitting_scale(picture: tuple[int, int], room: tuple[int, int]) -> float:
    """Screen pixels for one pixel of the picture when the whole of it fits into `room` screen pixels."""
    return min(room[0] / max(1, picture[0]), room[1] / max(1, picture[1]))


def pixel_zoom(picture: tuple[int, int], room: tuple[int, int]) -> float:
    """The zoom at which one pixel of the picture is one of the screen; below 1 where it is smaller than the room."""
    return 1.0 / fitting_scale(picture, room)


def seen_in(region: Region, x: float, y: float) -> tuple[float, float]:
    """Where a point of the picture (0..1) lies in what is seen (0..1; outside of that it is not seen)."""
    left, top, right, bottom = region
    return (x - left) / (right - left), (y - top) / (bottom - top)
