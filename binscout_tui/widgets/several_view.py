"""One picture with several boxes that have names and colours, of which keys and the mouse edit one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from textual import events
from textual.message import Message

from binscout_tui.commands.boxes import BOX
from binscout_tui.imaging.crops import CropBox
from binscout_tui.imaging.several import Several
from binscout_tui.selecting.crop_edit import CropEdit, Drag, Pointer, meant
from binscout_tui.terminal.overlay import Box, Colour
from binscout_tui.terminal.view import View
from binscout_tui.widgets.crop_view import SIZES, WAYS, CropView
from binscout_tui.widgets.picture_mouse import WHEEL

PAN = 0.25
"""Share of what is seen that one key moves."""
S = TypeVar("S", bound=Several[Any])


@dataclass(frozen=True, slots=True)
class Drawing:
    """How the things with a box are shown and made.

    `look` is the name and the colour of one; `make` a new one from its box and the one that was active before;
    `lead` what begins the line below the picture.
    """

    look: Callable[[Any], tuple[str, Colour]]
    make: Callable[[CropBox, Any], Any]
    lead: Callable[[Several[Any]], str]


class SeveralView(CropView, inherit_bindings=False):
    """Holds the boxes as they are drawn now; says `Changed` when they, or which one is active, are others.

    A drag from beside all boxes draws a new one, a click on a box chooses it, and beside all of them none. `gesture`
    names what the last changes were part of.
    """

    SCOPE = BOX
    BINDINGS = BOX.bindings()
    FOOTER = "own last"

    @dataclass
    class Changed(Message):
        """The boxes are others, or another one is active."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.several: Several[Any] = Several()
        self.gesture = ""
        self.looking = False
        self.locked = False
        """Whether the mouse only chooses."""
        self._drawing: Drawing | None = None
        self._pixels = (1, 1)
        self._fine = False
        self._drags = 0
        self._is_new = False

    # Showing.

    def draw(self, path: Path, size: tuple[int, int], several: Several[Any], drawing: Drawing) -> None:
        """Show the picture with `several`; the same picture again keeps what is looked at."""
        self._let_go()
        if path != self._path:
            self.looking = False
        self._path, self._pixels, self._drawing, self.several = path, size, drawing, several
        self._begin()

    def _begin(self) -> None:
        """Edit the active box."""
        here = self.several.here
        if here is None:
            self.edit_state = None
        elif (
            self.edit_state is None or self.edit_state.box != CropBox(*here.box) or self.edit_state.size != self._pixels
        ):
            self.edit_state = CropEdit(self._pixels, CropBox(*here.box), fine=self._fine)
        self._paint()

    def _paint(self, *, stuck: bool = False) -> None:
        self.picture.show(self._path, boxes=self._overlays(), size=self._pixels)
        self._tell(stuck=stuck)

    def _overlays(self) -> list[Box]:
        drawing, active = self._drawing, self.several.active
        if drawing is None:
            return []
        found = []
        for place, thing in enumerate(self.several.boxes):
            name, colour = drawing.look(thing)
            name = f"▸{name}" if place == active else name
            found.append((place == active, Box(*thing.box, dashed=place == active, colour=colour, name=name)))
        return [box for _, box in sorted(found, key=lambda pair: pair[0])]

    def _tell(self, *, stuck: bool = False) -> None:
        if self._drawing is None:
            return
        zoom = self.picture.zoom_text
        self._lead = (f"{zoom} · " if zoom else "") + ("looking · " if self.looking else "")
        self._lead += self._drawing.lead(self.several)
        if self.edit_state is not None:
            super()._tell(stuck=stuck)
        else:
            self._words.update(self._lead, layout=False)

    def end(self) -> None:
        """Nothing is shown any more."""
        self.several, self._drawing, self._path = Several(), None, None
        self._words.update("", layout=False)
        super().end()

    def _take(self, edit: CropEdit | None, *, stuck: bool = False) -> None:
        if edit is None:
            return
        self.edit_state, self._fine = edit, edit.fine
        before, self.several = self.several, self.several.drawn(edit.box)
        self._follow()
        self._paint(stuck=stuck)
        if self.several.boxes != before.boxes:
            self.post_message(self.Changed())

    def change(self, several: Several[Any]) -> None:
        """Something that is not the place of a box has changed, or another box is active."""
        self._let_go()
        self.gesture, self.several = "", several
        self._begin()
        self._follow()

    # The mouse.

    def _grabbed(self, pointer: Pointer) -> Drag | None:
        if self._drawing is None:
            return None
        self._drags += 1
        self.gesture = f"drag {self._drags}"
        boxes = [thing.box for thing in self.several.boxes]
        place = meant(boxes, self.several.active, pointer, self._pixels)
        if self.locked:
            self._choose(place)
            return None
        if place is None:
            self._is_new = True
            return Drag(CropEdit(self._pixels, fine=self._fine), pointer, "draw")
        if place != self.several.active:
            self._choose(place)
        return self.edit_state.grab(pointer) if self.edit_state is not None else None

    def _dragged(self, edit: CropEdit) -> None:
        if self._is_new and self._drag is not None and self._drawing is not None:
            if edit == self._drag.edit:
                return
            self._is_new = False
            self.several = self.several.put(self._drawing.make(edit.box, self.several.here))
            self.edit_state = edit
            self._paint()
            self.post_message(self.Changed())
            return
        super()._dragged(edit)

    def _dropped(self) -> None:
        """A click beside all boxes chooses none."""
        if self._is_new and self._drag is not None and self.several.active is not None:
            self._choose(None)

    def _let_go(self) -> None:
        self._is_new = False
        super()._let_go()

    def _choose(self, place: int | None) -> None:
        self.several = self.several.chosen(place)
        self._begin()
        self.post_message(self.Changed())

    def _wheel(self, event: events.MouseEvent, steps: int) -> None:
        event.stop()
        event.prevent_default()
        if self._drag is None:
            self.picture.zoom_at(event.get_content_offset_capture(self.picture), WHEEL**steps)
            self._looked()

    # Looking closely.

    @property
    def can_zoom(self) -> bool:
        """Whether there is a picture whose size is known."""
        return self._drawing is not None and self.picture.can_zoom

    @property
    def is_zoomed(self) -> bool:
        """Whether not all of it is seen."""
        return self._drawing is not None and self.picture.is_zoomed

    def _looked(self) -> None:
        self.looking = self.looking and self.picture.is_zoomed
        self._tell()
        self.frame.refresh_commands()

    def action_closer(self) -> None:
        """Zoom in on the box."""
        if self.picture.zoom_in() and not self.looking:
            self._centre()
        self._looked()

    def action_farther(self) -> None:
        """Zoom out."""
        self.picture.zoom_out()
        self._looked()

    def action_whole(self) -> None:
        """All of the picture."""
        self.picture.whole()
        self._looked()

    def action_look(self) -> None:
        """Keys move what is seen, or the box again."""
        self.looking = not self.looking
        self._looked()

    def _pan(self, right: int, down: int) -> None:
        if not self.picture.pan(right * PAN, down * PAN):
            closed = "There is nothing more to see on this side."
            self.frame.toast(closed if self.picture.is_zoomed else "No box is chosen, and all of the picture is seen.")
        self._tell()

    def _centre(self) -> None:
        here = self.several.here
        if here is not None:
            x1, y1, x2, y2 = here.box
            self.picture.look_at(View(self.picture.view.zoom, (x1 + x2) / 2, (y1 + y2) / 2))

    def _follow(self) -> None:
        """A box that is edited does not leave what is seen."""
        here, place = self.several.here, self.picture.where()
        if here is None or place is None or not self.picture.is_zoomed or self._drag is not None:
            return
        x1, y1, x2, y2 = here.box
        left, top, right, bottom = place.region
        if not (left <= (x1 + x2) / 2 <= right and top <= (y1 + y2) / 2 <= bottom):
            self._centre()

    # The keys.

    def action_move(self, key: str = "") -> None:
        """Move the box, or what is seen."""
        if (self.looking or self.edit_state is None) and key in WAYS:
            self._pan(*WAYS[key])
            return
        self.gesture = "move"
        super().action_move(key)

    def action_size(self, key: str = "") -> None:
        """Grow or shrink the box, or move what is seen."""
        if (self.looking or self.edit_state is None) and key in SIZES:
            self._pan(*SIZES[key])
            return
        self.gesture = "size"
        super().action_size(key)

    def action_fine(self) -> None:
        """One pixel a step, or many."""
        self._fine = not self._fine
        if self.edit_state is not None:
            self._let_go()
            self.edit_state = replace(self.edit_state, fine=self._fine)
        self._tell()
