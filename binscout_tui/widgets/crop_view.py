"""One picture, large, with a crop box that keys and the mouse move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from binscout_tui.commands.crop import SCOPE
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.imaging.crops import FULL, CropBox
from binscout_tui.selecting.crop_edit import CropEdit, Drag, Pointer
from binscout_tui.terminal.overlay import Box
from binscout_tui.widgets.picture import Picture

WAYS = {"left": (-1, 0), "down": (0, 1), "up": (0, -1), "right": (1, 0)}
"""(right, down) of the keys that move the box."""
SIZES = {"H": (-1, 0), "J": (0, 1), "K": (0, -1), "L": (1, 0)}
"""(wider, higher) of the keys that change its size."""
SIZES |= {f"shift+{way}": by for way, by in WAYS.items()}


class CropView(Commanded, Vertical, can_focus=True):
    """Edits a crop while it has the focus; says `Done` or `Left`.

    Keys and mouse both end in `_take`: nothing else writes the box. Where the terminal reports the mouse in pixels,
    a drag is as exact as the screen; else a cell stands for all of the picture that it covers.
    """

    SCOPE = SCOPE
    BINDINGS = SCOPE.bindings()
    DEFAULT_CSS = """
    CropView { width: 1fr; height: 1fr; }
    CropView Static { height: 1; color: $text-muted; padding: 0 1; }
    """

    @dataclass
    class Done(Message):
        """The crop is to be kept; `crop` is None for the whole picture."""

        position: int
        crop: CropBox | None

    @dataclass
    class Left(Message):
        """Nothing is to be changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.position = 0
        self.edit_state: CropEdit | None = None
        self.picture = Picture()
        self._path: Path | None = None
        self._others: tuple[Box, ...] = ()
        self._lead = ""
        self._drag: Drag | None = None
        self._exact = False
        self._words = Static(markup=False)

    def compose(self) -> ComposeResult:
        """The picture and the box in words."""
        yield self.picture
        yield self._words

    def edit(
        self,
        path: Path,
        size: tuple[int, int],
        *,
        position: int,
        crop: CropBox | None,
        others: Sequence[Box] = (),
        lead: str = "",
    ) -> None:
        """Begin on the picture at `path`, whose original has `size` pixels, with `crop` or a middle box.

        `others` stay drawn beside the box; `lead` begins the line below the picture.
        """
        self._let_go()
        self._path, self.position, self._others = path, position, tuple(others)
        self._lead = lead or f"crop of {position + 1}: "
        self._take(CropEdit.begun(size, crop))

    def _take(self, edit: CropEdit | None, *, stuck: bool = False) -> None:
        if edit is None:
            return
        self.edit_state = edit
        boxes = [Box(*edit.box, dims=True), *self._others]
        self.picture.show(self._path, boxes=boxes, size=edit.size)
        self._tell(stuck=stuck)

    def _change(self, edit: CropEdit | None, *, may_stick: bool = False) -> None:
        """What a key or the wheel did; it ends a drag, and a change without an effect is said."""
        self._let_go()
        before = self.edit_state
        self._take(edit, stuck=may_stick and before is not None and edit is not None and edit.box == before.box)

    def on_resize(self, event: events.Resize) -> None:
        """The words fit the width."""
        self._tell()

    def _tell(self, *, stuck: bool = False) -> None:
        if self.edit_state is None:
            return
        lead = self._lead + ("no further · " if stuck else "")
        room = (self.size.width or 80) - 2 - len(lead)
        self._words.update(lead + self.edit_state.words(room), layout=False)

    def end(self) -> None:
        """Forget the edit."""
        self._let_go()
        self.edit_state = None
        self.picture.show(None)

    # The mouse.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the box, of an edge or corner of it, or of a place where a new one begins."""
        event.stop()
        pointer = self._pointer(event)
        if event.button == 1 and pointer is not None:
            self._drag = self._grabbed(pointer)
            if self._drag is not None:
                self.capture_mouse()

    def _grabbed(self, pointer: Pointer) -> Drag | None:
        """What a drag from there does."""
        return None if self.edit_state is None else self.edit_state.grab(pointer)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag; a button that was let go where nobody could see it ends the drag."""
        event.stop()
        if self._drag is None:
            return
        pointer = self._pointer(event)
        if event.button != 1 or pointer is None:
            self._let_go()
            return
        self._dragged(self._drag.to(pointer))

    def _dragged(self, edit: CropEdit) -> None:
        """The drag has come so far."""
        if edit != self.edit_state:
            self._take(edit)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Wherever the mouse is by now, the drag has ended."""
        event.stop()
        self._dropped()
        self._let_go()

    def _dropped(self) -> None:
        """The button of a drag was let go."""

    def on_click(self, event: events.Click) -> None:
        """A click here chooses nothing."""
        event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Larger."""
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Smaller."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, steps: int) -> None:
        event.stop()
        event.prevent_default()
        if self._drag is None and self.edit_state is not None:
            self._change(self.edit_state.scaled(steps), may_stick=True)

    def _pointer(self, event: events.MouseEvent) -> Pointer | None:
        """Where the mouse is on the picture, or None while no picture is on the screen."""
        place = self.picture.where()
        if place is None:
            return None
        origin = self.picture.content_region
        x, y = event.pointer_screen_x - origin.x, event.pointer_screen_y - origin.y
        # Only a terminal that reports pixels has parts of cells.
        self._exact = self._exact or not (x.is_integer() and y.is_integer())
        middle = 0.0 if self._exact else 0.5
        cell = 1 / (place.right - place.left), 1 / (place.bottom - place.top)
        return Pointer(*place.beyond(x + middle, y + middle), cell, exact=self._exact)

    def _let_go(self) -> None:
        """End a drag; the box stays as it is."""
        if self._drag is not None:
            self._drag = None
            self.release_mouse()

    # The keys.

    def action_done(self) -> None:
        """Keep the crop."""
        self._let_go()
        if self.edit_state is not None:
            box = self.edit_state.box
            self.post_message(self.Done(self.position, None if box == FULL else box))

    def action_leave(self) -> None:
        """Change nothing."""
        self._let_go()
        self.post_message(self.Left())

    def action_move(self, key: str = "") -> None:
        """Move the box."""
        if self.edit_state is None or key not in WAYS:
            self.frame.toast("Press an arrow key to move the box.")
            return
        self._change(self.edit_state.moved(*WAYS[key]), may_stick=True)

    def action_size(self, key: str = "") -> None:
        """Grow or shrink the box."""
        if self.edit_state is None or key not in SIZES:
            self.frame.toast("Press H, J, K or L to change the size of the box.")
            return
        self._change(self.edit_state.grown(*SIZES[key]), may_stick=True)

    def action_lock(self) -> None:
        """Lock or free the shape."""
        self._change(self.edit_state and self.edit_state.locked())

    def action_aspect(self) -> None:
        """The next shape."""
        self._change(self.edit_state and self.edit_state.next_aspect())

    def action_preset(self) -> None:
        """The next preset."""
        self._change(self.edit_state and self.edit_state.next_preset())

    def action_fine(self) -> None:
        """One pixel a step, or many."""
        self._change(self.edit_state and self.edit_state.fine_or_not())

    def action_reset(self) -> None:
        """The whole picture."""
        self._change(self.edit_state and self.edit_state.reset())
