"""Several boxes on one picture while they are edited. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from binscout_tui.imaging.crops import CropBox
from binscout_tui.store.crops import Drawn

FIRST = (0.25, 0.25, 0.75, 0.75)
"""The first box of a picture: its middle, which arrows can move."""
_SHIFTS = ((1, 0), (0, 1), (-1, 0), (0, -1))


@dataclass(frozen=True, slots=True)
class BoxesEdit:
    """Boxes in the order in which the keys go through them; `active` is the one that is edited, None for none."""

    boxes: tuple[Drawn, ...] = ()
    active: int | None = None

    @classmethod
    def begun(cls, boxes: tuple[Drawn, ...]) -> BoxesEdit:
        """An edit that begins with the first of `boxes`."""
        return cls(boxes, 0 if boxes else None)

    @property
    def here(self) -> Drawn | None:
        """The active box."""
        return None if self.active is None else self.boxes[self.active]

    def drawn(self, box: CropBox) -> BoxesEdit:
        """The active box lies elsewhere."""
        return self._with(Drawn(box=(*box,), item_id=self.here.item_id)) if self.here else self

    def of_item(self, item_id: int | None) -> BoxesEdit:
        """Another item is in the active box."""
        return self._with(Drawn(box=self.here.box, item_id=item_id)) if self.here else self

    def added(self) -> BoxesEdit:
        """One more box, which is active: as large as the active one and of its item, beside it."""
        here = self.here
        new = Drawn(box=FIRST) if here is None else Drawn(box=beside(here.box), item_id=here.item_id)
        place = len(self.boxes) if self.active is None else self.active + 1
        return BoxesEdit((*self.boxes[:place], new, *self.boxes[place:]), place)

    def removed(self) -> BoxesEdit:
        """Without the active box; the one after it is active."""
        if self.active is None:
            return self
        left = (*self.boxes[: self.active], *self.boxes[self.active + 1 :])
        return BoxesEdit(left, min(self.active, len(left) - 1) if left else None)

    def turned(self, by: int) -> BoxesEdit:
        """The next box is active, after the last one the first."""
        return self if self.active is None else replace(self, active=(self.active + by) % len(self.boxes))

    def _with(self, drawn: Drawn) -> BoxesEdit:
        assert self.active is not None
        return replace(self, boxes=(*self.boxes[: self.active], drawn, *self.boxes[self.active + 1 :]))


def beside(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A box of the same size to the right of `box`, else below, left or above; where none has room, half over it."""
    for right, down in _SHIFTS:
        moved = _moved(box, right * (box[2] - box[0]), down * (box[3] - box[1]))
        if moved[0] >= 0 and moved[1] >= 0 and moved[2] <= 1 and moved[3] <= 1:
            return moved
    across = (box[2] - box[0]) / 2 * (1 if box[2] <= 1 - box[0] else -1)
    dx = min(max(across, -box[0]), 1 - box[2])
    return box if not dx else _moved(box, dx, 0)


def _moved(box: tuple[float, float, float, float], right: float, down: float) -> tuple[float, float, float, float]:
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down
