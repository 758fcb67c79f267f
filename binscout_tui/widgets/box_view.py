"""One picture with several boxes, of which one is edited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from binscout_tui.commands.crops import BOX
from binscout_tui.imaging.crops import CropBox
from binscout_tui.terminal.overlay import Box, Colour
from binscout_tui.widgets.crop_view import CropView
from binscout_tui.widgets.picture import Picture

OTHERS: Colour = (90, 200, 255)
"""Boxes that are not edited now: one line in a colour of their own."""


class BoxView(CropView, inherit_bindings=False):
    """Edits the active box with the keys and the mouse of the crop; Enter and Backspace are the screen's."""

    SCOPE = BOX
    BINDINGS = BOX.bindings()
    FOOTER = "own last"

    @property
    def box(self) -> CropBox | None:
        """The active box as it is now, None without one."""
        return None if self.edit_state is None else self.edit_state.box

    def draw(
        self,
        path: Path,
        size: tuple[int, int],
        boxes: Sequence[tuple[float, float, float, float]],
        active: int | None,
        lead: str,
    ) -> None:
        """Show the picture with `boxes`; the one at `active` is edited, `lead` begins the line below."""
        others = [Box(*box, dashed=False, colour=OTHERS) for place, box in enumerate(boxes) if place != active]
        if active is None:
            self.end()
            self.picture.show(path, boxes=others, size=size)
            self._words.update(lead, layout=False)
            return
        here = boxes[active]
        if self.edit_state is not None and self._path == path and self.edit_state.box == CropBox(*here):
            # The same box once more: how it is edited stays, such as its locked shape.
            self._others, self._lead = tuple(others), lead
            self._take(self.edit_state)
        else:
            self.edit(path, size, position=active, crop=CropBox(*here), others=others, lead=lead)

    def on_picture_shown(self, event: Picture.Shown) -> None:
        """The screen is to know when a person sees it."""
        event.prevent_default()
