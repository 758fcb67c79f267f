"""One picture, large, with a crop box that keys move."""

from __future__ import annotations

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
from binscout_tui.selecting.crop_edit import CropEdit
from binscout_tui.terminal.overlay import Box
from binscout_tui.widgets.picture import Picture

WAYS = {"left": (-1, 0), "down": (0, 1), "up": (0, -1), "right": (1, 0)}
"""(right, down) of the keys that move the box."""
SIZES = {"H": (-1, 0), "J": (0, 1), "K": (0, -1), "L": (1, 0)}
"""(wider, higher) of the keys that change its size."""
SIZES |= {f"shift+{way}": by for way, by in WAYS.items()}


class CropView(Commanded, Vertical, can_focus=True):
    """Edits a crop while it has the focus; says `Done` or `Left`."""

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
        self._words = Static(markup=False)

    def compose(self) -> ComposeResult:
        """The picture and the box in words."""
        yield self.picture
        yield self._words

    def edit(self, path: Path, size: tuple[int, int], *, position: int, crop: CropBox | None) -> None:
        """Begin on the picture at `path`, whose original has `size` pixels, with `crop` or a middle box."""
        self._path, self.position = path, position
        self._take(CropEdit.begun(size, crop))

    def _take(self, edit: CropEdit | None, *, stuck: bool = False) -> None:
        if edit is None:
            return
        self.edit_state = edit
        self.picture.show(self._path, boxes=[Box(*edit.box, dims=True)])
        self._tell(stuck=stuck)

    def on_resize(self, event: events.Resize) -> None:
        """The words fit the width."""
        self._tell()

    def _tell(self, *, stuck: bool = False) -> None:
        if self.edit_state is None:
            return
        lead = f"crop of {self.position + 1}: " + ("no further · " if stuck else "")
        room = (self.size.width or 80) - 2 - len(lead)
        self._words.update(lead + self.edit_state.words(room), layout=False)

    def end(self) -> None:
        """Forget the edit."""
        self.edit_state = None
        self.picture.show(None)

    def on_picture_shown(self, event: Picture.Shown) -> None:
        """Nobody above need know."""
        event.stop()

    def on_click(self, event: events.Click) -> None:
        """A click here chooses nothing."""
        event.stop()

    def action_done(self) -> None:
        """Keep the crop."""
        if self.edit_state is not None:
            box = self.edit_state.box
            self.post_message(self.Done(self.position, None if box == FULL else box))

    def action_leave(self) -> None:
        """Change nothing."""
        self.post_message(self.Left())

    def action_move(self, key: str = "") -> None:
        """Move the box."""
        if self.edit_state is None or key not in WAYS:
            self.frame.toast("Press an arrow key to move the box.")
            return
        moved = self.edit_state.moved(*WAYS[key])
        self._take(moved, stuck=moved.box == self.edit_state.box)

    def action_size(self, key: str = "") -> None:
        """Grow or shrink the box."""
        if self.edit_state is None or key not in SIZES:
            self.frame.toast("Press H, J, K or L to change the size of the box.")
            return
        grown = self.edit_state.grown(*SIZES[key])
        self._take(grown, stuck=grown.box == self.edit_state.box)

    def action_lock(self) -> None:
        """Lock or free the shape."""
        self._take(self.edit_state and self.edit_state.locked())

    def action_preset(self) -> None:
        """The next preset."""
        self._take(self.edit_state and self.edit_state.next_preset())

    def action_fine(self) -> None:
        """One pixel a step, or many."""
        self._take(self.edit_state and self.edit_state.fine_or_not())

    def action_reset(self) -> None:
        """The whole picture."""
        self._take(self.edit_state and self.edit_state.reset())
