"""One image of the gallery as large as there is room, with zoom and boxes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.worker import Worker

from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.gallery import FULL
from binscout_tui.screens.gallery_lines import caption
from binscout_tui.store.gallery import Row
from binscout_tui.terminal.overlay import Box
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.picture import Picture

if TYPE_CHECKING:
    from binscout_tui.workers.details import DetailMaker

PAN = 0.25
"""Share of what is seen that one key moves."""
WAYS = {"left": (-1, 0), "down": (0, 1), "up": (0, -1), "right": (1, 0)}
WAYS |= {"H": (-1, 0), "J": (0, 1), "K": (0, -1), "L": (1, 0)} | {f"shift+{way}": by for way, by in WAYS.items()}
"""(right, down) of the keys that pan."""


class FullHost(Protocol):
    """The screen around it, which knows the other images and decides."""

    def may_decide(self, command_id: str) -> bool:
        """Whether a command decides nothing, or what it decides on is on the screen."""

    async def step_full(self, by: int) -> None:
        """Show the image `by` places further on."""

    async def end_full(self, *, last: bool) -> None:
        """Show the first image or the last."""

    async def mark_full(self) -> None:
        """Mark the shown image or not, and show the next."""

    async def trash_full(self) -> None:
        """Move the shown image to the trash and show the one in its place."""

    async def action_undo(self) -> None:
        """Take back the last decision."""

    async def action_redo(self) -> None:
        """Do again what was undone."""

    def action_tag(self) -> object:
        """Choose tags for the image, or for those that are marked."""

    def leave_full(self) -> None:
        """Back to the grid."""

    async def action_star(self) -> None:
        """A star, or none."""

    async def action_panel(self) -> None:
        """More details, or none after the most."""

    def action_read_panel(self) -> None:
        """The details have the keys."""

    def action_title(self) -> object:
        """Ask for a title."""

    @property
    def shows_details(self) -> bool:
        """Whether there are details beside it."""

    def action_menu(self) -> object:
        """Show what can be done."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown: an image, its picture, where it is among `total` (from 0), and marks."""

    row: Row
    path: Path
    position: int | None
    total: int
    marked: bool = False
    marks: int = 0
    early: int = 0


