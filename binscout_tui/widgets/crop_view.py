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
        """Begin on the picture at `path`, whose original has `size` pixels, with `crop` or the whole picture."""
        self._path, self.position = path, position
        self._take(CropEdit(size, crop or FULL))

    def _take(self, edit: CropEdit | None) -> None:
        if edit is None:
            return
        self.edit_state = edit
        self.picture.show(self._path, boxes=[Box(*edit.box)])
        self._words.update(f"crop of {self.position + 1}: {edit.words}   ←↓↑→ move  H L wide  J K high")

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

    def action_left(self) -> None:
        """Move the box."""
        self._moved(-1, 0)

    def action_right(self) -> None:
        """Move the box."""
        self._moved(1, 0)

    def action_up(self) -> None:
        """Move the box."""
        self._moved(0, -1)

    def action_down(self) -> None:
        """Move the box."""
        self._moved(0, 1)

    def action_narrower(self) -> None:
        """Shrink the width."""
        self._grown(-1, 0)

    def action_wider(self) -> None:
        """Grow the width."""
        self._grown(1, 0)

    def action_shorter(self) -> None:
        """Shrink the height."""
        self._grown(0, -1)

    def action_taller(self) -> None:
        """Grow the height."""
        self._grown(0, 1)

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

    def _moved(self, right: int, down: int) -> None:
        self._take(self.edit_state and self.edit_state.moved(right, down))

    def _grown(self, wider: int, higher: int) -> None:
        self._take(self.edit_state and self.edit_state.grown(wider, higher))
