"""Several things with a box each on one picture while they are edited. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar, cast

import msgspec

from binscout_tui.imaging.crops import CropBox

Corners = tuple[float, float, float, float]
"""x1, y1, x2, y2 between 0 and 1 of the upright picture."""
FIRST: Corners = (0.25, 0.25, 0.75, 0.75)
"""The first box of a picture: its middle, which arrows can move."""
_SHIFTS = ((1, 0), (0, 1), (-1, 0), (0, -1))


class HasBox(Protocol):
    """A struct of msgspec with a field `box`."""

    @property
    def box(self) -> Corners:
        """Where it is."""


D = TypeVar("D", bound=HasBox)


@dataclass(frozen=True, slots=True)
class Several(Generic[D]):
    """Boxes in the order in which the keys go through them; `active` is the one that is edited, None for none."""

    boxes: tuple[D, ...] = ()
    active: int | None = None

    @classmethod
    def begun(cls, boxes: Sequence[D]) -> Self:
        """An edit that begins with the first of `boxes`."""
        return cls(tuple(boxes), 0 if boxes else None)

    @property
    def here(self) -> D | None:
        """The active box."""
        return None if self.active is None else self.boxes[self.active]

    def drawn(self, box: CropBox) -> Self:
        """The active box lies elsewhere."""
        return self.changed(box=(*box,))

    def changed(self, **fields: Any) -> Self:
        """Something else is said of the active box."""
        if self.active is None or self.here is None:
            return self
        new = cast(D, msgspec.structs.replace(cast(Any, self.here), **fields))
        return replace(self, boxes=(*self.boxes[: self.active], new, *self.boxes[self.active + 1 :]))

    def put(self, new: D) -> Self:
        """One more box, after the active one; it is active now."""
        place = len(self.boxes) if self.active is None else self.active + 1
        return replace(self, boxes=(*self.boxes[:place], new, *self.boxes[place:]), active=place)

    def removed(self) -> Self:
        """Without the active box; the one after it is active."""
        if self.active is None:
            return self
        left = (*self.boxes[: self.active], *self.boxes[self.active + 1 :])
        return replace(self, boxes=left, active=min(self.active, len(left) - 1) if left else None)

    def turned(self, by: int) -> Self:
        """The next box is active, after the last one the first; where none was, the first or the last."""
        if not self.boxes:
            return self
        begin = -1 if by > 0 else 0
        return replace(self, active=((begin if self.active is None else self.active) + by) % len(self.boxes))

    def chosen(self, place: int | None) -> Self:
        """The box at `place` is active, or none."""
        return replace(self, active=place)


def beside(box: Corners) -> Corners:
    """A box of the same size to the right of `box`, else below, left or above; where none has room, half over it."""
    for right, down in _SHIFTS:
        moved = _moved(box, right * (box[2] - box[0]), down * (box[3] - box[1]))
        if moved[0] >= 0 and moved[1] >= 0 and moved[2] <= 1 and moved[3] <= 1:
            return moved
    across = (box[2] - box[0]) / 2 * (1 if box[2] <= 1 - box[0] else -1)
    dx = min(max(across, -box[0]), 1 - box[2])
    return box if not dx else _moved(box, dx, 0)


def about(x: float, y: float, width: float, height: float) -> Corners:
    """A box of this size (shares of the picture, at most 1) about a point, pushed into the picture."""
    left, top = min(max(x - width / 2, 0.0), 1 - width), min(max(y - height / 2, 0.0), 1 - height)
    return left, top, min(left + width, 1.0), min(top + height, 1.0)


def _moved(box: Corners, right: float, down: float) -> Corners:
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down