class FullView(Commanded, Vertical, can_focus=True):
    """Shows what the screen gives it; the keys that concern other images go back to the screen."""

    SCOPE = FULL
    BINDINGS = FULL.bindings()

    def __init__(self, *beside: Widget, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown: Shown | None = None
        self._beside = beside
        self.boxes = False
        self.picture = Picture(empty="opening…", zoomable=True)
        self._words = Line(id="gallery-caption")
        self._details: DetailMaker | None = None

    def compose(self) -> ComposeResult:
        """The picture, what stands beside it, and a line below."""
        with Horizontal(id="gallery-full-work"):
            yield self.picture
            yield from self._beside
        yield self._words

    # What the checks of the commands look at.

    @property
    def has_image(self) -> bool:
        """Whether an image is shown."""
        return self.shown is not None

    @property
    def has_boxes(self) -> bool:
        """Whether it has boxes to show."""
        return self.shown is not None and bool(self.shown.row.crops)

    @property
    def can_zoom(self) -> bool:
        """Whether its picture can be looked at more closely."""
        return self.has_image and self.picture.can_zoom

    # Showing.

    def show(self, shown: Shown) -> None:
        """Show an image; the same one again keeps what one looks at."""
        self.shown = shown
        image = shown.row.image
        boxes = [Box(*box) for box in shown.row.crops] if self.boxes else []
        self.picture.show(shown.path, boxes=boxes, size=(image.width, image.height))
        self.tell()

    def tell(self) -> None:
        """The line below the picture."""
        self._words.say(self._caption())

    def _caption(self) -> Content:
        shown = self.shown
        if shown is None:
            return Content("")
        return caption(
            shown.row,
            shown.position,
            shown.total,
            max(20, self.size.width - 2),
            zoom=self.picture.zoom_text,
            marked=shown.marked,
            marks=shown.marks,
            early=shown.early,
        )

    def end(self) -> None:
        """Nothing is shown any more."""
        self.shown = None
        self.picture.show(None)

    def on_resize(self, event: events.Resize) -> None:
        """The line fits the width."""
        self.tell()

    # Looking closely.

    @on(Picture.DetailWanted)
    def _detail_wanted(self, event: Picture.DetailWanted) -> None:
        event.stop()
        if self.shown is not None and self.shown.path == event.path:
            self.run_worker(
                self._give_detail(self.shown),
                group="detail",
                exit_on_error=False,
                description=f"looking closely at {self.shown.row.image.name}",
            )

    async def _give_detail(self, shown: Shown) -> None:
        if self._details is None:
            from binscout_tui.operations.importing import decode_limits
            from binscout_tui.workers.details import DetailMaker

            workspace = self.frame.workspace
            self._details = DetailMaker(workspace.paths, decode_limits(workspace.settings.importing))
        detail = await self._details.make(shown.row.image)
        if detail is not None and self.picture.path == shown.path:
            self.picture.give_detail(shown.path, detail)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """An original that cannot be read is told; its preview stays."""
        self.frame.on_worker_state_changed(event)

    async def on_unmount(self) -> None:
        """End what reads originals."""
        if self._details is not None:
            await self._details.close()

    def action_closer(self) -> None:
        """Zoom in."""
        self._looked(self.picture.zoom_in())

    def action_farther(self) -> None:
        """Zoom out."""
        self._looked(self.picture.zoom_out())

    def action_whole(self) -> None:
        """All of the picture."""
        self._looked(self.picture.whole())

    def action_pixels(self) -> None:
        """Pixel by pixel."""
        changed = self.picture.zoom_to_pixels()
        if not changed and self.picture.view.is_whole:
            self.frame.toast("The picture has fewer pixels than the room it fills: it is enlarged already.")
        self._looked(changed)

    def action_pan(self, key: str = "") -> None:
        """See more of one side."""
        if key not in WAYS:
            self.frame.toast("Press H, J, K or L to see more of a side.")
            return
        right, down = WAYS[key]
        self._looked(self.picture.pan(right * PAN, down * PAN))

    async def action_arrows(self, key: str = "") -> None:
        """Pan while looking closely, else go to the image before or after."""
        if not self.picture.view.is_whole:
            self.action_pan(key)
        elif key in WAYS:
            await self._host.step_full(sum(WAYS[key]))

    def _looked(self, changed: object) -> None:
        self.tell()

    def action_boxes(self) -> None:
        """Boxes or not."""
        self.boxes = not self.boxes
        if self.shown is not None:
            self.show(self.shown)

    # What the screen does.

    async def action_command(self, command_id: str, *arguments: str) -> None:
        """A command decides only on what is on the screen, however it was given."""
        if self._host.may_decide(command_id):
            await super().action_command(command_id, *arguments)

    @property
    def _host(self) -> FullHost:
        return cast(FullHost, self.screen)

    async def action_next(self) -> None:
        """The next image."""
        await self._host.step_full(1)

    async def action_previous(self) -> None:
        """The image before."""
        await self._host.step_full(-1)

    async def action_first(self) -> None:
        """The first image."""
        await self._host.end_full(last=False)

    async def action_last(self) -> None:
        """The last image."""
        await self._host.end_full(last=True)

    async def action_mark(self) -> None:
        """Mark the image or not."""
        await self._host.mark_full()

    async def action_trash(self) -> None:
        """To the trash."""
        await self._host.trash_full()

    async def action_undo(self) -> None:
        """Take back the last decision."""
        await self._host.action_undo()

    async def action_redo(self) -> None:
        """Do again what was undone."""
        await self._host.action_redo()

    def action_tag(self) -> None:
        """Choose tags."""
        self._host.action_tag()

    async def action_star(self) -> None:
        """A star, or none."""
        await self._host.action_star()

    def action_menu(self) -> None:
        """Show what can be done."""
        self._host.action_menu()

    @property
    def shows_details(self) -> bool:
        """Whether there are details beside the picture."""
        return self._host.shows_details

    async def action_panel(self) -> None:
        """More details, or none after the most."""
        await self._host.action_panel()

    def action_read_panel(self) -> None:
        """The details have the keys."""
        self._host.action_read_panel()

    def action_title(self) -> None:
        """Ask for a title."""
        self._host.action_title()

    def action_leave(self) -> None:
        """Back to the grid."""
        self._host.leave_full()
